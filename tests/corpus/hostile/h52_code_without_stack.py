# A code object that lies about the room it needs.
def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    def pair(a, b=2):
        return [a, b, (a, b), {a: b}]
    lying = pair.__code__.replace(co_stacksize=0, co_nlocals=0, co_varnames=())
    return type(pair)(lying, {})(1)

def transform_outputs(jobs):
    return ""
