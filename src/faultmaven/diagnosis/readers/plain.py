"""Lines a person could have written: plain logs, syslog, access logs, command output."""

from __future__ import annotations

import re

from faultmaven.diagnosis import levels
from faultmaven.diagnosis.digest import Level
from faultmaven.diagnosis.readers.record import Record
from faultmaven.diagnosis.timestamps import Stamp, find_stamp
from faultmaven.diagnosis.words import worded_level

_ACCESS = re.compile(r'"([A-Z]{3,12}) ([^"\s]{0,2000})(?: [A-Z]{2,6}/[\d.]{1,3})?"[:,]? (?:HTTP/)?([1-5]\d\d)\b')
# What a port scanner or a TLS client sent to a plain port, and what was never sent.
_GARBLED = re.compile(r'\] "([^"]{0,1000})" ([1-5]\d\d) (?:\d+|-)(?: |$)')
_PRIORITY = re.compile(r"^<(\d{1,3})>")
_SYSLOG_5424 = re.compile(r"^<\d{1,3}>\d (\S+) (\S+) (\S+) (\S+) (\S+) (?:-|(?:\[[^\]]{0,1000}\])+) ?")
# After the time: `host program[pid]: `. Behind a time with a year, which anything may write, the pid is needed: two
# words and a colon are how messages begin as well.
_PROGRAM = re.compile(r"^\s?([\w.:-]{1,255}) ([\w./@\\-]{1,100})(?:\(\w+\))?(\[\d+\])?: ")
_LEVEL = "EMERG|ALERT|PANIC|FATAL|CRITICAL|CRIT|SEVERE|ERROR|ERR|WARNING|WARN|NOTICE|INFO|DEBUG|TRACE"
_LOGGER = re.compile(
    rf"^(?:\s*[\[(]?(?:{_LEVEL})[\])]?:?)"
    r"(?:\s+\d+ ---)?(?:\s+\[[^\]]{0,80}\])?\s+([A-Za-z_][\w$]{0,80}(?:[.:/-]{1,2}[\w$]{1,80}){1,20})\s*(?:[:-]\s|$)",
)
_LEVEL_FIRST = re.compile(rf"^(?:\[\d+\] )?\W{{0,3}}(?:{_LEVEL})\b\W{{0,4}}")


def read_access(text: str) -> Record | None:
    """A request with its status: the combined format of nginx and Apache, and what uvicorn and others make of it."""
    if '"' not in text:
        return None
    if match := _ACCESS.search(text):
        said, status = f'"{match[1]} {match[2].partition("?")[0]}" {match[3]}', int(match[3])
    elif match := _GARBLED.search(text):
        said, status = f'"{match[1]}" {match[2]}', int(match[2])
    else:
        return None
    return Record("access_log", said, levels.from_status(status), find_stamp(text), status=status)


def read_syslog(text: str) -> Record | None:
    """RFC 5424, RFC 3164 and the short form of journald."""
    priority = _PRIORITY.match(text)
    if priority and (match := _SYSLOG_5424.match(text)):
        said, program = text[match.end() :].removeprefix("\ufeff"), match[3]
        return Record(
            "syslog", said, _severity(priority, said), find_stamp(match[1]), None if program == "-" else program
        )
    stamp = find_stamp(text)
    if not stamp or stamp.start > (priority.end() if priority else 0):
        return None
    match = _program(text, stamp)
    if not match:
        return None
    said = text[stamp.end + match.end() :]
    return Record("syslog", said, _severity(priority, said), stamp, match[2])


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


def _severity(priority: re.Match[str] | None, said: str) -> Level:
    if priority:
        return levels.from_severity(int(priority[1]) % 8)
    return levels.stated_level(said, said) or worded_level(said)


def read_plain(text: str) -> Record:
    stamp = find_stamp(text)
    said = _after(text, stamp)
    level = levels.stated_level(text, said)
    logger = _LOGGER.match(said)
    return Record(
        kind="log" if stamp or (level and not levels.is_prose(said)) else "text",
        said=_without_level(said),
        level=level or worded_level(said),
        stamp=stamp,
        component=logger[1] if logger else None,
        indented=text[:1] in (" ", "\t"),
    )


def _after(text: str, stamp: Stamp | None) -> str:
    """What follows the time, together with what stood before it."""
    if not stamp:
        return text
    before = text[: stamp.start].strip(" [(\t")
    after = text[stamp.end :].lstrip(" ])\t:,")
    return f"{before} {after}" if before else after


def _without_level(said: str) -> str:
    return said[match.end() :] if (match := _LEVEL_FIRST.match(said)) and match.end() < len(said) else said
