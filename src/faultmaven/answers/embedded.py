"""The embedded engine: diagnosis in a worker process, off the loop, gone with its parent.

A worker reads evidence once per content: the digest is kept beside the evidence and read back for later questions.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import anyio
import anyio.to_process
from pydantic import TypeAdapter

from faultmaven.answers.engine import Delta, Done, Exhibit, Progress, Step, Task
from faultmaven.diagnosis.diagnose import Earlier, Source, diagnose, fingerprint
from faultmaven.diagnosis.digest import Digest
from faultmaven.diagnosis.lines import Document
from faultmaven.diagnosis.read import READER_VERSION, read
from faultmaven.diagnosis.report import Report

_PR_SET_PDEATHSIG = 1
_digests: TypeAdapter[Digest] = TypeAdapter(Digest)


class EmbeddedEngine:
    """Needs no model and no network. `workers` processes run at most at once."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._limiter: anyio.CapacityLimiter | None = None

    async def run(self, task: Task) -> AsyncGenerator[Step, None]:
        if task.exhibits:
            yield Progress(_reading(task.exhibits))
        report, alike = await anyio.to_process.run_sync(answer, task, cancellable=True, limiter=self._limit())
        parsed = Report.model_validate_json(report)
        yield Delta(parsed.response)
        yield Done(parsed, alike)

    async def warm(self) -> None:
        """Starts the workers before the first questions need them."""
        async with anyio.create_task_group() as group:
            for _ in range(self._workers):
                group.start_soon(partial(anyio.to_process.run_sync, ready, cancellable=True, limiter=self._limit()))

    def _limit(self) -> anyio.CapacityLimiter:
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self._workers)
        return self._limiter


def _reading(exhibits: tuple[Exhibit, ...]) -> str:
    size = sum(exhibit.size for exhibit in exhibits)
    what = exhibits[0].name if len(exhibits) == 1 else f"{len(exhibits)} pieces of evidence"
    return f"Reading {what} ({size / 1e6:.1f} MB)" if size >= 100_000 else f"Reading {what}"


def ready() -> None:
    """Runs in a worker: loads what the first answer would otherwise wait for."""
    _die_with_parent()
    diagnose("Is anything wrong?", [])


def answer(task: Task) -> tuple[str, str | None]:
    """Runs in a worker: the Report as JSON, and its fingerprint."""
    _die_with_parent()
    history = [Earlier(question, Report.model_validate_json(report)) for question, report in task.history]
    with _opened(task.exhibits) as sources:
        report = diagnose(task.question, sources, history)
        return report.model_dump_json(), fingerprint(report, sources)


@contextmanager
def _opened(exhibits: tuple[Exhibit, ...]) -> Iterator[list[Source]]:
    maps = [_mapped(exhibit.path) for exhibit in exhibits]
    yield [
        Source(
            exhibit.evidence_id,
            exhibit.name,
            Document(memoryview(content)),
            _digest(content, exhibit),
            exhibit.asked_with,
        )
        for exhibit, content in zip(exhibits, maps, strict=True)
    ]


def _mapped(path: Path) -> mmap.mmap | bytes:
    """Empty files cannot be mapped. The map lives as long as something looks at it."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return b""
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _digest(content: mmap.mmap | bytes, exhibit: Exhibit) -> Digest:
    if exhibit.analysis.exists():
        kept = _digests.validate_json(exhibit.analysis.read_bytes())
        if kept.version == READER_VERSION:
            return kept
    digest = read(content)
    _keep(exhibit.analysis, _digests.dump_json(digest))
    return digest


def _keep(path: Path, content: bytes) -> None:
    """Whole or not at all: another worker may be reading it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    unfinished.replace(path)


def _die_with_parent() -> None:
    """A worker waiting for work ends when its pipe closes; one at work, by the kernel, where it can be asked."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
