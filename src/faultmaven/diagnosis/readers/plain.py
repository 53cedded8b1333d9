"""Lines a person could have written: plain logs, syslog, command output."""

from __future__ import annotations

import re

import orjson

from faultmaven.diagnosis import levels
from faultmaven.diagnosis.digest import Level
from faultmaven.diagnosis.readers.forms import laid_out
from faultmaven.diagnosis.readers.record import Record
from faultmaven.diagnosis.readers.stacks import stack_in
from faultmaven.diagnosis.timestamps import Stamp, find_stamp
from faultmaven.diagnosis.words import worded_level

_PRIORITY = re.compile(r"^<(\d{1,3})>")
_SYSLOG_5424 = re.compile(
    r"^<\d{1,3}>\d (\S+) (\S+) (\S+) (\S+) (\S+) "
    r'(?:-|(?:\[[^\s\]="]{1,64}(?: [^\s\]="]{1,64}="(?:[^"\\]|\\.){0,1000}")*\])+)(?: |$)'
)
# After the time: `host program[pid]: `. Behind a time with a year, which anything may write, the pid is needed: two
# words and a colon are how messages begin as well.
_PROGRAM = re.compile(r"^\s?([\w.:-]{1,255}) ([\w./@\\-]{1,100})(?:\(\w+\))?(\[\d+\])?: ")
_LEVEL = "EMERG|ALERT|PANIC|FATAL|CRITICAL|CRIT|SEVERE|ERROR|ERR|WARNING|WARN|NOTICE|INFO|DEBUG|TRACE"
_LOGGER = re.compile(
    rf"^(?:\s*[\[(]?(?:{_LEVEL})[\])]?:?)"
    r"(?:\s+\d+ ---)?(?:\s+\[[^\]]{0,80}\])?\s+([A-Za-z_][\w$]{0,80}(?:[.:/-]{1,2}[\w$]{1,80}){1,20})\s*(?:[:-]\s|$)",
)
_WEEKDAY = re.compile(r"\W?\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},?\s*$")
# A clock without a date says nothing of when, but it is not part of the message.
_CLOCK_FIRST = re.compile(
    r"^(?:\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?|\d{1,2}:\d\d[AP]M|\[ {0,8}\d{1,8}\.\d{6}\])\s+(?=\S)"
)
_LEVEL_FIRST = re.compile(rf"^(?:\[\d+\] )?\W{{0,3}}(?:{_LEVEL})\b\W{{0,4}}")


def read_syslog(text: str) -> Record | None:
    """RFC 5424, RFC 3164 and the short form of journald."""
    priority = _PRIORITY.match(text)
    if priority and (match := _SYSLOG_5424.match(text)):
        said, program = text[match.end() :].removeprefix("\ufeff"), match[3]
        return Record("syslog", said, _severity(priority), find_stamp(match[1]), None if program == "-" else program)
    stamp = find_stamp(text)
    if not stamp or not _stands_first(text, stamp, priority.end() if priority else 0):
        return None
    match = _program(text, stamp)
    if not match:
        return None
    inner = read_plain(text[stamp.end + match.end() :])
    level = _severity(priority) if priority else inner.level
    return Record("syslog", inner.said, level, stamp, match[2], stack=inner.stack)


def _stands_first(text: str, stamp: Stamp, after: int = 0) -> bool:
    """Nothing but a weekday, which journald's longest form begins with, stands before the time."""
    return stamp.start <= after or (stamp.start <= 5 and not _WEEKDAY.sub("", text[: stamp.start]))


def program_prefix(text: str) -> int:
    """Length of `Jan  2 15:04:05 host program[1]: ` in front of what the program wrote; 0 without it."""
    stamp = find_stamp(text)
    if not stamp or stamp.start > 5:
        return 0
    match = _program(text, stamp)
    return stamp.end + match.end() if match else 0


def _program(text: str, stamp: Stamp) -> re.Match[str] | None:
    match = _PROGRAM.match(text[stamp.end :])
    return match if match and (match[3] or not stamp.has_year) else None


def time_prefix(text: str) -> int:
    """Length of a time and one space that stand in front of everything else; 0 without it."""
    stamp = find_stamp(text)
    return stamp.end + 1 if stamp and stamp.start == 0 and text[stamp.end : stamp.end + 1] == " " else 0


def _severity(priority: re.Match[str]) -> Level:
    return levels.from_severity(int(priority[1]) % 8)


def read_plain(text: str) -> Record:
    stamp = find_stamp(text)
    said = _after(text, stamp)
    laid = laid_out(said)
    level = (laid.level if laid else None) or levels.stated_level(text, said)
    logger = None if laid else _LOGGER.match(said)
    return Record(
        kind="log" if stamp or (level and not levels.is_prose(said)) else "text",
        said=laid.said if laid else _without_level(said),
        level=level or worded_level(said),
        stamp=stamp,
        component=laid.component if laid else logger[1] if logger else None,
        stack=_stack_behind(said),
        indented=text[:1] in (" ", "\t"),
    )


def _stack_behind(said: str) -> str | None:
    """A trace in the object of fields that some loggers put behind the message."""
    if not said.endswith("}") or (at := said.find('{"')) < 0:
        return None
    try:
        fields = orjson.loads(said[at:])
    except orjson.JSONDecodeError:
        return None
    return stack_in(fields)


def _after(text: str, stamp: Stamp | None) -> str:
    """What follows the time, together with what stood before it."""
    if not stamp:
        return _CLOCK_FIRST.sub("", text)
    if '{"' in text[: stamp.start]:
        return text
    before = _WEEKDAY.sub("", text[: stamp.start]).rstrip(" [(\t").lstrip()
    after = text[stamp.end :].lstrip(" ])\t:,")
    return f"{before} {after}" if before else after


def _without_level(said: str) -> str:
    return said[match.end() :] if (match := _LEVEL_FIRST.match(said)) and match.end() < len(said) else said
