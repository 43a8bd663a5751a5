# A reader without a limit of depth.
import json


def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    return json.loads('[' * 1_000_000)

def transform_outputs(jobs):
    return ""
