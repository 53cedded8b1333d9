"""Listings: a head of column titles and a row a line, as kubectl, docker, df, ps and psql print them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from faultmaven.diagnosis.facts import Facts, Part, Row, Span, Table
from faultmaven.diagnosis.structured.events import event_of
from faultmaven.diagnosis.structured.pods import listed_pod
from faultmaven.diagnosis.structured.text import Text

MOST_ROWS = 5000
LONGEST = 4000

_GAP = re.compile(r" {2,}|\t+")
# What psql and others print around rows: a line, and how many there are.
_RULE = re.compile(r"[\s|+=-]+$|\s*\(\d+ rows?\)\s*$")
_NAMESPACE = re.compile(r"\s(?:-n|--namespace)[ =]([a-z0-9-]+)")
# What is listed, by columns that only this listing has.
_LISTINGS: Mapping[str, frozenset[str]] = {
    "pods": frozenset({"ready", "status", "restarts"}),
    "pod usage": frozenset({"cpu(cores)", "memory(bytes)"}),
    "nodes": frozenset({"status", "roles", "version"}),
    "node usage": frozenset({"cpu(cores)", "cpu%", "memory%"}),
    "deployments": frozenset({"ready", "up-to-date", "available"}),
    "replicasets": frozenset({"desired", "current", "ready"}),
    "daemonsets": frozenset({"desired", "current", "ready", "node selector"}),
    "services": frozenset({"cluster-ip", "port(s)"}),
    "endpoints": frozenset({"name", "endpoints"}),
    "ingresses": frozenset({"class", "hosts"}),
    "ingressclasses": frozenset({"controller", "parameters"}),
    "persistentvolumeclaims": frozenset({"volume", "capacity", "access modes"}),
    "persistentvolumes": frozenset({"reclaim policy", "claim"}),
    "storageclasses": frozenset({"provisioner", "reclaimpolicy"}),
    "jobs": frozenset({"completions", "duration"}),
    "cronjobs": frozenset({"schedule", "suspend"}),
    "horizontalpodautoscalers": frozenset({"reference", "targets"}),
    "events": frozenset({"type", "reason", "message"}),
    "docker ps": frozenset({"container id", "image"}),
    "docker images": frozenset({"repository", "tag", "image id"}),
    "df": frozenset({"filesystem", "mounted on"}),
    "docker compose ps": frozenset({"name", "image", "service", "status"}),
    "units": frozenset({"unit", "load", "active", "sub"}),
    "sessions": frozenset({"pid", "state", "query"}),
    "ps": frozenset({"pid", "command"}),
    "top": frozenset({"pid", "%cpu", "time+"}),
    "free": frozenset({"total", "used", "free"}),
    "ss": frozenset({"state", "recv-q"}),
    "netstat": frozenset({"proto", "recv-q"}),
}


# Heads whose titles stand one space apart, above columns that are flush right.
_PLAIN_HEADS = re.compile(
    r"\s*(?:Filesystem |USER +PID |PID +USER |UID +PID |Netid +State |State +Recv-Q |Proto +Recv-Q |UNIT +LOAD "
    r"|total +used +free)"
)
_TITLE = re.compile(r"Mounted on|(?:Local|Peer|Foreign) Address(?::Port)?|PID/Program name|\S+", re.IGNORECASE)
_BULLET = re.compile(r"^\s*[●×○↻*]\s+")


def read_table(text: Text, part: Part) -> Facts:
    head, *lines = text.lines_of(part.span, MOST_ROWS + 1, LONGEST)
    plain = plain_titles(head)
    columns = [] if plain else columns_of(head, lines)
    titles = plain or tuple(title for _, title in columns)
    rows = [
        Row(Span(number, number), cells)
        for number, line in enumerate(lines, part.span.first + 1)
        if line.strip()
        and not _RULE.match(line)
        and (cells := _words(line, titles) if plain else cells_of(line, columns))
    ]
    table = Table(
        of=listing_of(titles),
        span=part.span,
        columns=titles,
        rows=tuple(rows),
        command=part.command,
        namespace=namespace_in(part.command),
        is_whole=is_whole(part.command) and len(lines) == part.span.last - part.span.first,
    )
    objects = [listed_pod(row, table.namespace) for row in rows if row.cells.get("name")] if table.of == "pods" else []
    occurrences = [event_of(row, {}) for row in rows] if table.of == "events" else []
    return Facts(tables=(table,), objects=tuple(objects), occurrences=tuple(filter(None, occurrences)))


def plain_titles(head: str) -> tuple[str, ...]:
    """The titles of a head whose columns are told by words alone, else none. `free` has no title above the names."""
    if not _PLAIN_HEADS.match(head):
        return ()
    titles = tuple(title.lower() for title in _TITLE.findall(head))
    return ("name", *titles) if titles[0] == "total" else titles


def _words(line: str, titles: Sequence[str]) -> dict[str, str]:
    return dict(zip(titles, _BULLET.sub("", line).split(None, len(titles) - 1), strict=False))


def listing_of(titles: Sequence[str]) -> str:
    """The listing whose own columns are all there, the one with most of them where several are."""
    known = [of for of, own in _LISTINGS.items() if own <= set(titles)]
    return max(known, key=lambda of: len(_LISTINGS[of]), default="")


def namespace_in(command: str) -> str | None:
    found = _NAMESPACE.search(f" {command}")
    return found[1] if found else None


def is_whole(command: str) -> bool:
    """A pipe or a selector may have taken rows away."""
    return not re.search(r"[|]|\s(?:-l|--selector|--field-selector|head|tail|grep)\b", command)


def columns_of(head: str, lines: Sequence[str]) -> list[tuple[int, str]]:
    """Where every column begins, and its title in lower case. A first column without a title is called `name`."""
    gap = re.compile(r"\s*\|\s*") if "|" in head else _GAP
    columns, at = [], 0
    for found in [*gap.finditer(head), None]:
        end = found.start() if found else len(head)
        title = head[at:end].strip().lower()
        if title:
            columns.append((at + len(head[at:end]) - len(head[at:end].lstrip()), title))
        at = found.end() if found else end
    if columns and columns[0][0] > 0 and any(line[:1].strip() for line in lines) and "|" not in head:
        columns.insert(0, (0, "name"))
    return columns


def cells_of(line: str, columns: Sequence[tuple[int, str]]) -> dict[str, str]:
    titles = [title for _, title in columns]
    if "|" in line and len(columns) > 1 and line.count("|") >= len(columns) - 1:
        parts = [part.strip() for part in line.strip().strip("|").split("|")]
        return dict(zip(titles, parts, strict=False))
    if "\t" in line:
        return dict(zip(titles, (part.strip() for part in re.split(r"\t+| {2,}", line.strip())), strict=False))
    bounds = [*(start for start, _ in columns), max(len(line), columns[-1][0])]
    cut = [line[a:b].strip() for a, b in pairwise(bounds)]
    if _is_aligned(line, columns) and not any("  " in cell for cell in cut[:-1]):
        return dict(zip(titles, cut, strict=True))
    return dict(zip(titles, line.split(None, len(titles) - 1), strict=False))


def _is_aligned(line: str, columns: Sequence[tuple[int, str]]) -> bool:
    """No word of the line runs across the beginning of a column."""
    return all(start == 0 or start >= len(line) or line[start - 1] == " " for start, _ in columns)
