"""Lines that say what a question asks after: all its own words stand in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from faultmaven.diagnosis.asked.direct import Direct, Point
from faultmaven.diagnosis.asked.logs import is_bad
from faultmaven.diagnosis.digest import Template
from faultmaven.diagnosis.facts import Span
from faultmaven.diagnosis.moments import lines, said
from faultmaven.diagnosis.naming import message_of
from faultmaven.diagnosis.questions import focus_of
from faultmaven.diagnosis.quoting import Quoted
from faultmaven.diagnosis.sources import Source

MOST_TOLD = 4
# So many first letters of a word are the same in its forms: fail, failed, failing; login, logins.
STEM = 4

_WORD = re.compile(r"[a-z][a-z-]{2,}")
_ASKING = """
    how many often times number count did does was were are there any anyone anybody someone somebody had has have been
    the and for with from into that this what which who whom when where problem problems issue issues trouble happen
    happened occur occurred during between since after before yesterday today evidence log logs line lines please can
    could would you tell show see seen say says said there's not its our your their them they get got per all each
"""
_ASKED = frozenset(_ASKING.split())
_TROUBLE = re.compile(r"\b(problem|issue|error|trouble|fail|wrong|warning)", re.IGNORECASE)


def lines_that_say(question: str, sources: Sequence[Source]) -> Direct | None:
    """None where the question has no words of its own, or no line has them all."""
    focus = focus_of(question)
    words = {word[: max(STEM, len(word) - 2)] for word in _WORD.findall(question.lower()) if word not in _ASKED}
    words -= {part for name in focus.identifiers for part in re.split(r"[^a-z]+", name)}
    if not words:
        return None
    found = [one for one in _saying(words, sources) if not _TROUBLE.search(question) or is_bad(one[1])]
    if not found:
        return None
    count = sum(template.count for _, template in found)
    leading = message_of(found[0][1].sample)
    return Direct((f"{lines(count)} {'says' if count == 1 else 'say'} so: ", Quoted(leading, 60)), _points(found))


def _saying(words: set[str], sources: Sequence[Source]) -> Iterator[tuple[Source, Template]]:
    for source in sources:
        if source.is_told:
            continue
        for template in source.digest.templates:
            text = message_of(template.sample).lower()
            if all(re.search(rf"\b{re.escape(word)}", text) for word in words):
                yield source, template


def _points(found: Sequence[tuple[Source, Template]]) -> list[Point]:
    told = []
    for source, template in sorted(found, key=lambda pair: -pair[1].count)[:MOST_TOLD]:
        zone = source.digest.zone
        when = ""
        if template.first_at:
            when = f", {'first ' if template.count > 1 else ''}at {said(template.first_at, zone)}"
        if template.count > 1 and template.last_at:
            when += f", last at {said(template.last_at, zone)}"
        place = (source, Span(template.lines[0], template.lines[0], template.columns))
        last = (source, Span(template.lines[-1], template.lines[-1]))
        told.append(
            Point((Quoted(message_of(template.sample), 140), f": {lines(template.count)}{when}"), (place, last))
        )
    return told
