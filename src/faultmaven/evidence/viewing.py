"""Looking into evidence by line, column or text, a few blocks at a time whatever its size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from faultmaven.diagnosis.lines import QUOTE_LIMIT, STRIDE, Document
from faultmaven.errors import EvidenceNotFound
from faultmaven.evidence.index import LONGEST_REST, Index, decoded, unfinished
from faultmaven.evidence.model import Line, Match
from faultmaven.files import mapped

MATCH_LIMIT = 200
# Of a long line so much stands before a match, so that it is seen in its place.
LEAD = QUOTE_LIMIT // 2
_WINDOW = 1 << 20


def opened(path: Path, index: Path) -> View:
    """Raises EvidenceNotFound if the file is gone."""
    try:
        return View(mapped(path), decoded(index.read_bytes()))
    except FileNotFoundError as error:
        raise EvidenceNotFound("The file of this evidence is not in the data folder any more.") from error


class View:
    """Content and its index. Lines are those of diagnosis/lines.py; columns count characters from 0."""

    def __init__(self, content: memoryview, index: Index) -> None:
        self._content = content
        self._characters = index.characters
        self._document = Document(content, index.newlines)
        self.total = self._document.count

    def lines(self, first: int, last: int, column: int = 0) -> list[Line]:
        """At most QUOTE_LIMIT characters of each, from `column` on. Raises IndexError outside 1..total."""
        spans = enumerate(self._document.spans(first, last), first)
        return [self._line(number, *self._trimmed(*span), column) for number, span in spans]

    def search(self, text: str, first: int, most: int = MATCH_LIMIT) -> tuple[list[Match], int | None]:
        """The first place of `text` in each line from `first` on, and the line to go on from if `most` were found.

        Upper and lower case of ASCII letters are alike. `text` must be one line and hold no U+FFFD, which stands for
        bytes that are no text.
        """
        matches: list[Match] = []
        for number, span, offset in self._places(text.encode().lower(), first):
            if len(matches) == most:
                return matches, number
            matches.append(self._match(number, span, offset))
        return matches, None

    def _line(self, number: int, start: int, end: int, column: int) -> Line:
        if end - start <= STRIDE:
            whole = self._decoded(start, end)
            text, length = whole[column : column + QUOTE_LIMIT], len(whole)
        else:
            length = self._characters_before(end) - self._characters_before(start)
            text = self._from_column(start, end, column) if column < length else ""
        return Line(n=number, text=text, length=length, column=min(column, length))

    def _trimmed(self, start: int, end: int) -> tuple[int, int]:
        return start, end - (end > start and self._content[end - 1] == 0x0D)

    def _decoded(self, start: int, end: int) -> str:
        return bytes(self._content[start:end]).decode("utf-8", "replace")

    def _characters_before(self, offset: int) -> int:
        """`offset` must be where a character, a line or the content begins or ends."""
        block = offset // STRIDE
        return self._characters[block] + len(self._decoded(self._resumed(block), offset))

    def _resumed(self, block: int) -> int:
        """Where decoding goes on for the characters counted from this block on: some began in the block before."""
        at = block * STRIDE
        return at - unfinished(bytes(self._content[max(0, at - LONGEST_REST) : at]))

    def _from_column(self, start: int, end: int, column: int) -> str:
        """Decodes about one block: that in which the column begins, and what its text needs of the next."""
        wanted = self._characters_before(start) + column
        block = self._block_of_character(wanted)
        at, skipped = self._resumed(block), wanted - self._characters[block]
        if at < start:
            at, skipped = start, column
        upto = min(end, at + STRIDE + 4 * (QUOTE_LIMIT + 2))
        return self._decoded(at, upto)[skipped : skipped + QUOTE_LIMIT]

    def _block_of_character(self, wanted: int) -> int:
        low, high = 0, len(self._characters) - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._characters[middle] <= wanted else (low, middle)
        return low

    def _match(self, number: int, span: tuple[int, int], offset: int) -> Match:
        start, end = self._trimmed(*span)
        column = len(self._decoded(start, offset)) if offset - start <= STRIDE else self._far_column(start, offset)
        line = self._line(number, start, end, 0)
        if line.length > QUOTE_LIMIT and column > LEAD:
            line = self._line(number, start, end, column - LEAD)
        return Match(n=number, column=column, text=line.text, text_column=line.column)

    def _far_column(self, start: int, offset: int) -> int:
        return self._characters_before(offset) - self._characters_before(start)

    def _places(self, needle: bytes, first: int) -> Iterator[tuple[int, tuple[int, int], int]]:
        """Line, its span, and where in the content the needle begins; once a line."""
        at = self._document.span(first)[0] if first <= self.total else len(self._content)
        while (offset := self._find(needle, at)) >= 0:
            number = self._document.line_at(offset)
            span = self._document.span(number)
            yield number, span, offset
            at = span[1] + 1

    def _find(self, needle: bytes, at: int) -> int:
        """Windows grow as long as nothing is found: matches are near each other, or far."""
        size = STRIDE
        while at < len(self._content):
            found = bytes(self._content[at : at + size + len(needle) - 1]).lower().find(needle)
            if found >= 0:
                return at + found
            at, size = at + size, min(2 * size, _WINDOW)
        return -1
