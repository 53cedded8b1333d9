"""What is noted beside a file while it arrives, so that any line and any column of it is found at once.

For each block of 64 KiB: how many 0x0A and how many characters come before it. Characters are those of the whole
content read as UTF-8 with U+FFFD for invalid bytes; as no character holds a 0x0A, that is the same as line by line.
"""

from __future__ import annotations

import codecs
from array import array
from dataclasses import dataclass

from faultmaven.diagnosis.lines import STRIDE

_new_decoder = codecs.getincrementaldecoder("utf-8")
LONGEST_REST = 3


@dataclass(frozen=True, slots=True)
class Index:
    """Both have an entry for each block and one for the end. A character counts where its last byte is."""

    newlines: array[int]
    characters: array[int]

    def encode(self) -> bytes:
        return self.newlines.tobytes() + self.characters.tobytes()


def decoded(stored: bytes) -> Index:
    middle = len(stored) // 2
    return Index(array("Q", stored[:middle]), array("Q", stored[middle:]))


class Indexing:
    """Makes an Index of content that arrives in chunks of any size."""

    def __init__(self) -> None:
        self._newlines = array("Q", [0])
        self._characters = array("Q", [0])
        self._in_block = STRIDE
        self._decoder = _new_decoder("replace")

    def feed(self, chunk: bytes) -> None:
        at = 0
        while at < len(chunk):
            if self._in_block == STRIDE:
                self._open_block()
            piece = chunk[at : at + STRIDE - self._in_block]
            self._newlines[-1] += piece.count(b"\n")
            self._characters[-1] += len(self._decoder.decode(piece))
            self._in_block += len(piece)
            at += len(piece)

    def index(self) -> Index:
        """Call it once, when all has arrived."""
        return Index(self._newlines, self._characters)

    def _open_block(self) -> None:
        self._newlines.append(self._newlines[-1])
        self._characters.append(self._characters[-1])
        self._in_block = 0


def unfinished(tail: bytes) -> int:
    """How many of the last bytes of `tail` begin a character that is not complete. Three bytes of tail are enough."""
    decoder = _new_decoder("replace")
    decoder.decode(tail)
    return len(decoder.getstate()[0])
