"""Reads what was given: a large file by as many processes as there are cores, with little of it in memory at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from faultmaven.cli.failures import UNREADABLE, Failure
from faultmaven.diagnosis.digest import Digest
from faultmaven.diagnosis.gathering import Gathered
from faultmaven.diagnosis.lines import STRIDE, Document, newlines_before
from faultmaven.diagnosis.read import conclude, is_text, read
from faultmaven.diagnosis.stripes import Plan, stripes_in
from faultmaven.files import released
from faultmaven.processes import die_with

PIECE = 512 * STRIDE

_plan: Plan | None = None


def digest_of(content: memoryview, progress: Callable[[int], None]) -> Digest:
    """Raises Failure where a process that reads a part of it is killed."""
    stripes = stripes_in(len(content))
    at_once = min(stripes, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    if at_once == 1 or not is_text(content):
        return read(content, progress)
    plan = Plan.of(content)
    try:
        # Forked, so that they have the content without reading it again.
        with ProcessPoolExecutor(at_once, get_context("fork"), _begin, (plan, os.getpid())) as readers:
            gathered = []
            for number, one in enumerate(readers.map(_gather, range(stripes)), 1):
                gathered.append(one)
                progress(min(number * plan.stripe_bytes, len(content)))
        return conclude(content, gathered)
    except BrokenProcessPool:
        raise Failure(
            UNREADABLE,
            "A process that read the evidence was killed: a file became shorter while it was read, or memory ran out. "
            "Try again, or on a copy of the file.",
        ) from None


def document_of(content: memoryview) -> Document:
    newlines = [0]
    for at in range(0, len(content), PIECE):
        newlines += [newlines[-1] + count for count in newlines_before(content[at : at + PIECE])[1:]]
        released(content)
    return Document(content, newlines, lambda: released(content))


def _begin(plan: Plan, parent: int) -> None:
    global _plan
    _plan = plan
    die_with(parent)


def _gather(stripe: int) -> Gathered:
    assert _plan is not None
    gathered = _plan.gather(stripe)
    released(_plan.content)
    return gathered
