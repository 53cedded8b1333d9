"""A question answered by what the evidence states: a number, a list, what a log says. Nothing is blamed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from faultmaven.diagnosis.facts import Span
from faultmaven.diagnosis.quoting import Phrase
from faultmaven.diagnosis.sources import Source

Place = tuple[Source, Span]


@dataclass(frozen=True, slots=True)
class Point:
    """One sentence, without its full stop, and where it is stated."""

    said: Phrase
    shown_by: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Direct:
    """`headline` is the answer in a few words, `points` what it rests on, the most telling first."""

    headline: Phrase
    points: Sequence[Point]
