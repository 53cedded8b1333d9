"""What `curl -v` prints: where it connected to, what it asked, and what came back or went wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from faultmaven.diagnosis.facts import Facts, Node, Object, Part, Span
from faultmaven.diagnosis.structured.making import Told, made
from faultmaven.diagnosis.structured.text import Text

MOST_LINES = 5000

_TRYING = re.compile(r"\* +Trying (?P<host>[\w.-]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")
_HOST = re.compile(
    r"\* (?:Host|Connected to|Failed to connect to) (?P<host>[\w.-]+)(?::| \(.{1,60}?\) port | port )(?P<port>\d{1,5})"
)
_REQUEST = re.compile(r"> (?P<method>[A-Z]{3,8}) (?P<path>\S+) HTTP/[\d.]+")
_STATUS = re.compile(r"< HTTP/[\d.]+ (?P<status>\d{3})\b ?(?P<reason>.*)$")
_HEADER = re.compile(r"< (?P<name>[\w-]{1,60}): (?P<value>.*)$")
_PROBLEM = re.compile(
    r"\* (?:Could not resolve (?:host|proxy): \S+|connect to .{1,120} failed: .+|Failed to connect to .+"
    r"|SSL certificate problem: .+|SSL: .+|Connection timed out.*|Operation timed out.*|Recv failure: .+"
    r"|Empty reply from server|OpenSSL SSL_connect: .+)|curl: \(\d+\) .+"
)
_KEPT = frozenset({"server", "date", "retry-after", "location", "via", "www-authenticate", "x-cache"})


@dataclass(slots=True)
class _Exchange:
    first: int
    told: dict[str, Told] = field(default_factory=dict)
    headers: dict[str, Told] = field(default_factory=dict)
    problems: list[Node] = field(default_factory=list)


def read_http(text: Text, part: Part) -> Facts:
    """An exchange for every request and every try; a redirect that is followed begins another one."""
    exchanges = [_Exchange(part.span.first)]
    for number, line in enumerate(text.lines_of(part.span, MOST_LINES, 2000), part.span.first):
        if "status" in exchanges[-1].told and (_REQUEST.match(line) or _TRYING.match(line)):
            exchanges.append(_Exchange(number))
        _take(exchanges[-1], line, Span(number, number))
    ends = [one.first - 1 for one in exchanges[1:]] + [part.span.last]
    return Facts(objects=tuple(_object(one, Span(one.first, end)) for one, end in zip(exchanges, ends, strict=True)))


def _take(exchange: _Exchange, line: str, span: Span) -> None:
    told = exchange.told
    if found := _PROBLEM.match(line):
        exchange.problems.append(Node(span, scalar=found[0].removeprefix("* ")))
    if found := _HOST.match(line):
        told |= {"host": Node(span, scalar=found["host"]), "port": Node(span, scalar=int(found["port"]))}
    elif found := _TRYING.match(line):
        told.setdefault("host", Node(span, scalar=found["host"].strip("[]")))
        told.setdefault("port", Node(span, scalar=int(found["port"])))
    elif found := _REQUEST.match(line):
        told |= {"method": found["method"], "path": found["path"]}
    elif found := _STATUS.match(line):
        told["status"] = made(int(found["status"]), span)
        told["reason"] = found["reason"].strip()
    elif (found := _HEADER.match(line)) and found["name"].lower() in _KEPT:
        exchange.headers[found["name"].lower()] = Node(span, scalar=found["value"].strip())


def _object(exchange: _Exchange, span: Span) -> Object:
    node = made({**exchange.told, "headers": exchange.headers, "problems": exchange.problems}, span)
    return Object("HttpExchange", node.text("host"), span, node, None, "live")
