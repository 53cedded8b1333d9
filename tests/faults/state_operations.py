"""What is done to a server, what only the server can know about it, and what has to be answered.

An id in an operation may also be a name that is looked up before it is sent: `mine 0`, `theirs 2`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
Event = tuple[str, ...]
ABSENT = "absent"
# What is compared of an event, after its type. Those of runs and of expiry come when they come, and are not here.
TOLD = {
    "session.opened": ("session_id", "client_id", "previous_session_id", "open_case_id", "metadata"),
    "session.updated": ("session_id", "open_case_id", "metadata"),
    "session.ended": ("session_id", "reason", "closed_by_session_id"),
    "case.opened": ("case_id", "title"),
    "case.updated": ("case_id", "title"),
    "question.asked": ("query_id", "session_id", "case_id", "query"),
    "answer.cancelled": ("query_id",),
}


@dataclass(frozen=True)
class Open:
    client: str
    minutes: int | None = None
    metadata: Json | None = None


@dataclass(frozen=True)
class Read:
    session: str


@dataclass(frozen=True)
class ListAll:
    pass


@dataclass(frozen=True)
class Diagnose:
    session: str


@dataclass(frozen=True)
class Heartbeat:
    session: str


@dataclass(frozen=True)
class Patch:
    """`case` ABSENT leaves it, None clears it. `if_match` says how the tag that is sent relates to the present one."""

    session: str
    metadata: Json | None = None
    case: str | None = ABSENT
    if_match: Literal["", "*", "current", "stale"] = ""


@dataclass(frozen=True)
class End:
    session: str


@dataclass(frozen=True)
class EndOthers:
    session: str


@dataclass(frozen=True)
class OpenCase:
    title: str


@dataclass(frozen=True)
class ReadCase:
    case: str


@dataclass(frozen=True)
class Ask:
    """`wait`: for the finished answer. `evidence` is only ever one that there is not."""

    session: str
    text: str
    key: str | None = None
    case: str | None = None
    wait: bool = False
    evidence: str | None = None


@dataclass(frozen=True)
class ReadQuery:
    query: str


@dataclass(frozen=True)
class Cancel:
    query: str


OnSession = Read | Diagnose | Heartbeat | Patch | End | EndOthers | Ask
Operation = Open | ListAll | OnSession | OpenCase | ReadCase | ReadQuery | Cancel


@dataclass(frozen=True)
class Told:
    """What only the server can know: the ids it made, and how it chose."""

    status: int = 0
    session_id: str | None = None
    case_id: str | None = None
    query_id: str | None = None


@dataclass(frozen=True)
class Expected:
    """`body` is what the answer's fields must be, as far as they are named; None: left out, or null."""

    status: int
    body: Json = field(default_factory=dict)


class Refused(Exception):
    """This is what has to be answered, and nothing else may come of it."""

    def __init__(self, status: int, code: str, recovery: str = "none") -> None:
        self.expected = Expected(status, {"status": status, "code": code, "recovery": recovery})


def event(kind: str, *values: object) -> Event:
    return (kind, *map(_text, values))


def event_of(told: Json) -> Event:
    """An event of the log, as far as the model speaks of it."""
    return event(told["type"], *(told.get(name) for name in TOLD[told["type"]]))


def new_id(named: str | None, known: Json) -> str:
    """The id the server made; one that was not told stands for what is not known to have happened."""
    name = named or "unknown"
    assert name not in known, f"{name} was given out before"
    return name


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _text(value: object) -> str:
    if isinstance(value, dict):
        return canonical(value)
    return "" if value is None else str(value)
