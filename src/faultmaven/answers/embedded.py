"""The embedded engine: diagnosis in a worker process, off the loop, gone with its parent.

A worker reads evidence once per content: the digest is kept beside the evidence and read back for later questions.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

import anyio
import anyio.to_process
from pydantic import TypeAdapter

from faultmaven.answers.engine import Delta, Done, Exhibit, Progress, Step, Task
from faultmaven.diagnosis.diagnose import Earlier, Source, diagnose, fingerprint
from faultmaven.diagnosis.digest import Digest
from faultmaven.diagnosis.lines import Document
from faultmaven.diagnosis.read import read
from faultmaven.diagnosis.report import Report
from faultmaven.evidence.files import mapped

_PR_SET_PDEATHSIG = 1
_digests: TypeAdapter[Digest] = TypeAdapter(Digest)


class EmbeddedEngine:
    """Needs no model and no network. `workers` processes run at most at once."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._limiter = anyio.CapacityLimiter(workers)

    async def run(self, task: Task) -> AsyncGenerator[Step, None]:
        if task.exhibits:
            yield Progress(_reading(task.exhibits))
        report, alike = await anyio.to_process.run_sync(
            answer, task, os.getpid(), cancellable=True, limiter=self._limiter
        )
        parsed = Report.model_validate_json(report)
        yield Delta(parsed.response)
        yield Done(parsed, alike)

    async def warm(self) -> None:
        """Starts the workers before the first questions need them."""
        starting = partial(anyio.to_process.run_sync, ready, os.getpid(), cancellable=True, limiter=self._limiter)
        async with anyio.create_task_group() as group:
            for _ in range(self._workers):
                group.start_soon(starting)


def _reading(exhibits: tuple[Exhibit, ...]) -> str:
    size = sum(exhibit.size for exhibit in exhibits)
    what = exhibits[0].name if len(exhibits) == 1 else f"{len(exhibits)} pieces of evidence"
    return f"Reading {what} ({size / 1e6:.1f} MB)" if size >= 100_000 else f"Reading {what}"


def ready(parent: int) -> None:
    """Runs in a worker: loads what the first answer would otherwise wait for."""
    _die_with(parent)
    diagnose("Is anything wrong?", [])


def answer(task: Task, parent: int) -> tuple[str, str | None]:
    """Runs in a worker: the Report as JSON, and its fingerprint."""
    _die_with(parent)
    history = [Earlier(question, Report.model_validate_json(report)) for question, report in task.history]
    sources = [_source(exhibit) for exhibit in task.exhibits]
    report = diagnose(task.question, sources, history)
    return report.model_dump_json(), fingerprint(report, sources)


def _source(exhibit: Exhibit) -> Source:
    content = mapped(exhibit.path)
    return Source(exhibit.evidence_id, exhibit.name, Document(content), _digest(content, exhibit), exhibit.asked_with)


def _digest(content: memoryview, exhibit: Exhibit) -> Digest:
    kept = _kept(exhibit.analysis)
    if kept is None:
        kept = read(content)
        _keep(exhibit.analysis, _digests.dump_json(kept))
    return kept


def _kept(path: Path) -> Digest | None:
    """None also for one that cannot be read: it is not fsynced, so a power cut may leave half of it."""
    try:
        return _digests.validate_json(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def _keep(path: Path, content: bytes) -> None:
    """Whole or not at all: another worker may be reading it. Without it the next question only takes longer."""
    unfinished = path.with_suffix(f".{os.getpid()}")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)


def _die_with(parent: int) -> None:
    """A worker waiting for work ends when its pipe closes; one at work, by the kernel, where it can be asked.

    It tells of no death that came before it was asked: a server may be killed while its worker still loads.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
