"""Lines made of named fields: JSON lines and logfmt."""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson

from faultmaven.diagnosis import levels
from faultmaven.diagnosis.digest import Level
from faultmaven.diagnosis.readers.record import Record
from faultmaven.diagnosis.timestamps import Stamp, read_value
from faultmaven.diagnosis.words import worded_level

Fields = Mapping[str, object]

_TIMES = ("timestamp", "@timestamp", "time", "ts", "t", "@t", "datetime", "date", "eventTime", "timeMillis", "asctime")
_LEVELS = ("level", "severity", "lvl", "log.level", "levelname", "loglevel", "log_level", "@l", "s", "level_name")
_MESSAGES = (
    "msg",
    "message",
    "event",
    "textPayload",
    "@message",
    "@m",
    "@mt",
    "log",
    "text",
    "short_message",
    "Message",
)
_ERRORS = (
    "error",
    "err",
    "exception",
    "exc",
    "exc_info",
    "error.message",
    "cause",
    "reason",
    "@x",
    "thrown",
    "failure",
)
_NO_ERROR = frozenset(("none", "null", "false", "nil", "<nil>", "(nil)", "undefined", "ok", "no", "-", "[]", "{}"))
_STACKS = (
    "stack",
    "stack_trace",
    "stacktrace",
    "stackTrace",
    "error.stack_trace",
    "exc_info",
    "exception",
    "traceback",
    "@x",
)
_SPEAKERS = (
    "logger",
    "logger_name",
    "component",
    "service",
    "name",
    "module",
    "source",
    "app",
    "c",
    "log.logger",
    "caller",
)
_STATUSES = ("status", "status_code", "statusCode", "http_status", "response_code", "http.response.status_code")

_PAIR = re.compile(r'([A-Za-z_@][\w.@/-]{0,60})=(?:"((?:[^"\\]|\\.){0,3000})"|(\S{0,1000}))(?:\s+|$)')
_BROKEN_LEVEL = re.compile(r'"(?:level|severity|lvl)"\s?:\s?"?(\w{1,12})')
_BROKEN_MESSAGE = re.compile(r'"(?:msg|message|event|log)"\s?:\s?"((?:[^"\\]|\\.){1,2000})')


def read_json(text: str) -> Record | None:
    """None when the line is not a JSON object, not even the cut-off start of one."""
    try:
        fields = orjson.loads(text)
    except orjson.JSONDecodeError:
        return _read_broken(text) if len(text) > 3000 else None
    return from_fields(fields, "json_lines") if isinstance(fields, dict) and fields else None


def _read_broken(text: str) -> Record | None:
    """A line too long to be read whole still tells level and message in its first columns."""
    if not text.startswith('{"'):
        return None
    level, message = _BROKEN_LEVEL.search(text), _BROKEN_MESSAGE.search(text)
    stated = levels.from_name(level[1]) if level else None
    return Record("json_lines", message[1] if message else text[:200], stated or "unknown")


def read_logfmt(text: str) -> Record | None:
    """None unless the line starts with pairs and is mostly made of them."""
    first = _PAIR.match(text)
    if not first:
        return None
    pairs = list(_PAIR.finditer(text))
    if len(pairs) < 3 or sum(len(pair[0]) for pair in pairs) < 0.8 * len(text):
        return None
    fields = {pair[1]: _logfmt_value(pair) for pair in pairs}
    return (
        from_fields(fields, "logfmt")
        if fields.keys() & {"level", "lvl", "msg", "message", "ts", "time", "err", "error", "at"}
        else None
    )


def _logfmt_value(pair: re.Match[str]) -> object:
    value = pair[2] if pair[2] is not None else pair[3]
    return int(value) if value.isascii() and value.isdigit() and len(value) < 18 else value


def is_record(fields: Fields) -> bool:
    """Whether these fields say something, and when or how bad it was: a log's, not a document's."""
    return bool(_text(fields, _MESSAGES) and (_stamp(fields) or _level(fields)))


def from_fields(fields: Fields, kind: str) -> Record:
    inner = fields.get("jsonPayload") or fields.get("attributes")
    if isinstance(inner, dict) and not _text(fields, _MESSAGES):
        fields = {**inner, **fields}
    http = fields.get("httpRequest")
    status = _status(http if isinstance(http, dict) else fields)
    message, error = _text(fields, _MESSAGES), _error_text(fields)
    level = _level(fields) or _level_of_words(message, error, status)
    said = message if not error or error in message else f"{message}: {error}" if message else error
    return Record(
        kind="logfmt" if kind == "logfmt" else "json_lines",
        said=said or _pairs(fields),
        level=level,
        stamp=_stamp(fields),
        component=_text(fields, _SPEAKERS) or None,
        status=status,
        stack=_stack(fields),
    )


def _text(fields: Fields, names: tuple[str, ...]) -> str:
    return next((value for name in names if isinstance(value := fields.get(name), str) and value), "")


def _stamp(fields: Fields) -> Stamp | None:
    return next((stamp for name in _TIMES if name in fields and (stamp := read_value(fields[name]))), None)


def _level(fields: Fields) -> Level | None:
    for name in _LEVELS:
        value = fields.get(name)
        if isinstance(value, str) and (level := levels.from_name(value)):
            return level
        if isinstance(value, int | float) and (level := levels.from_number(value)):
            return level
        if name == "level" and isinstance(value, str) and value.isdigit():
            return levels.from_number(int(value))
    return None


def _level_of_words(message: str, error: str, status: int | None) -> Level:
    if status is not None and status >= 400:
        return levels.from_status(status)
    worded = worded_level(message)
    return "error" if error and worded == "unknown" else worded


def _status(fields: Fields) -> int | None:
    for name in _STATUSES:
        value = fields.get(name)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) == 3:
            value = int(value)
        if isinstance(value, int) and 100 <= value <= 599:
            return value
    return None


def _error_text(fields: Fields) -> str:
    for name in _ERRORS:
        value = fields.get(name)
        if isinstance(value, dict):
            kind, message = (
                value.get("type") or value.get("name") or value.get("class"),
                value.get("message") or value.get("msg"),
            )
            value = ": ".join(str(part) for part in (kind, message) if part)
        if isinstance(value, str) and value and value.lower() not in _NO_ERROR:
            return value.partition("\n")[0][:1000]
    return ""


def _stack(fields: Fields) -> str | None:
    error = next((value for name in _ERRORS if isinstance(value := fields.get(name), dict)), {})
    for source in (fields, error):
        for name in (*_STACKS, *_MESSAGES, *_ERRORS):
            value = source.get(name)
            if (
                isinstance(value, str)
                and "\n" in value
                and ("at " in value or "Traceback" in value or "goroutine" in value)
            ):
                return value
    return None


def _pairs(fields: Fields) -> str:
    skipped = {*_TIMES, *_LEVELS}
    return " ".join(f"{name}={value}" for name, value in fields.items() if name not in skipped)[:1000]
