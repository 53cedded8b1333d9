"""What `systemctl status` tells above the log lines: one unit with its state, and how its processes ended."""

from __future__ import annotations

import re

from faultmaven.diagnosis.facts import Facts, Object, Part, Span
from faultmaven.diagnosis.structured.making import Told, made
from faultmaven.diagnosis.structured.text import Text

MOST_LINES = 200

_HEAD = re.compile(r"\S (?P<unit>[\w@.\\:-]+)(?: - (?P<title>.*))?$")
_FIELD = re.compile(r"\s+(?P<key>Loaded|Active|Process|Main PID|Condition|Status|Tasks|Memory): (?P<value>.*)$")
_LOADED = re.compile(r"(?P<state>[\w-]+)(?: \((?P<more>[^)]*)\))?")
_ACTIVE = re.compile(
    r"(?P<state>[\w-]+)(?: \((?P<sub>[\w-]+)\))?(?: \(Result: (?P<result>[\w-]+)\))?(?: since (?P<since>[^;]+))?"
)
_FAILED = re.compile(r"failed \(Result: (?P<result>[\w-]+)\)")
_PROCESS = re.compile(
    r"(?P<pid>\d+)(?: (?P<command>\S.*?))? \(code=(?P<code>\w+)(?:, (?:status|signal)=(?P<status>[^()]{1,80}))?\)"
)


def read_unit_status(text: Text, part: Part) -> Facts:
    lines = text.lines_of(part.span, MOST_LINES, 2000)
    head = _HEAD.match(lines[0])
    if head is None:
        return Facts()
    told: dict[str, Told] = {"title": head["title"] or ""}
    processes: list[Told] = []
    for number, line in enumerate(lines[1:], part.span.first + 1):
        if not (field := _FIELD.match(line)):
            continue
        span = Span(number, number)
        match field["key"]:
            case "Loaded":
                told["loaded"] = made(_groups(_LOADED, field["value"]), span)
            case "Active":
                groups = _groups(_ACTIVE, field["value"]) | _groups(_FAILED, field["value"])
                told["active"] = made(groups, span)
            case "Process" | "Main PID":
                if groups := _groups(_PROCESS, field["value"]):
                    processes.append(made({"of": field["key"], **groups}, span))
            case key:
                told[key.lower()] = made(field["value"].strip(), span)
    node = made({**told, "processes": processes}, part.span)
    return Facts(objects=(Object("UnitStatus", head["unit"], part.span, node, None, "live"),))


def _groups(pattern: re.Pattern[str], text: str) -> dict[str, Told]:
    found = pattern.match(text)
    return {key: value for key, value in found.groupdict().items() if value} if found else {}
