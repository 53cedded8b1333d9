"""Logs to measure with: ordinary traffic with a fault in the last third, the same bytes for the same seed."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

_CALM = (
    "INFO  api.http GET /orders/{n} 200 {ms}ms client=10.1.{a}.{b}",
    "INFO  api.http POST /cart/{n}/items 201 {ms}ms client=10.1.{a}.{b}",
    "INFO  worker.jobs job {hex} finished in {ms} ms, {a} rows",
    "DEBUG cache hit ratio 0.{a} for segment {b}",
    "INFO  scheduler tick {n} drift {b}us",
    "WARN  api.http slow request /search?q={hex} took {n}ms",
)
_FAULT = (
    "ERROR db.pool could not connect to 10.2.0.5:5432: FATAL: sorry, too many clients already",
    "ERROR api.http GET /orders/{n} 500 {ms}ms client=10.1.{a}.{b}",
)


def write(path: Path, size: int, seed: int = 1) -> None:
    """At least `size` bytes of log lines; the fault begins after two thirds."""
    rng = random.Random(seed)
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    written = 0
    with path.open("w", encoding="ascii") as file:
        while written < size:
            moment += timedelta(milliseconds=rng.randrange(1, 40))
            troubled = written > size * 2 // 3 and rng.random() < 0.2
            text = rng.choice(_FAULT if troubled else _CALM).format(
                n=rng.randrange(1_000_000),
                ms=rng.randrange(1, 900),
                a=rng.randrange(100),
                b=rng.randrange(250),
                hex=f"{rng.getrandbits(48):012x}",
            )
            written += file.write(f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z {text}\n")


def write_days(path: Path, day: Path, days: int) -> None:
    """What `write` wrote to `day`, again on each of so many days."""
    content = day.read_bytes()
    with path.open("wb") as file:
        for number in range(1, days + 1):
            file.write(content.replace(b"2026-03-01T", b"2026-03-%02dT" % number))
