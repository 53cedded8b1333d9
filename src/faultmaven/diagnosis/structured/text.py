"""The whole of a piece of evidence as one text, and where its lines are."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from faultmaven.diagnosis.facts import Span
from faultmaven.diagnosis.lines import BOM, QUOTE_LIMIT, as_text


@dataclass(frozen=True, slots=True)
class Text:
    """`starts` are the offsets of `lines` in `whole`."""

    whole: str
    lines: Sequence[str]
    starts: Sequence[int]

    @classmethod
    def of(cls, content: bytes | memoryview) -> Text:
        """The same lines as those of a Document, all of them decoded at once."""
        told = as_text(bytes(content).removeprefix(BOM))
        lines = told.removesuffix("\n").split("\n") if told else []
        if "\r" in told:
            lines = [line.removesuffix("\r") for line in lines]
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)
        return cls("\n".join(lines), lines, starts[:-1] or [0])

    def index(self, offset: int) -> int:
        """The line, counted from 0, that an offset is in."""
        return bisect_right(self.starts, offset) - 1

    def lines_of(self, span: Span, most: int, longest: int) -> list[str]:
        """So many lines of a span at most, each cut to so many characters."""
        first = span.first - 1
        return [line[:longest] for line in self.lines[first : min(span.last, first + most)]]

    def span(self, start: int, end: int) -> Span:
        """The lines of whole[start:end]; with columns where they are one very long line."""
        first, last = self.index(start), self.index(max(start, end - 1))
        columns = None
        if first == last and len(self.lines[first]) > QUOTE_LIMIT:
            begin = start - self.starts[first]
            columns = (begin, min(end - self.starts[first], begin + QUOTE_LIMIT))
        return Span(first + 1, last + 1, columns)
