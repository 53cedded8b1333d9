"""Citations: exact lines of evidence, numbered from 1 in the order they are first used."""

from __future__ import annotations

from dataclasses import dataclass, field

from faultmaven.diagnosis.lines import QUOTE_LIMIT
from faultmaven.diagnosis.report import Citation
from faultmaven.diagnosis.sources import Source

Columns = tuple[int, int]
MOST_CITATIONS = 12
LONGEST_RANGE = 12
WINDOW = 400


@dataclass(slots=True)
class Citing:
    """Hands out citation numbers. The same lines get the same number; past the limit a place gets none."""

    limit: int = MOST_CITATIONS
    _cited: dict[tuple[object, ...], Citation] = field(default_factory=dict)

    def cite(
        self, source: Source, first: int, last: int | None = None, around: str = "", columns: Columns | None = None
    ) -> list[int]:
        """The number of these lines as a list of one; empty when they do not exist or no number is left.

        Of a very long line `columns` are quoted, or the part around the text `around`; of a very long range its first
        line.
        """
        last = first if last is None else last
        if not 1 <= first <= last <= source.document.count:
            return []
        key = (source.evidence_id, first, last, columns)
        if key not in self._cited:
            if len(self.citations) >= self.limit:
                return []
            self._cited[key] = self._known(_quote(len(self.citations) + 1, source, first, last, around, columns))
        return [self._cited[key].n]

    def _known(self, citation: Citation) -> Citation:
        """The one that quotes just the same, however it was asked for, where there is one."""
        same = {**citation.model_dump(), "n": 0}
        return next((known for known in self.citations if {**known.model_dump(), "n": 0} == same), citation)

    @property
    def citations(self) -> list[Citation]:
        return list({citation.n: citation for citation in self._cited.values()}.values())


def _quote(n: int, source: Source, first: int, last: int, around: str, columns: Columns | None) -> Citation:
    texts = list(source.document.texts(first, min(last, first + LONGEST_RANGE - 1)))
    if len(texts) > 1 and (last - first >= LONGEST_RANGE or any(len(text) > QUOTE_LIMIT for text in texts)):
        texts, last = texts[:1], first
    place = {"n": n, "evidence_id": source.evidence_id, "name": source.name, "line_start": first, "line_end": last}
    if len(texts) > 1 or len(texts[0]) <= QUOTE_LIMIT:
        return Citation.model_validate({**place, "quote": "\n".join(texts)})
    start, end = columns or window(texts[0], around)
    return Citation.model_validate({**place, "column_start": start, "column_end": end, "quote": texts[0][start:end]})


def window(text: str, around: str) -> tuple[int, int]:
    """The columns to quote of a long line: those around the given text, or its beginning."""
    found = max(text.find(around), 0) if around else 0
    start = max(0, min(found - WINDOW // 4, len(text) - WINDOW))
    return start, min(start + WINDOW, len(text))
