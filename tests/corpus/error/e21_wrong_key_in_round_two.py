def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    done = {}
    if prev_job_manifests:
        for m, o in zip(prev_job_manifests, prev_job_outputs):
            if o.answer and o.answer != "None":
                done[m.task_id] = o.answer
        return [
            JobManifest(chunk=m.chunk, task=m.task,
                        advice="Earlier: " + done[m.chunk_id])
            for m in prev_job_manifests
        ]
    return [JobManifest(chunk=c, task="t", advice="a") for c in chunk_by_section(context[0], 2000, 100)]
def transform_outputs(jobs):
    return str(len(jobs))
