"""Counts that evidence states itself: `14 results`, `(3 rows)`, what `wc -l` and `count(*)` print."""

from __future__ import annotations

import re
from collections.abc import Iterator

from faultmaven.diagnosis.asked.direct import Direct, Point
from faultmaven.diagnosis.asked.subject import Subject
from faultmaven.diagnosis.facts import Part, Span
from faultmaven.diagnosis.inspections.world import World
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.sources import Source

# How far below a command its count may stand.
REACH = 400

_TOLD = re.compile(r"\s*\(?(\d[\d,]{0,12}) (?:results?|rows?|items?|matches|entries|objects?|lines?)\)?\.?\s*$")
_BARE = re.compile(r"\s*(\d{1,12})\s*$")
_COUNTS = re.compile(r"\bwc -l\b|\bgrep\b.{0,80}\s-\w{0,8}c|\bcount\b|\blength\b|--count\b", re.IGNORECASE)


def told_count(subject: Subject, world: World) -> Direct | None:
    """From the command that speaks of all that the question names."""
    found = [one for one in _counts(world) if _fits(subject, one[0].command)]
    if subject.lists or not found:
        return None
    part, source, line, count = found[0]
    said: Phrase = (f"{count:,} {_noun(subject, count)}, says the output of ", Quoted(part.command, 160))
    return Direct(
        (f"{count:,} {_noun(subject, count)}", *_where(subject)),
        [Point(said, ((source, Span(line, line)), (source, part.span)))],
    )


def _noun(subject: Subject, count: int) -> str:
    singular = re.sub(r"(?<=[^s])s$", "", subject.noun)
    return singular if count == 1 else singular + ("" if singular.endswith("s") else "s")


def _where(subject: Subject) -> Phrase:
    said: Phrase = ()
    for key, value in subject.pairs:
        said += (" with ", Quoted(f"{key}={value}", 80, bare=True))
    if subject.namespace:
        said += (" in namespace ", Quoted(subject.namespace, 80, bare=True))
    return said


def _counts(world: World) -> Iterator[tuple[Part, Source, int, int]]:
    for source in world.sources:
        commands = [part for part in source.digest.facts.parts if part.kind == "command"]
        ends = [*(part.span.first for part in commands), source.document.count + 1][1:]
        for part, end in zip(commands, ends, strict=True):
            first = part.span.last + 1
            for line, text in enumerate(source.document.heads(first, min(end - 1, first + REACH), 200), first):
                told = _TOLD.match(text) or (_BARE.match(text) if _COUNTS.search(part.command) else None)
                if told:
                    yield part, source, line, int(told[1].replace(",", ""))
                    break


def _fits(subject: Subject, command: str) -> bool:
    """The command asks for such things, and names everything that the question names."""
    lower = command.lower()
    singular = re.sub(r"(?:es|s)$", "", subject.noun.replace(" ", ""))
    named = [subject.namespace, *(value for _, value in subject.pairs), *subject.terms]
    keys = [key.rsplit("/", 1)[-1] for key, _ in subject.pairs]
    return singular in lower.replace(" ", "") and all(part in lower for part in [*named, *keys] if part)
