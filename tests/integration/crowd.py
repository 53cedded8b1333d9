"""Many callers at the same moment, each on a connection that is open already."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import httpx
from tests.servers import PATIENCE, Server

T = TypeVar("T")


def at_once(server: Server, count: int, work: Callable[[httpx.Client, int], T]) -> list[T]:
    """What `work` gave each of them; they are numbered from 0, and begin when all of them are ready."""
    ready = threading.Barrier(count, timeout=3 * PATIENCE)

    def one(number: int) -> T:
        with server.client() as api:
            assert api.get("/livez").status_code == 200
            ready.wait()
            return work(api, number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))
