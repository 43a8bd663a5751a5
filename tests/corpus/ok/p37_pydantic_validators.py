import json
import re
from enum import Enum
from typing import List, Literal, Optional

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator


class Unit(str, Enum):
    MILLION = "million"
    PERCENT = "%"


class Figure(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True)

    amount: float = Field(..., ge=0, description="the number")
    unit: Optional[Unit] = None
    kind: Literal["money", "share"] = "money"
    sources: List[int] = Field(default_factory=list)

    @field_validator("amount", mode="before")
    @classmethod
    def strip_currency(cls, value):
        if isinstance(value, str):
            return value.replace("$", "").replace(",", "")
        return value


class Report(BaseModel):
    title: str
    figures: List[Figure] = []


def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    jobs = []
    for document in context:
        for chunk in chunk_by_section(document, max_chunk_size=2500):
            jobs.append(JobManifest(chunk=chunk, task="Find amounts.", advice=Figure.model_fields["amount"].description))
    return jobs


def transform_outputs(jobs):
    report, notes = Report(title="Amounts"), []
    for job in jobs:
        data = JobOutput.model_validate_json(job.sample).model_dump(exclude_none=True)
        try:
            amount, unit = (data.get("answer") or "").split(" ")[:2]
            report.figures.append(Figure(amount=amount, unit=unit, sources=[str(job.manifest.job_id)]))
        except ValidationError as error:
            notes.append(f"{job.manifest.job_id}: {error.error_count()} {[e['loc'] for e in error.errors()]}")
        except ValueError as error:
            notes.append(f"{job.manifest.job_id}: {type(error).__name__}")
    return "\n".join([report.model_dump_json(), json.dumps(report.model_dump(mode="json"), indent=1), *notes])
