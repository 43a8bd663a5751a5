def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    return [JobManifest(chunk=c, task="t", advice="a") for c in chunk_by_section(context[0])]
def transform_outputs(jobs):
    answers = {j.manifest.chunk_id: j.output.answer for j in jobs}
    for k in answers:
        if not answers[k]:
            del answers[k]
    return str(answers)
