"""What structured evidence states: objects, tables, series, alerts and occurrences, each with the lines that say so.

    text ──structured──▶ Facts ──World──▶ inspections ──▶ Sign

A log says what happened, line by line; a manifest, a listing, a metric or an API answer states how things are. What it
states is kept here in one shape, whatever the format, so that an inspection compares a Pod from YAML with a Service
from `kubectl get -o json` and an event from `kubectl describe`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Level = Literal["fatal", "error", "warning", "info", "debug", "unknown"]
Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Span:
    """Lines of one piece of evidence, as citations number them. `columns` (0-based, half open) only of a long line."""

    first: int
    last: int
    columns: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a document, `form` says of which sort. A map may have a `scalar` of its own beside its members, where
    a description writes `State: Waiting` with the reason below it."""

    span: Span
    form: Literal["scalar", "list", "map"] = "scalar"
    scalar: Scalar = None
    items: tuple[Node, ...] = ()
    members: Mapping[str, Node] = field(default_factory=dict)

    def at(self, *path: str | int) -> Node | None:
        """The node under keys and list positions, or None where the path ends early.

        A key is found however it is written: `restartCount`, `restart_count` and `RestartCount` are one.
        """
        node: Node | None = self
        for step in path:
            if node is None:
                return None
            if isinstance(step, int):
                node = node.items[step] if step < len(node.items) else None
            else:
                node = _member(node.members, step)
        return node

    def text(self, *path: str | int) -> str:
        """The scalar under a path as text; empty where there is none."""
        node = self.at(*path)
        if node is None or node.scalar is None:
            return ""
        return str(node.scalar).lower() if isinstance(node.scalar, bool) else str(node.scalar)

    def each(self, *path: str | int) -> tuple[Node, ...]:
        """The items of a list under a path; none where there is no list."""
        node = self.at(*path)
        return node.items if node else ()

    def walk(self) -> Iterator[tuple[tuple[str | int, ...], Node]]:
        """Every node with its path, this one first."""
        waiting: list[tuple[tuple[str | int, ...], Node]] = [((), self)]
        while waiting:
            path, node = waiting.pop()
            yield path, node
            steps: list[tuple[str | int, Node]] = [*enumerate(node.items), *node.members.items()]
            waiting += [((*path, step), inner) for step, inner in reversed(steps)]


def _member(members: Mapping[str, Node], key: str) -> Node | None:
    found = members.get(key)
    if found is None and members:
        wanted = plain_key(key)
        found = next((node for name, node in members.items() if plain_key(name) == wanted), None)
    return found


def is_number(text: str) -> bool:
    """Whether `int` reads it as a program would have written it; `²` and thousands of digits are none."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def plain_key(key: str) -> str:
    """A key without what differs between the habits of writing it."""
    return key.replace("_", "").replace("-", "").replace(" ", "").lower()


@dataclass(frozen=True, slots=True)
class Object:
    """A thing with a kind and a name, such as a Kubernetes Pod, a compose service, a unit or an instance.

    `origin` says what it proves: a `manifest` what somebody wants, `live` how it is, a `description` the same as told
    by a `describe` command. `node` has the shape the API gives it, also where a listing or a description told it.
    """

    kind: str
    name: str
    span: Span
    node: Node
    namespace: str | None = None
    origin: Literal["manifest", "live", "description"] = "live"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table; `cells` by column name as the table's head writes it, in lower case."""

    span: Span
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """`of` says what is listed: `pods`, `nodes`, `docker ps`, `df`, `top`; empty where only the head is known.

    `command` is the command that printed it as far as the evidence says so; an empty listing ("No resources found") is
    a table without rows, and `is_whole` false marks one that was cut or filtered.
    """

    of: str
    span: Span
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    command: str = ""
    namespace: str | None = None
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Point:
    at: datetime | None
    value: float
    span: Span


@dataclass(frozen=True, slots=True)
class Series:
    """A measured quantity over time, ascending; of very many points a sample that keeps first, last and extremes."""

    name: str
    span: Span
    points: tuple[Point, ...]
    unit: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    statistic: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alarm as an alerting system tells it. An alert is a question somebody was asked, not a cause."""

    title: str
    span: Span
    text: str = ""
    severity: str = ""
    state: str = ""
    began_at: datetime | None = None
    ended_at: datetime | None = None
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something an API or a listing says has happened: a Kubernetes event, a cloud event, a log line inside JSON.

    `about` names what it happened to, by kind (`pod`, `namespace`, `instance`, …).
    """

    text: str
    span: Span
    reason: str = ""
    level: Level = "unknown"
    count: int = 1
    first_at: datetime | None = None
    last_at: datetime | None = None
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of evidence of one kind. `command` is what printed it, where the evidence says so."""

    kind: str
    span: Span
    command: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that one piece of evidence states. `is_whole` false: there was more than is kept here."""

    parts: tuple[Part, ...] = ()
    objects: tuple[Object, ...] = ()
    documents: tuple[Node, ...] = ()
    tables: tuple[Table, ...] = ()
    series: tuple[Series, ...] = ()
    alerts: tuple[Alert, ...] = ()
    occurrences: tuple[Occurrence, ...] = ()
    is_whole: bool = True
