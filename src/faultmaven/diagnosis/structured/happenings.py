"""What an API says has happened, and the alarms it rang: lists of messages with times, alerts and monitors."""

from __future__ import annotations

import re
from collections.abc import Mapping

from faultmaven.diagnosis import levels
from faultmaven.diagnosis.facts import Alert, Facts, Level, Node, Occurrence, is_number
from faultmaven.diagnosis.timestamps import read_value
from faultmaven.diagnosis.words import worded_level

_TEXTS = ("message", "msg", "text", "description", "log", "event_message")
_TIMES = ("timestamp", "time", "date", "@timestamp", "last_time", "last_timestamp", "created_at", "eventTime", "ts")
_FIRST_TIMES = ("first_time", "first_timestamp", "firstSeen")
_LEVELS = ("level", "status", "severity", "type", "log_level")
_ABOUT: Mapping[str, str] = {
    "pod_name": "pod",
    "pod": "pod",
    "kube_pod": "pod",
    "namespace": "namespace",
    "kube_namespace": "namespace",
    "kube_deployment": "deployment",
    "workload_name": "deployment",
    "service": "service",
    "host": "host",
    "instance": "host",
    "node": "node",
    "container": "container",
    "source_identifier": "database",
    "db_instance_identifier": "database",
    "db_instance": "database",
}
_STARTS = ("startsAt", "started_at", "created_at", "triggered_at", "fired_at")


def happenings(node: Node, _key: str) -> Facts | None:
    """A list whose items are messages with a time or a reason."""
    if node.form != "list":
        return None
    found = [one for item in node.items if item.form == "map" and (one := _occurrence(item))]
    return Facts(occurrences=tuple(found)) if found and 2 * len(found) >= len(node.items) else None


def _occurrence(node: Node) -> Occurrence | None:
    said = next((inner for name in _TEXTS if (inner := node.at(name)) and inner.text()), None)
    time = next((text for name in _TIMES if (text := node.text(name))), "")
    reason = node.text("reason")
    if said is None or not (time or reason):
        return None
    first = next((text for name in _FIRST_TIMES if (text := node.text(name))), time)
    stamp, last = read_value(first), read_value(time)
    text, count = said.text(), node.text("count")
    return Occurrence(
        text=text,
        span=said.span,
        reason=reason,
        level=_level(node, text),
        count=int(count) if is_number(count) else 1,
        first_at=stamp.at if stamp else None,
        last_at=last.at if last else None,
        about=_about(node),
    )


def _level(node: Node, text: str) -> Level:
    for name in _LEVELS:
        if stated := levels.from_name(node.text(name)):
            return stated
    return worded_level(text)


def _about(node: Node) -> dict[str, str]:
    about = {kind: node.text(name) for name, kind in _ABOUT.items() if node.text(name)}
    kind, slash, name = node.text("involved_object").partition("/")
    return about | ({kind.lower(): name} if slash else {})


def alert(node: Node, _key: str) -> Facts | None:
    """One alert of Alertmanager, Grafana, PagerDuty or what forwards theirs."""
    labels = node.at("commonLabels") or node.at("labels")
    notes = node.at("commonAnnotations") or node.at("annotations")
    if node.form != "map" or labels is None or labels.form != "map" or not (notes or labels.text("alertname")):
        return None
    title = node.text("title") or labels.text("alertname") or node.text("name")
    if not title:
        return None
    told = [notes.text(name) for name in ("summary", "description", "message") if notes] if notes else []
    began = next((text for name in _STARTS if (text := node.text(name))), "")
    stamp, ended = read_value(began), read_value(node.text("endsAt"))
    names = _about(labels) | (_about(notes) if notes else {})
    one = Alert(
        title=title,
        span=node.span,
        text=re.sub(r"\s+", " ", " ".join(filter(None, told))),
        severity=labels.text("severity") or node.text("severity"),
        state=node.text("state") or node.text("status"),
        began_at=stamp.at if stamp else None,
        ended_at=ended.at if ended and ended.at.year > 1 else None,
        names=names,
    )
    return Facts(alerts=(one,))
