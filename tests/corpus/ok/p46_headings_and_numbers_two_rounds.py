import re
import json
import traceback
import unicodedata
from collections import defaultdict, ChainMap

CONFIG = ChainMap({"size": 900}, {"size": 3000, "overlap": 30, "max": 25})
HEADING = re.compile(r"^(?:#{1,6}\s+|\d+(?:\.\d+)*\s+|[A-Z][A-Z ]{5,}$).*", re.M)

def safe(default=None):
    def deco(fn):
        import functools
        @functools.wraps(fn)
        def inner(*args, **kwargs):
            try:
                return fn(*args, **kwargs)
            except (ValueError, KeyError, TypeError, ZeroDivisionError) as exc:
                return default if not callable(default) else default(exc)
            finally:
                inner.calls += 1
        inner.calls = 0
        return inner
    return deco

@safe(default=lambda e: f"<{type(e).__name__}: {e}>")
def to_number(text):
    """'$1,234.5 million' -> 1234500000.0; '(12)' -> -12.0; '5%' -> 0.05"""
    t = unicodedata.normalize("NFKC", text).strip()
    neg = t.startswith("(") and t.endswith(")")
    t = re.sub(r"[()\s]", "", t)
    mult = {"million": 1e6, "billion": 1e9, "%": .01}
    m = re.match(r"[$€£]?(-?[\d,]*\.?\d+)(million|billion|%)?$", t)
    if not m: raise ValueError(f"could not parse {text!r}")
    return float(m.group(1).replace(",", "")) * mult.get(m.group(2), 1) * (-1 if neg else 1)

def headings(doc):
    out, last = [], None
    for m in HEADING.finditer(doc):
        if last: out.append((last.group().strip("# "), doc[last.start():m.start()]))
        last = m
    if last is not None: out.append((last.group().strip("# "), doc[last.start():]))
    return out or [("(whole)", doc)]

def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    try:
        prev = list(zip(prev_job_manifests or [], prev_job_outputs or []))
        if prev:
            memo = defaultdict(dict)
            for m, o in prev: memo[m.task][m.chunk_id] = (o.answer or "").strip() or None
            missing = [m for m, o in prev if memo[m.task].get(m.chunk_id) in (None, "None")]
            notes = json.dumps({t[:12]: {k: v for k, v in d.items() if v and v != "None"} for t, d in memo.items()}, sort_keys=True)
            return [JobManifest(chunk=m.chunk, task=m.task, advice=f"Found elsewhere: {notes[:160]}") for m in missing[:CONFIG["max"]]]
        jobs = []
        for doc in context:
            for title, body in headings(doc):
                for k in range(0, len(body), CONFIG["size"] - CONFIG["overlap"]):
                    jobs.append(JobManifest(chunk=body[k:k + CONFIG["size"]], task=re.sub(r"\b(\w)(\w*)", lambda m: m[1].upper() + m[2], title.lower()), advice=f"offset {k:,}"))
        return jobs
    except Exception as e:
        print(traceback.format_exc())
        return []

def transform_outputs(jobs):
    rows, errors = [], []
    for job in jobs:
        for piece in re.split(r";\s*", job.output.answer or ""):
            n = to_number(piece.split(": ")[-1]) if piece else None
            (rows if isinstance(n, float) else errors).append((job.manifest.job_id, piece, n))
    head = "| job | piece | value |\n|:--|:-:|--:|"
    body = "\n".join("| {:>3} | {p:<18} | {v:>16,.4f} |".format(i, p=p, v=v) for i, p, v in sorted(rows, key=lambda r: (-r[2], r[0]))[:25])
    try:
        {}["x"]
    except KeyError as e:
        tb = traceback.format_exc().strip().splitlines()[-1]
        err = f"{e!r} {e} {tb} {e.args}"
    return f"{head}\n{body}\n{len(errors)} {errors[:3]} {to_number.calls} {to_number.__name__} {to_number.__doc__[:9]} {[to_number(x) for x in ('(12)', '５％', '$1,234.5 million', 'x')]}\n{err}"
