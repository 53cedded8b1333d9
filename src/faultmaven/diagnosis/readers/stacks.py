"""Stack traces that a record carries in one of its fields, whatever the field is called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from faultmaven.diagnosis.readers.trace_marks import may_hold_trace

_DEEPEST = 4
_MOST_VALUES = 300
_TYPES = ("errorType", "error.type", "type", "name", "class", "exc_type", "exception_class")
_MESSAGES = ("errorMessage", "error.message", "message", "msg", "error", "reason")
_PYTHON_FRAME = re.compile(r"^\s*File \"")
_NAMES_NOTHING = re.compile(
    r"^\s*(?:at |File \"|[^@\s]{0,200}@(?:https?:|\[native)|#0 )|^[\w./-]{1,300}\.[\w.()*]{1,200}\n\t/"
)


def stack_in(fields: Mapping[str, object]) -> str | None:
    """The first value of several lines that may be a trace, with the exception's name added where only beside it."""
    for count, (text, around) in enumerate(_texts(fields, _DEEPEST)):
        if count > _MOST_VALUES:
            break
        if ("\n" in text and may_hold_trace(text.encode("utf-8", "replace"))) or _PYTHON_FRAME.match(text):
            return _headed(text, {**fields, **around})
    return None


def _texts(value: object, deep: int) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Texts in an object, each with the fields beside it; a list of them is the lines of one."""
    if not isinstance(value, dict):
        return
    for held in value.values():
        if isinstance(held, str):
            yield held, value
        elif isinstance(held, list) and held and all(isinstance(line, str) for line in held):
            yield "\n".join(held), value
        elif deep and isinstance(held, dict):
            yield from _texts(held, deep - 1)
        elif deep and isinstance(held, list):
            for one in held[:20]:
                yield from _texts(one, deep - 1)


def _headed(text: str, fields: Mapping[str, object]) -> str:
    if not _NAMES_NOTHING.match(text):
        return text
    kind, said = _first(fields, _TYPES), _first(fields, _MESSAGES)
    named = f"{kind}: {said}" if kind and said else kind or said
    if not named:
        return text
    if _PYTHON_FRAME.match(text):
        return f"Traceback (most recent call last):\n{text.rstrip()}\n{named}"
    return f"{named}\n{text}"


def _first(fields: Mapping[str, object], names: tuple[str, ...]) -> str:
    told = (value for name in names if isinstance(value := fields.get(name), str))
    return next((value.partition("\n")[0] for value in told if value), "")
