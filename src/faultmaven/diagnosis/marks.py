"""The few digits that say how bad a line is, although digits are otherwise the variable part."""

from __future__ import annotations

import re
from typing import Any

import re2

_HEAD = 2000
_LEVELS_AND_STATUSES = re.compile(
    rb'^<(\d{1,3})>|"(?:level|lvl)" ?: ?"?(\d{2})\b'
    rb'|"(?:status|status_?[cC]ode|http_status|response_code)" ?: ?"?([1-5]\d\d)\b|" (?:HTTP/)?([1-5]\d\d)\b'
    rb"|\bstatus(?:_code)?=([1-5]\d\d)\b"
    # Balancers of AWS and HAProxy tell the status before the request.
    rb"| ([1-5]\d\d) (?:[1-5]\d\d|-) \d{1,12} \d{1,12} \"| ([1-5]\d\d) \+?\d{1,12} \S{1,60} \S{1,60} [\w-]{4} \d"
)
_COUNTS = re.compile(
    rb"(?:status|code|(?:exit|error|fail|exception|warning|timeout)\w{0,8})"
    rb"[\"']?[ :=]{1,3}[\"']?(\d{1,9}(?:\.\d{1,9})?)"
    rb"|\b(\d{1,9}) (?:error|fail|exception|warning|timeout)",
    re.IGNORECASE,
)
# Looking for these is many times cheaper than looking for the above.
_STEMS: Any = re2.compile(rb"rror|ail|xit|tatus|ode|xcept|arn|imeout|ERROR|FAIL|EXIT|WARN")


def number_mark(line: bytes) -> bytes:
    """A line's status or numeric level, or whether what it counts is zero; empty where no number matters."""
    head = line[:_HEAD]
    mark = b""
    if b'"' in head or head[:1] == b"<" or b"status" in head:
        mark = next((group for match in _LEVELS_AND_STATUSES.finditer(head) for group in match.groups() if group), b"")
    if not mark and _STEMS.search(head) and (counted := _COUNTS.search(head)):
        mark = b"+" if (counted[1] or counted[2]).strip(b"0.") else b"0"
    return mark
