"""What the steps of the state machine are made of: users, a server, its clock, and how they are brought together.

The server's clock stands still but for what a step adds, so every answer is known to the microsecond.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import time
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any, TypeVar

from hypothesis import note
from tests.faults import state_rules as draw
from tests.faults.forked import Forked
from tests.faults.state_log import check_log
from tests.faults.state_model import Session
from tests.faults.state_operations import (
    Ask,
    Cancel,
    End,
    EndOthers,
    Heartbeat,
    Json,
    ListAll,
    Open,
    OpenCase,
    Operation,
    Patch,
    Read,
    ReadQuery,
    Told,
)
from tests.faults.state_person import READER, Person
from tests.faults.state_questions import FINISHED, ORDER
from tests.faults.state_wire import Reply, Request, request_of

TICK = 1000
SECOND = 1_000_000
# A question whose server was killed is answered, or told to have failed, so soon after the next start.
ANSWERED_WITHIN = 15.0

T = TypeVar("T", bound=Operation)


@dataclasses.dataclass(frozen=True)
class _Request:
    """An operation that is ready to be sent."""

    person: Person
    operation: Operation
    wire: Request


class World:
    """`tally` counts what came of it."""

    def __init__(self, server: Forked, people: list[Person], tally: Counter[str]) -> None:
        self.server = server
        self.people = people
        self.tally = tally
        self.now = server.clock()
        self._steps: list[str] = []
        self._usual = 0.003
        for person in people:
            person.others = [other for other in people if other is not person]
        self.pass_until(self.now + SECOND)

    def trail(self) -> str:
        """What was really sent and answered, for who has to find out what went wrong."""
        log = self.server.log.read_text()[-4000:]
        return "\n".join(["", "What was done:", *self._steps, "", "What the server logged last:", log])

    def do(self, person: Person, operation: Operation, copies: int = 1, at: int | None = None) -> Reply:
        """Sent as often as that at once, and judged. The last answer."""
        request = self._request(person, operation)
        now = self._tick() if at is None else at
        sent = time.perf_counter()
        self._send(request, copies)
        reply = self._receive(request, now, copies)
        if request.wire.method != "GET":
            self._usual += (time.perf_counter() - sent - self._usual) / 10
        return reply

    def do_both(self, person: Person, operation: Operation, copies: int, meanwhile: Operation) -> None:
        """And something of another user's at the same time. What is one's own is in order, whatever others do."""
        requests = [self._request(person, operation), self._request(person.others[0], meanwhile)]
        now = self._tick()
        for request, times in zip(requests, (copies, 1), strict=True):
            self._send(request, times)
        for request, times in zip(requests, (copies, 1), strict=True):
            self._receive(request, now, times)
        self.tally["both at once"] += 1

    def _request(self, person: Person, operation: Operation) -> _Request:
        operation = self._named(person, operation)
        tag = person.tag_of(operation.session, operation.if_match) if isinstance(operation, Patch) else None
        return _Request(person, operation, request_of(operation, tag))

    def _send(self, request: _Request, copies: int = 1) -> None:
        for caller in request.person.callers[:copies]:
            caller.send(request.wire)

    def _receive(self, request: _Request, now: int, copies: int) -> Reply:
        # Of several at once, any may have come first: it is the one that opened, or saw the question begin.
        replies = sorted((caller.receive() for caller in request.person.callers[:copies]), key=_order)
        for reply in replies:
            request.person.check_privacy(request.wire, reply)
            self._judge(request.person, request.operation, now, reply)
        return replies[-1]

    def _judge(self, person: Person, operation: Operation, now: int, reply: Reply) -> None:
        self._steps.append(f"{person.mark} {operation} at {now}: {reply.status} {reply.raw[:200]}")
        person.judge(operation, now, reply)
        code = reply.body["code"] if reply.status >= 400 else ""
        self.tally[f"{type(operation).__name__} {reply.status} {code}".strip()] += 1
        self.tally[f"refused: {code}"] += bool(code)
        self.tally["refused: theirs"] += bool(code) and any(person.others[0].knows(one) for one in _ids(operation))

    def kill_during(self, person: Person, operation: Operation, patience: float, listening: bool) -> None:
        """Whether it was done is known by what was still answered, or else by what the next server says."""
        request = self._request(person, operation)
        operation, now = request.operation, self._tick()
        seen = self._listen(person) if listening else iter(())
        self._send(request)
        time.sleep(patience * self._usual)
        self.kill()
        reply = _received(person)
        person.note_until_cut(seen)
        self.restart()
        if reply is not None:
            self._judge(person, operation, now, reply)
            self.tally["killed after the answer"] += 1
        else:
            self._find_out(person, operation, now)
        person.account.questions.disturb(asked_at=now)

    def _find_out(self, person: Person, operation: Operation, now: int) -> None:
        """Nobody was told how it went: all of it was done, or nothing."""
        listed = person.call(request_of(ListAll()))
        opening, later = Open(READER), self._tick()
        opened = person.call(request_of(opening))
        person.follow(opened.body["session_id"], person.newest, opened.body["cursor"])
        self._steps.append(f"{person.mark} {operation} at {now}: not known; then {listed.raw} and {opened.raw}")
        before = person.account
        for done in (True, False):
            person.account = copy.deepcopy(before)
            try:
                possible = person.account.do(operation, now, _told_by(person, operation)) if done else None
                person.judge(ListAll(), now, listed)
                person.judge(opening, later, opened)
                check_log(person.account, person.history(), later)
                break
            except AssertionError as error:
                if not done:
                    raise
                note(f"{operation} was not done: {error}")
        refused = possible is not None and possible.status >= 400
        self.tally["killed before the answer: " + ("refused" if refused else "done" if done else "not done")] += 1

    def kill(self) -> None:
        self._steps.append("SIGKILL")
        self.tally["killed"] += 1
        for person in self.people:
            person.account.questions.disturb()
        self.server.kill()

    def restart(self) -> None:
        for person in self.people:
            person.hang_up()
        self.server.start()

    def _listen(self, person: Person) -> Iterator[Json]:
        live = person.account.live(self.now)
        return person.callers[-1].frames(live[0].id, person.newest) if live else iter(())

    def await_answer(self, person: Person, query_id: str) -> None:
        deadline = time.monotonic() + ANSWERED_WITHIN
        pause = 0.01
        while self.do(person, ReadQuery(query_id)).body["status"] not in FINISHED:
            assert time.monotonic() < deadline, f"{query_id} has no end"
            time.sleep(pause)
            pause = min(2 * pause, 0.2)
        self.do(person, ReadQuery(query_id))

    def see_expire(self, person: Person, session: Session, use: Operation) -> None:
        """To the last microsecond of a session, and the one after."""
        end = session.expires_at
        self.pass_until(end - 1)
        assert self.do(person, Read(session.id), at=end - 1).status == 200
        self.pass_until(end)
        match use:
            case Heartbeat() | Patch() | End() | EndOthers() | Ask():
                use = dataclasses.replace(use, session=session.id)
        self.do(person, use, at=end)
        stream = person.call(Request("GET", f"/sessions/{session.id}/events"))
        assert (stream.status, stream.body["code"]) == (410, "session_expired"), stream.raw

    def pass_until(self, moment: int) -> None:
        assert moment >= self.now
        self.now = moment
        self.server.clock.hold(moment)

    def _tick(self) -> int:
        """No two operations happen at the same moment."""
        self.pass_until(self.now + TICK)
        return self.now

    def _named(self, person: Person, operation: T) -> T:
        """With ids for names, this user's mark in everything written, and a key that is new or still kept."""
        values = dataclasses.asdict(operation)
        for kind in ("session", "case", "query", "evidence"):
            if " " in (values.get(kind) or ""):
                values[kind] = self.id_of(person, values[kind], kind)
        if values.get("text") in draw.QUESTIONS:
            values["text"] += f" {person.mark}"
        if "title" in values:
            values["title"] = person.mark
        if "metadata" in values:
            values["metadata"] = json.loads(json.dumps(values["metadata"]).replace('"me"', f'"{person.mark}"'))
        questions = person.account.questions
        soon = self.now + SECOND  # a key that is about to be forgotten promises nothing
        while values.get("key") in questions.keys and not questions.key_is_kept(values["key"], soon):
            values["key"] += "."
        return type(operation)(**values)

    def id_of(self, person: Person, name: str, kind: str) -> str:
        whose, number = name.split()
        match whose:
            case "mine":
                found = self._some(person, kind)
            case "theirs":
                found = known(person.others[0], kind)
            case "ended":
                found = [one.id for one in reversed(person.account.sessions.values()) if one.reason]
            case "expired":
                over = [one for one in person.account.sessions.values() if not (one.reason or one.live(self.now))]
                found = [one.id for one in reversed(over)]
            case _:
                found = []
        return found[int(number) % len(found)] if found else f"{kind}_{0:032x}"

    def _some(self, person: Person, kind: str) -> list[str]:
        """At least one. Sessions that are live, most recently used first; all cases or questions, newest first."""
        if kind == "session":
            if not person.account.live(self.now):
                self.do(person, Open("c0"))
            return [session.id for session in person.account.live(self.now)]
        if not known(person, kind):
            self.do(person, OpenCase("me") if kind == "case" else Ask("mine 0", draw.QUESTIONS[0]))
        return known(person, kind)

    def session_of(self, person: Person, name: str) -> Session:
        return person.account.sessions[self.id_of(person, name, "session")]


