def prepare_jobs(
    context: List[str],
    prev_job_manifests: Optional[List[JobManifest]] = None,
    prev_job_outputs: Optional[List[JobOutput]] = None,
) -> List[JobManifest]:
    """
    Given a list of documents, returns a list of JobManifest objects (a chunk, a task and advice).
    Made for “hard” texts — naïve ones too; \\d+ stays as it is.
    """
    if prev_job_manifests is None or prev_job_outputs is None:
        manifests = []
        for doc_id, doc in enumerate(context):
            for i, chunk in enumerate(chunk_by_section(doc, max_chunk_size=1500, overlap=50)):
                manifests.append(JobManifest(
                    chunk=chunk,
                    task=f"Find amounts in document {doc_id + 1}.",
                    advice=f"This is part {i + 1}. If nothing is there, answer None.",
                    task_id=doc_id, chunk_id=i))
        return manifests
    # second round: look closer only where something was found
    job_manifests = []
    for manifest, output in zip(prev_job_manifests, prev_job_outputs):
        if output.answer is None or output.answer.strip().lower() in ["none", "null", "n/a", ""]:
            continue
        sub_chunks = chunk_by_section(manifest.chunk, max_chunk_size=400, overlap=40)
        for sub in sub_chunks:
            job_manifests.append(JobManifest(
                chunk=sub,
                task="Which line item does this amount belong to?",
                advice=f"Earlier answer for this part (chunk {manifest.chunk_id}, task {manifest.task_id}): {output.answer}. Citation was: {output.citation}",
            ))
    return job_manifests


def transform_outputs(jobs: List[Job]) -> str:
    def filter_fn(job: Job) -> bool:
        answer = job.output.answer
        return answer is not None and str(answer).lower().strip() not in {"none", "null", "n/a", ""}

    for job in jobs:
        job.include = filter_fn(job)
    tasks = {}
    for job in jobs:
        tasks.setdefault(job.manifest.task_id, {}).setdefault(job.manifest.chunk_id, []).append(job)
    out = []
    for task_id in sorted(tasks, key=lambda t: (t is None, t)):
        out.append(f"# Task {task_id}")
        for chunk_id, group in sorted(tasks[task_id].items()):
            kept = [j for j in group if j.include]
            if not kept:
                out.append(f"Chunk {chunk_id}: No relevant information")
                continue
            for j in kept:
                out.append(f"Chunk {chunk_id} | {j.output.answer} | {(j.output.citation or '')[:30]!r} | {j.output.explanation}")
    return "\n".join(out)
