"""One line in, one record out, whichever reader understands it."""

from __future__ import annotations

from faultmaven.diagnosis.lines import QUOTE_LIMIT
from faultmaven.diagnosis.readers.access import read_access
from faultmaven.diagnosis.readers.plain import program_prefix, read_plain, read_syslog, time_prefix
from faultmaven.diagnosis.readers.record import Record
from faultmaven.diagnosis.readers.structured import read_json, read_logfmt
from faultmaven.diagnosis.readers.wrappers import out_of_object, unwrap


def read_line(text: str) -> Record:
    """Never fails: what no reader understands is plain text. `text` is at most a few thousand characters."""
    wrapped = unwrap(text)
    record = _read_body(wrapped.body)
    return record.with_time(wrapped.stamp).within(wrapped.component)


def _read_body(body: str) -> Record:
    if body.startswith("{"):
        # Such an object holds one line of a program, which is what is read.
        if (inner := out_of_object(body)) and not inner.body.startswith("{"):
            return _read_text(inner.body).with_time(inner.stamp).within(inner.component)
        if record := read_json(inner.body if inner else body):
            return record.with_time(inner.stamp).within(inner.component) if inner else record
    return _read_text(body)


def _read_text(body: str) -> Record:
    body = body[:QUOTE_LIMIT]
    return read_access(body) or (read_logfmt(body) if "=" in body else None) or read_syslog(body) or read_plain(body)


def bare_line(text: str) -> str:
    """What a program wrote, without the prefixes of containers and syslog and without a time that stands before it."""
    inner = out_of_object(text)
    body = inner.body if inner else unwrap(text).body
    return body[program_prefix(body) or time_prefix(body) :]
