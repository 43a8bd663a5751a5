

def cut(document):
    """Chunks that end where a line or a sentence ends, and once they are long enough where a paragraph ends."""
    pieces = []
    for line in document.splitlines(keepends=True):
        if len(line) <= CHUNK:
            pieces.append(line)
            continue
        sentences = [sentence + ". " for sentence in line.split(". ")]
        sentences[-1] = sentences[-1][:-2]
        for sentence in sentences:
            pieces.extend([sentence] if len(sentence) <= CHUNK else re.findall("(?s).{1,%d}" % CHUNK, sentence))
    chunks, chunk, size = [], [], 0
    for piece in pieces:
        if chunk and (size + len(piece) > CHUNK or (size > CLOSE and not chunk[-1].strip())):
            chunks.append("".join(chunk))
            chunk, size = [], 0
        chunk.append(piece)
        size += len(piece)
    if chunk:
        chunks.append("".join(chunk))
    before = [""] + chunks[:-1]
    return [(last[-OVERLAP:] if OVERLAP else "") + chunk for last, chunk in zip(before, chunks)]


def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    chunks = [chunk for document in context for chunk in cut(document)]
    found = []
    for topic in TOPICS:
        keywords = topic["keywords"]
        if not RETRIEVE:  # all are read, and what the likeliest say is handed on first
            best = bm25_retrieve_top_k_chunks(list(keywords), chunks, weights=keywords, k=len(chunks)) if keywords else []
            ranked = set(best)
            found.append((topic, best + [chunk for chunk in chunks if chunk not in ranked]))
        elif keywords:
            found.append((topic, bm25_retrieve_top_k_chunks(list(keywords), chunks, weights=keywords, k=READ)))
    jobs = []
    for rank in range(READ if RETRIEVE else len(chunks)):
        for topic, best in found:
            if rank < len(best):
                jobs.append(JobManifest(chunk=best[rank], task=topic["task"], advice=topic["advice"]))
    if not jobs:  # no keyword stands anywhere: the documents from their beginning
        whole = TOPICS[0]
        jobs = [JobManifest(chunk=chunk, task=whole["task"], advice=whole["advice"]) for chunk in chunks[:READ]]
    return jobs[:JOBS]


def transform_outputs(jobs):
    kept, lines, used = [], [], 0
    for job in jobs:
        answer, citation = job.output.answer, job.output.citation
        if not answer or not citation or any(citation in other for other in kept):
            continue
        start = citation.find(answer)
        # The citation's length and where the answer stands in it, in characters.
        place = ", %d-%d" % (start, start + len(answer)) if start >= 0 else ""
        text = "[%d%s]\n%s\n" % (len(citation), place, citation)
        if used + len(text) > KEEP:
            continue
        kept.append(citation)
        lines.append(text)
        used += len(text) + 1
    return "\n".join(lines) or "No worker found anything."
