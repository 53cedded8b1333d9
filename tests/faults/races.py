"""Many callers race on the sessions of few clients, and what they were answered is checked for linearizability.

Callers are processes of their own with raw sockets, so that the server is what limits them. Each client lives for a few
pieces of history, is checked after each, and is forgotten: memory stays the same however long it goes on.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import random
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import orjson
import uvloop
from tests.faults.linearizability import (
    Call,
    Checker,
    End,
    Heartbeat,
    Metadata,
    NotLinearizable,
    Open,
    Opened,
    Operation,
    Patch,
    Read,
    Result,
    Said,
    Seen,
)
from tests.faults.outcome import Budget, Outcome

CALLERS = 4
CLIENTS_AT_ONCE = 8
CALLS_IN_PIECE = 12
PIECES_IN_LIFE = 6
KEYS = "abcd"
# An answer that takes longer is an unknown outcome: half-open connections never answer.
PATIENCE = 3.0
WEIGHTS = {"open": 38, "end": 22, "read": 18, "patch": 15, "heartbeat": 7}


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send requests, which is also what their Host says; `cut`: connections may be broken there."""

    host: str
    token: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    etag: str
    body: dict[str, Any]


class Connection:
    """One connection at a time, opened again after it was cut."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: bytes = b"", if_match: str = "") -> Answer | None:
        """None when the connection was cut before the whole answer was there."""
        condition = f"If-Match: {if_match}\r\n" if if_match else ""
        head = (
            f"{method} /api/v1/sessions{path} HTTP/1.1\r\nHost: {self._target.host}\r\n"
            f"Authorization: Bearer {self._target.token}\r\n{condition}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            async with asyncio.timeout(PATIENCE if self._target.cut else None):
                reader, writer = await self._connection()
                writer.write(head.encode() + body)
                return await _answer(reader)
        except (OSError, EOFError, TimeoutError):
            self.close()
            if not self._target.cut:
                raise
            return None

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._open is None:
            host, _, port = self._target.host.rpartition(":")
            self._open = await asyncio.open_connection(host, int(port))
        return self._open

    def close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None


async def _answer(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:-2])
    length = int(fields.get("content-length", "0"))
    body = await reader.readexactly(length) if length else b"{}"
    return Answer(int(head[9:12]), fields.get("etag", ""), orjson.loads(body))


@dataclass(slots=True)
class Life:
    """One client while callers race on it, and what they know of it."""

    name: str
    chance: random.Random
    checker: Checker = field(default_factory=Checker)
    sessions: list[str] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    tags: list[tuple[str, Metadata]] = field(default_factory=list)
    values: itertools.count[int] = field(default_factory=itertools.count)

    def next_call(self) -> tuple[Call, str]:
        """Mostly about the newest session; and the tag to send with it."""
        kind = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if not self.sessions or kind == "open" or (self.sessions[-1] in self.closed and self.chance.random() < 0.7):
            return Open(self._some() if self.chance.random() < 0.5 else None), ""
        session = self.sessions[-1] if self.chance.random() < 0.85 else self.chance.choice(self.sessions)
        match kind:
            case "end":
                return End(session), ""
            case "read":
                return Read(session), ""
            case "heartbeat":
                return Heartbeat(session), ""
            case _ if self.tags and self.chance.random() < 0.5:
                tag, metadata = self.tags[-1]
                return Patch(session, self._some(), metadata), tag
            case _:
                return Patch(session, self._some()), ""

    def _some(self) -> Metadata:
        return frozenset({(self.chance.choice(KEYS), next(self.values))})

    def learn(self, call: Call, answer: Answer) -> None:
        if answer.status in (204, 410) and not isinstance(call, Open):
            self.closed.add(call.session)
        session = answer.body.get("session_id")
        if session and session not in self.sessions:
            self.sessions.append(session)
        if answer.etag:
            self.tags.append((answer.etag, frozenset(answer.body["metadata"].items())))
            del self.tags[:-2]


class Racing:
    """The load of one process."""

    def __init__(self, target: Target, seed: int, budget: Budget) -> None:
        self._target = target
        self._seed = seed
        self._budget = budget
        self._names = itertools.count()
        self.outcome = Outcome("races", seed)

    async def run(self) -> Outcome:
        async with asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS_AT_ONCE):
                clients.create_task(self._lives())
        return self.outcome

    def _raced(self) -> int:
        return sum(self.outcome.counts[name] for name in ("opened", "resumed", "ended"))

    async def _lives(self) -> None:
        connections = [Connection(self._target) for _ in range(CALLERS)]
        while self._budget.left(self._raced()):
            name = f"race-{self._seed}-{next(self._names)}"
            life = Life(name, random.Random(name))
            try:
                for _ in range(PIECES_IN_LIFE):
                    await self._piece(life, connections)
            except NotLinearizable as error:
                self.outcome.violations.append(f"client {name}: {error}")
            await self._bury(life, connections[0])
            self.outcome.counts["clients"] += 1
        for connection in connections:
            connection.close()

    async def _piece(self, life: Life, connections: list[Connection]) -> None:
        history: list[Operation] = []
        await asyncio.gather(*(self._caller(life, connection, history) for connection in connections))
        life.checker.feed(history)

    async def _caller(self, life: Life, connection: Connection, history: list[Operation]) -> None:
        for _ in range(CALLS_IN_PIECE):
            call, tag = life.next_call()
            called = time.monotonic_ns()
            answer = await _make(call, tag, connection, life.name)
            returned = time.monotonic_ns()
            result = _result(call, answer) if answer is not None else None
            history.append(Operation(call, called, returned, result))
            self._count(call, result)
            if answer is not None:
                life.learn(call, answer)

    def _count(self, call: Call, result: Result | None) -> None:
        counts = self.outcome.counts
        counts["calls"] += 1
        match result:
            case None:
                counts["unknown"] += 1
            case Opened():
                counts["resumed" if result.resumed else "opened"] += 1
            case Said(204):
                counts["ended"] += 1
            case Said():
                counts[f"answered {result.status}"] += 1
            case Seen():
                counts["patched" if isinstance(call, Patch) else "read"] += 1

    async def _bury(self, life: Life, connection: Connection) -> None:
        """Its last session ends, so that however many clients there were, few sessions are live."""
        while True:
            opened = await _make(Open(), "", connection, life.name)
            if opened is not None:
                await connection.ask("DELETE", f"/{opened.body['session_id']}")
                return


async def _make(call: Call, tag: str, connection: Connection, client: str) -> Answer | None:
    match call:
        case Open():
            given = {} if call.metadata is None else {"metadata": dict(call.metadata)}
            return await connection.ask("POST", "", orjson.dumps({"client_id": client} | given))
        case Read():
            return await connection.ask("GET", f"/{call.session}")
        case Heartbeat():
            return await connection.ask("POST", f"/{call.session}/heartbeat")
        case Patch():
            body = orjson.dumps({"metadata": dict(call.changes)})
            return await connection.ask("PATCH", f"/{call.session}", body, tag)
        case End():
            return await connection.ask("DELETE", f"/{call.session}")


def _result(call: Call, answer: Answer) -> Result:
    body = answer.body
    if answer.status in (200, 201) and isinstance(call, Open):
        assert body["session_resumed"] is (answer.status == 200), answer
        metadata = frozenset(body["metadata"].items())
        return Opened(body["session_id"], body["session_resumed"], body["previous_session_id"], metadata)
    if answer.status == 200:
        return Seen(frozenset(body["metadata"].items()))
    if answer.status in (204, 404, 410, 412):
        return Said(answer.status)
    raise AssertionError(f"{call} was answered {answer}")


def _in_process(target: Target, seed: int, count: int | None, seconds: float | None) -> Outcome:
    began = time.monotonic()
    outcome = uvloop.run(Racing(target, seed, Budget(count, seconds)).run())
    outcome.figures["calls a second"] = outcome.counts["calls"] / (time.monotonic() - began)
    return outcome


def race(target: Target, seed: int, budget: Budget, processes: int = 2) -> Outcome:
    """`budget.count` opens, resumes and ends in all."""
    share = budget.count // processes if budget.count else None
    total = Outcome("races", seed)
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        racing = [
            pool.submit(_in_process, target, seed * 100 + number, share, budget.seconds) for number in range(processes)
        ]
        for one in racing:
            total.add(one.result())
    return total
