"""What a user's whole log must look like beside the model: everything that happened, once, and nothing else."""

from __future__ import annotations

from tests.faults.state_model import Account, same_log
from tests.faults.state_operations import TOLD, Json, event_of
from tests.faults.state_questions import FINISHED, Query

ENDS = ("answer.completed", "answer.failed", "answer.cancelled")
RUNS = ("answer.started", "answer.progress", "answer.delta", *ENDS)


def check_log(account: Account, history: list[Json], now: int) -> None:
    """All that was accepted, in its order. `history` is all of the log, by number."""
    told = [event_of(event) for event in history if event["type"] in TOLD]
    assert same_log(account.log, told), f"the log is {told}, and should be {account.log}"
    _check_expiries(account, [event for event in history if event["type"] == "session.expired"], now)


def check_runs(account: Account, history: list[Json]) -> None:
    """Of questions whose end was seen."""
    runs = [event for event in history if event["type"] in RUNS]
    for query in account.questions.queries.values():
        _check_run(query, [event for event in runs if event["query_id"] == query.id])
    for case_id in account.questions.cases:
        _check_turns([event for event in runs if event["case_id"] == case_id])


def _check_expiries(account: Account, told: list[Json], now: int) -> None:
    """Each told at most once and with its reason; all are told whose place a newer session has taken."""
    expired = {one.id: one.why_closed(now) for one in account.sessions.values() if not (one.live(now) or one.reason)}
    assert len({event["session_id"] for event in told}) == len(told), f"expired twice: {told}"
    for event in told:
        assert event["reason"] == expired.get(event["session_id"]), f"{event} is told, and expired have {expired}"
    replaced = {one.previous for one in account.sessions.values()} & expired.keys()
    assert replaced <= {event["session_id"] for event in told}, f"{replaced} expired, and the log tells {told}"


def _check_run(query: Query, told: list[Json]) -> None:
    """Attempts count up from 1, each begun once and given up when the next begins; one end, and nothing after it."""
    seen: list[tuple[str, int | None]] = [(event["type"], event.get("attempt")) for event in told]
    attempts = [attempt for kind, attempt in seen if kind == "answer.started"]
    assert attempts == list(range(1, len(attempts) + 1)), f"attempts of {query.id}: {seen}"
    assert len(attempts) <= 1 + query.disturbed, f"{query.id} was begun anew without a reason: {seen}"
    ends = [kind for kind, _ in seen if kind in ENDS]
    wanted = [f"answer.{query.status}"] if query.status in FINISHED else []
    assert ends == wanted, f"{query.id} ended as {ends}, and is {query.status}: {seen}"
    assert not ends or seen[-1][0] in ENDS, f"after the end of {query.id}: {seen}"
    running: int | None = 0
    for kind, attempt in seen:
        running = attempt if kind == "answer.started" else running
        assert attempt in (None, running), f"an earlier attempt of {query.id} wrote on: {seen}"


def _check_turns(told: list[Json]) -> None:
    """One question of a case runs at a time."""
    seen = [(event["type"], event["query_id"]) for event in told]
    running = None
    for kind, query_id in seen:
        if kind not in ENDS:
            assert running in (None, query_id), f"two at once: {seen}"
            running = query_id
        elif running == query_id:
            running = None
