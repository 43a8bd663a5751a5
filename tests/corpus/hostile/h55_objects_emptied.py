# Every dictionary of the interpreter is emptied.
import gc


def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    for found in gc.get_objects():
        if isinstance(found, dict):
            found.clear()
    return []

def transform_outputs(jobs):
    return ""
