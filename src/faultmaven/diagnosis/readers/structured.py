"""Lines made of named fields: JSON lines and logfmt."""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson

from faultmaven.diagnosis import levels
from faultmaven.diagnosis.digest import Level
from faultmaven.diagnosis.facts import is_number
from faultmaven.diagnosis.readers.record import Record
from faultmaven.diagnosis.readers.stacks import stack_in
from faultmaven.diagnosis.timestamps import Stamp, read_value
from faultmaven.diagnosis.words import worded_level

Fields = Mapping[str, object]

_TIMES = (
    "timestamp",
    "@timestamp",
    "time",
    "ts",
    "t",
    "@t",
    "datetime",
    "date",
    "eventTime",
    "timeMillis",
    "asctime",
    "Timestamp",
    "instant",
    "time_iso8601",
    "start_time",
    "time_local",
    "StartUTC",
    "__REALTIME_TIMESTAMP",
)
_LEVELS = (
    "level",
    "severity",
    "lvl",
    "log.level",
    "levelname",
    "loglevel",
    "log_level",
    "@l",
    "s",
    "level_name",
    "Level",
    "LogLevel",
    "severityText",
    "SeverityText",
    "severity_text",
)
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
    "MESSAGE",
    "RenderedMessage",
    "MessageTemplate",
    "body",
    "Body",
    "desc",
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
    "Exception",
    "errorMessage",
    "errorCode",
)
_NO_ERROR = frozenset(("none", "null", "false", "nil", "<nil>", "(nil)", "undefined", "ok", "no", "-", "[]", "{}"))
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
    "loggerName",
    "target",
    "SourceContext",
    "Category",
    "SYSLOG_IDENTIFIER",
    "_SYSTEMD_UNIT",
    "caller",
)
_STATUSES = (
    "status",
    "status_code",
    "statusCode",
    "http_status",
    "response_code",
    "http.response.status_code",
    "DownstreamStatus",
)

# Where some keep what a record says: Google's logging, OpenTelemetry, Rust's tracing.
_AROUND = ("jsonPayload", "attributes", "fields")
_METHODS = ("method", "request_method", "RequestMethod")
_PATHS = ("path", "uri", "request_uri", "RequestPath", "request", "url")
_QUANTITY = re.compile(r"[\d.]+ ?[a-zA-Zµ%]{0,3}")
_LINE_NUMBER = re.compile(r":\d+$")
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
    if "\\n" in value:
        return value.replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"').replace("\\\\", "\\")
    return int(value) if is_number(value) else value


def is_record(fields: Fields) -> bool:
    """Whether these fields say something, and when or how bad it was: a log's, not a document's."""
    return bool(_text(fields, _MESSAGES) and (_stamp(fields) or _level(fields)))


def from_fields(fields: Fields, kind: str) -> Record:
    for name in _AROUND:
        if isinstance(inner := fields.get(name), dict) and not _text(fields, _MESSAGES):
            fields = {**inner, **fields}
    if isinstance(log := fields.get("log"), dict):
        fields = {**{f"log.{name}": value for name, value in log.items()}, **fields}
    http = fields.get("httpRequest")
    status = _status(http if isinstance(http, dict) else fields)
    message, error = _text(fields, _MESSAGES), _error_text(fields)
    level = _level(fields) or _level_of_words(message, error, status)
    said = message if not error or error in message else f"{message}: {error}" if message else error
    return Record(
        kind="logfmt" if kind == "logfmt" else "json_lines",
        said=said or _request(fields, status) or _pairs(fields),
        level=level,
        stamp=_stamp(fields),
        component=_speaker(fields),
        status=status,
        stack=stack_in(fields),
    )


def _speaker(fields: Fields) -> str | None:
    """Not what was measured: a `service` may be a time in milliseconds."""
    told = (name for each in _SPEAKERS if (name := _text(fields, (each,))) and not _QUANTITY.fullmatch(name))
    return next((_LINE_NUMBER.sub("", name) for name in told), None)


def _request(fields: Fields, status: int | None) -> str:
    """An access log's record, in the words of one without fields."""
    path = _text(fields, _PATHS).partition("?")[0].partition(" HTTP/")[0]
    if not status or not path:
        return ""
    method, flags = _text(fields, _METHODS), _text(fields, ("response_flags",))
    return " ".join(part for part in (f'"{method} {path}"' if method else f'"{path}"', str(status), flags) if part)


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
        if name == "level" and isinstance(value, str) and is_number(value):
            return levels.from_number(int(value))
    return _severity(fields)


def _severity(fields: Fields) -> Level | None:
    """The numbers of syslog, as journald and GELF write them."""
    value = (
        fields.get("PRIORITY") if "PRIORITY" in fields else fields.get("level") if "short_message" in fields else None
    )
    return levels.from_severity(int(value)) if isinstance(value, str | int) and str(value) in "01234567" else None


def _level_of_words(message: str, error: str, status: int | None) -> Level:
    if status is not None and status >= 400:
        return levels.from_status(status)
    worded = worded_level(message)
    return "error" if error and worded == "unknown" else worded


def _status(fields: Fields) -> int | None:
    for name in _STATUSES:
        value = fields.get(name)
        if isinstance(value, str) and is_number(value) and len(value) == 3:
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


def _pairs(fields: Fields) -> str:
    skipped = {*_TIMES, *_LEVELS}
    return " ".join(f"{name}={value}" for name, value in fields.items() if name not in skipped)[:1000]
