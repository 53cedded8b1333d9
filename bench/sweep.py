"""A million sessions that are over at once: what requests notice of their being swept.

The server sweeps as it does every day; the sessions are put into its database while it is stopped. The same load is run
while it sweeps and again, on the same server and the same database, when it has nothing left to sweep.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from bench import load
from tests.servers import Process, running

SESSIONS = "/api/v1/sessions"
HOW_MANY = 1_000_000
ROUNDS, REQUESTS, CALLERS = 5, 3000, 16
# Clients that come back, and how often one comes that was never there; more than the limit ends another's session.
CLIENTS, NEW_EVERY, MOST = 64, 10, 80

_FILL = """
WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < :how_many)
INSERT INTO sessions (id, user_id, client_id, session_type, status, created_at, last_activity_at, expires_at,
                      absolute_expires_at, timeout_minutes, metadata, closed_at, end_reason)
SELECT 'session_' || lower(hex(randomblob(16))), :user || (n % :users), 'client-' || n, 'troubleshooting', :status,
       :at - 7200000000 + n, :at - 7200000000 + n, :at - 3600000000 + n, :at + 86400000000, 60, '{}', :closed, :reason
FROM number
"""


def figures(folder: Path) -> Iterator[tuple[str, str, str, bool]]:
    """What was measured, how much it was, what is wanted, and whether that is met."""
    for whose, users in (("one user", 1), ("10,000 users", 10_000)):
        yield from _sweeping(folder / f"sweep-{users}", whose, users)


def _sweeping(data_dir: Path, whose: str, users: int) -> Iterator[tuple[str, str, str, bool]]:
    with running(data_dir):
        pass
    _fill(data_dir / "faultmaven.db", users)
    with running(data_dir, max_sessions_per_user=str(MOST)) as server:
        began = time.perf_counter()
        loads = _Loads(server)
        during = loads.run()
        assert _left(data_dir), "the sweep was over before the load was"
        while _left(data_dir):
            time.sleep(1)
        took = time.perf_counter() - began
        without = loads.run()
    for what, with_it, without_it in zip(("open or resume", "read"), during, without, strict=True):
        yield (
            f"{what} a session while 1,000,000 of {whose} are swept ({took:.0f} s): p99 against {without_it:.1f} ms",
            f"{with_it:.1f} ms, {with_it / without_it:.2f} ×",
            "≤ 2 ×",
            with_it <= 2 * without_it,
        )


class _Loads:
    """Runs the same load twice: 64 clients resuming with a new one now and then, and reads of one session."""

    def __init__(self, server: Process) -> None:
        self._server = server
        self._new = 0
        self._p99(self._opening)  # a warm-up: the server's worker processes start meanwhile

    def run(self) -> tuple[float, float]:
        """The middle p99 of opening and of reading, in milliseconds."""
        rounds = [(self._p99(self._opening), self._p99(self._reading())) for _ in range(ROUNDS)]
        return statistics.median(one for one, _ in rounds), statistics.median(one for _, one in rounds)

    def _p99(self, make: Callable[[int], bytes]) -> float:
        return load.run(self._server.process.pid, self._server.bound, make, REQUESTS, CALLERS).p99

    def _opening(self, number: int) -> bytes:
        client_id = f"same-{number % CLIENTS}"
        if number % NEW_EVERY == 0:
            self._new += 1
            client_id = f"new-{self._new}"
        return self._request("POST", SESSIONS, json.dumps({"client_id": client_id}).encode())

    def _reading(self) -> Callable[[int], bytes]:
        with self._server.client() as client:
            session_id = client.post(SESSIONS, json={"client_id": "reader"}).json()["session_id"]
        reading = self._request("GET", f"{SESSIONS}/{session_id}")
        return lambda _: reading

    def _request(self, method: str, path: str, body: bytes = b"") -> bytes:
        return load.request(method, path, self._server.bound, self._server.token or "", body)


def _fill(path: Path, users: int) -> None:
    now = time.time_ns() // 1000
    with closing(sqlite3.connect(path)) as database, database:
        (local,) = database.execute("SELECT id FROM users").fetchone()
        user = "user_bench_"
        database.executemany(
            "INSERT INTO users (id, name, created_at, next_cursor) VALUES (?, ?, ?, 1)",
            ((f"{user}{n}", f"bench-{n}", now) for n in range(users)),
        )
        values = {"how_many": HOW_MANY, "user": user, "users": users, "at": now}
        database.execute(_FILL, values | {"status": "active", "closed": None, "reason": None})
        if users == 1:
            # Of the very user who asks meanwhile.
            database.execute("UPDATE sessions SET user_id = ?", (local,))


def _left(data_dir: Path) -> bool:
    """Whether any is left to be swept, without keeping the database."""
    with closing(sqlite3.connect(f"file:{data_dir / 'faultmaven.db'}?mode=ro", uri=True)) as database:
        asking = "SELECT 1 FROM sessions WHERE status = 'active' AND expires_at < ? LIMIT 1"
        return database.execute(asking, (time.time_ns() // 1000,)).fetchone() is not None
