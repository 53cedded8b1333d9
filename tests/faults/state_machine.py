"""The state machine: what may happen, in any order, and what must hold all the time and in the end."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.faults import state_rules as draw
from tests.faults.forked import Forked
from tests.faults.state_log import check_log, check_runs
from tests.faults.state_model import Limits
from tests.faults.state_operations import (
    Ask,
    Diagnose,
    Heartbeat,
    ListAll,
    Open,
    Operation,
    Read,
    ReadCase,
    ReadQuery,
)
from tests.faults.state_person import READER, Person
from tests.faults.state_rules import AskAgain, Await, Do, Expire, Follow, Forget, Kill, ReadLog, Step, Wait
from tests.faults.state_wire import request_of
from tests.faults.state_world import SECOND, TICK, World, known

LIMITS = Limits(absolute_days=2, closed_days=3, cap=3)
SETTINGS = {
    "auth": "token",
    "session_absolute_days": str(LIMITS.absolute_days),
    "closed_session_days": str(LIMITS.closed_days),
    "max_sessions_per_user": str(LIMITS.cap),
    "max_queued_queries": "1000",
    "workers": "1",
    "log_level": "warning",
}


class Machine(RuleBasedStateMachine):
    """`server` and `newcomers` (users, with their bearers) are set by who runs it. `tally` counts what was done."""

    server: ClassVar[Forked]
    newcomers: ClassVar[Iterator[tuple[str, str]]]
    tally: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        if not self.server.pid:
            self.server.start()
        self.world = World(self.server, [self._new_person() for _ in range(draw.USERS)], self.tally)
        self.steps = draw.steps(without=set())
        self.touched = self.world.people
        self.tally["examples"] += 1

    def _new_person(self) -> Person:
        name, bearer = next(self.newcomers)
        return Person(self.server.bound, bearer, f"{name}.", LIMITS)

    @initialize(kinds=draw.left_out)
    def leave_out(self, kinds: set[str]) -> None:
        self.steps = draw.steps(without=kinds)

    @rule(step=st.runner().flatmap(lambda machine: machine.steps))
    def take(self, step: Step) -> None:
        person, world = self.world.people[step.user], self.world
        match step:
            case Do():
                self._do(person, step)
            case AskAgain():
                self._ask_again(person, step)
            case Await(_, query):
                query_id = world.id_of(person, query, "query")
                if world.do(person, ReadQuery(query_id)).status == 200:
                    world.await_answer(person, query_id)
            case Follow(_, client, back):
                opened = world.do(person, Open(client)).body
                person.follow(opened["session_id"], max(0, opened["cursor"] - back), opened["cursor"])
            case ReadLog():
                self._read_log(person, step)
            case Wait(_, session, part):
                world.pass_until(world.now + (world.session_of(person, session).expires_at - world.now) // part)
            case Expire():
                self._expire(person, step)
            case Forget(_, back):
                self._forget(person, back)
            case Kill():
                self._kill(person, step)
        by_one = isinstance(step, AskAgain | Await | Follow | ReadLog) or (
            isinstance(step, Do) and step.meanwhile is None
        )
        self.touched = [person] if by_one else world.people
        self.tally[f"step {type(step).__name__}"] += 1

    def _do(self, person: Person, step: Do) -> None:
        # Without a key, copies of a question would be questions of their own.
        copies = 1 if isinstance(step.operation, Ask) and step.operation.key is None else step.copies
        if step.meanwhile is None:
            self.world.do(person, step.operation, copies)
        else:
            self.world.do_both(person, step.operation, copies, step.meanwhile)

    def _ask_again(self, person: Person, step: AskAgain) -> None:
        questions = person.account.questions
        kept = [key for key in questions.keys if questions.key_is_kept(key, self.world.now + SECOND)]
        if kept:
            key = kept[step.number % len(kept)]
            query = questions.queries[questions.keys[key]]
            ask = Ask(step.session, query.text, key, query.named_case, step.wait)
            self.world.do(person, ask, step.copies)
            self.tally["asked again"] += 1

    def _kill(self, person: Person, step: Kill) -> None:
        if step.operation is None:
            self.world.kill()
            self.world.restart()
            self.tally["killed at rest"] += 1
        else:
            self.world.kill_during(person, step.operation, step.patience, step.listening)

    def _read_log(self, person: Person, step: ReadLog) -> None:
        case_id = self.world.id_of(person, step.case, "case")
        told = self.world.do(person, ReadCase(case_id))
        if told.status == 200:
            person.read_case(case_id, min(step.after, told.body["last_seq"]), step.most)

    def _expire(self, person: Person, step: Expire) -> None:
        session = self.world.session_of(person, step.session)
        if not session.live(self.world.now + SECOND):
            return  # another's step has taken the clock past its end, or right before it
        if step.whole:
            self.world.do(person, Open(session.client, draw.DAY_MINUTES))
            while session.expires_at < session.absolute_at:
                self.world.pass_until(session.expires_at - SECOND)
                self.world.do(person, Heartbeat(session.id))
        self.world.see_expire(person, session, step.use)
        self.tally[f"expired: {session.why_closed(self.world.now)}"] += 1

    def _forget(self, person: Person, back: int) -> None:
        closed = [one for one in person.account.sessions.values() if not one.live(self.world.now)]
        coming = sorted((person.account.forgotten_at(one), one.id) for one in closed)
        coming = [(at, one) for at, one in coming if at > self.world.now + TICK]
        if coming:
            at, session_id = coming[min(back, len(coming) - 1)]
            for moment, status in ((at - 1, 410), (at, 404)):
                self.world.pass_until(moment)
                assert self.world.do(person, Read(session_id), at=moment).status == status
            self.tally["forgotten"] += 1

    # What must hold all the time, and in the end.

    @invariant()
    def listed_is_what_was_accepted(self) -> None:
        """Which is at most one session of a client, and no more than the limit, or the model would be wrong."""
        for person in self.touched:
            person.judge(ListAll(), self.world.now, person.call(request_of(ListAll())))
            live = person.account.live(self.world.now)
            assert len({session.client for session in live}) == len(live) <= LIMITS.cap
        self.tally["steps"] += 1

    def teardown(self) -> None:
        failure = sys.exc_info()[1]
        try:
            if failure is None:  # else it must not be hidden by another
                for person in self.world.people:
                    self._check_all(person)
        except Exception as found:
            failure = found
            raise
        finally:
            if isinstance(failure, Exception):
                failure.add_note(self.world.trail())
            for person in self.world.people:
                person.hang_up()

    def _check_all(self, person: Person) -> None:
        """Of everything that was ever accepted."""
        account, questions = person.account, person.account.questions
        for query_id in questions.queries:
            self.world.await_answer(person, query_id)
        opened = self.world.do(person, Open(READER)).body
        person.follow(opened["session_id"], person.newest, opened["cursor"])
        check_log(account, person.history(), self.world.now)
        check_runs(account, person.history())
        self.tally["made room"] += sum(session.reason == "cap" for session in account.sessions.values())
        self.tally["begun anew"] += sum(
            event["type"] == "answer.started" and event["attempt"] > 1 for event in person.history()
        )
        for case_id in questions.cases:
            person.read_case(case_id, 0, 200)
        for session_id in account.sessions:
            self.world.do(person, Diagnose(session_id))
        for key, query_id in questions.keys.items():
            if questions.key_is_kept(key, self.world.now + SECOND):
                query = questions.queries[query_id]
                self.world.do(person, Ask(opened["session_id"], query.text, key, query.named_case))
                self.tally["asked again"] += 1
        self.world.do(person, ListAll())
        for other in person.others:
            foreign: list[Operation] = [
                *map(Read, known(other, "session")[:1]),
                *map(ReadCase, known(other, "case")[:1]),
                *map(ReadQuery, known(other, "query")[:1]),
            ]
            for operation in foreign:
                assert self.world.do(person, operation).status == 404
