"""Containers of Docker: those that ended, restart or are not healthy, and why as far as Docker knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.facts import Node, Object, Row, is_number
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign

_STATE = re.compile(r"(?P<state>Exited|Restarting|Dead|Removal In Progress) ?\((?P<code>\d{1,3})\) ?(?P<ago>.*)$")
# Ended because somebody said so: done, stopped with Ctrl-C, killed or stopped by `docker stop`.
_ON_PURPOSE = frozenset({0, 130, 143})
_SIGNALS = {137: "killed (SIGKILL)", 139: "crashed on an invalid memory access (SIGSEGV)", 134: "aborted (SIGABRT)"}
_CODES = {126: "its command cannot be run", 127: "its command does not exist in the image", 125: "Docker itself failed"}


def containers(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    inspected = {one.fact.name for one in world.objects("Container")}
    for one in world.objects("Container"):
        yield from _inspected(catalogue, one)
    for table in world.tables("docker ps", "docker compose ps"):
        for row in table.fact.rows:
            if _name(row) not in inspected:
                yield from _listed(catalogue, Stated(table.source, row))


def _name(row: Row) -> str:
    """The title of the last column of `docker ps` may stand further left than its cells."""
    return (row.cells.get("names") or row.cells.get("name", "")).split(",")[0]


def _listed(catalogue: Catalogue, row: Stated[Row]) -> Iterator[Sign]:
    status, name = row.fact.cells.get("status", ""), _name(row.fact)
    names = {"container": name}
    if found := _STATE.match(status):
        code = int(found["code"])
        if found["state"] == "Restarting" or code not in _ON_PURPOSE:
            said: Phrase = ("Container ", Quoted(name, 80, bare=True), _how(found["state"], code))
            if found["ago"]:
                said += (", ", Quoted(found["ago"].strip(), 40, bare=True))
            yield sign_of(catalogue, _fault(code), [row], said, names)
    elif "(unhealthy)" in status:
        said = ("Container ", Quoted(name, 80, bare=True), " is up and fails its health check")
        yield sign_of(catalogue, "container_unhealthy", [row], said, names)


def _fault(code: int) -> str:
    """Some codes say more than that the program failed."""
    if code == 137:
        return "process_killed"
    return "command_not_found" if code in (126, 127) else "container_exited"


def _how(state: str, code: int) -> str:
    why = _SIGNALS.get(code) or _CODES.get(code)
    meaning = f" ({why})" if why else ""
    if state == "Restarting":
        return f" is restarted again and again; it last ended with code {code}{meaning}"
    return f" ended with code {code}{meaning}"


def _inspected(catalogue: Catalogue, one: Stated[Object]) -> Iterator[Sign]:
    state = one.fact.node.members["State"]
    name, image = one.fact.name, one.fact.node.text("Config", "Image")
    names = {key: value for key, value in {"container": name, "image": image}.items() if value}
    said: Phrase = ("Container ", Quoted(name, 80, bare=True)) if name else ("The container",)
    shown: list[Stated[Any]] = [Stated(one.source, node) for key in ("ExitCode", "Status") if (node := state.at(key))]
    code = int(state.text("ExitCode")) if is_number(state.text("ExitCode")) else 0
    restarts = _restarts(one.fact.node)
    if (killed := state.at("OOMKilled")) and killed.text() == "true":
        limit = _limit(one.fact.node)
        told: Phrase = (*said, " was killed because it used more memory than it may", limit, restarts)
        yield sign_of(catalogue, "out_of_memory_killed", [Stated(one.source, killed), *shown[:1]], told, names)
    elif error := state.text("Error"):
        told = (*said, " could not be started; Docker says ", Quoted(error, 220), restarts)
        yield sign_of(catalogue, "container_start_failed", [Stated(one.source, state.members["Error"])], told, names)
    elif state.text("Restarting") == "true" or (code not in _ON_PURPOSE and state.text("Running") != "true"):
        how = _how("Restarting" if state.text("Restarting") == "true" else "Exited", code)
        yield sign_of(catalogue, _fault(code), shown[:1] or [one], (*said, how, restarts), names)
    yield from _unhealthy(catalogue, one, said, names)


def _restarts(node: Node) -> str:
    count = node.text("RestartCount")
    return f", after {count} restart{'s' if count != '1' else ''}" if is_number(count) and count != "0" else ""


def _limit(node: Node) -> str:
    told = node.text("HostConfig", "Memory")
    return f" (its limit is {int(told) / (1 << 20):,.0f} MiB)" if is_number(told) and told != "0" else ""


def _unhealthy(catalogue: Catalogue, one: Stated[Object], said: Phrase, names: dict[str, str]) -> Iterator[Sign]:
    health = one.fact.node.at("State", "Health")
    if health is None or health.text("Status") != "unhealthy":
        return
    failed = [entry for entry in health.each("Log") if entry.text("ExitCode") not in ("", "0")]
    streak = health.text("FailingStreak")
    told: Phrase = (*said, " fails its health check", f" {streak} times in a row" if is_number(streak) else "")
    shown: list[Stated[Any]] = [Stated(one.source, health.members.get("Status", health))]
    if failed and (output := failed[-1].at("Output")) and output.text().strip():
        told += ("; the check says ", Quoted(output.text().strip(), 160))
        shown.insert(0, Stated(one.source, output))
    yield sign_of(catalogue, "container_unhealthy", shown, told, names)
