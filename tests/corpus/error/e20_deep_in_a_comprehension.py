import re
def amount(text):
    m = re.search(r"¥(\d+)", text)
    return float(m.group(1))
def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    return [JobManifest(chunk=c, task="t", advice=f"{amount(c)}") for d in context for c in chunk_by_section(d)]
def transform_outputs(jobs):
    return ""
