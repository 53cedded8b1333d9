"""One line in, one record out, whichever reader understands it."""

from __future__ import annotations

from faultmaven.diagnosis.lines import QUOTE_LIMIT
from faultmaven.diagnosis.readers.plain import program_prefix, read_access, read_plain, read_syslog, time_prefix
from faultmaven.diagnosis.readers.record import Record
from faultmaven.diagnosis.readers.structured import read_json, read_logfmt
from faultmaven.diagnosis.readers.wrappers import unwrap

_DEEPEST = 3


def read_line(text: str, depth: int = 0) -> Record:
    """Never fails: what no reader understands is plain text. `text` is at most a few thousand characters."""
    wrapped = unwrap(text)
    record = _read_body(wrapped.body)
    if record.kind == "json_lines" and depth < _DEEPEST and '"log"' in text[:8]:
        # Docker's own files hold one line of the program in each object.
        inner = read_line(record.said.rstrip("\n"), depth + 1)
        record = inner.with_time(record.stamp)
    return record.with_time(wrapped.stamp).with_component(wrapped.component)


def _read_body(body: str) -> Record:
    if body.startswith("{") and (record := read_json(body)):
        return record
    body = body[:QUOTE_LIMIT]
    return read_access(body) or (read_logfmt(body) if "=" in body else None) or read_syslog(body) or read_plain(body)


def bare_line(text: str) -> str:
    """What a program wrote, without the prefixes of containers and syslog and without a time that stands before it."""
    body = unwrap(text).body
    return body[program_prefix(body) or time_prefix(body) :]
