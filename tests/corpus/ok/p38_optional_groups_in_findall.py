import re


def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    jobs = []
    for document in context:
        for chunk in chunk_by_section(document, max_chunk_size=2000):
            cents = re.findall(r"\$\d+(\.\d+)? million", chunk)
            jobs.append(JobManifest(chunk=chunk, task="Amounts.", advice=f"{len(cents)}: " + "|".join(cents)))
    return jobs


def transform_outputs(jobs):
    lines = []
    for job in jobs:
        answer = job.output.answer or ""
        match = re.search(r"(?P<year>\d{4}): (?P<share>[\d.]+)%", answer)
        found = match is not None
        words = match.expand(r"\g<share> in \1") if found else "-"
        lines.append(f"{job.manifest.job_id:>3} {found:<6}|{words:>14}|")
        lines.append(", ".join(re.findall(r"(?:^|\s)(\d{4})?:?", answer)))
    return "\n".join(lines)
