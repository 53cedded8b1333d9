"""Waiting for what Playwright's `expect` cannot see."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 20.0
T = TypeVar("T")


def awaited(ask: Callable[[], T]) -> T:
    """What `ask` says once it says something."""
    deadline = time.monotonic() + PATIENCE
    while not (said := ask()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return said
