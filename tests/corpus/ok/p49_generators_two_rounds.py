import re, heapq, math, bisect, itertools
from collections import deque
ABBREV = re.compile(r"\b(?:Inc|Ltd|Co|vs|e\.g|i\.e|No)\.$")
def sentences(text):
    buf = ""
    for part in re.split(r"(?<=[.!?])(\s+)", text):
        buf += part
        if part.strip() and not ABBREV.search(buf.strip()):
            yield buf.strip(); buf = ""
    if buf.strip(): yield buf.strip()
def windows(it, size=4, step=3):
    dq = deque(maxlen=size)
    for i, x in enumerate(it):
        dq.append(x)
        if len(dq) == size and (i - size + 1) % step == 0:
            yield i - size + 1, list(dq)
def score(text, *terms, boost: dict | None = None, **kw):
    boost = {} if boost is None else boost
    low = text.lower()
    return math.fsum(math.log1p(low.count(t)) * boost.get(t, kw.get("default", 1.0)) for t in terms)
def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    terms = ["net sales", "lease", "%"]
    if prev_job_manifests:
        hits = [m for m, o in zip(prev_job_manifests, prev_job_outputs or []) if (o.answer or "").strip() not in ("", "None")]
        ids = sorted({m.chunk_id for m in hits}); *first, last = ids
        near = lambda i: ids[min(bisect.bisect(ids, i), len(ids) - 1)]
        return [JobManifest(m.chunk, m.task, m.advice) if False else JobManifest(chunk=m.chunk[::1][:500], task=f"{m.task} (2)", advice=f"next {near(m.chunk_id)} of {len(first)}+{last}; before: {m.advice[:30]}") for m in hits]
    cands = []
    for d, doc in enumerate(context):
        for start, ss in windows(sentences(doc)):
            text = " ".join(ss)
            heapq.heappush(cands, (-score(text, *terms, boost={"lease": 2.5}, default=.5), d, start, text))
    jobs = []
    while cands and len(jobs) < 20:
        s, d, start, text = heapq.heappop(cands)
        jobs.append(JobManifest(chunk=text, task="Quote the numbers", advice=f"{d=} {start=:>4} {-s:.5f} {text[:10]!r:>14}|{text[-5:]!a}"))
    return jobs
def transform_outputs(jobs):
    fs = []
    for i in range(3): fs.append(lambda x: x + i)
    gs = [lambda x, i=i: x + i for i in range(3)]
    def acc(x, store=[]): store.append(x); return store
    for j in jobs: acc(j.manifest.chunk_id)
    pairs = itertools.pairwise(acc(-1))
    def depth(n): return 0 if n == 0 else 1 + depth(n - 1)
    return f"{[f(1) for f in fs]} {[g(1) for g in gs]} {sum(b - a for a, b in pairs)} {depth(400)} {list(itertools.accumulate(range(5), max))} {heapq.nlargest(3, [j.output.answer or '' for j in jobs])}\n" + "\n".join(f"{'*' * (j.manifest.chunk_id % 4):<4}|{j.output.answer!s:^30}|{j.output.explanation[:12]:_>14}" for j in jobs)
