"""The checker itself: it refuses what no order explains, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.faults.linearizability import (
    CHANGED,
    CLOSED,
    ENDED,
    NEVER_WAS,
    Call,
    Checker,
    Client,
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
    Seen,
    after,
    check,
)


def meta(**values: int) -> Metadata:
    return frozenset(values.items())


def one_by_one(*steps: tuple[Call, Result | None]) -> list[Operation]:
    """Each call begins after the one before has returned."""
    return [Operation(call, 10 * n, 10 * n + 5, result) for n, (call, result) in enumerate(steps)]


def first(session: str = "s1", previous: str | None = None, **values: int) -> Opened:
    return Opened(session, False, previous, meta(**values))


def again(session: str = "s1", previous: str | None = None, **values: int) -> Opened:
    return Opened(session, True, previous, meta(**values))


# What must be refused.


def test_two_live_ids_are_refused() -> None:
    with pytest.raises(NotLinearizable):
        check([Operation(Open(), 0, 10, first("s1")), Operation(Open(), 0, 10, first("s2"))])


def test_success_after_an_acknowledged_end_is_refused() -> None:
    with pytest.raises(NotLinearizable):
        check(one_by_one((Open(), first()), (End("s1"), ENDED), (Heartbeat("s1"), Seen(meta()))))


def test_a_stale_read_after_an_acknowledged_patch_is_refused() -> None:
    with pytest.raises(NotLinearizable):
        check(one_by_one((Open(), first()), (Patch("s1", meta(a=1)), Seen(meta(a=1))), (Read("s1"), Seen(meta()))))


def test_a_lost_update_is_refused() -> None:
    with pytest.raises(NotLinearizable):
        check(
            [
                Operation(Open(), 0, 1, first()),
                Operation(Patch("s1", meta(a=1)), 2, 9, Seen(meta(a=1))),
                Operation(Patch("s1", meta(b=2)), 2, 9, Seen(meta(b=2))),
                Operation(Read("s1"), 10, 11, Seen(meta(b=2))),
            ]
        )


def test_an_ended_session_coming_back_is_refused() -> None:
    with pytest.raises(NotLinearizable):
        check(one_by_one((Open(), first()), (End("s1"), ENDED), (Open(), again("s1"))))


def test_an_end_that_was_acknowledged_twice_is_refused() -> None:
    with pytest.raises(NotLinearizable):
        check(
            [
                Operation(Open(), 0, 1, first()),
                Operation(End("s1"), 2, 9, ENDED),
                Operation(End("s1"), 2, 9, ENDED),
            ]
        )


def test_a_patch_that_overlooks_a_change_it_was_to_match_is_refused() -> None:
    with pytest.raises(NotLinearizable):
        check(
            one_by_one(
                (Open(), first()),
                (Patch("s1", meta(a=1), meta()), Seen(meta(a=1))),
                (Patch("s1", meta(b=2), meta()), Seen(meta(a=1, b=2))),
            )
        )


def test_a_new_session_that_forgets_the_one_before_is_refused() -> None:
    with pytest.raises(NotLinearizable):
        check(one_by_one((Open(), first()), (End("s1"), ENDED), (Open(), first("s2"))))


def test_a_call_of_unknown_outcome_does_not_explain_everything() -> None:
    with pytest.raises(NotLinearizable):
        check(one_by_one((Open(), first()), (Patch("s1", meta(a=1)), None), (Read("s1"), Seen(meta(a=2)))))
    with pytest.raises(NotLinearizable):  # nor does it happen twice
        check(
            one_by_one(
                (Open(), first()),
                (Patch("s1", meta(a=1)), None),
                (Read("s1"), Seen(meta(a=1))),
                (Patch("s1", meta(a=2)), Seen(meta(a=2))),
                (Read("s1"), Seen(meta(a=1))),
            )
        )
    with pytest.raises(NotLinearizable):  # nor before it was called
        check([Operation(Open(), 0, 1, again("s1")), Operation(Open(), 2)])


# What must be let through.


def test_a_life_in_order_is_accepted() -> None:
    check(
        one_by_one(
            (Read("nobody"), NEVER_WAS),
            (Open(meta(a=1)), first(a=1)),
            (Open(), again(a=1)),
            (Open(meta(b=2)), again(b=2)),
            (Patch("s1", meta(a=3)), Seen(meta(a=3, b=2))),
            (Patch("s1", meta(a=4), meta(b=2)), CHANGED),
            (Heartbeat("s1"), Seen(meta(a=3, b=2))),
            (End("s1"), ENDED),
            (Read("s1"), CLOSED),
            (End("s1"), CLOSED),
            (Open(), first("s2", previous="s1")),
            (Read("s1"), CLOSED),
        )
    )


def test_overlapping_calls_may_take_effect_in_any_order() -> None:
    check(
        [
            Operation(Open(), 0, 9, again(a=1)),
            Operation(Open(meta(a=1)), 0, 9, first(a=1)),
            Operation(Read("s1"), 10, 30, CLOSED),
            Operation(Patch("s1", meta(a=2)), 10, 30, Seen(meta(a=2))),
            Operation(Heartbeat("s1"), 10, 30, Seen(meta(a=2))),
            Operation(End("s1"), 10, 30, ENDED),
            Operation(Open(), 10, 30, first("s2", previous="s1")),
        ]
    )


def test_an_open_of_unknown_outcome_may_have_made_the_session_that_is_found_later() -> None:
    check(one_by_one((Open(meta(a=1)), None), (Open(), again("s7", a=1)), (End("s7"), ENDED)))
    check(one_by_one((Open(meta(a=1)), None), (Open(), first("s8")), (Read("s8"), Seen(meta()))))


def test_an_unknown_end_may_take_effect_much_later_or_never() -> None:
    begun = one_by_one((Open(), first()), (End("s1"), None), (Read("s1"), Seen(meta())), (Read("s1"), Seen(meta())))
    check([*begun, Operation(Read("s1"), 100, 105, CLOSED)])
    check([*begun, Operation(End("s1"), 100, 105, ENDED)])


def test_a_history_may_come_in_pieces() -> None:
    checker = Checker()
    checker.feed(one_by_one((Open(), first()), (End("s1"), None)))
    checker.feed([Operation(Read("s1"), 100, 110, Seen(meta())), Operation(Read("s1"), 120, 130, CLOSED)])
    checker.feed([Operation(Open(), 200, 210, first("s2", previous="s1"))])
    with pytest.raises(NotLinearizable):
        checker.feed([Operation(Read("s1"), 300, 310, Seen(meta()))])


def test_many_unknown_outcomes_are_carried_without_growing_beyond_bounds() -> None:
    checker = Checker()
    for turn in range(40):
        at = 10 * turn
        unknown = Operation(Open(meta(a=turn)), at)
        checker.feed([unknown, Operation(Open(meta(b=turn)), at, at + 5, first(b=0) if turn == 0 else again(b=turn))])
    assert len(checker._possible) < 10


# And the same as by trying every order there is.

SESSIONS = st.sampled_from(["s1", "s2"])
VALUES = st.sampled_from([meta(), meta(a=1), meta(b=2), meta(a=1, b=2)])
CALLS = st.one_of(
    st.builds(Open, st.one_of(st.none(), VALUES)),
    st.builds(Read, SESSIONS),
    st.builds(Patch, SESSIONS, st.sampled_from([meta(a=1), meta(b=2)]), st.one_of(st.none(), VALUES)),
    st.builds(End, SESSIONS),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Operation]:
    """Answers of some order, so that enough of them are legal, some of them then spoilt."""
    client, history, at = Client(), [], 0
    opened = iter(["s1", "s2", "s3", "s4", "s5", "s6"])
    for call in draw(st.lists(CALLS, max_size=6)):
        at += draw(st.integers(1, 4))
        result = _answer(client, call, opened)
        then = after(client, call, result)
        assert then is not None
        client = then
        spoilt = draw(st.integers(0, 9)) == 0
        told = None if draw(st.integers(0, 4)) == 0 else draw(RESULTS) if spoilt else result
        history.append(Operation(call, at - draw(st.integers(0, 6)), at + draw(st.integers(0, 6)), told))
    return history


RESULTS: st.SearchStrategy[Result] = st.one_of(
    st.sampled_from([ENDED, CLOSED, NEVER_WAS, CHANGED]),
    st.builds(Seen, VALUES),
    st.builds(Opened, SESSIONS, st.booleans(), st.one_of(st.none(), SESSIONS), VALUES),
)


def _answer(client: Client, call: Call, opened: Iterator[str]) -> Result:
    """What the sequential object says."""
    candidates: list[Result] = [ENDED, CLOSED, NEVER_WAS, CHANGED]
    then = after(client, call, None)
    assert then is not None
    candidates.append(Seen(then.metadata))
    if isinstance(call, Open):
        session = client.live or next(opened)
        candidates.append(Opened(session, client.live is not None, client.last, then.metadata))
    return next(one for one in candidates if after(client, call, one) is not None)


def explained(history: Sequence[Operation]) -> bool:
    """By trying every order of the known calls with every choice of the unknown ones."""
    known = [one for one in history if one.result is not None]
    unknown = [one for one in history if one.result is None]
    return any(
        _fits(order)
        for size in range(len(unknown) + 1)
        for chosen in combinations(unknown, size)
        for order in permutations([*known, *chosen])
    )


def _fits(order: Sequence[Operation]) -> bool:
    latest = -(1 << 60)
    client = Client()
    for one in order:
        latest = max(latest, one.called)
        if one.result is not None and one.returned < latest:
            return False
        then = after(client, one.call, one.result)
        if then is None:
            return False
        client = then
    return True


@settings(max_examples=400, deadline=None)
@given(histories())
def test_it_agrees_with_trying_every_order(history: list[Operation]) -> None:
    try:
        Checker().feed([Operation(one.call, one.called + 100, one.returned + 100, one.result) for one in history])
        accepted = True
    except NotLinearizable:
        accepted = False
    assert accepted == explained(history)
