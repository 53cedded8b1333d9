"""Units of systemd: files that it refuses, and units that failed. systemd.unit(5), systemd.service(5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.facts import Node, Object, Row
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign

_SECTIONS = (
    "Unit", "Install", "Service", "Socket", "Timer", "Mount", "Automount", "Path", "Swap", "Slice", "Scope",
)  # fmt: skip
_TYPES = frozenset({"simple", "exec", "forking", "oneshot", "dbus", "notify", "notify-reload", "idle"})
_RESTARTS = frozenset({"no", "always", "on-success", "on-failure", "on-abnormal", "on-abort", "on-watchdog"})
# Keys of which each belongs to one section only; in another one it is passed over.
_HOME: Mapping[str, str] = {
    **dict.fromkeys(("WantedBy", "RequiredBy", "Alias", "Also"), "Install"),
    **dict.fromkeys(("After", "Before", "Wants", "Requires", "BindsTo", "PartOf", "Conflicts", "Description"), "Unit"),
    **dict.fromkeys(("ExecStart", "ExecReload", "ExecStartPre", "Type", "RestartSec", "Restart"), "Service"),
}
_COMMAND = re.compile(r"[@\-:+!|]*(?P<program>\S*)")


def units(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    for stated in world.objects("UnitFile"):
        for node, said in _refused(stated.fact.node, _is_whole(stated)):
            unit = stated.fact.name.rsplit("/", 1)[-1]
            of: Phrase = ("The unit ", Quoted(unit, 80, bare=True), " ") if unit else ("The unit file ",)
            names = {"unit": unit} if unit else {}
            yield sign_of(catalogue, "unit_file_invalid", [Stated(stated.source, node)], (*of, *said), names)
    for stated in world.objects("UnitStatus"):
        yield from _failed(catalogue, stated)
    for table in world.tables("units"):
        for row in table.fact.rows:
            if row.cells.get("active") == "failed" and "." in row.cells.get("unit", ""):
                yield _listed(catalogue, Stated(table.source, row))


def _is_whole(stated: Stated[Object]) -> bool:
    """What a drop-in (`lantern.service.d/limits.conf`) leaves out stands in the file it adds to."""
    named = stated.fact.name or stated.source.name
    described = stated.fact.node.at("Unit", "Description") or stated.fact.node.at("Install")
    return described is not None and not named.endswith(".conf")


def _refused(root: Node, is_whole: bool) -> Iterator[tuple[Node, Phrase]]:
    for name, section in root.members.items():
        if name and name not in _SECTIONS and not name.startswith("X-"):
            near = get_close_matches(name, _SECTIONS, n=1, cutoff=0.7)
            hint = f"; {near[0]} may be meant" if near else ""
            yield section, ("has a section ", Quoted(name, 40, bare=True), f", which systemd does not know{hint}")
        for key, node in section.members.items():
            home = _HOME.get(key, name)
            if name in _SECTIONS and home != name and not (home == "Service" and name in ("Socket", "Mount", "Swap")):
                yield node, (f"has {key}= in its section {name}; there systemd passes over it, it belongs to {home}",)
    if (service := root.members.get("Service")) is not None:
        yield from _service(service, is_whole)


def _service(service: Node, is_whole: bool) -> Iterator[tuple[Node, Phrase]]:
    commands, kind, restart = _each(service, "ExecStart"), service.members.get("Type"), service.members.get("Restart")
    type_ = kind.text() if kind else "simple"
    if kind and kind.form == "scalar" and type_ not in _TYPES:
        yield kind, ("has the type ", Quoted(type_, 40, bare=True), ", which systemd does not know")
    if restart and restart.form == "scalar" and restart.text() not in _RESTARTS:
        yield restart, ("has Restart=", Quoted(restart.text(), 40, bare=True), ", which systemd does not know")
    if restart and type_ == "oneshot" and restart.text() in ("always", "on-success"):
        yield restart, (f"has Restart={restart.text()}, which systemd refuses for Type=oneshot",)
    if (
        is_whole
        and not commands
        and not (type_ == "oneshot" and {"ExecStop", "SuccessAction"} & service.members.keys())
    ):
        yield service, ("has a section Service without ExecStart=, so there is nothing to start",)
    if len(commands) > 1 and type_ != "oneshot":
        yield commands[-1], (f"has {len(commands)} ExecStart= lines, and only Type=oneshot may have more than one",)
    for key in ("ExecStart", "ExecStartPre", "ExecStop", "ExecReload"):
        for node in _each(service, key):
            program = _COMMAND.match(node.text())
            told = program["program"] if program else ""
            if ("/" in told and not told.startswith(("/", "$", "%"))) or told.startswith("~"):
                yield node, (f"names the program of {key}= by the relative path ", Quoted(told, 80, bare=True))


def _each(service: Node, key: str) -> list[Node]:
    """The commands of a key; an empty one takes back those before it."""
    told = service.members.get(key)
    if told is None:
        return []
    kept: list[Node] = []
    for node in told.items or (told,):
        kept = [*kept, node] if node.text() else []
    return kept


def _failed(catalogue: Catalogue, stated: Stated[Object]) -> Iterator[Sign]:
    node, unit = stated.fact.node, stated.fact.name
    active, loaded = node.at("active"), node.at("loaded")
    names = {"unit": unit}
    if loaded and loaded.text("state") in ("not-found", "bad-setting", "error", "masked"):
        said: Phrase = (Quoted(unit, 80, bare=True), " is not loaded: ", Quoted(loaded.text("state"), 40, bare=True))
        if loaded.text("more"):
            said += (", ", Quoted(loaded.text("more"), 120, bare=True))
        fault = "unit_file_invalid" if loaded.text("state") == "bad-setting" else "unit_not_loaded"
        yield sign_of(catalogue, fault, [Stated(stated.source, loaded)], said, names)
    result = active.text("result") if active else ""
    is_failed = active is not None and (active.text("state") == "failed" or (result and result != "success"))
    if active is None or not is_failed:
        return
    how = (
        f" failed (result: {result})" if active.text("state") == "failed" else f" is started again and again ({result})"
    )
    said = (Quoted(unit, 80, bare=True), how if result else " failed")
    shown_by: list[Stated[Node]] = [Stated(stated.source, active)]
    if ended := _ended(node):
        said += ("; its process ", Quoted(ended.text("command") or ended.text("pid"), 80, bare=True))
        said += (f" ended with {ended.text('code')}", *((", ", Quoted(ended.text("status"), 40, bare=True))))
        shown_by.append(Stated(stated.source, ended))
    yield sign_of(catalogue, "systemd_unit_failed", shown_by, said, names)


def _ended(node: Node) -> Node | None:
    """The process that ended badly, the one that names its command first."""
    told = [one for one in node.each("processes") if one.text("status") and not one.text("status").startswith("0")]
    return next((one for one in told if one.text("command")), told[0] if told else None)


def _listed(catalogue: Catalogue, row: Stated[Row]) -> Sign:
    unit, title = row.fact.cells["unit"], row.fact.cells.get("description", "")
    said: Phrase = (Quoted(unit, 80, bare=True), " has failed")
    if title:
        said = (Quoted(unit, 80, bare=True), " (", Quoted(title, 80, bare=True), ") has failed")
    return sign_of(catalogue, "systemd_unit_failed", [row], said, {"unit": unit})
