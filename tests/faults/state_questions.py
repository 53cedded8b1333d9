"""The part of the model about cases and questions: what a user asked, under which keys, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass

from tests.faults.state_operations import Ask, Event, Json, Refused, Told, event, new_id

DAY = 24 * 60 * 60_000_000
KEYS_KEPT = DAY
# So often is a question begun; when each time its server dies, it is given up.
ATTEMPTS = 3
FINISHED = ("completed", "failed", "cancelled")
ORDER = ("queued", "running", *FINISHED)


@dataclass
class Query:
    """`over`: the server has said that it is finished. `disturbed` counts what may have cost it a run."""

    id: str
    session_id: str
    case_id: str
    text: str
    named_case: str | None
    asked_at: int
    status: str = "queued"
    answer: Json | None = None
    over: bool = False
    disturbed: int = 0

    def told(self) -> Json:
        return {
            "query_id": self.id,
            "session_id": self.session_id,
            "case_id": self.case_id,
            "query": self.text,
        }

    def saw(self, told: Json) -> None:
        """As the server tells it: it only ever goes on, and what is finished stays as it is."""
        assert told.items() >= self.told().items(), f"another question than {self}: {told}"
        assert self.answer in (None, told), f"the answer has changed from {self.answer} to {told}"
        finished = told["status"] in FINISHED
        assert finished or not self.over, f"was called finished, and is not: {told}"
        if self.status in FINISHED:
            assert told["status"] == self.status, f"{self.status} became {told['status']}"
        assert ORDER.index(told["status"]) >= ORDER.index(self.status), f"{self.status} became {told['status']}"
        self.status, self.answer = told["status"], told if finished else None
        if self.status == "completed":
            assert told["response"], f"an answer without an answer: {told}"
            assert told["headline"], f"an answer without a headline: {told}"
        if self.status == "failed":
            assert told["error"]["code"] == "gave_up", f"failed for another reason: {told}"
            assert self.disturbed >= ATTEMPTS, f"given up after {self.disturbed} kills: {told}"


class Questions:
    """`cases` are titles by id; None: not named yet."""

    def __init__(self) -> None:
        self.cases: dict[str, str | None] = {}
        self.queries: dict[str, Query] = {}
        self.keys: dict[str, str] = {}

    def key_is_kept(self, key: str, now: int) -> bool:
        return key in self.keys and now < self.queries[self.keys[key]].asked_at + KEYS_KEPT

    def disturb(self, asked_at: int | None = None) -> None:
        """The server was killed; what runs has to be begun anew. Of all questions, or of one found out about later."""
        for query in self.queries.values():
            if query.status not in FINISHED and asked_at in (None, query.asked_at):
                query.disturbed += 1

    def case(self, case_id: str) -> str:
        if case_id not in self.cases:
            raise Refused(404, "case_not_found")
        return case_id

    def query(self, query_id: str) -> Query:
        if query_id not in self.queries:
            raise Refused(404, "query_not_found")
        return self.queries[query_id]

    def open_case(self, title: str | None, told: Told) -> tuple[str, Event]:
        case_id = new_id(told.case_id, self.cases)
        self.cases[case_id] = title
        return case_id, event("case.opened", case_id, title or "New case")

    def repeated(self, ask: Ask, now: int) -> Query | None:
        """The question that was asked before under the same key."""
        if ask.key is None or not self.key_is_kept(ask.key, now):
            return None
        query = self.queries[self.keys[ask.key]]
        if (query.text, query.named_case, None) != (ask.text, ask.case, ask.evidence):
            raise Refused(422, "idempotency_mismatch")
        return query

    def ask(self, ask: Ask, open_case: str | None, now: int, told: Told) -> tuple[Query, list[Event]]:
        """In the case that is named, else the open one, else a new one, which takes the question for its title."""
        happened: list[Event] = []
        case_id = open_case if ask.case is None else self.case(ask.case)
        if ask.evidence is not None:
            raise Refused(404, "evidence_not_found")
        if case_id is None:
            case_id, opened = self.open_case(None, told)
            happened.append(opened)
        if self.cases[case_id] is None:
            self.cases[case_id] = ask.text
            happened.append(event("case.updated", case_id, ask.text))
        query = Query(new_id(told.query_id, self.queries), ask.session, case_id, ask.text, ask.case, now)
        self.queries[query.id] = query
        if ask.key is not None:
            self.keys[ask.key] = query.id
        happened.append(event("question.asked", query.id, ask.session, case_id, ask.text))
        return query, happened

    def cancel(self, query_id: str, told: Told) -> Event:
        """Whether it was finished before is the server's to tell, but it must then have been."""
        query = self.query(query_id)
        if query.status in FINISHED or query.over or told.status == 409:
            query.over = True
            raise Refused(409, "query_finished")
        query.status = "cancelled"
        return event("answer.cancelled", query_id)
