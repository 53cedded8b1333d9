"""Signs in the light of what else is stated: what an alert asks, when an occurrence was, what has recovered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from faultmaven.diagnosis.digest import Level
from faultmaven.diagnosis.facts import Alert, Object, Occurrence, Part
from faultmaven.diagnosis.inspections.states import Pod, pods
from faultmaven.diagnosis.inspections.world import World
from faultmaven.diagnosis.signs import Sign

# Parts that are files of settings: what stands there is wanted, and nobody reports it.
_FILES = frozenset({"ini", "env", "dockerfile", "nginx"})
# What somebody wrote into an object for others to read or a program to take: it says nothing of how the object is.
_NOTES = frozenset({"annotations", "labels", "args", "command", "env", "data", "stringData"})
_ASSIGNED = re.compile(r"\s*(?:export )?[\w.-]{1,80}\s*=")


def in_context(signs: Sequence[Sign], world: World) -> list[Sign]:
    """The same signs, each with what is known of it beyond its line."""
    alerts = {source.evidence_id: source.digest.facts.alerts for source in world.sources}
    occurrences = {source.evidence_id: _by_line(source.digest.facts.occurrences) for source in world.sources}
    fine = {pod.name: pod for pod in pods(world) if pod.is_well}
    files = {source.evidence_id: [p for p in source.digest.facts.parts if p.kind in _FILES] for source in world.sources}
    noted = {source.evidence_id: _noted(source.digest.facts.objects) for source in world.sources}
    told = (_merely_noted(_set(_asked(sign, alerts), files), noted) for sign in signs)
    return [_since_well(_dated(sign, occurrences), fine) for sign in told]


def _asked(sign: Sign, alerts: dict[str, tuple[Alert, ...]]) -> Sign:
    """What an alert says is what somebody was asked to look into, not what was found."""
    if any(alert.span.first <= sign.first_line <= alert.span.last for alert in alerts.get(sign.source.evidence_id, ())):
        return replace(sign, is_mention=True)
    return sign


def _set(sign: Sign, files: dict[str, list[Part]]) -> Sign:
    """`SystemCallErrorNumber=EPERM` denies nobody anything yet."""
    for part in files.get(sign.source.evidence_id, ()):
        if part.span.first <= sign.first_line <= part.span.last and not sign.said and not sign.trace:
            is_setting = part.kind in ("dockerfile", "nginx") or bool(_ASSIGNED.match(sign.text))
            return replace(sign, is_mention=True) if is_setting else sign
    return sign


def _noted(objects: Sequence[Object]) -> frozenset[int]:
    """The lines of objects that hold notes and nothing of their status."""
    notes: set[int] = set()
    states: set[int] = set()
    for one in objects:
        for path, node in one.node.walk():
            lines = range(node.span.first, node.span.last + 1)
            if _NOTES.intersection(path):
                notes.update(lines)
            elif node.form == "scalar" and "status" in path:
                states.update(lines)
    return frozenset(notes - states)


def _merely_noted(sign: Sign, noted: Mapping[str, frozenset[int]]) -> Sign:
    if sign.said or not set(sign.lines) <= noted.get(sign.source.evidence_id, frozenset()):
        return sign
    return replace(sign, is_mention=True)


def _by_line(occurrences: Sequence[Occurrence]) -> dict[int, Occurrence]:
    return {line: one for one in occurrences for line in range(one.span.first, one.span.last + 1)}


def _dated(sign: Sign, occurrences: dict[str, dict[int, Occurrence]]) -> Sign:
    """The line stands in an answer that says when and to whom it happened."""
    known = occurrences.get(sign.source.evidence_id, {})
    found = list(_told(sign, known))
    if not found or sign.said:
        return sign
    times = [at for one in found for at in (one.first_at, one.last_at) if at]
    return replace(
        sign,
        level=_loudest(sign, found),
        names={**found[0].about, **sign.names},
        first_at=sign.first_at or min(times, default=None),
        last_at=sign.last_at or max(times, default=None),
    )


def _told(sign: Sign, known: dict[int, Occurrence]) -> Iterator[Occurrence]:
    for line in sign.lines:
        if one := known.get(line):
            yield one


def _loudest(sign: Sign, found: Sequence[Occurrence]) -> Level:
    """A cluster warns of what has failed; what is told as mere information is no error."""
    levels = {one.level for one in found}
    if levels <= {"info", "debug"}:
        return "info"
    return "error" if "warning" in levels and any(one.reason for one in found) else sign.level


def _since_well(sign: Sign, fine: dict[str, Pod]) -> Sign:
    """It happened to a pod that has been running and ready ever since."""
    pod = fine.get(sign.names.get("pod", ""))
    if pod is None or sign.last_at is None or pod.started_at is None or pod.started_at < sign.last_at:
        return sign
    return replace(sign, level="info", is_mention=True)
