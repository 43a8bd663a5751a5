import json, re
from typing import Literal, Annotated
from pydantic import BaseModel, Field, field_validator, model_validator, ValidationError, ConfigDict, computed_field
from datetime import date
from decimal import Decimal
from enum import Enum
class Kind(str, Enum):
    money = "money"
    pct = "pct"
class Value(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True, extra="ignore")
    kind: Kind
    amount: float = Field(..., ge=0)
    unit: Literal["million", "%"] = "million"
    year: Optional[int] = Field(None, ge=1900, le=2100)
    @field_validator("amount", mode="before")
    @classmethod
    def clean(cls, v):
        if isinstance(v, str):
            v = re.sub(r"[^\d.\-]", "", v)
            if not v: raise ValueError("no digits")
        return v
    @computed_field
    @property
    def label(self) -> str:
        return f"{self.amount:,.1f}{'' if self.unit == '%' else ' '}{self.unit}"
class Record(BaseModel):
    chunk_id: int
    values: List[Value] = Field(default_factory=list)
    tags: set[str] = set()
    seen: date = date(2024, 1, 2)
    meta: Dict[str, Any] = {}
    @model_validator(mode="after")
    def check(self):
        if len(self.values) > 3: raise ValueError("too many values")
        return self
    @property
    def best(self): return max(self.values, key=lambda v: v.amount, default=None)
def parse(answer):
    if not answer or answer == "None": return []
    if m := re.fullmatch(r"\$([\d.]+) million", answer): return [Value(kind="money", amount=m[1])]
    return [Value(kind=Kind.pct, amount=p, unit="%", year=y) for y, p in re.findall(r"(\d{4}): ([\d.]+)%", answer)]
def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    if prev_job_outputs is None:
        return [JobManifest(**{"chunk": c, "task": "Extract values", "advice": json.dumps(Value.model_fields["kind"].annotation.__members__.__len__())}) for d in context for c in chunk_by_section(d, 3000, overlap=0)]
    recs = [Record(chunk_id=m.chunk_id, values=parse(o.answer), tags={"b", "a"}) for m, o in zip(prev_job_manifests, prev_job_outputs)]
    return [JobManifest(chunk=m.chunk, task="Check: " + r.best.label, advice=r.model_dump_json(exclude={"tags"})) for m, r in zip(prev_job_manifests, recs) if r.best]
def transform_outputs(jobs):
    recs, errs = [], []
    for j in jobs:
        recs.append(Record(chunk_id=str(j.manifest.chunk_id), values=parse(j.output.answer), meta={"sample": json.loads(j.sample)["answer"]}))
    for bad in ({"kind": "x", "amount": "none"}, {"amount": -1, "kind": "pct"}, {"kind": "money", "amount": 1, "year": 3000}):
        try: Value(**bad)
        except ValidationError as e: errs.append(f"{e.error_count()} " + "; ".join(f"{'.'.join(map(str, x['loc']))}: {x['msg']} ({x['type']})" for x in e.errors()))
    try: Record(chunk_id=1, values=[{"kind": "pct", "amount": i} for i in range(4)])
    except ValueError as e: errs.append(str(e).split("\n")[1].split(" [")[0])
    return "\n".join([r.model_dump_json(exclude_none=True) for r in recs if r.values] + errs + [repr(recs[0]), str(recs[-1].model_dump()), Record.model_validate_json(recs[0].model_dump_json()).best.label])
