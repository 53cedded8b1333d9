"""What a caller was promised, and what must therefore be there after the server was killed.

Each thing is written by one caller alone. It notes what it tries before it is sent, and what was acknowledged
afterwards; so it knows of each write whether it must be there (acknowledged), or may be, but whole (not acknowledged).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

FINISHED = ("completed", "failed", "cancelled")
SIZES = (0, 9, 5000, 60_000)
# Of one caller, so that a start is not about how fast questions are answered.
UNFINISHED = 3


class Refused(Exception):
    """The server said that it cannot store anything now."""


class Thing(Protocol):
    def act(self, api: httpx.Client, chance: random.Random) -> None:
        """Writes something. Raises Refused, or httpx.TransportError when the server is gone."""

    def broken(self, api: httpx.Client) -> Iterator[str]:
        """Promises that do not hold, a sentence each. May be asked again."""


@dataclass
class Number:
    """A number that is written in two places at once, and only ever grows."""

    tried: int = 0
    acknowledged: int = 0

    def next(self) -> int:
        self.tried += 1
        return self.tried

    def broken(self, what: str, one: int, other: int) -> Iterator[str]:
        if one != other:
            yield f"half a write: {what} has {one} and {other}"
        if not self.acknowledged <= one <= self.tried:
            yield f"{what} has {one}, acknowledged was {self.acknowledged}, tried {self.tried}"


@dataclass
class Sessions:
    """One session that is patched, and others that are opened and ended."""

    name: str
    patched: Number = field(default_factory=Number)
    opened: dict[str, str] = field(default_factory=dict)
    tried: list[str] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    ending: set[str] = field(default_factory=set)

    def act(self, api: httpx.Client, chance: random.Random) -> None:
        what = chance.random()
        if what < 0.4:
            number = self.patched.next()
            session = _open(api, self.name)
            _done(api.patch(f"/api/v1/sessions/{session}", json={"metadata": {"one": number, "other": number}}))
            self.patched.acknowledged = number
        elif what < 0.8 or not self.opened:
            client = f"{self.name}.{len(self.tried)}"
            self.tried.append(client)
            self.opened[client] = _open(api, client)
        else:
            session = self.opened.popitem()[1]
            self.ending.add(session)
            _done(api.delete(f"/api/v1/sessions/{session}"))
            self.ended.add(session)

    def broken(self, api: httpx.Client) -> Iterator[str]:
        if self.patched.tried:
            metadata = _get(api, f"/api/v1/sessions/{_open(api, self.name)}")["metadata"]
            yield from self.patched.broken(self.name, metadata.get("one", 0), metadata.get("other", 0))
        live = {one["session_id"]: one["client_id"] for one in _get(api, "/api/v1/sessions")["sessions"]}
        if len(live) != len(set(live.values())):
            yield f"two live sessions of one client: {live}"
        for session in self.opened.values():
            if session not in live:
                yield f"{session} was opened and is gone"
        for session in self.ended:
            if (status := api.get(f"/api/v1/sessions/{session}").status_code) != 410:
                yield f"{session} was ended and answers {status}"
        for session in self.ending - self.ended:
            if (status := api.get(f"/api/v1/sessions/{session}").status_code) not in (200, 410):
                yield f"{session} was being ended and answers {status}"
        for client in self.tried:
            _open(api, client)


@dataclass
class Cases:
    """The title and the resolution of a case."""

    case: str
    number: Number = field(default_factory=Number)

    def act(self, api: httpx.Client, _chance: random.Random) -> None:
        number = str(self.number.next())
        _done(api.patch(f"/api/v1/cases/{self.case}", json={"title": number, "resolution": {"cause": number}}))
        self.number.acknowledged = int(number)

    def broken(self, api: httpx.Client) -> Iterator[str]:
        case = _get(api, f"/api/v1/cases/{self.case}")
        resolution = case.get("resolution") or {"cause": "0"}
        yield from self.number.broken(self.case, int(case["title"]), int(resolution["cause"]))


@dataclass
class Uploads:
    """Evidence: single files, and forms of several that come together or not at all."""

    case: str
    tried: list[dict[str, bytes]] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)

    def act(self, api: httpx.Client, chance: random.Random) -> None:
        count = chance.choice((1, 1, 3))
        files = {f"{len(self.tried)}-{n}.log": _text(chance, chance.choice(SIZES)) for n in range(count)}
        self.tried.append(files)
        path = f"/api/v1/cases/{self.case}/evidence"
        if count == 1:
            ((name, content),) = files.items()
            _done(api.post(path, params={"name": name}, content=content))
        else:
            _done(api.post(path, files=[("file", (name, content)) for name, content in files.items()]))
        self.acknowledged |= files.keys()

    def broken(self, api: httpx.Client) -> Iterator[str]:
        there = _get(api, f"/api/v1/cases/{self.case}/evidence")["evidence"]
        names = [one["name"] for one in there if one["name"] != "question"]
        for name in self.acknowledged - set(names):
            yield f"evidence {name} of {self.case} was acknowledged and is gone"
        for files in self.tried:
            if len(found := files.keys() & set(names)) not in (0, len(files)):
                yield f"of {len(files)} files that came together there are {sorted(found)}"
        sent = {name: content for files in self.tried for name, content in files.items()}
        if len(names) != len(set(names)) or not sent.keys() >= set(names):
            yield f"evidence of {self.case} is there that was not sent, or twice: {sorted(names)}"
        for one in there:
            answer = api.get(f"/api/v1/evidence/{one['evidence_id']}/raw")
            wanted = sent.get(one["name"], answer.content)
            if not answer.is_success or answer.content != wanted:
                got = f"{answer.status_code}, {len(answer.content)} bytes {answer.content[:60]!r}"
                yield f"evidence {one['name']} of {self.case} is not what was sent, {len(wanted)} bytes: {got}"


@dataclass
class Questions:
    """Asked under keys, some waited for, some cancelled."""

    name: str
    case: str
    tried: dict[str, dict[str, Any]] = field(default_factory=dict)
    acknowledged: dict[str, str] = field(default_factory=dict)
    answered: dict[str, dict[str, Any]] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)

    def act(self, api: httpx.Client, chance: random.Random) -> None:
        waiting = self.acknowledged.values() - self.answered.keys() - self.cancelled
        if len(waiting) >= UNFINISHED or (waiting and chance.random() < 0.3):
            self._cancel(api, chance.choice(sorted(waiting)))
            return
        key = f"{self.name}.{len(self.tried)}"
        body: dict[str, Any] = {"case_id": self.case, "query": f"what does ENOSPC mean? ({key})"}
        if chance.random() < 0.3:
            body["context"] = {"text_data": f"ERROR No space left on device, job {key}\n"}
        self.tried[key] = body
        answer = self._ask(api, key, "respond-async" if chance.random() < 0.7 else "")
        self.acknowledged[key] = answer["query_id"]
        if answer["status"] == "completed":
            self.answered[answer["query_id"]] = answer

    def _ask(self, api: httpx.Client, key: str, prefer: str) -> dict[str, Any]:
        body = {"session_id": _open(api, self.name)} | self.tried[key]
        headers = {"Idempotency-Key": key, "Prefer": prefer}
        answer: dict[str, Any] = _done(api.post("/api/v1/query", json=body, headers=headers))
        return answer

    def _cancel(self, api: httpx.Client, query: str) -> None:
        answer = api.post(f"/api/v1/queries/{query}/cancel")
        if answer.status_code == 409:  # it has come to its end already
            self.answered[query] = _get(api, f"/api/v1/queries/{query}")
        else:
            _done(answer)
            self.cancelled.add(query)

    def broken(self, api: httpx.Client) -> Iterator[str]:
        for key, query in self.acknowledged.items():
            found = api.get(f"/api/v1/queries/{query}")
            if found.status_code != 200 or found.json()["query"] != self.tried[key]["query"]:
                yield f"{query} was acknowledged and is gone: {found.text}"
            elif query in self.cancelled and found.json()["status"] != "cancelled":
                yield f"{query} was cancelled and is {found.json()['status']}"
            elif found.json() != self.answered.get(query, found.json()):
                yield f"{query} was answered otherwise before"
        for key in self.tried:
            query = self._ask(api, key, "")["query_id"]
            if query != self.acknowledged.get(key, query):
                yield f"under {key} {query} was asked, and before {self.acknowledged[key]}"


def _text(chance: random.Random, size: int) -> bytes:
    """Which is kept as it comes; what is no text may be decoded."""
    return chance.randbytes(size).hex()[:size].encode()


def _done(answer: httpx.Response) -> Any:
    if answer.status_code in (503, 507):
        raise Refused(answer.json()["detail"])
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def _get(api: httpx.Client, path: str) -> Any:
    return _done(api.get(path))


def _open(api: httpx.Client, client: str) -> str:
    session: str = _done(api.post("/api/v1/sessions", json={"client_id": client}))["session_id"]
    return session


def new_things(api: httpx.Client, name: str) -> list[Thing]:
    """One of each for one caller; `name` is new in every round."""
    case, other = (_done(api.post("/api/v1/cases", json={"title": "0"}))["case_id"] for _ in range(2))
    return [Sessions(name), Cases(case), Uploads(case), Questions(f"{name}.asking", other)]
