"""Callers who never stop: what they were told was stored, and whether they were ever refused."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
from tests.integration.conftest import make_case
from tests.integration.problems import SESSIONS
from tests.servers import Server

LINE = b"2026-03-01T10:00:05Z ERROR orders.db: could not extend file base/16384/2619: No space left on device\n"


@dataclass
class Told:
    """What was acknowledged. Evidence whose deletion was only asked for is in neither set."""

    evidence: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    notes: dict[str, int] = field(default_factory=dict)
    queries: set[str] = field(default_factory=set)

    def copy(self) -> Told:
        return Told(dict(self.evidence), set(self.deleted), dict(self.notes), set(self.queries))


class Caller:
    """One client with a session and a case of its own: adds and deletes evidence, asks, and takes notes."""

    def __init__(self, server: Server, number: int) -> None:
        self.client_id = f"busy-{number}"
        self.told = Told()
        self.rounds = 0
        self._api = server.client()
        self._random = random.Random(number)
        self._kept: list[str] = []

    def begin(self) -> None:
        self.session_id = self._api.post(SESSIONS, json={"client_id": self.client_id}).json()["session_id"]
        self.case_id = make_case(self._api, self.client_id)

    def work(self) -> None:
        """One of each."""
        self._add(LINE * self._random.randrange(1, 3000) + self._random.randbytes(64).hex().encode())
        self._add(self._random.randbytes(self._random.randrange(200_000)))
        self._delete(self._kept.pop(self._random.randrange(len(self._kept))))
        self._add(b"short-lived %d\n" % self.rounds)
        self._delete(self._kept.pop())
        self._note(self.rounds)
        if self.rounds % 20 == 1:
            self._ask()
        self.rounds += 1

    def close(self) -> None:
        self._api.close()

    def _add(self, content: bytes) -> None:
        path = f"/api/v1/cases/{self.case_id}/evidence"
        evidence_id = _done(self._api.post(path, content=content)).json()["evidence_id"]
        self.told.evidence[evidence_id] = hashlib.sha256(content).hexdigest()
        self._kept.append(evidence_id)

    def _delete(self, evidence_id: str) -> None:
        del self.told.evidence[evidence_id]
        _done(self._api.delete(f"/api/v1/evidence/{evidence_id}"))
        self.told.deleted.add(evidence_id)

    def _note(self, number: int) -> None:
        _done(self._api.patch(f"{SESSIONS}/{self.session_id}", json={"metadata": {"note": number}}))
        self.told.notes[self.session_id] = number

    def _ask(self) -> None:
        body = {"session_id": self.session_id, "case_id": self.case_id, "query": "What is wrong?"}
        asked = self._api.post("/api/v1/query", json=body, headers={"Prefer": "respond-async"})
        self.told.queries.add(_done(asked).json()["query_id"])


def _done(answer: httpx.Response) -> httpx.Response:
    # A full queue is an answer too: this caller asks faster than two workers read.
    assert answer.is_success or answer.status_code == 429, f"{answer.request.method} {answer.url}: {answer.text}"
    return answer


class Callers:
    def __init__(self, server: Server, count: int) -> None:
        self._callers = [Caller(server, number) for number in range(count)]
        self._stop = threading.Event()
        self._failed: list[BaseException] = []
        self._threads = [threading.Thread(target=self._work, args=(caller,)) for caller in self._callers]

    def _work(self, caller: Caller) -> None:
        try:
            caller.begin()
            while not self._stop.is_set():
                caller.work()
        except BaseException as error:  # told to the test by `check`
            self._failed.append(error)

    def check(self) -> None:
        """Nobody was ever refused."""
        if self._failed:
            raise self._failed[0]

    def told(self) -> list[tuple[Caller, Told]]:
        """What each had been told by now."""
        return [(caller, caller.told.copy()) for caller in self._callers]

    def wait_for(self, rounds: int) -> None:
        """Every one of them has done so many rounds more."""
        wanted = [caller.rounds + rounds for caller in self._callers]
        while any(caller.rounds < want for caller, want in zip(self._callers, wanted, strict=True)):
            self.check()
            self._stop.wait(0.01)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for caller in self._callers:
            caller.close()
        self.check()


@contextmanager
def callers(server: Server, count: int = 4) -> Iterator[Callers]:
    """At work until the context is left; then checked."""
    at_work = Callers(server, count)
    at_work.start()
    try:
        yield at_work
    finally:
        at_work.stop()
