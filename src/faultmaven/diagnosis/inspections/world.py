"""All that the evidence states, to be looked up by kind and name, whichever piece of evidence and format states it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from faultmaven.diagnosis.facts import Alert, Facts, Node, Object, Occurrence, Part, Point, Row, Series, Span, Table
from faultmaven.diagnosis.sources import Source

T = TypeVar("T", Object, Table, Series, Alert, Occurrence, Node, Part, Point, Row, covariant=True)


@dataclass(frozen=True, slots=True)
class Stated(Generic[T]):
    """A fact and the piece of evidence that states it."""

    source: Source
    fact: T

    @property
    def span(self) -> Span:
        return self.fact.span


class World:
    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = sources

    def objects(self, *kinds: str, name: str | None = None, namespace: str | None = None) -> list[Stated[Object]]:
        """Of these kinds (all without), in the order they are stated. An object without a namespace is in any."""
        return [
            one
            for one in self._all(lambda facts: facts.objects)
            if (not kinds or one.fact.kind in kinds)
            and (name is None or one.fact.name == name)
            and (namespace is None or one.fact.namespace in (None, namespace))
        ]

    def tables(self, *of: str) -> list[Stated[Table]]:
        return [one for one in self._all(lambda facts: facts.tables) if not of or one.fact.of in of]

    def documents(self) -> list[Stated[Node]]:
        return list(self._all(lambda facts: facts.documents))

    def series(self) -> list[Stated[Series]]:
        return list(self._all(lambda facts: facts.series))

    def alerts(self) -> list[Stated[Alert]]:
        return list(self._all(lambda facts: facts.alerts))

    def occurrences(self) -> list[Stated[Occurrence]]:
        return list(self._all(lambda facts: facts.occurrences))

    def _all(self, of: Callable[[Facts], Iterable[T]]) -> Iterator[Stated[T]]:
        for source in self.sources:
            for fact in of(source.digest.facts):
                yield Stated(source, fact)
