"""A million sessions that are over at once: what requests notice of their being swept.

The server sweeps as it does every day; the sessions are put into its database while it is stopped. The same load runs
on that server and on one with nothing to sweep, by turns, so that other work on the machine troubles both alike.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bench import load
from bench.figures import Figure
from tests.servers import Process, running

SESSIONS = "/api/v1/sessions"
HOW_MANY = 1_000_000
TURNS, REQUESTS, CALLERS = 5, 3000, 16
# Clients that come back, and how often one comes that was never there: each of those ends another's session.
CLIENTS, NEW_EVERY, MOST = 64, 10, 80

_FILL = """
WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < :how_many)
INSERT INTO sessions (id, user_id, client_id, session_type, status, created_at, last_activity_at, expires_at,
                      absolute_expires_at, timeout_minutes, metadata)
SELECT 'session_' || lower(hex(randomblob(16))), :user || (n % :users), lower(hex(randomblob(16))), 'troubleshooting',
       'active', :at - 7200000000 + n, :at - 7200000000 + n, :at - 3600000000 + n, :at + 86400000000, 60, '{}'
FROM number
"""
_LEFT = "SELECT count(*) FROM sessions WHERE status = 'active' AND expires_at < ?"


def figures(folder: Path) -> Iterator[Figure]:
    for whose, users in (("the user who asks", 0), ("10,000 users", 10_000)):
        yield from _sweeping(folder / f"sweep-{users}", whose, users)


@dataclass
class _Seen:
    """p99 of each turn, in milliseconds."""

    opening: list[float] = field(default_factory=list)
    reading: list[float] = field(default_factory=list)


def _sweeping(folder: Path, whose: str, users: int) -> Iterator[Figure]:
    folder.mkdir()
    quiet, swept = folder / "quiet", folder / "swept"
    with running(swept):
        pass  # which makes the tables
    _fill(swept / "faultmaven.db", users)
    without, during, rates = _Seen(), _Seen(), []
    for _ in range(TURNS):
        _turn(quiet, without)
        began, left = time.perf_counter(), _left(swept)
        _turn(swept, during)
        assert _left(swept), "the sweep was over before the load was"
        rates.append((left - _left(swept)) / (time.perf_counter() - began))
    rate = f"{statistics.median(rates):,.0f} a second"
    for what, with_it, without_it in (
        ("open or resume", statistics.median(during.opening), statistics.median(without.opening)),
        ("read", statistics.median(during.reading), statistics.median(without.reading)),
    ):
        yield Figure(
            f"{what} a session while 1,000,000 of {whose} are swept, {rate}: p99, against {without_it:.1f} ms",
            f"{with_it:.1f} ms, {with_it / without_it:.2f} ×",
            "≤ 2 ×",
            with_it <= 2 * without_it,
        )


def _turn(data_dir: Path, seen: _Seen) -> None:
    with running(data_dir, max_sessions_per_user=str(MOST)) as server:
        loads = _Loads(server)
        loads.opening()  # a warm-up: the server's worker processes start meanwhile
        seen.opening.append(loads.opening())
        seen.reading.append(loads.reading())
        server.stop()


class _Loads:
    def __init__(self, server: Process) -> None:
        self._server = server

    def opening(self) -> float:
        """The p99 of clients that resume, with a new one now and then."""
        return self._p99(
            lambda number: self._open(f"{time.time_ns()}" if number % NEW_EVERY == 0 else f"{number % CLIENTS}")
        )

    def reading(self) -> float:
        with self._server.client() as client:
            session_id = client.post(SESSIONS, json={"client_id": "reader"}).json()["session_id"]
        reading = self._request("GET", f"{SESSIONS}/{session_id}")
        return self._p99(lambda _: reading)

    def _p99(self, make: Callable[[int], bytes]) -> float:
        return load.run(self._server.process.pid, self._server.bound, make, REQUESTS, CALLERS).p99

    def _open(self, client_id: str) -> bytes:
        return self._request("POST", SESSIONS, json.dumps({"client_id": client_id}).encode())

    def _request(self, method: str, path: str, body: bytes = b"") -> bytes:
        return load.request(method, path, self._server.bound, self._server.token or "", body)


def _fill(path: Path, users: int) -> None:
    """Sessions that are over; `users` 0: of the one user there is."""
    now = time.time_ns() // 1000
    with closing(sqlite3.connect(path)) as database, database:
        (local,) = database.execute("SELECT id FROM users").fetchone()
        database.executemany(
            "INSERT INTO users (id, name, created_at, next_cursor) VALUES (?, ?, ?, 1)",
            ((f"user_bench_{n}", f"bench-{n}", now) for n in range(users or 1)),
        )
        values = {"how_many": HOW_MANY, "user": "user_bench_", "users": users or 1, "at": now}
        database.execute(_FILL, values)
        if not users:
            database.execute("UPDATE sessions SET user_id = ?", (local,))


def _left(data_dir: Path) -> int:
    with closing(sqlite3.connect(data_dir / "faultmaven.db")) as database:
        (left,) = database.execute(_LEFT, (time.time_ns() // 1000,)).fetchone()
        return int(left)
