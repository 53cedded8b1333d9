"""Requests with their status, as servers, proxies and load balancers log them."""

from __future__ import annotations

import re

from faultmaven.diagnosis import levels
from faultmaven.diagnosis.digest import Level
from faultmaven.diagnosis.facts import is_number
from faultmaven.diagnosis.readers.record import Record
from faultmaven.diagnosis.timestamps import find_stamp

_ACCESS = re.compile(r'"([A-Z]{3,12}) ([^"\s]{0,2000})(?: [A-Z]{2,6}/[\d.]{1,3})?"[:,]? (?:HTTP/)?([1-5]\d\d)\b')
# What a port scanner or a TLS client sent to a plain port, and what was never sent.
_GARBLED = re.compile(r'(?:^|\] )"([^"]{0,1000})" ([1-5]\d\d) (?:\d+|-)(?: |$)')
# Envoy says behind the status why it answered itself: `UF,URX`, and in newer versions in words.
_FLAGS = re.compile(r' ([A-Z]{2,6}(?:,[A-Z]{2,6}){0,5})(?: ([\w{}:|,.-]{1,200}|"[^"]{1,200}"))? (?:- |")')
_UNANSWERED = re.compile(r'(?:^|\] )"([^"]{0,1000})" 0 ([A-Z]{2,6}(?:,[A-Z]{2,6}){0,5}|-) ')
# The client went away, which is no fault of the servers.
_CLIENTS_OWN = ("DC", "DPE")
# Balancers of AWS: client and target, three times, its own status, then the target's.
_BALANCER = re.compile(
    r"^(?:(?:https?|h2|grpcs?|wss?) )?\d{4}-\d\d-\d\dT[\d:.]{8,15}Z (\S{1,200}) [\da-fA-F.:\[\]]{3,60} (\S{1,60})"
    r' -?[\d.]{1,20} -?[\d.]{1,20} -?[\d.]{1,20} ([1-5]\d\d|-) ([1-5]\d\d|-|0) \d+ \d+ "([A-Z]{3,12}|-) (\S{0,4000})'
)
_HOST = re.compile(r"^\w{2,6}://[^/]{1,300}")
# `frontend backend/server timers status bytes cookies termination …`; `<NOSRV>` where no server was left.
_HAPROXY = re.compile(
    r"\] (\S{1,100}) ([\w.-]{1,100}/(?:[\w.-]{1,100}|<NOSRV>)) [-\d/+]{5,60} ([1-5]\d\d|-1) \+?\d+ \S+ \S+ ([\w-]{4}) "
    r'.{0,600}?"([A-Z]{3,12}) (\S{0,2000})'
)
_RAILS = re.compile(r"(?:^|\s)Completed ([1-5]\d\d) [A-Z][\w ]{1,40} in \d")


def read_access(text: str) -> Record | None:
    """A request with its status: the combined format of nginx and Apache, what uvicorn and others make of it, and the
    formats of Envoy, HAProxy and AWS."""
    if '"' not in text:
        return _rails(text) if "Completed " in text else None
    if match := _ACCESS.search(text):
        return _with_flags(text, match)
    if match := _BALANCER.match(text):
        return _balanced(text, match)
    if match := _GARBLED.search(text):
        return _request(text, f'"{match[1]}" {match[2]}', int(match[2]))
    if match := _UNANSWERED.search(text):
        flags = match[2].split(",")
        level: Level = "info" if flags == ["-"] else "warning" if flags[0] in _CLIENTS_OWN else "error"
        return Record("access_log", f'"{match[1]}" 0 {match[2]}', level, find_stamp(text))
    if "] " in text and (match := _HAPROXY.search(text)):
        said = f'"{match[5]} {_path(match[6])}" {match[3]} {match[2]} {match[4]}'
        record = _request(text, said, int(match[3]) if match[3] != "-1" else None)
        return record.within(match[2].partition("/")[0])
    return None


def _request(text: str, said: str, status: int | None) -> Record:
    level = levels.from_status(status) if status else "warning"
    return Record("access_log", said, level, find_stamp(text), status=status)


def _with_flags(text: str, match: re.Match[str]) -> Record:
    said = f'"{match[1]} {_path(match[2])}" {match[3]}'
    if flags := _FLAGS.match(text, match.end()):
        said = f"{said} {flags[1]} {flags[2]}" if flags[2] and flags[2] != "-" else f"{said} {flags[1]}"
    return _request(text, said, int(match[3]))


def _balanced(text: str, match: re.Match[str]) -> Record:
    """`target -` where no target was reached, `target 500` where the status is its own."""
    name, target, status, of_target, method, url = match.groups()
    answered = of_target if target != "-" else "-"
    said = f'"{method} {_path(_HOST.sub("", url.rstrip(chr(34))))}" {status} target {answered}'
    known = status if status != "-" else of_target
    record = _request(text, said, int(known) if is_number(known) and len(known) == 3 else None)
    return record.within("/".join(name.split("/")[:2]))


def _path(url: str) -> str:
    return url.partition("?")[0]


def _rails(text: str) -> Record | None:
    match = _RAILS.search(text)
    return _request(text, match[0].strip().rpartition(" in ")[0], int(match[1])) if match else None
