"""Were these raced calls linearizable: is there one order of them, each at one instant between its call and its
return, in which a single client's session would have given exactly these answers?

Sessions of different clients are independent objects, so each client's history is checked by itself; that this is
enough is the locality theorem of Herlihy and Wing, "Linearizability: A Correctness Condition for Concurrent Objects"
(TOPLAS 1990). The search is that of Wing and Gong, "Testing and Verifying Concurrent Objects" (JPDC 1993), in the
just-in-time form with memory of configurations of Lowe, "Testing for Linearizability" (CCPE 2017): a call takes effect
no earlier than some return needs it to, and no configuration is looked at twice.

A call whose connection was cut has no known outcome. It may take effect at any later time, or never.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

Metadata: TypeAlias = frozenset[tuple[str, int]]
NOTHING: Metadata = frozenset()
# A session that a call of unknown outcome opened: it has an id, but nobody has seen it yet.
UNSEEN = "?"


@dataclass(frozen=True, slots=True)
class Open:
    """`metadata` None: not given, so a live session keeps its own."""

    metadata: Metadata | None = None


@dataclass(frozen=True, slots=True)
class Read:
    session: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    session: str


@dataclass(frozen=True, slots=True)
class Patch:
    """Merges `changes`; with `if_match` only if the metadata are still these."""

    session: str
    changes: Metadata
    if_match: Metadata | None = None


@dataclass(frozen=True, slots=True)
class End:
    session: str


@dataclass(frozen=True, slots=True)
class Opened:
    """200 if `resumed`, else 201. `previous` is the client's session before this one."""

    session: str
    resumed: bool
    previous: str | None
    metadata: Metadata


@dataclass(frozen=True, slots=True)
class Seen:
    """200 to a read, a heartbeat or a patch."""

    metadata: Metadata


@dataclass(frozen=True, slots=True)
class Said:
    """An answer that tells nothing but its status: 204 ended, 410 closed, 404 unknown, 412 changed meanwhile."""

    status: int


Call: TypeAlias = Open | Read | Heartbeat | Patch | End
Result: TypeAlias = Opened | Seen | Said
ENDED, CLOSED, NEVER_WAS, CHANGED = Said(204), Said(410), Said(404), Said(412)


@dataclass(frozen=True, slots=True)
class Operation:
    """Times of one clock, in any unit. `result` None: the outcome is unknown, and `returned` means nothing."""

    call: Call
    called: int
    returned: int = 0
    result: Result | None = None


class Client(NamedTuple):
    """The sequential object: what there is of one client. `live` is the id of its live session."""

    live: str | None = None
    last: str | None = None
    closed: frozenset[str] = frozenset()
    metadata: Metadata = NOTHING


class NotLinearizable(AssertionError):
    """No order explains these answers; says which one could not be."""


def after(client: Client, call: Call, result: Result | None) -> Client | None:
    """The client after this call with this result; None if the call cannot have had it. Any if the result is None."""
    if isinstance(call, Open):
        return _opened(client, call, result)
    if call.session != client.live:
        expected = CLOSED if call.session in client.closed else NEVER_WAS
        return client if result is None or result == expected else None
    match call:
        case Read() | Heartbeat():
            then, answer = client, Seen(client.metadata)
        case Patch() if call.if_match is not None and call.if_match != client.metadata:
            return client if result is None or result == CHANGED else None
        case Patch():
            merged = frozenset((dict(client.metadata) | dict(call.changes)).items())
            then, answer = client._replace(metadata=merged), Seen(merged)
        case End():
            then = Client(None, client.live, client.closed | {call.session}, NOTHING)
            return then if result is None or result == ENDED else None
    return then if result is None or result == answer else None


def _opened(client: Client, call: Open, result: Result | None) -> Client | None:
    kept = client.metadata if call.metadata is None else call.metadata
    then = client._replace(live=client.live or UNSEEN, metadata=kept)
    if result is None:
        return then
    if not isinstance(result, Opened) or result.session in client.closed:
        return None
    if client.live not in (None, UNSEEN, result.session):
        return None
    expected = Opened(result.session, client.live is not None, client.last, kept)
    return then._replace(live=result.session) if result == expected else None


# Calls of unknown outcome that may still take effect, and how often each.
Loose: TypeAlias = frozenset[tuple[Call, int]]


class Configuration(NamedTuple):
    """One way things may stand. `done` are calls that have taken effect but not yet returned."""

    client: Client
    done: frozenset[int]
    loose: Loose


