"""Readers of streams that break all the time: resumed where they were, they miss nothing and read nothing twice.

Three kinds of stream, each resumed as its clients do: the user's by `after`, a case's by Last-Event-ID, and that of a
question by asking again under its key, which tells it from its beginning.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
import time
import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from typing import Any, Literal

import httpx
from tests.faults.outcome import Budget, Outcome
from tests.faults.proxy import Fault, FaultProxy, Reach
from tests.faults.record import Record, read_on
from tests.following import Frame, follow
from tests.servers import Server

USER_READERS = 3
CASES = 2
CASE_READERS = 2
ASKERS = 2
# A stream that is written to all the time and says nothing for so long is a connection that is gone.
SILENCE = 2.0
PAUSE = 0.01
ASK_PAUSE = 0.3
# Nearly every connection is cut, and most of them in the middle of events.
WEIGHTS: Mapping[Fault, int] = {"pass": 3, "delay": 7, "reset": 46, "finish": 40, "half_open": 1, "refuse": 3}
REACH: Reach = (("request head", 200), ("response head", 350), *(("response body", size) for size in (50, 500, 4000)))

# The number of each event that was read, and a hash of what it said.
Told = list[tuple[int, int]]


class Streaming:
    """`budget.count` is how many connections are to be cut."""

    def __init__(self, server: Server, proxy: FaultProxy, seed: int, budget: Budget) -> None:
        self._server = server
        self._proxy = proxy
        self._seed = seed
        self._budget = budget
        self._writing = True
        self._given_up = False
        # Where a stream ends, by its path, once nobody writes any more.
        self._last: dict[str, int] = {}
        self._lock = threading.Lock()
        self.outcome = Outcome("cuts", seed)

    def run(self) -> Outcome:
        with self._server.client() as api, ThreadPoolExecutor(16) as threads:
            cases = [api.post("/api/v1/cases", json={"title": f"case {n}"}).json()["case_id"] for n in range(CASES)]
            session = api.post("/api/v1/sessions", json={"client_id": "reader"}).json()["session_id"]
            users = f"/api/v1/sessions/{session}/events"
            of_user = [threads.submit(self._read, users, "after") for _ in range(USER_READERS)]
            of_cases = [
                (case, threads.submit(self._read, _events(case), "Last-Event-ID"))
                for case in cases
                for _ in range(CASE_READERS)
            ]
            asking = [threads.submit(self._ask_on, number) for number in range(ASKERS)]
            try:
                self._write_until_done(api, session, cases)
                self._writing = False
                answers = [answer for one in asking for answer in one.result()]
                frames = self._truth(api, users, cases)
            except BaseException:
                self._writing, self._given_up = False, True  # or the others would read and ask for ever
                raise
            for reading in of_user:
                self._compare("a reader of the user's stream", reading.result(), _numbered(frames, "cursor"))
            for case, reading in of_cases:
                self._compare(f"a reader of {case}", reading.result(), _numbered(_of(frames, "case_id", case), "seq"))
            for query_id, told in answers:
                self._compare(f"who asked {query_id}", told, _numbered(_of(frames, "query_id", query_id), "seq"))
        self.outcome.counts.update({"events": len(frames), "questions": len(answers), "cuts": self._cuts()})
        self.outcome.counts.update({f"cut in {place}": count for place, count in self._proxy.cuts().items()})
        return self.outcome

    def _cuts(self) -> int:
        return self._proxy.cuts().total()

    def _write_until_done(self, api: httpx.Client, session: str, cases: list[str]) -> None:
        for number in itertools.count():
            if not self._budget.left(self._cuts()):
                break
            api.patch(f"/api/v1/cases/{cases[number % CASES]}", json={"title": f"title {number}"}).raise_for_status()
            if number % 4 == 0:
                api.patch(f"/api/v1/sessions/{session}", json={"metadata": {"n": number}}).raise_for_status()
            time.sleep(PAUSE)

    def _truth(self, api: httpx.Client, users: str, cases: list[str]) -> list[Frame]:
        """The whole log through a whole connection; from here on, readers know where it ends."""
        record = Record()
        frames = read_on(record, api)
        self.outcome.violations += record.violations
        for case in cases:
            self._last[_events(case)] = _of(frames, "case_id", case)[-1].data["seq"]
        self._last[users] = record.position
        return frames

    def _through(self) -> httpx.Client:
        bearer = {"Authorization": f"Bearer {self._server.token}"}
        return httpx.Client(base_url=f"http://{self._proxy.host}", headers=bearer, verify=False)

    def _read(self, path: str, way: Literal["after", "Last-Event-ID"]) -> Told:
        told: Told = []
        with self._through() as through:
            while not self._given_up and (not told or told[-1][0] != self._last.get(path)):
                position = told[-1][0] if told else 0
                params = {"after": position} if way == "after" else None
                headers = {"Last-Event-ID": str(position)} if way == "Last-Event-ID" and position else None
                with (
                    contextlib.suppress(httpx.TransportError),
                    follow(through, path, params=params, headers=headers, timeout=SILENCE) as stream,
                ):
                    for frame in stream:
                        told.append((frame.id or 0, _said(frame)))
                        if frame.id != len(told):  # which the comparison will tell of
                            return told
                        if frame.id == self._last.get(path):
                            break
        return told

    def _ask_on(self, asker: int) -> list[tuple[str, Told]]:
        """Question after question; each query's id, and what its stream told in the end."""
        answers: list[tuple[str, Told]] = []
        with self._server.client() as api, self._through() as through:
            session = api.post("/api/v1/sessions", json={"client_id": f"asker {asker}"}).json()["session_id"]
            while self._writing:
                case = api.post("/api/v1/cases", json={"title": "asked"}).json()["case_id"]
                body = {"session_id": session, "case_id": case, "query": "what does ENOSPC mean?"}
                answers.append(self._ask(through, f"streams-{self._seed}-{asker}-{len(answers)}", body))
                time.sleep(ASK_PAUSE)
        return answers

    def _ask(self, through: httpx.Client, key: str, body: dict[str, Any]) -> tuple[str, Told]:
        """Until the answer is complete; each time it is told the same again, and more."""
        most: Told = []
        while not self._given_up:
            told: Told = []
            try:
                with follow(
                    through,
                    "/api/v1/query",
                    method="POST",
                    json=body,
                    headers={"Idempotency-Key": key},
                    timeout=SILENCE,
                ) as stream:
                    for frame in stream:
                        told.append((frame.id or 0, _said(frame)))
                        if frame.event == "answer.completed":
                            return frame.data["query_id"], told
            except httpx.TransportError:
                pass
            both = min(len(told), len(most))
            if told[:both] != most[:both]:
                self._violation(f"the stream of the question under {key} was told otherwise before")
            most = max(most, told, key=len)
        return "", most

    def _compare(self, who: str, told: Told, truth: Told) -> None:
        differing = (n for n, (one, other) in enumerate(zip_longest(told, truth)) if one != other)
        if (at := next(differing, None)) is not None:
            self._violation(f"{who} read {told[at : at + 3]} where the log says {truth[at : at + 3]}")

    def _violation(self, said: str) -> None:
        with self._lock:
            self.outcome.violations.append(said)


def _events(case: str) -> str:
    return f"/api/v1/cases/{case}/events"


def _said(frame: Frame) -> int:
    return zlib.crc32(json.dumps(frame.data).encode())


def _of(frames: list[Frame], name: str, value: str) -> list[Frame]:
    return [frame for frame in frames if frame.data.get(name) == value]


def _numbered(frames: list[Frame], number: Literal["cursor", "seq"]) -> Told:
    return [(frame.data[number], _said(frame)) for frame in frames]
