"""A digest in words and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from faultmaven.cli.inputs import Given
from faultmaven.cli.terminal import Page
from faultmaven.cli.words import many, size
from faultmaven.diagnosis.digest import Bucket, Digest, Level, Template, Trace
from faultmaven.diagnosis.moments import said, stamp

MOST_TEMPLATES = 15
MOST_FIRST_ERRORS = 5
MOST_TRACES = 10
_GRAVITY: dict[Level, int] = {"fatal": 0, "error": 1, "warning": 2, "unknown": 3, "info": 4, "debug": 5}


def described(name: str, digest: Digest, page: Page, verbose: bool = False) -> list[str]:
    """One piece of evidence; templates from grave to harmless, the frequent first."""
    templates = sorted(digest.templates, key=lambda t: (_GRAVITY[t.level], -t.count, t.lines))
    told = templates if verbose else templates[:MOST_TEMPLATES]
    return [
        *_head(name, digest, page),
        *_section("First errors", [_first_error(t, digest, page) for t in _first_errors(digest)], page),
        *_section("Traces", [line for trace in digest.traces[:MOST_TRACES] for line in _trace(trace, page)], page),
        *_section("Templates (count, level, first line)", [_template(template, page) for template in told], page),
        *_rest(len(templates) - len(told)),
    ]


def as_json(given: Sequence[Given], digests: Sequence[Digest]) -> str:
    """`{"evidence": [...]}`; times are RFC 3339 in UTC, and left out where the evidence names no year."""
    import orjson

    told = [
        {"evidence_id": one.evidence_id, "name": one.name} | _digest(digest)
        for one, digest in zip(given, digests, strict=True)
    ]
    return orjson.dumps({"evidence": told}).decode()


def _head(name: str, digest: Digest, page: Page) -> Iterator[str]:
    kinds = ", ".join(kind.replace("_", " ") for kind in digest.kinds)
    yield page.strong(page.cut(name))
    yield f"{many(digest.lines, 'line')}, {size(digest.bytes)}, {kinds}"
    if digest.first_at and digest.last_at:
        zone = " (time zone not stated)" if digest.zone == "assumed" else ""
        yield f"from {said(digest.first_at, digest.zone)} to {said(digest.last_at, digest.zone)}{zone}"
    levels = Counter[Level]()
    for template in digest.templates:
        levels[template.level] += template.count
    counted = [f"{levels[level]:,} {level}" for level in _GRAVITY if levels[level]]
    if counted:
        yield "levels: " + ", ".join(counted)
    if digest.unparsed_lines:
        yield f"{many(digest.unparsed_lines, 'line')} without a recognised time or level"
    if digest.truncated:
        yield "not everything was read to its end"


def _section(title: str, body: Sequence[str], page: Page) -> list[str]:
    return ["", page.strong(title), *body] if body else []


def _rest(count: int) -> list[str]:
    return [f"… and {many(count, 'more template', 'more templates')}; -v lists all"] if count > 0 else []


def _first_errors(digest: Digest) -> list[Template]:
    return sorted((t for t in digest.templates if t.is_error), key=lambda t: t.lines)[:MOST_FIRST_ERRORS]


def _first_error(template: Template, digest: Digest, page: Page) -> str:
    at = f"{said(template.first_at, digest.zone)}  " if template.first_at else ""
    return page.cut(f"{template.lines[0]:>8}  {at}{template.sample.strip()}")


def _template(template: Template, page: Page) -> str:
    component = f"{template.component}: " if template.component else ""
    status = f"{template.status} " if template.status else ""
    line = f"{template.count:>9,}  {template.level:<7}  {template.lines[0]:>8}  {status}{component}{template.text}"
    return page.cut(line)


def _trace(trace: Trace, page: Page) -> Iterator[str]:
    message = f": {trace.root_message}" if trace.root_message else ""
    yield page.cut(f"{trace.root_line:>8}  {trace.language}, {many(trace.count, 'time')}: {trace.root_type}{message}")
    if trace.frame:
        yield page.cut(f"          {trace.frame.strip()}")


def _digest(digest: Digest) -> dict[str, Any]:
    return _known(
        version=digest.version,
        lines=digest.lines,
        bytes=digest.bytes,
        kinds=list(digest.kinds),
        first_at=stamp(digest.first_at),
        last_at=stamp(digest.last_at),
        zone=digest.zone,
        unparsed_lines=digest.unparsed_lines,
        truncated=digest.truncated,
        templates=[_plain(template) for template in digest.templates],
        traces=[_plain(trace) for trace in digest.traces],
        buckets=[_plain(bucket) for bucket in digest.buckets if stamp(bucket.at)],
    )


def _plain(value: Template | Trace | Bucket) -> dict[str, Any]:
    fields = {name: getattr(value, name) for name in value.__slots__}
    return _known(**{name: stamp(held) if isinstance(held, datetime) else held for name, held in fields.items()})


def _known(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
