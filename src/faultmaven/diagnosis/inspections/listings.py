"""Listings of a cluster and of a database, row by row: nodes, workloads, claims, autoscalers and sessions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.facts import Row, Table, is_number
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign

_TARGETS = re.compile(r"(?P<now>\d{1,9}|<unknown>)%?(?:[a-zA-Z]{1,9})?/(?P<wanted>\d{1,9})")
_WAITED = re.compile(r"(?:(?P<days>\d+) days? )?(?P<hours>\d{1,3}):(?P<minutes>\d\d):(?P<seconds>\d\d)")
# So long a transaction that does nothing is left open, in seconds.
LONG_IDLE = 300


def listings(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    for table in world.tables("nodes"):
        for row in _rows(table):
            yield from _node(catalogue, row)
    for table in world.tables("deployments"):
        for row in _rows(table):
            yield from _deployment(catalogue, row, table.fact)
    for table in world.tables("persistentvolumeclaims"):
        for row in _rows(table):
            yield from _claim(catalogue, row, table.fact)
    for table in world.tables("horizontalpodautoscalers"):
        for row in _rows(table):
            yield from _autoscaler(catalogue, row, table.fact)
    for table in world.tables("endpoints"):
        for row in _rows(table):
            yield from _endpoints(catalogue, row, table.fact)
    for table in world.tables("sessions"):
        yield from _sessions(catalogue, table)


def _rows(table: Stated[Table]) -> list[Stated[Row]]:
    return [Stated(table.source, row) for row in table.fact.rows]


def _named(row: Row, table: Table, kind: str) -> dict[str, str]:
    name = row.cells.get("name", "").rpartition("/")[2]
    where = row.cells.get("namespace") or table.namespace or ""
    return {key: value for key, value in {kind: name, "namespace": where}.items() if value}


def _node(catalogue: Catalogue, row: Stated[Row]) -> Iterator[Sign]:
    status, name = row.fact.cells.get("status", ""), row.fact.cells.get("name", "")
    if "NotReady" in status.split(","):
        said: Phrase = ("Node ", Quoted(name, 80, bare=True), " is ", Quoted(status, 60, bare=True))
        yield sign_of(catalogue, "node_not_ready", [row], said, {"node": name})


def _deployment(catalogue: Catalogue, row: Stated[Row], table: Table) -> Iterator[Sign]:
    ready, _, wanted = row.fact.cells.get("ready", "").partition("/")
    if is_number(ready) and is_number(wanted) and int(ready) < int(wanted):
        names = _named(row.fact, table, "deployment")
        said: Phrase = (
            "Deployment ",
            Quoted(names.get("deployment", ""), 80, bare=True),
            f": {ready} of {wanted} replicas are ready",
        )
        yield sign_of(catalogue, "replicas_missing", [row], said, names)


def _claim(catalogue: Catalogue, row: Stated[Row], table: Table) -> Iterator[Sign]:
    cells, names = row.fact.cells, _named(row.fact, table, "claim")
    if cells.get("status") in ("Pending", "Lost"):
        said: Phrase = (
            "The volume claim ",
            Quoted(names.get("claim", ""), 80, bare=True),
            f" is {cells['status']}: no volume is bound to it",
        )
        yield sign_of(catalogue, "claim_not_bound", [row], said, names)


def _endpoints(catalogue: Catalogue, row: Stated[Row], table: Table) -> Iterator[Sign]:
    if row.fact.cells.get("endpoints") == "<none>":
        names = _named(row.fact, table, "service")
        said: Phrase = ("The service ", Quoted(names.get("service", ""), 80, bare=True), " has no endpoint")
        yield sign_of(catalogue, "service_without_endpoints", [row], said, names)


def _autoscaler(catalogue: Catalogue, row: Stated[Row], table: Table) -> Iterator[Sign]:
    cells, names = row.fact.cells, _named(row.fact, table, "deployment")
    targets, of = cells.get("targets", ""), ("The autoscaler ", Quoted(names.get("deployment", ""), 80, bare=True))
    reference = cells.get("reference", "").rpartition("/")[2]
    names |= {"deployment": reference} if reference else {}
    if "<unknown>" in targets:
        said: Phrase = (*of, " knows no current value of what it scales by (", Quoted(targets, 60, bare=True), ")")
        yield sign_of(catalogue, "autoscaler_without_metrics", [row], said, names)
        return
    most, now = cells.get("maxpods", ""), cells.get("replicas", "")
    shares = [(int(one["now"]), int(one["wanted"])) for one in _TARGETS.finditer(targets) if is_number(one["now"])]
    over = [one for one in shares if one[1] and one[0] > 1.1 * one[1]]
    if over and is_number(most) and now == most:
        said = (
            *of,
            f" is at its most of {most} replicas and still over its target (",
            Quoted(targets, 60, bare=True),
            ")",
        )
        yield sign_of(catalogue, "autoscaler_at_maximum", [row], said, names)


def _sessions(catalogue: Catalogue, table: Stated[Table]) -> Iterator[Sign]:
    """Rows of pg_stat_activity."""
    rows = _rows(table)
    waiting = [row for row in rows if _is_lock(row.fact)]
    idle = [row for row in rows if row.fact.cells.get("state", "").startswith("idle in transaction")]
    long_idle = [row for row in idle if (_longest(row.fact) or 0) >= LONG_IDLE]
    if waiting:
        said: Phrase = (f"{len(waiting)} of {len(rows)} sessions wait for a lock, such as ", *_session(waiting[0].fact))
        if idle:
            said += ("; open and idle in a transaction is ", *_session(idle[0].fact))
        yield sign_of(catalogue, "sessions_wait_for_locks", [*waiting[:2], *idle[:1]], said)
    if long_idle or (idle and waiting):
        one = max(long_idle or idle, key=lambda row: _longest(row.fact) or 0)
        said = (*_session(one.fact), " is idle in a transaction that it left open")
        if waiting:
            said += (f", while {len(waiting)} others wait for a lock",)
        yield sign_of(
            catalogue, "transaction_left_open", [one, *waiting[:2]], said, {"pid": one.fact.cells.get("pid", "")}
        )


def _is_lock(row: Row) -> bool:
    blocked = row.cells.get("blocked_by") or row.cells.get("pg_blocking_pids") or ""
    return row.cells.get("wait_event_type") == "Lock" or blocked.strip("{}") != ""


def _session(row: Row) -> Phrase:
    said: Phrase = ("session ", Quoted(row.cells.get("pid", ""), 12, bare=True))
    if query := row.cells.get("query", ""):
        said += (" (", Quoted(query, 80, bare=True), ")")
    return said


def _longest(row: Row) -> int | None:
    """The longest time in the row, in seconds, as PostgreSQL writes an interval."""
    found = [
        ((int(one["days"] or 0) * 24 + int(one["hours"])) * 60 + int(one["minutes"])) * 60 + int(one["seconds"])
        for key, cell in row.cells.items()
        if key != "query" and (one := _WAITED.match(cell))
    ]
    return max(found, default=None)
