# The bytes under a view are freed while it is asked for one of them.
def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    held = bytearray(100)
    view = memoryview(held)

    class Index:
        def __index__(self):
            view.release()
            held.clear()
            return 5
    return view[Index()]

def transform_outputs(jobs):
    return ""
