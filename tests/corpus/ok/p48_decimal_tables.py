import re
from collections import OrderedDict, namedtuple
from decimal import Decimal, ROUND_HALF_UP, InvalidOperation, getcontext
from statistics import mean, median, pstdev, stdev

Money = namedtuple("Money", "raw amount unit currency")
UNITS = {"million": Decimal("1e6"), "billion": Decimal("1e9"), "thousand": Decimal(1000), "m": Decimal(10) ** 6, "": Decimal(1)}
PATTERN = re.compile(r"""
    (?P<currency>[$€£])\s*            # the sign
    (?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)
    \s*(?P<unit>million|billion|thousand|m)?\b
""", re.VERBOSE | re.IGNORECASE)

def parse_money(text):
    found = []
    for m in PATTERN.finditer(text or ""):
        try:
            value = Decimal(m["number"].replace(",", "")) * UNITS[(m.group("unit") or "").lower()]
        except (InvalidOperation, KeyError) as e:
            print("skip", e)
            continue
        found.append(Money(m.group(0), value, (m["unit"] or "").lower() or None, m["currency"]))
    return found

def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    jobs = []
    for doc in context:
        rows = [line for line in doc.splitlines() if "|" in line or "\t" in line or re.search(r"\$\s?\d", line)]
        blocks = ["\n".join(rows[i:i + 5]) for i in range(0, len(rows), 5)]
        for n, block in enumerate(blocks, start=1):
            total = sum((m.amount for m in parse_money(block)), Decimal(0))
            jobs.append(JobManifest(chunk=block, task="List every amount with its year.",
                advice=f"Block {n:02d}: {len(parse_money(block))} amounts, sum {total:,.2f}, quantized {total.quantize(Decimal('1'), rounding=ROUND_HALF_UP):,}"))
    return jobs

def transform_outputs(jobs):
    table = OrderedDict()
    for job in jobs:
        amounts = parse_money(job.output.answer)
        cited = parse_money(job.manifest.chunk)
        if not amounts and not cited:
            continue
        table.setdefault(job.manifest.chunk_id, []).extend(m.amount for m in amounts + cited)
    out = ["| chunk | n | sum | mean | median | sd |", "|---:|---:|---:|---:|---:|---:|"]
    for cid, vals in table.items():
        sd = stdev(vals) if len(vals) > 1 else Decimal(0)
        out.append(f"| {cid} | {len(vals)} | {sum(vals):,.1f} | {mean(vals):.3E} | {median(vals)} | {float(sd):.4g} |")
    f = [float(v) / 1e6 for vals in table.values() for v in vals]
    out.append(f"{min(f):.2f} … {max(f):,.2f} (mean {mean(f):.6f}, sd {pstdev(f):.6f}) {parse_money('€ 1,234.50 million and £3')}")
    return "\n".join(out)
