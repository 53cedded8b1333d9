"""One user of the state machine: what they have a right to (the model), and what they have been told so far."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException

from tests.faults.state_model import Account, Limits
from tests.faults.state_operations import Expected, Json, Operation
from tests.faults.state_wire import Caller, Reply, Request

COPIES = 3
# Opens the stream in which the whole log is read; no other operation uses this client.
READER = "reader"
ID = re.compile(r"(?:session|case|query|user)_[0-9a-f]{32}")


class Person:
    """`mark` stands in everything this user writes, and in nothing another user may read."""

    def __init__(self, address: str, bearer: str, mark: str, limits: Limits) -> None:
        self.mark = mark
        self.account = Account(limits)
        self.callers = [Caller(address, bearer) for _ in range(COPIES)]
        self.others: list[Person] = []
        self.log: dict[int, Json] = {}
        self._tags: dict[str, str] = {}

    def call(self, request: Request) -> Reply:
        reply = self.callers[0].call(request)
        self.check_privacy(request, reply)
        return reply

    def hang_up(self) -> None:
        for caller in self.callers:
            caller.close()

    def judge(self, operation: Operation, now: int, reply: Reply) -> None:
        """What was answered is what had to be."""
        expected = self.account.do(operation, now, reply.told)
        assert reply.status == expected.status, f"{operation}: {reply.status} instead of {expected}: {reply.raw}"
        check_body(operation, expected, reply.body)
        if reply.status < 400 and "query_id" in reply.body:
            self.account.questions.query(reply.body["query_id"]).saw(reply.body)
        if reply.etag is not None and reply.body.get("session_id") in self.account.sessions:
            self._check_tag(self.account.sessions[reply.body["session_id"]].content(), reply.etag)

    def tag_of(self, session_id: str, wanted: str) -> str | None:
        """What to send as If-Match, so that it is as `wanted`."""
        match wanted:
            case "current":
                return self.call(Request("GET", f"/sessions/{session_id}")).etag
            case "stale":
                session = self.account.sessions.get(session_id)
                others = [tag for content, tag in self._tags.items() if session and content != session.content()]
                return others[-1] if others else '"0"'
            case _:
                return wanted or None

    def _check_tag(self, content: str, tag: str) -> None:
        known = self._tags.setdefault(content, tag)
        assert known == tag, f"{content} had the tag {known}, and now {tag}"
        same = [other for other, one in self._tags.items() if one == tag]
        assert same == [content], f"one tag for {same}"

    def check_privacy(self, request: Request, reply: Reply) -> None:
        sent = f"{request.path} {request.body}"
        for other in self.others:
            assert other.mark not in reply.raw, f"{other.mark} may not be seen by {self.mark}: {reply.raw}"
            seen = [one for one in ID.findall(reply.raw) if other.knows(one) and one not in sent]
            assert not seen, f"{seen} may not be seen by {self.mark}: {reply.raw}"

    def knows(self, one: str) -> bool:
        questions = self.account.questions
        return one in self.account.sessions or one in questions.cases or one in questions.queries

    def note(self, event: Json) -> None:
        """An event that is told again is told as before."""
        for other in self.others:
            assert other.mark not in str(event), f"{other.mark} may not be seen by {self.mark}: {event}"
        known = self.log.setdefault(event["cursor"], event)
        assert known == event, f"event {event['cursor']} was {known}, and now is {event}"

    def follow(self, session_id: str, after: int, until: int) -> None:
        """The user's stream: every number once and in order, up to `until`."""
        numbers = range(after + 1, until + 1)
        if not numbers:
            return
        caller = self.callers[-1]
        for number, event in zip(numbers, caller.frames(session_id, after), strict=False):
            assert event["cursor"] == number, f"{event['cursor']} where {number} should be: {event}"
            self.note(event)
            after = number
        caller.close()
        assert after == until, f"the stream ended at {after}, before {until}"

    def note_until_cut(self, frames: Iterator[Json]) -> None:
        """What was seen of a stream before its server died must be there afterwards."""
        with suppress(OSError, HTTPException, ValueError):
            for event in frames:
                self.note(event)

    @property
    def newest(self) -> int:
        """Up to here nothing is missing."""
        return next(number for number in itertools.count() if number + 1 not in self.log)

    def read_case(self, case_id: str, after: int, most: int) -> None:
        """A case's events page by page: every `seq` once and in order, none missing at the end."""
        while True:
            reply = self.call(Request("GET", f"/cases/{case_id}/events?after={after}&limit={most}"))
            assert reply.status == 200, reply.raw
            for event in json.loads(reply.raw)["events"]:
                after += 1
                assert event["seq"] == after, f"{event['seq']} where {after} should be: {event}"
                self.note(event)
            if "next_cursor" not in reply.body:
                break
        last = self.call(Request("GET", f"/cases/{case_id}")).body["last_seq"]
        assert after <= last, f"the log of {case_id} has {after}, the case {last}"

    def history(self) -> list[Json]:
        """The whole log, as far as it is known without a gap."""
        return [self.log[number] for number in range(1, self.newest + 1)]


def check_body(operation: Operation, expected: Expected, body: Json) -> None:
    for name, value in expected.body.items():
        told = body.get(name)
        if name == "sessions":
            fields = [[one.get(field) for field in known] for one, known in zip(told or [], value, strict=False)]
            wanted = [list(known.values()) for known in value]
            assert len(told or []) == len(value), f"listed are {told}, and should be {value}"
            assert fields == wanted, f"listed are {told}, and should be {value}"
        elif name == "ended_session_ids":
            assert sorted(told or []) == sorted(value), f"{operation}: ended {told}, and should have {value}"
        else:
            assert told == value, f"{operation}: {name} is {told!r}, and should be {value!r}"
