from __future__ import annotations
from dataclasses import dataclass, field, asdict, replace
from collections import defaultdict, Counter
from enum import Enum
import re, json

class Status(Enum):
    FOUND = "found"
    EMPTY = "empty"
    UNSURE = "unsure"

    @classmethod
    def of(cls, answer: Optional[str]) -> "Status":
        if answer is None or not answer.strip() or answer.strip().lower() == "none":
            return cls.EMPTY
        return cls.FOUND if answer.startswith("$") else cls.UNSURE

@dataclass(order=True)
class Finding:
    sort_key: tuple = field(init=False, repr=False)
    chunk_id: int
    task_id: int
    answer: str
    status: Status = Status.EMPTY
    notes: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.sort_key = (-len(self.answer), self.chunk_id, self.task_id)

@dataclass(frozen=True)
class Question:
    text: str
    advice: str = "Be brief."
    weight: float = 1.0

QUESTIONS = (
    Question("What is net sales?", weight=2),
    Question(text="What is gross margin?", advice="It is a percentage."),
    replace(Question("What is gross margin?"), text="What changed from the prior year?", weight=.5),
)

def first_round(context):
    for d, doc in enumerate(context):
        for p, para in enumerate(chunk_by_section(doc, max_chunk_size=500)):
            if p % 3 == d:
                for q in QUESTIONS:
                    yield JobManifest(task=q.text, chunk=para, advice=f"{q.advice} (weight {q.weight:.2f})")

def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    if not prev_job_manifests:
        return list(first_round(context))
    done: dict[int, set[int]] = defaultdict(set)
    for m, o in zip(prev_job_manifests, prev_job_outputs, strict=True):
        if Status.of(o.answer) is not Status.EMPTY:
            done[m.chunk_id].add(m.task_id)
    jobs = []
    seen = set()
    for m, o in zip(prev_job_manifests, prev_job_outputs):
        if m.task_id in done[m.chunk_id] or (m.chunk_id, m.task_id) in seen:
            continue
        seen.add((m.chunk_id, m.task_id))
        others = sorted(done[m.chunk_id])
        jobs.append(JobManifest(advice=f"Already answered here: {others or 'nothing'}; {o.explanation=}", chunk=m.chunk, task=m.task.replace("What", "Again: what")))
    return jobs

def transform_outputs(jobs):
    findings = sorted(Finding(j.manifest.chunk_id, j.manifest.task_id, j.output.answer or "", Status.of(j.output.answer)) for j in jobs)
    count = Counter(f.status for f in findings)
    lines = [f"{s.name:<8}|{count[s]:>4d}" for s in Status]
    lines += [repr(f) for f in findings[:5]]
    lines.append(json.dumps([{k: (v.value if isinstance(v, Enum) else v) for k, v in asdict(f).items()} for f in findings[:4]], indent=1))
    lines.append(str(max(findings) > min(findings)) + str(QUESTIONS[2]))
    return "\n".join(lines)
