"""The embedded engine: diagnosis in a worker process, off the loop, gone with its parent.

Evidence is read once per content: the digest is kept beside the evidence and read back for later questions. Large
evidence is read by all workers together.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TypeVar

import anyio
import anyio.to_process

from faultmaven.answers.digests import is_large, keep, kept, read_large
from faultmaven.answers.engine import Delta, Done, Exhibit, Progress, Step, Task
from faultmaven.diagnosis.diagnose import Earlier, Source, diagnose, fingerprint
from faultmaven.diagnosis.digest import Digest
from faultmaven.diagnosis.lines import Document
from faultmaven.diagnosis.read import read
from faultmaven.diagnosis.report import Report
from faultmaven.evidence.index import decoded
from faultmaven.files import mapped, released
from faultmaven.processes import die_with

Result = TypeVar("Result")


class EmbeddedEngine:
    """Needs no model and no network. `workers` processes run at most at once."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._limiter = anyio.CapacityLimiter(workers)

    async def run(self, task: Task) -> AsyncGenerator[Step, None]:
        if task.exhibits:
            yield Progress(_reading(task.exhibits))
        for exhibit in filter(is_large, task.exhibits):
            async with aclosing(read_large(exhibit, self._in_worker, self._workers)) as read:
                async for done in read:
                    yield Progress(f"Reading {exhibit.name}: {_megabytes(done)} of {_megabytes(exhibit.size)} MB")
        report, alike = await self._in_worker(answer, task, os.getpid())
        parsed = Report.model_validate_json(report)
        yield Delta(parsed.response)
        yield Done(parsed, alike)

    async def warm(self) -> None:
        """Starts the workers before the first questions need them."""
        async with anyio.create_task_group() as group:
            for _ in range(self._workers):
                group.start_soon(self._in_worker, ready, os.getpid())

    async def _in_worker(self, work: Callable[..., Result], *given: object) -> Result:
        """A worker whose caller is cancelled is killed."""
        return await anyio.to_process.run_sync(work, *given, cancellable=True, limiter=self._limiter)


def _reading(exhibits: tuple[Exhibit, ...]) -> str:
    size = sum(exhibit.size for exhibit in exhibits)
    what = exhibits[0].name if len(exhibits) == 1 else f"{len(exhibits)} pieces of evidence"
    return f"Reading {what} ({size / 1e6:.1f} MB)" if size >= 100_000 else f"Reading {what}"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f}"


def ready(parent: int) -> None:
    """Runs in a worker: loads what the first answer would otherwise wait for."""
    die_with(parent)
    diagnose("Is anything wrong?", [])


def answer(task: Task, parent: int) -> tuple[str, str | None]:
    """Runs in a worker: the Report as JSON, and its fingerprint."""
    die_with(parent)
    history = [Earlier(question, Report.model_validate_json(report)) for question, report in task.history]
    sources = [_source(exhibit) for exhibit in task.exhibits]
    report = diagnose(task.question, sources, history)
    return report.model_dump_json(), fingerprint(report, sources)


def _source(exhibit: Exhibit) -> Source:
    content = mapped(exhibit.path)
    document = Document(content, decoded(exhibit.index.read_bytes()).newlines, lambda: released(content))
    return Source(exhibit.evidence_id, exhibit.name, document, _digest(content, exhibit), exhibit.asked_with)


def _digest(content: memoryview, exhibit: Exhibit) -> Digest:
    digest = kept(exhibit.analysis)
    if digest is None:
        digest = read(content)
        keep(exhibit.analysis, digest)
    return digest
