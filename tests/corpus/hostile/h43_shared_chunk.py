# One chunk that the program made up, in as many jobs as there may be.
def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    return [JobManifest(chunk='x' * 100_000, task='t', advice='a')] * 2048

def transform_outputs(jobs):
    return ""
