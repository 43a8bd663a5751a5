from __future__ import annotations

import asyncio
import glob
import io
import logging
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import uuid
from decimal import Decimal, DivisionByZero, InvalidOperation
from typing_extensions import Annotated, TypedDict

logging.basicConfig(level=logging.INFO, stream=sys.stderr)
log = logging.getLogger(__name__)


class Row(TypedDict):
    name: str
    value: Annotated[Decimal, "millions"]


async def never_awaited() -> None:
    await asyncio.sleep(1)


def prepare_jobs(context: list[str], prev_job_manifests=None, prev_job_outputs=None) -> list[JobManifest]:
    log.info("%d documents", len(context))
    tag = uuid.uuid5(uuid.NAMESPACE_DNS, "report")
    return [JobManifest(chunk=c, task="Amounts.", advice=str(tag)) for d in context for c in chunk_by_section(d)]


def transform_outputs(jobs: list[Job]) -> str:
    out = io.StringIO()
    for job in jobs:
        try:
            row: Row = {"name": os.path.join("job", str(job.manifest.job_id)), "value": Decimal(job.output.answer[1:4])}
            ratio = row["value"] / Decimal(job.manifest.job_id)
        except (DivisionByZero, InvalidOperation, TypeError) as error:
            print(type(error).__name__, file=out)
        else:
            print(row["name"], f"{ratio:,.3f}", file=out)
    print(pathlib.PurePosixPath("a/b.txt").stem, len(str(uuid.uuid4())), sys.maxsize > 2**32, file=out)
    return out.getvalue()
