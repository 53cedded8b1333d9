"""Suspects: the signs of all evidence gathered by what they would mean, one suspect for each possible cause."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal

from faultmaven.diagnosis.catalogue.model import Fault
from faultmaven.diagnosis.naming import message_of, place_of
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.report import Category
from faultmaven.diagnosis.signs import LEVEL_RANK, Sign
from faultmaven.diagnosis.trouble import speaks_of_trouble

# How many errors may stand in evidence, and in which share of its lines, to be called stray.
STRAY = 2
STRAY_SHARE = 0.02

# `own_code`: a trace that ends in the user's code. `unknown`: an error nothing is known about.
Role = Literal["cause", "own_code", "symptom", "unknown"]

_ELSEWHERE = re.compile(r"connect|timeout|timed ?out|unreachable|resolution|gaierror|socket|remote|unavailable", re.I)


@dataclass(frozen=True, eq=False)
class Suspect:
    """`key` is stable within a case: the fault's id, or a hash of what the error is. `signs` are in order of time.

    Every suspect is compared with every other, so what it says of its signs is worked out once.
    """

    key: str
    title: Phrase
    category: Category
    role: Role
    signs: tuple[Sign, ...]
    fault: Fault | None = None

    @cached_property
    def leading(self) -> Sign:
        """The sign to quote: an error rather than an aside, written rather than told, naming things rather than not."""
        return min(self.signs, key=_telling)

    @cached_property
    def count(self) -> int:
        """How many lines say so; what was told counts only where nothing is written."""
        written = [sign for sign in self.signs if not sign.source.is_told]
        return count_lines(written or self.signs)

    @cached_property
    def is_stray(self) -> bool:
        """A line or two among very many: it may be a hiccup."""
        lines = sum({sign.source.evidence_id: sign.source.digest.lines for sign in self.signs}.values())
        asked = any(sign.asked for sign in self.signs)
        return not asked and self.count <= STRAY and self.count <= STRAY_SHARE * lines

    @cached_property
    def level_rank(self) -> int:
        return max(LEVEL_RANK[sign.level] for sign in self.signs)

    @cached_property
    def is_error(self) -> bool:
        return any(sign.is_error for sign in self.signs)

    @cached_property
    def first_at(self) -> datetime | None:
        return min((sign.first_at for sign in self.signs if sign.first_at), default=None)

    @cached_property
    def last_at(self) -> datetime | None:
        """None also where something was repeated and nothing tells when for the last time."""
        if any(sign.count > 1 and sign.last_at is None for sign in self.signs):
            return None
        return max((at for sign in self.signs if (at := sign.last_at or sign.first_at)), default=None)

    @cached_property
    def is_told_only(self) -> bool:
        return all(sign.source.is_told for sign in self.signs)

    @cached_property
    def is_mention(self) -> bool:
        return all(sign.is_mention for sign in self.signs)

    @cached_property
    def places(self) -> frozenset[tuple[object, ...]]:
        return frozenset((sign.source.evidence_id, line, sign.columns) for sign in self.signs for line in sign.lines)


def count_lines(signs: Iterable[Sign]) -> int:
    """How many lines say so. One line may show several faults, or one at several places; it counts once."""
    counts: dict[tuple[str, int], int] = {}
    for sign in signs:
        place = (sign.source.evidence_id, sign.first_line)
        counts[place] = max(counts.get(place, 0), sign.count)
    return sum(counts.values())


def suspects_of(signs: Iterable[Sign]) -> list[Suspect]:
    """Gathers signs; the order is that of first appearance."""
    gathered: dict[str, list[Sign]] = {}
    for sign in signs:
        gathered.setdefault(_key(sign), []).append(sign)
    return [_suspect(key, sorted(group, key=in_time)) for key, group in gathered.items()]


def in_time(sign: Sign) -> tuple[bool, float, str, int]:
    """Sorts by time where there is one, by line where there is none."""
    at = sign.first_at.timestamp() if sign.first_at else 0.0
    return (sign.first_at is None, at, sign.source.name, sign.first_line)


def _telling(sign: Sign) -> tuple[bool, ...]:
    names = any(kind != "port" for kind in sign.names)
    aside = LEVEL_RANK[sign.level] < LEVEL_RANK["warning"]
    vague = not (names and speaks_of_trouble(sign.text))
    spoken_of = sign.is_mention or sign.source.is_told
    return (spoken_of, aside, sign.status is not None, sign.trace is None, vague, not sign.is_error)


def _key(sign: Sign) -> str:
    if sign.fault:
        return sign.fault.id
    if sign.trace:
        return f"trace-{_short_hash(sign.trace.fingerprint)}"
    if sign.status:
        return f"http-{sign.status}"
    return f"error-{_short_hash(sign.template)}"


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _suspect(key: str, signs: Sequence[Sign]) -> Suspect:
    first = signs[0]
    if first.fault:
        return Suspect(key, (first.fault.title,), first.fault.category, first.fault.role, tuple(signs), first.fault)
    if first.trace:
        category, role = _judge_trace(first)
        return Suspect(key, trace_title(first), category, role, tuple(signs))
    if first.status:
        return Suspect(key, (f"Requests are answered with HTTP {first.status}",), "none", "symptom", tuple(signs))
    return Suspect(key, (Quoted(message_of(first.text), 100),), "none", "unknown", tuple(signs))


def _judge_trace(sign: Sign) -> tuple[Category, Role]:
    trace = sign.trace
    if trace and _ELSEWHERE.search(trace.root_type):
        return "dependency_failure", "symptom"
    if trace and trace.frame:
        return "code_defect", "own_code"
    return "none", "unknown"


def trace_title(sign: Sign) -> Phrase:
    """`KeyError: 'tier' at …/shop/pricing.py:41 in price_of`: short enough for a headline."""
    raised = Quoted(re.sub(r"^(?:[a-z_][\w$]*\.)+(?=[A-Z])", "", sign.text), 70, bare=True)
    if sign.trace is None or not sign.trace.frame:
        return (raised,)
    place = place_of(sign.trace.frame)
    return (raised, " at ", Quoted(place if len(place) <= 44 else "…" + place[-43:], 44, bare=True))