def _ids(operation: Operation) -> list[str]:
    return [one for one in dataclasses.astuple(operation) if isinstance(one, str)]


def _order(reply: Reply) -> tuple[bool, int]:
    status = reply.body.get("status")
    return reply.status != 201, ORDER.index(status) if status in ORDER else 0


def _received(person: Person) -> Reply | None:
    try:
        return person.callers[0].receive()
    except (OSError, HTTPException):
        return None


def _told_by(person: Person, operation: Operation) -> Told:
    """What the log tells of an operation that was not answered."""
    told: dict[str, str] = {}
    status = 0
    for event in person.history():
        match event["type"]:
            case "session.opened" if isinstance(operation, Open) and event["client_id"] == operation.client:
                told["session_id"] = event["session_id"]
            case "case.opened":
                told["case_id"] = event["case_id"]
            case "question.asked":
                told["query_id"] = event["query_id"]
            case "answer.cancelled" if isinstance(operation, Cancel) and event["query_id"] == operation.query:
                status = 200
    return Told(status, **{name: one for name, one in told.items() if not person.knows(one)})


def known(person: Person, kind: str) -> list[str]:
    """Newest first."""
    questions = person.account.questions
    of_kind: dict[str, dict[str, Any]] = {
        "session": person.account.sessions,
        "case": questions.cases,
        "query": questions.queries,
    }
    return list(reversed(of_kind[kind]))
