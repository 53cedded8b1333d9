"""Digests kept beside the evidence, and how several workers make that of a large one together."""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from array import array
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter

from faultmaven.answers.engine import Exhibit
from faultmaven.diagnosis.digest import Digest
from faultmaven.diagnosis.read import conclude, is_text
from faultmaven.diagnosis.stripes import STRIPE_BYTES, Plan, stripes_in
from faultmaven.files import mapped
from faultmaven.processes import die_with

TICK_SECONDS = 0.5
InWorker = Callable[..., Awaitable[Any]]

_digests: TypeAdapter[Digest] = TypeAdapter(Digest)


def kept(path: Path) -> Digest | None:
    """None also for one that cannot be read: it is not fsynced, so a power cut may leave half of it."""
    try:
        return _digests.validate_json(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def keep(path: Path, digest: Digest) -> None:
    """Whole or not at all: another worker may be reading it. Without it the next question only takes longer."""
    unfinished = path.with_suffix(f".{os.getpid()}")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_digests.dump_json(digest))
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)


def is_large(exhibit: Exhibit) -> bool:
    """Worth several workers, and not read yet."""
    return exhibit.size > STRIPE_BYTES and not exhibit.analysis.exists()


async def read_large(exhibit: Exhibit, in_worker: InWorker, at_once: int) -> AsyncGenerator[int, None]:
    """Yields how many bytes were read so far, about twice a second; the digest is kept when it ends.

    Whoever closes it ends the workers. Not all stripes wait for a worker together, so that other questions come in
    between.
    """
    waiting = list(range(stripes_in(exhibit.size)))
    gauge = Gauge(exhibit.analysis.with_suffix(f".{uuid4().hex}"), len(waiting))
    running: dict[asyncio.Future[bytes], int] = {}
    gathered: dict[int, bytes] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                stripe = waiting.pop(0)
                work = in_worker(gather_stripe, exhibit.path, stripe, gauge, os.getpid())
                running[asyncio.ensure_future(work)] = stripe
            finished, _ = await asyncio.wait(running, timeout=TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for one in finished:
                gathered[running.pop(one)] = one.result()
            yield min(gauge.told(), exhibit.size)
        await in_worker(keep_joined, exhibit, [gathered[stripe] for stripe in sorted(gathered)], os.getpid())
    finally:
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        gauge.path.unlink(missing_ok=True)


def gather_stripe(path: Path, stripe: int, gauge: Gauge, parent: int) -> bytes:
    """Runs in a worker. Empty for what is not text."""
    die_with(parent)
    content = mapped(path)
    if not is_text(content):
        return b""
    with gauge.of(stripe) as told:
        gathered = Plan.of(content).gather(stripe, told)
    return pickle.dumps(gathered, pickle.HIGHEST_PROTOCOL)


def keep_joined(exhibit: Exhibit, stripes: list[bytes], parent: int) -> None:
    """Runs in a worker."""
    die_with(parent)
    keep(exhibit.analysis, conclude(mapped(exhibit.path), (pickle.loads(stripe) for stripe in stripes)))


class Gauge:
    """A file in which workers note how many bytes of their stripe they have read; none where the disk is full."""

    def __init__(self, path: Path, stripes: int) -> None:
        self.path = path
        with suppress(OSError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(bytes(8 * stripes))

    def told(self) -> int:
        try:
            return sum(array("Q", self.path.read_bytes()))
        except (OSError, ValueError):
            return 0

    @contextmanager
    def of(self, stripe: int) -> Iterator[Callable[[int], None] | None]:
        """For a worker, to tell how far it has come."""
        try:
            descriptor = os.open(self.path, os.O_WRONLY)
        except OSError:
            yield None
            return
        try:
            yield lambda read: _tell(descriptor, stripe, read)
        finally:
            os.close(descriptor)


def _tell(descriptor: int, stripe: int, read: int) -> None:
    with suppress(OSError):
        os.pwrite(descriptor, read.to_bytes(8, sys.byteorder), 8 * stripe)
