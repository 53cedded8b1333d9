"""What random histories are made of. Whatever can be drawn can be done: nothing here depends on what happened before.

Names in operations are looked up when they are sent: `mine 0` is a live session of this user, or the newest case or
question, made just then if there is none; `ended 0` and `expired 0` are sessions that are over, `theirs 0` something of
another user, `nobody's 0` an id that nobody has. `me` stands for the user's mark.

Steps are drawn by weight from one strategy and are not rules of their own: of many rules Hypothesis leaves out so many
in each history that every fourth would be of one kind of step alone. What a history does without is drawn here as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from tests.faults.state_operations import (
    ABSENT,
    Ask,
    Cancel,
    Diagnose,
    End,
    EndOthers,
    Heartbeat,
    Json,
    Open,
    OpenCase,
    Operation,
    Patch,
    Read,
)

USERS = 2
DAY_MINUTES = 1440
QUESTIONS = ("what does ENOSPC mean?", "what is an OOM kill?")

# Most of the time something of the user's own, or every second request would be refused.
_OWN = [*["mine 0"] * 5, *["mine 1"] * 4, *["mine 2"] * 3, *["mine 3"] * 2]
users = st.integers(0, USERS - 1)
mine = st.sampled_from(_OWN)
ours = st.sampled_from([*_OWN, "theirs 0", "theirs 1", "nobody's 0"])
sessions = st.sampled_from([*_OWN, "ended 0", "ended 0", "expired 0", "theirs 0", "nobody's 0"])
copies = st.sampled_from([1, 1, 1, 2, 3])
# In times that an answer usually takes.
patience = st.sampled_from([0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.5, 2.0, 3.0])
clients = st.sampled_from(["c0", "c1", "c2", "c3", "c4", "c5"])

_timeouts = st.sampled_from([None, None, 1, 10, DAY_MINUTES])
_details: st.SearchStrategy[Json | None] = st.sampled_from([None, None, {}, {"a": 1}, {"a": {"b": "me"}, "d": [1]}])
_changes: st.SearchStrategy[Json | None] = st.sampled_from(
    [None, {}, {"a": None}, {"a": {"b": None}}, {"a": {"e": 2}}, {"d": "me", "a": 3}, {"f": {"g": None, "h": 1}}]
)
_tags = st.sampled_from(["", "", "*", "current", "stale"])

_patches = st.builds(
    Patch,
    sessions,
    _changes,
    st.sampled_from([ABSENT, ABSENT, ABSENT, None, "mine 0", "mine 0", "mine 1", "theirs 0", "nobody's 0"]),
    _tags,
)
_endings: st.SearchStrategy[Operation] = st.builds(End, sessions) | st.builds(EndOthers, sessions)

openings = st.builds(Open, clients, _timeouts, _details)
uses: st.SearchStrategy[Operation] = st.one_of(
    st.builds(Read, sessions), st.builds(Diagnose, sessions), st.builds(Heartbeat, sessions), _endings
)
asks = st.builds(
    Ask,
    sessions,
    st.sampled_from(QUESTIONS),
    st.sampled_from([None, "k0", "k0", "k1"]),
    st.sampled_from([None, None, None, None, "mine 0", "mine 1", "theirs 0"]),
    st.booleans(),
    st.sampled_from([None, None, None, None, None, "nobody's 0"]),
)
_others: st.SearchStrategy[Operation] = st.builds(Cancel, ours) | st.just(OpenCase("me"))
# What may be cut by a kill, or come too late.
_writes: st.SearchStrategy[Operation] = st.one_of(
    openings, st.builds(Heartbeat, sessions), _patches, _endings, asks, _others
)
# Most often a question: it is what goes on after its answer.
_cut = st.sampled_from(["at rest", "asked", "asked", "asked", "written", "written", "written", "written"]).flatmap(
    lambda what: {"at rest": st.none(), "asked": asks, "written": _writes}[what]
)
_meanwhile = st.booleans().flatmap(lambda at_once: _writes if at_once else st.none())


@dataclass(frozen=True)
class Do:
    """What a client does; `copies` at once, and `meanwhile` something of the other user's."""

    user: int
    operation: Operation
    copies: int = 1
    meanwhile: Operation | None = None


@dataclass(frozen=True)
class AskAgain:
    """A question under the key it was asked under before, from any session, `copies` at once."""

    user: int
    session: str
    number: int
    wait: bool
    copies: int


@dataclass(frozen=True)
class Await:
    """The end of a question."""

    user: int
    query: str


@dataclass(frozen=True)
class Follow:
    """The user's stream, from so many events before the newest."""

    user: int
    client: str
    back: int


@dataclass(frozen=True)
class ReadLog:
    """A case's log, after some number, in pages."""

    user: int
    case: str
    after: int
    most: int


@dataclass(frozen=True)
class Wait:
    """A part of the time that a session has left."""

    user: int
    session: str
    part: int


@dataclass(frozen=True)
class Expire:
    """To the last microsecond of a session and the one after; `whole`: kept alive as long as can be."""

    user: int
    session: str
    use: Operation
    whole: bool = False


@dataclass(frozen=True)
class Forget:
    """To the last microsecond in which a closed session is known, and the one after."""

    user: int
    back: int


@dataclass(frozen=True)
class Kill:
    """At rest, or so long after a request was sent, in times that an answer usually takes."""

    user: int
    operation: Operation | None
    patience: float
    listening: bool


Step = Do | AskAgain | Await | Follow | ReadLog | Wait | Expire | Forget | Kill

# How often, in 50 steps. A kill costs a fifth of a second, and a day that passes ends every session.
_STEPS: dict[str, tuple[int, st.SearchStrategy[Any]]] = {
    "open": (9, st.builds(Do, users, openings, copies, _meanwhile)),
    "use": (9, st.builds(Do, users, uses)),
    "patch": (4, st.builds(Do, users, _patches, st.just(1), _meanwhile)),
    "ask": (8, st.builds(Do, users, asks, copies, _meanwhile)),
    "do": (4, st.builds(Do, users, _others, st.just(1), _meanwhile)),
    "again": (2, st.builds(AskAgain, users, mine, st.integers(0, 2), st.booleans(), copies)),
    "await": (2, st.builds(Await, users, ours)),
    "follow": (4, st.builds(Follow, users, clients, st.sampled_from([0, 1, 2, 5, 1000]))),
    "read": (2, st.builds(ReadLog, users, ours, st.integers(0, 12), st.sampled_from([1, 3, 200]))),
    "wait": (3, st.builds(Wait, users, mine, st.sampled_from([2, 3, 10]))),
    "expire": (2, st.builds(Expire, users, mine, _writes)),
    "live": (1, st.builds(Expire, users, mine, _writes, st.just(True))),
    "forget": (1, st.builds(Forget, users, st.integers(0, 2))),
    "kill": (2, st.builds(Kill, users, _cut, patience, st.booleans())),
}
left_out = st.sets(st.sampled_from(["ask", "do", "wait", "expire", "live", "forget", "kill"]), max_size=4)


def steps(without: set[str]) -> st.SearchStrategy[Step]:
    """All kinds of steps but these."""
    weighted = [kind for kind, (weight, _) in _STEPS.items() for _ in range(weight) if kind not in without]
    return st.sampled_from(weighted).flatmap(lambda kind: _STEPS[kind][1])