class Checker:
    """Checks one client's history piece by piece, and remembers no more than how things may stand.

    A piece ends where no call of known outcome is under way. Calls of unknown outcome are carried on.
    """

    def __init__(self) -> None:
        self._possible = {Configuration(Client(), frozenset(), frozenset())}
        self._until = -1

    def feed(self, piece: Sequence[Operation]) -> None:
        """Raises NotLinearizable."""
        assert all(one.called >= self._until for one in piece), "a call began before the piece before it was over"
        under_way: set[int] = set()
        for index, returns in _in_time(piece):
            if returns:
                possible = self._after_return(piece, index, under_way)
                if not possible:
                    raise NotLinearizable(_story(piece, index, self._possible))
                under_way.discard(index)
                self._possible = possible
            elif piece[index].result is None:
                self._possible = _only_best(_loosened(one, piece[index].call) for one in self._possible)
            else:
                under_way.add(index)
        self._until = max((one.returned for one in piece if one.result is not None), default=self._until)

    def _after_return(self, piece: Sequence[Operation], index: int, under_way: set[int]) -> set[Configuration]:
        """All ways things may stand when this call has returned, and so has taken effect."""
        found: list[Configuration] = []
        known: dict[tuple[Client, frozenset[int]], list[Loose]] = {}
        waiting = deque(self._possible)
        while waiting:
            one = _with_mere_looks(waiting.popleft(), piece, under_way)
            seen = known.setdefault((one.client, one.done), [])
            if any(_within(one.loose, other) for other in seen):
                continue
            seen.append(one.loose)
            if index in one.done:
                found.append(one._replace(done=one.done - {index}))
            else:
                waiting.extend(_next(one, piece, under_way))
        return _only_best(found)


def check(history: Sequence[Operation]) -> None:
    """The whole history of one client at once. Raises NotLinearizable."""
    Checker().feed(history)


def _in_time(piece: Sequence[Operation]) -> Iterator[tuple[int, bool]]:
    """(index, whether it returns), where what happens at the same time overlaps."""
    moments = [(one.called, False, index) for index, one in enumerate(piece)]
    moments += [(one.returned, True, index) for index, one in enumerate(piece) if one.result is not None]
    return ((index, returns) for _, returns, index in sorted(moments))


def _next(one: Configuration, piece: Sequence[Operation], under_way: set[int]) -> Iterator[Configuration]:
    """Every way in which one more call may take effect."""
    for index in under_way - one.done:
        then = after(one.client, piece[index].call, piece[index].result)
        if then is not None:
            yield Configuration(then, one.done | {index}, _still_loose(one.loose, then))
    for call, count in one.loose:
        then = after(one.client, call, None)
        assert then is not None
        if then != one.client:
            rest = one.loose - {(call, count)} | ({(call, count - 1)} if count > 1 else frozenset())
            yield Configuration(then, one.done, _still_loose(rest, then))


def _with_mere_looks(one: Configuration, piece: Sequence[Operation], under_way: set[int]) -> Configuration:
    """A call that may have had its result here and changed nothing has it here: nothing is lost by that."""
    looks = {
        index
        for index in under_way - one.done
        if after(one.client, piece[index].call, piece[index].result) == one.client
    }
    return one._replace(done=one.done | looks) if looks else one


def _loosened(one: Configuration, call: Call) -> Configuration:
    loose = dict(one.loose)
    loose[call] = loose.get(call, 0) + 1
    return one._replace(loose=_still_loose(frozenset(loose.items()), one.client))


def _still_loose(loose: Loose, client: Client) -> Loose:
    """Without what can never change anything any more."""
    if not loose:
        return loose
    return frozenset(one for one in loose if isinstance(one[0], Open) or _may_change(one[0], client))


def _may_change(call: Call, client: Client) -> bool:
    return isinstance(call, Patch | End) and call.session not in client.closed


def _only_best(found: Iterable[Configuration]) -> set[Configuration]:
    """Of ways that differ only in what is still loose, more can do all that less can: a loose call need not happen."""
    alike: dict[tuple[Client, frozenset[int]], set[Loose]] = {}
    for one in found:
        alike.setdefault((one.client, one.done), set()).add(one.loose)
    return {
        Configuration(client, done, loose)
        for (client, done), several in alike.items()
        for loose in several
        if len(several) == 1 or not any(loose != other and _within(loose, other) for other in several)
    }


def _within(less: Loose, more: Loose) -> bool:
    counts = dict(more)
    return all(counts.get(call, 0) >= count for call, count in less)


def _story(piece: Sequence[Operation], index: int, possible: set[Configuration]) -> str:
    """For a person: the answer that could not be, and what was going on around it."""
    failed = piece[index]
    around = [
        one for one in piece if one.called <= failed.returned and (one.result is None or one.returned >= failed.called)
    ]
    calls = [
        f"  {one.called}..{one.returned if one.result else ''}  {one.call} -> {one.result}"
        for one in sorted(around, key=lambda one: one.called)
    ]
    said = f"{failed.call} cannot have been answered {failed.result}."
    stood = [f"  {one.client}" for one in possible]
    return "\n".join([said, "Around it:", *calls, "As things may have stood before:", *stood])
