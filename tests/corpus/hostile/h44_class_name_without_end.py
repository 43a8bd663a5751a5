# The name of the error is longer than what can be said of an error.
def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    raise type('E' * 1_000_000, (Exception,), {})('why')

def transform_outputs(jobs):
    return ""
