"""What `dig` prints: the status of the answer, its records and who gave it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from faultmaven.diagnosis.facts import Facts, Node, Object, Part, Span
from faultmaven.diagnosis.structured.making import Told, made
from faultmaven.diagnosis.structured.text import Text

MOST_LINES = 2000

_HEAD = re.compile(r"; <<>> DiG ")
_STATUS = re.compile(r";; ->>HEADER<<- opcode: \w+, status: (\w+)")
_COUNTS = re.compile(r";; flags: [^;]*; QUERY: \d+, ANSWER: (\d+)")
_QUESTION = re.compile(r";([\w.*-]{1,255}?)\.?\s+(?:IN|CH|HS)\s+(\w+)")
_RECORD = re.compile(r"([\w.*-]{1,255}?)\.?\s+(\d+)\s+IN\s+(\w+)\s+(\S.*)$")
_SERVER = re.compile(r";; SERVER: ([^#(\s]+)")
_UNANSWERED = re.compile(
    r";; (?:connection timed out; no servers could be reached|no servers could be reached|communications error to .+)$"
)
_SECTION = re.compile(r";; (\w+) SECTION:")


def read_dns(text: Text, part: Part) -> Facts:
    lines = text.lines_of(part.span, MOST_LINES, 2000)
    begins = [at for at, line in enumerate(lines) if _HEAD.match(line)] or [0]
    ends = [*begins[1:], len(lines)]
    answers = (_answer(lines[a:b], part.span.first + a) for a, b in zip(begins, ends, strict=True))
    return Facts(objects=tuple(answers))


def _answer(lines: Sequence[str], first: int) -> Object:
    told: dict[str, Told] = {}
    records: list[Node] = []
    name, section = _asked(lines[0]), ""
    for number, line in enumerate(lines, first):
        span = Span(number, number)
        if found := _SECTION.match(line):
            section = found[1]
        elif found := _STATUS.match(line):
            told["status"] = Node(span, scalar=found[1])
        elif found := _COUNTS.match(line):
            told["answered"] = Node(span, scalar=int(found[1][:6]))
        elif found := _SERVER.match(line):
            told["server"] = Node(span, scalar=found[1])
        elif _UNANSWERED.match(line):
            told.setdefault("unanswered", Node(span, scalar=line.removeprefix(";; ")))
        elif section == "QUESTION" and (found := _QUESTION.match(line)):
            name = found[1]
            told["type"] = Node(span, scalar=found[2])
        elif section == "ANSWER" and (found := _RECORD.match(line)):
            records.append(
                made({"name": found[1], "ttl": int(found[2][:9]), "type": found[3], "value": found[4]}, span)
            )
    node = made({**told, "records": records}, Span(first, first + len(lines) - 1))
    return Object("DnsAnswer", name, node.span, node, None, "live")


def _asked(head: str) -> str:
    """The name in the command line that dig repeats, where the question itself got no answer."""
    words = head.partition("<<>> DiG")[2].partition("<<>>")[2].split()
    return next((word.rstrip(".") for word in words if "." in word and word[0] not in "@+-"), "")
