"""Signs of trouble: what in the evidence says that something went wrong, each at lines that can be cited.

A sign is a known fault recognised in a line, a stack trace, an error the catalogue does not know, or a server's 5xx.
Only template samples, trace messages and the question are matched, never every line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.catalogue.model import Fault
from faultmaven.diagnosis.digest import Level, Template, Trace
from faultmaven.diagnosis.facts import Span
from faultmaven.diagnosis.hearsay import only_repeated
from faultmaven.diagnosis.mentions import merely_mentions
from faultmaven.diagnosis.quoting import Phrase
from faultmaven.diagnosis.sources import Source
from faultmaven.diagnosis.trouble import is_mere_value, speaks_of_trouble

LEVEL_RANK: Mapping[Level, int] = {"fatal": 5, "error": 4, "unknown": 3, "warning": 2, "info": 1, "debug": 0}

# The source line before an uncaught exception, and "Emitted 'error' event" after it.
NODE_AROUND = (4, 3)


@dataclass(frozen=True, slots=True)
class Sign:
    """`lines` are known occurrences in ascending order, `first_line`–`last_line` what to cite of the first.

    `is_mention`: the words stand in code, prose or a definition; nothing need have failed.
    `said` is what was found by comparing what the evidence states, in words of our own; `further` are the other lines
    that this was found in.
    """

    source: Source
    text: str
    lines: tuple[int, ...]
    level: Level
    count: int
    template: str
    last_line: int = 0
    component: str | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    fault: Fault | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    trace: Trace | None = None
    status: int | None = None
    asked: bool = False
    columns: tuple[int, int] | None = None
    is_mention: bool = False
    said: Phrase = ()
    further: tuple[tuple[Source, Span], ...] = ()

    @property
    def first_line(self) -> int:
        return self.lines[0]

    @property
    def telling_line(self) -> int:
        """The line to show for it: of a trace the one that names the exception."""
        return self.trace.root_line if self.trace else self.first_line

    @property
    def is_error(self) -> bool:
        """Said as an error, or said where nothing is said about levels."""
        return LEVEL_RANK[self.level] >= LEVEL_RANK["unknown"]


def signs_of(source: Source, catalogue: Catalogue, asked: Sequence[str] = ()) -> list[Sign]:
    """Every sign of one source, each fault of a line its own; also lines with a term `asked` for (in lower case)."""
    traces = [sign for trace in source.digest.traces for sign in _trace_signs(source, trace, catalogue)]
    spans = [_span(trace) for trace in source.digest.traces]
    inside = {sign.fault.id for sign in traces if sign.fault}
    said = [sign for template in source.digest.templates for sign in _said(source, template, catalogue, asked)]
    said = [sign for sign in map(_as_mention, said) if sign.fault or not sign.is_mention or sign.asked]
    told: set[tuple[int, str | None]] = {(sign.first_line, None) for sign in (*traces, *said) if sign.columns is None}
    told |= {(sign.first_line, sign.fault.id) for sign in said if sign.columns and sign.fault}
    return traces + [sign for sign in said if _adds(sign, spans, inside) and not _repeats(sign, told)]


def _as_mention(sign: Sign) -> Sign:
    """A question is prose throughout, and what is far to the right in a line has no lines around it."""
    if sign.source.is_told or sign.columns or sign.first_at or sign.status:
        return sign
    return replace(sign, is_mention=merely_mentions(sign.source.document, sign.first_line))


def _span(trace: Trace) -> tuple[int, int]:
    """The lines a trace speaks for: its own, the one that announces it, and what Node.js prints around it."""
    around = NODE_AROUND if trace.language == "node" else (1, 0)
    return trace.first_line - around[0], trace.last_line + around[1]


def _adds(sign: Sign, spans: Sequence[tuple[int, int]], inside: Set[str]) -> bool:
    """A trace speaks for its lines, unless one of them tells more than its root."""
    in_trace = any(first <= sign.first_line <= last for first, last in spans)
    return not in_trace or (sign.fault is not None and sign.fault.id not in inside)


def _repeats(sign: Sign, told: Set[tuple[int, str | None]]) -> bool:
    """Of a long line the exact place of a known fault is the better sign of it; and further right in a line whose
    beginning tells of trouble, an unknown one says nothing new."""
    if sign.columns is None:
        return sign.fault is not None and (sign.first_line, sign.fault.id) in told
    return sign.fault is None and (sign.first_line, None) in told


def _trace_signs(source: Source, trace: Trace, catalogue: Catalogue) -> Iterator[Sign]:
    text = f"{trace.root_type}: {trace.root_message}" if trace.root_message else trace.root_type
    lines = sorted({trace.first_line, trace.root_line, trace.last_seen_line or trace.first_line})
    plain = Sign(
        source=source,
        text=text,
        lines=tuple(lines),
        last_line=trace.last_line,
        level="error",
        count=trace.count,
        template=trace.fingerprint,
        first_at=trace.at,
        last_at=trace.last_at or (trace.at if trace.count == 1 else None),
        trace=trace,
    )
    matches = catalogue.match(_unquoted(text))
    yield from (_known(plain, match.fault, match.names) for match in matches)
    if not matches:
        yield plain


def _said(source: Source, template: Template, catalogue: Catalogue, asked: Sequence[str]) -> Iterator[Sign]:
    plain = Sign(
        source=source,
        text=template.sample,
        lines=template.lines,
        last_line=template.lines[0],
        level=template.level,
        count=template.count,
        template=template.text,
        component=template.component,
        first_at=template.first_at,
        last_at=template.last_at,
        status=template.status,
        columns=template.columns,
    )
    found = catalogue.match(_unquoted(template.sample))
    matches = [match for match in found if not only_repeated(template.sample, _shows(catalogue, match.fault))]
    yield from (_known(plain, match.fault, match.names) for match in matches)
    named = any(term in template.sample.lower() for term in asked)
    is_trouble = _is_unknown_trouble(template) and not only_repeated(template.sample, speaks_of_trouble)
    if not matches and (named or is_trouble):
        yield replace(plain, asked=named)


def _shows(catalogue: Catalogue, fault: Fault) -> Callable[[str], bool]:
    return lambda text: any(match.fault is fault for match in catalogue.match(text))


def _unquoted(text: str) -> str:
    """A message inside a JSON string as the program said it, so that names in it come out whole."""
    return text.replace('\\"', '"')


def _known(sign: Sign, fault: Fault, names: Mapping[str, str]) -> Sign:
    return replace(sign, fault=fault, names=names)


def _is_unknown_trouble(template: Template) -> bool:
    if template.status is not None:
        return template.status >= 500
    if template.level == "unknown":
        return speaks_of_trouble(template.sample)
    return template.is_error and not is_mere_value(template.sample)
