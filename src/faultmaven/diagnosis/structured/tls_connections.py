"""What `openssl s_client` prints: the chain that the server presents, and what came of verifying it."""

from __future__ import annotations

import re

from faultmaven.diagnosis.facts import Facts, Node, Object, Part, Span
from faultmaven.diagnosis.structured.making import Told, made
from faultmaven.diagnosis.structured.text import Text

MOST_LINES = 2000

_CONNECT = re.compile(r"-connect[ =](?P<host>[\w.-]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")
_CODE = re.compile(r"\s*Verif(?:y return code|ication)(?: error)?: (?:(\d+) \((.*)\)|(.*))$")
_ERROR = re.compile(r"verify error:num=(\d+):(.*)$")
_SUBJECT = re.compile(r"\s*\d+ s:(.*)$")
_ISSUER = re.compile(r"\s+i:(.*)$")
_VALIDITY = re.compile(r"\s+v:NotBefore: ([^;]*); NotAfter: (.*)$")
_NONE = re.compile(r"no peer certificate available")


def read_tls(text: Text, part: Part) -> Facts:
    told: dict[str, Told] = {}
    errors: list[Node] = []
    chain: list[dict[str, Told]] = []
    for number, line in enumerate(text.lines_of(part.span, MOST_LINES, 2000), part.span.first):
        span = Span(number, number)
        if (found := _CODE.match(line)) and found[1]:
            told["verified"] = made({"code": int(found[1][:6]), "text": found[2]}, span)
        elif found := _ERROR.match(line):
            errors.append(made({"code": int(found[1][:6]), "text": found[2]}, span))
        elif found := _SUBJECT.match(line):
            chain.append({"subject": Node(span, scalar=found[1])})
        elif chain and (found := _ISSUER.match(line)):
            chain[-1]["issuer"] = Node(span, scalar=found[1])
        elif chain and (found := _VALIDITY.match(line)):
            chain[-1] |= {"begins": Node(span, scalar=found[1]), "ends": Node(span, scalar=found[2])}
        elif _NONE.match(line):
            told["none"] = Node(span, scalar=line)
    address = _CONNECT.search(part.command)
    name = address["host"].strip("[]") if address else ""
    told |= {"host": name, "port": int(address["port"]) if address else None}
    node = made({**told, "errors": errors, "chain": [made(one, part.span) for one in chain]}, part.span)
    return Facts(objects=(Object("TlsConnection", name, part.span, node, None, "live"),))
