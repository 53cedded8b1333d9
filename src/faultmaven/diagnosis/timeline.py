"""The story around the trouble: what changed just before, where it starts, when it was worst, when it ended."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from faultmaven.diagnosis.digest import Bucket, Template
from faultmaven.diagnosis.hearsay import only_repeated
from faultmaven.diagnosis.hypotheses import Judged
from faultmaven.diagnosis.lines import QUOTE_LIMIT
from faultmaven.diagnosis.moments import comparable
from faultmaven.diagnosis.naming import message_of
from faultmaven.diagnosis.onset import Trouble
from faultmaven.diagnosis.quoting import Phrase, Quoted, plain
from faultmaven.diagnosis.signs import Sign
from faultmaven.diagnosis.sources import Source

JUST_BEFORE = timedelta(hours=1)
MOST_CHANGES = 3
MOST_WARNINGS = 2
# A change happens now and then; a line that says "deploy" all the time reports something else.
RARE = 5

_SETTING = r"(config\w*|settings?|secrets?|certificates?|feature[ -]?flags?)"
_ALTERED = r"(reload|chang|updat|appl|enabl|disabl|rotat|set to)\w*"
_CHANGE = re.compile(
    r"\b(deploy(ed|ing)\b|deployment\b.{0,40}\b(start|finish|creat|updat|complet|succeed|trigger|of v|v?\d+\.\d)\w*"
    r"|(new|start\w*|finish\w*) deployment\b|roll(ed|ing)[ -]?(out|back)|rollout|rollback|releas(ed|ing)\b"
    r"|upgrad(ed|ing|e to)"
    rf"|migrat(ed|ing|ion)|{_SETTING}\b.{{0,60}}\b{_ALTERED}|{_ALTERED}\b.{{0,40}}\b{_SETTING}|restart(ed|ing)\b"
    r"|(re)?start(ed|ing)\b.{0,60}\b(version|revision|release|v?\d+\.\d+\.\d+)|scal(ed|ing) (up|down|to|from)"
    r"|failover|promoted|maintenance|kernel was updated|set image|terminating|shutting down)",
    re.IGNORECASE,
)
# A start or a failover happened; it is nothing one would take back.
_NOT_UNDOABLE = re.compile(r"\b(re)?start(ed|ing)\b|failover|promoted|terminating|shutting down", re.IGNORECASE)
_NO_CHANGE = re.compile(r"\b(fail|error|unable|cannot|no (pending )?migrations|back-?off)\w*", re.IGNORECASE)
_RECOVERY = re.compile(
    r"\b(recover(ed|y complete\w*)|reconnected|re-?established|(connection|service|link)\b.{0,30}\brestored"
    r"|back to normal|restarted|healthy again|is healthy|resumed|resolved|succeeded after"
    r"|connected (successfully )?after|retry succeeded|circuit\b.{0,40}\bclosed|no longer)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Event:
    """Something on the timeline, with the line that says so (none for what was counted over many lines)."""

    role: Literal["change", "first_error", "burst", "recovery", "note"]
    said: Phrase
    source: Source
    at: datetime | None = None
    line: int | None = None
    columns: tuple[int, int] | None = None


def recovery_of(sources: Sequence[Source], signs: Sequence[Sign]) -> Event | None:
    """The last line that says things are well again, if it comes after the last of these signs."""
    ends = [at for sign in signs if (at := sign.last_at or sign.first_at)]
    if not ends:
        return None
    told = _events(sources, "recovery", _RECOVERY)
    after = [event for event in told if event.at and comparable(event.at, max(ends)) and event.at >= max(ends)]
    return min(after, key=lambda event: (event.at, event.line), default=None)


def is_well_after(recovery: Event, judged: Sequence[Judged]) -> bool:
    """No error of any suspect, warnings apart, is known from a later time than the recovery's."""
    ends = [judged_one.suspect.last_at for judged_one in judged if judged_one.suspect.is_error]
    at = recovery.at
    return at is not None and all(end is not None and comparable(end, at) and end <= at for end in ends)


def last_recovery(sources: Sequence[Source], hiccups: Sequence[datetime]) -> Event | None:
    """The last line that says things are well again, where a hiccup came before it."""
    told = [event for event in _events(sources, "recovery", _RECOVERY) if event.at]
    last = max(told, key=_in_order, default=None)
    if last is None or last.at is None:
        return None
    return last if any(comparable(at, last.at) and at <= last.at for at in hiccups) else None


