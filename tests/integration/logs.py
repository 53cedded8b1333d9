"""Logs to show: what went wrong in them is known, and how long they take to read."""

from __future__ import annotations

import uuid

DISK_FULL = (
    b"2026-03-01T10:00:00Z INFO orders.api: request 1 served in 12 ms\n"
    b"2026-03-01T10:00:05Z ERROR orders.db: could not extend file base/16384/2619: No space left on device\n"
    b"2026-03-01T10:00:06Z ERROR orders.db: could not extend file base/16384/2619: No space left on device\n"
)
HEALTHY = b"".join(
    b"2026-03-01T10:00:%02dZ INFO orders.api: request served in 12 ms\n" % second for second in range(60)
)


def long_log(megabytes: int = 60) -> bytes:
    """Takes seconds to read. Never the same content twice, so that nothing kept from an earlier reading helps."""
    mark = uuid.uuid4().hex.encode()
    block = b"".join(
        b"2026-03-01T10:%02d:%02dZ INFO api: request %d of %s served path=/orders/%d in %d ms\n"
        % (number // 60 % 60, number % 60, number, mark, number, number % 97)
        for number in range(10_000)
    )
    return block * (megabytes * 1_000_000 // len(block))
