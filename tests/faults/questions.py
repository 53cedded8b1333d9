"""Questions asked through connections that break, each retried under its key until its answer is there.

However often it was sent, by whomever and however waited for: one query, one run that completes, one answer.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx
from tests.faults.outcome import Budget, Outcome
from tests.faults.proxy import FaultProxy
from tests.faults.record import Record, files_of, files_there, read_on
from tests.following import follow
from tests.servers import PATIENCE, Server

QUERY = "/api/v1/query"
WAYS = ("json", "stream", "respond-async")
WORKERS = 8
PER_CASE = 8
# Half-open connections stay silent; who waits longer than this asks again.
SILENCE = httpx.Timeout(2.0, connect=5.0)
QUESTIONS = ("what does ENOSPC mean?", "what does ECONNREFUSED mean?", "What is wrong here?", "Is anything wrong?")
LOG = "2026-01-02T03:04:05Z app[1]: ERROR write failed: No space left on device, job {number}\n"


@dataclass(slots=True)
class Told:
    """What one asker was told by all attempts under one key: ids of queries, and at last the answer."""

    queries: set[str] = field(default_factory=set)
    attempts: int = 0
    answer: dict[str, Any] | None = None
    whole: bool = False


class Asking:
    def __init__(self, server: Server, proxy: FaultProxy, seed: int, budget: Budget) -> None:
        self._server = server
        self._proxy = proxy
        self._seed = seed
        self._budget = budget
        self._numbers: Iterator[int] = itertools.count()
        self._lock = threading.Lock()
        self._keys: dict[str, str] = {}
        self.outcome = Outcome("questions", seed)

    def run(self) -> Outcome:
        with ThreadPoolExecutor(WORKERS) as workers:
            for done in [workers.submit(self._work, number) for number in range(WORKERS)]:
                done.result()
        self._check_record()
        cuts = self._proxy.cuts()
        self.outcome.counts.update({f"cut in {place}": count for place, count in cuts.items()})
        return self.outcome

    def _work(self, worker: int) -> None:
        with (
            self._server.client() as api,
            httpx.Client(
                base_url=f"http://{self._proxy.host}",
                headers={"Authorization": f"Bearer {self._server.token}", "Connection": "close"},
                timeout=SILENCE,
                verify=False,
            ) as through,
        ):
            opened = api.post("/api/v1/sessions", json={"client_id": f"asker {worker}"}).json()
            case_id = ""
            for turn in itertools.count():
                with self._lock:
                    number = next(self._numbers)
                if not self._budget.left(number):
                    return
                if turn % PER_CASE == 0:
                    case_id = api.post("/api/v1/cases", json={"title": f"{worker} {turn}"}).json()["case_id"]
                self._question(api, through, number, {"session_id": opened["session_id"], "case_id": case_id})

    def _question(self, api: httpx.Client, through: httpx.Client, number: int, body: dict[str, Any]) -> None:
        chance = random.Random(f"{self._seed}:{number}")
        key = f"key-{self._seed}-{number}"
        body["query"] = f"{chance.choice(QUESTIONS)} ({number})"
        with_context = chance.random() < 0.25
        if with_context:
            body["context"] = {"text_data": LOG.format(number=number)}
        askers = 3 if chance.random() < 0.2 else 1
        with ThreadPoolExecutor(askers) as together:
            told = list(together.map(lambda n: ask(through, key, body, random.Random(f"{key}:{n}")), range(askers)))
        queries = set[str]().union(*(one.queries for one in told))
        with self._lock:
            counts = self.outcome.counts
            counts["questions"] += 1
            counts["with evidence"] += with_context
            counts["asked at once by several"] += askers > 1
            counts["attempts"] += sum(one.attempts for one in told)
            self.outcome.check(len(queries) == 1, f"{key} was told of {len(queries)} queries: {queries}")
            self._keys[key] = next(iter(queries))
        truth = api.get(f"/api/v1/queries/{self._keys[key]}").json()
        with self._lock:
            self.outcome.check(truth["status"] == "completed", f"{key} ended as {truth['status']}")
            for one in told:
                self.outcome.check(_agrees(one, truth), f"{key} was told another answer than is stored")

    def _check_record(self) -> None:
        """The log is the judge: each query asked once, ended once, and none that nobody has asked."""
        record = Record()
        with self._server.client() as api:
            read_on(record, api)
        outcome, wanted = self.outcome, len(self._keys)
        outcome.violations += record.violations
        outcome.check(len(set(self._keys.values())) == wanted, "two keys were given the same query")
        outcome.check(set(record.asked) == set(self._keys.values()), f"{wanted} keys made {len(record.asked)} queries")
        for kind in ("question.asked", "answer.completed", "answer.started"):
            outcome.check(record.types[kind] == wanted, f"{wanted} questions had {record.types[kind]} {kind}")
        pasted = sum(name == "pasted text" for name in record.evidence.values())
        brought = outcome.counts["with evidence"]
        outcome.check(pasted == brought, f"{brought} questions brought evidence, {pasted} pieces are there")
        wanted_there, deadline = files_of(record.evidence), time.monotonic() + PATIENCE
        # Whoever gave up waiting may have left a request behind that is still at work.
        while (there := files_there(self._server.data_dir)) != wanted_there and time.monotonic() < deadline:
            time.sleep(0.05)
        outcome.check(there == wanted_there, f"files without a row or rows without a file: {there ^ wanted_there}")


def ask(through: httpx.Client, key: str, body: dict[str, Any], chance: random.Random) -> Told:
    """Until an answer arrives, each time by another way."""
    told = Told()
    while told.answer is None:
        told.attempts += 1
        try:
            _attempt(through, key, body, chance.choice(WAYS), told)
        except httpx.TransportError:
            continue
    return told


def _attempt(through: httpx.Client, key: str, body: dict[str, Any], way: str, told: Told) -> None:
    headers = {"Idempotency-Key": key}
    match way:
        case "stream":
            _follow(through, body, headers, told)
        case "respond-async":
            answer = through.post(QUERY, json=body, headers=headers | {"Prefer": "respond-async"})
            _take(answer, told)
            while told.answer is None:
                _take(through.get(answer.headers["Location"]), told)
        case _:
            _take(through.post(QUERY, json=body, headers=headers), told)


def _follow(through: httpx.Client, body: dict[str, Any], headers: dict[str, str], told: Told) -> None:
    last = 0
    with follow(through, QUERY, method="POST", json=body, headers=headers, timeout=2.0) as stream:
        told.queries.add(stream.response.headers["Location"].rpartition("/")[2])
        for frame in stream:
            assert frame.id is not None
            assert frame.id > last, f"{frame.id} came after {last}"
            last = frame.id
            told.queries.add(frame.data["query_id"])
            if frame.event == "answer.completed":
                told.answer = frame.data["answer"]


def _take(answer: httpx.Response, told: Told) -> None:
    assert answer.status_code in (200, 202), answer.text
    said = answer.json()
    told.queries.add(said["query_id"])
    if said["status"] not in ("queued", "running"):
        told.answer, told.whole = said, True


def _agrees(told: Told, truth: dict[str, Any]) -> bool:
    """A stream tells the answer without what the query says of itself."""
    assert told.answer is not None
    return told.answer == truth if told.whole else truth | told.answer == truth
