"""Compose files against themselves: what services name and nobody defines, circles, ports and variables.

Compose specification, https://compose-spec.io: a reference within a file to what it does not define is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.facts import Node, Object, is_number
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign

_DEFINED = ("volumes", "networks", "secrets", "configs")
_GIVEN = {"networks": {"default"}, "volumes": set[str](), "secrets": set[str](), "configs": set[str]()}
_PORTS = re.compile(
    r"(?:(?P<address>[\d.]+|\[[0-9a-f:]+\]):)?(?P<host>\d{1,5}):(?P<inside>\d{1,5})(?:/(?P<way>tcp|udp))?$"
)
_VARIABLE = re.compile(r"(?<!\$)\$(?:\{(?P<braced>[A-Za-z_]\w*)(?P<rest>[^}\n]{0,80})\}|(?P<bare>[A-Za-z_]\w*))")
_MOST_VARIABLES = 10


def compose(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    for file in world.objects("Compose"):
        services = file.fact.node.at("services")
        if services is None:
            continue
        yield from _references(catalogue, file, services.members)
        yield from _circle(catalogue, file, services.members)
        yield from _ports(catalogue, file, services.members)
        yield from _variables(world, catalogue, file)


def _references(catalogue: Catalogue, file: Stated[Object], services: Mapping[str, Node]) -> Iterator[Sign]:
    # What other files define, as `include` or an override, is not seen here.
    if file.fact.node.at("include"):
        return
    for name, service in services.items():
        for kind in _DEFINED:
            defined = file.fact.node.at(kind)
            known = {*(defined.members if defined else ()), *_GIVEN[kind]}
            for used, node in _named(service, kind):
                if used not in known:
                    yield _undefined(catalogue, file, name, kind.removesuffix("s"), used, node, sorted(known))
        for used, node in _waits_for(service):
            if used not in services:
                yield _undefined(catalogue, file, name, "service", used, node, sorted(services))


def _named(service: Node, kind: str) -> Iterator[tuple[str, Node]]:
    """What a service takes from the top level, by name. A path of the host, or a volume without a name, is none."""
    told = service.at(kind)
    if told is None:
        return
    if told.form == "map":
        yield from told.members.items()
    for item in told.items:
        name = item.text()
        if item.form == "map":
            name = item.text("source") if item.text("type") in ("", "volume") else ""
        elif kind == "volumes":
            name = name.partition(":")[0] if ":" in name else ""
        if name and not name.startswith((".", "/", "~", "$", "\\")) and "${" not in name and not _is_drive(name, item):
            yield name, item


def _is_drive(name: str, item: Node) -> bool:
    """`C:\\data:/data`"""
    return len(name) == 1 and item.text()[1:3] in (":\\", ":/")


def _waits_for(service: Node) -> Iterator[tuple[str, Node]]:
    told = service.at("depends_on")
    if told is None:
        return
    for item in told.items:
        yield item.text(), item
    for name, node in told.members.items():
        if node.text("required") != "false":
            yield name, node


def _undefined(
    catalogue: Catalogue, file: Stated[Object], service: str, kind: str, used: str, node: Node, known: list[str]
) -> Sign:
    how = "depends on" if kind == "service" else f"uses the {kind}"
    said: Phrase = (
        "Service ",
        Quoted(service, 60, bare=True),
        f" {how} ",
        Quoted(used, 60, bare=True),
        f", and the file defines no {kind} of this name",
    )
    if near := get_close_matches(used, known, n=1, cutoff=0.6):
        said += ("; there is ", Quoted(near[0], 60, bare=True))
    return sign_of(catalogue, "compose_reference_missing", [Stated(file.source, node)], said, {"service": service})


def _circle(catalogue: Catalogue, file: Stated[Object], services: Mapping[str, Node]) -> Iterator[Sign]:
    waits = {name: [used for used, _ in _waits_for(one) if used in services] for name, one in services.items()}
    if circle := _first_circle(waits):
        said: Phrase = (
            "By depends_on, ",
            Quoted(" → ".join([*circle, circle[0]]), 160, bare=True),
            ": each waits for the next one, and none can be the first",
        )
        nodes = [node for name in circle for node in [services[name].at("depends_on")] if node]
        yield sign_of(catalogue, "compose_cycle", [Stated(file.source, node) for node in nodes[:4]], said)


def _first_circle(waits: Mapping[str, list[str]]) -> list[str]:
    """Depth first, each service entered once."""
    done: set[str] = set()
    for start in waits:
        path: list[str] = []
        on_path: set[str] = set()
        todo: list[tuple[str, bool]] = [(start, False)]
        while todo:
            name, leaves = todo.pop()
            if leaves:
                path.pop()
                on_path.discard(name)
                done.add(name)
            elif name in on_path:
                return path[path.index(name) :]
            elif name not in done:
                path.append(name)
                on_path.add(name)
                todo += [(name, True), *((used, False) for used in waits[name])]
    return []


def _ports(catalogue: Catalogue, file: Stated[Object], services: Mapping[str, Node]) -> Iterator[Sign]:
    taken: dict[tuple[str, str], tuple[str, str, Node]] = {}
    for name, service in services.items():
        # Services of a profile need not run together.
        if service.at("profiles"):
            continue
        for address, port, way, node in _published(service):
            key = (port, way)
            before = taken.setdefault(key, (name, address, node))
            if before[0] == name or not _overlap(before[1], address):
                continue
            said: Phrase = (
                f"Port {port} of the host is published by service ",
                Quoted(before[0], 60, bare=True),
                " and by service ",
                Quoted(name, 60, bare=True),
            )
            shown_by = [Stated(file.source, node), Stated(file.source, before[2])]
            yield sign_of(catalogue, "compose_port_conflict", shown_by, said, {"port": port})


def _published(service: Node) -> Iterator[tuple[str, str, str, Node]]:
    """Address, port of the host and protocol of every published port that is one number."""
    for item in service.each("ports"):
        if item.form == "map":
            if is_number(port := item.text("published")):
                yield item.text("host_ip"), port, item.text("protocol") or "tcp", item
        elif found := _PORTS.match(item.text()):
            yield found["address"] or "", found["host"], found["way"] or "tcp", item


def _overlap(one: str, other: str) -> bool:
    everywhere = {"", "0.0.0.0", "[::]", "::"}
    return one == other or one in everywhere or other in everywhere


def inside_ports(service: Node) -> dict[str, Node]:
    """The ports of the container that a service publishes."""
    found: dict[str, Node] = {}
    for item in service.each("ports"):
        if item.form == "map":
            found[item.text("target")] = item
        elif told := _PORTS.match(item.text()):
            found[told["inside"]] = item
    return {port: node for port, node in found.items() if port}


def _variables(world: World, catalogue: Catalogue, file: Stated[Object]) -> Iterator[Sign]:
    """Only where the .env file is shown too; the environment may still give it a value, so that is no more than
    a warning."""
    shown = world.objects("Environment")
    if not shown:
        return
    known = {key for one in shown for key in one.fact.node.members}
    missing: dict[str, Node] = {}
    for _, node in file.fact.node.walk():
        if node.form == "scalar" and isinstance(node.scalar, str) and "$" in node.scalar:
            for found in _VARIABLE.finditer(node.scalar[:4000]):
                name = found["braced"] or found["bare"]
                if not (found["rest"] or "") and name not in known and len(missing) < _MOST_VARIABLES:
                    missing.setdefault(name, node)
    for name, node in missing.items():
        said: Phrase = (
            "The compose file uses the variable ",
            Quoted(name, 60, bare=True),
            ", to which the .env file that is shown gives no value",
        )
        shown_by = [Stated(file.source, node)]
        yield sign_of(catalogue, "compose_variable_unset", shown_by, said, {"variable": name}, level="warning")