def timeline_of(sources: Sequence[Source], trouble: Trouble, recovery: Event | None) -> list[Event]:
    """In order of time. The first error always stands in it."""
    began = trouble.first
    first = Event("first_error", _first_words(began), began.source, trouble.at, began.telling_line, began.columns)
    before = [*changes_before(sources, trouble), *warnings_before(trouble)]
    events = [*before, first, *_burst(trouble)]
    return sorted([*events, *([recovery] if recovery else [])], key=_in_order)


def changes_before(sources: Sequence[Source], trouble: Trouble) -> list[Event]:
    """The last few changes in the hour before the trouble; by line, in the same evidence, where there are no times."""
    changes = [event for event in _events(sources, "change", _CHANGE) if _just_before(event, trouble)]
    return sorted(changes, key=_in_order)[-MOST_CHANGES:]


def warnings_before(trouble: Trouble) -> list[Event]:
    """Warnings of the same evidence that first appear in the hour before the first error, the latest last."""
    source, began = trouble.first.source, trouble.at
    if began is None:
        return []
    found = [
        Event(
            role="note",
            said=(Quoted(message_of(template.sample), 160),),
            source=source,
            at=template.first_at,
            line=template.lines[0],
            columns=template.columns,
        )
        for template in source.digest.templates
        if template.level == "warning" and template.first_at and template.status is None
        if timedelta() <= began - template.first_at <= JUST_BEFORE and not _is_sign(template, trouble)
    ]
    return sorted(found, key=_in_order)[-MOST_WARNINGS:]


def _is_sign(template: Template, trouble: Trouble) -> bool:
    return template.text == trouble.first.template


def can_be_undone(change: Event) -> bool:
    return not _NOT_UNDOABLE.search(plain(change.said))


def _just_before(event: Event, trouble: Trouble) -> bool:
    if event.at and trouble.at and comparable(event.at, trouble.at):
        before = trouble.at - event.at
        return timedelta() <= before <= JUST_BEFORE and not _same_place(event, trouble.first)
    same = event.source.evidence_id == trouble.first.source.evidence_id
    return same and event.line is not None and event.line < trouble.first.first_line


def _same_place(event: Event, sign: Sign) -> bool:
    return event.source.evidence_id == sign.source.evidence_id and event.line in sign.lines


def _events(
    sources: Sequence[Source], role: Literal["change", "recovery"], pattern: re.Pattern[str]
) -> Iterator[Event]:
    for source in sources:
        for template in source.digest.templates:
            if _tells(template, pattern, role):
                yield from _occurrences(source, template, role)


def _tells(template: Template, pattern: re.Pattern[str], role: str) -> bool:
    # Of a long line's middle it is not told where in time it belongs.
    if template.column or template.is_error or template.count > RARE or not pattern.search(template.sample):
        return False
    if only_repeated(template.sample, lambda text: bool(pattern.search(text))):
        return False
    return role == "recovery" or not _NO_CHANGE.search(template.sample)


def _occurrences(source: Source, template: Template, role: Literal["change", "recovery"]) -> Iterator[Event]:
    """The first and the last: of these the time is known."""
    for line, at in {template.lines[0]: template.first_at, template.lines[-1]: template.last_at}.items():
        yield Event(role, (Quoted(message_of(source.document.text(line)[:QUOTE_LIMIT]), 160),), source, at, line)


def _first_words(sign: Sign) -> Phrase:
    return sign.said or ("First error: ", Quoted(message_of(sign.text), 160))


def _burst(trouble: Trouble) -> list[Event]:
    """The slice with the most errors, where it stands out from the others."""
    source = trouble.first.source
    buckets = source.digest.buckets
    worst = max(buckets, key=lambda bucket: bucket.errors, default=None)
    if worst is None or worst.errors < 5 or worst.errors < 3 * sum(b.errors for b in buckets) / len(buckets):
        return []
    said = f"Most errors: {worst.errors:,} of {worst.lines:,} lines{_width(buckets)}."
    return [Event("burst", (said,), source, worst.at)]


def _width(buckets: Sequence[Bucket]) -> str:
    if len(buckets) < 2:
        return ""
    seconds = int((buckets[1].at - buckets[0].at).total_seconds())
    return f" within {seconds} s" if seconds < 120 else f" within {seconds // 60} min"


def _in_order(event: Event) -> tuple[bool, float, int]:
    return (event.at is None, event.at.timestamp() if event.at else 0.0, event.line or 0)
