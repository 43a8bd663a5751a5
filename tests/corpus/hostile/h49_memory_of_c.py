# Memory that a library in C allocates.
import lzma


def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    return [lzma.LZMACompressor(preset=9) for _ in range(9)]

def transform_outputs(jobs):
    return ""
