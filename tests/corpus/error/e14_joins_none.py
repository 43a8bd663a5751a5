def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    return [JobManifest(chunk=c, task="t", advice="a") for d in context for c in chunk_by_section(d)]


def transform_outputs(jobs):
    return ", ".join(j.output.answer for j in jobs)
