"""Content as nobody would write it, but as a broken system may."""

from __future__ import annotations

from hypothesis import strategies as st

from faultmaven.diagnosis.lines import BOM, STRIDE
from faultmaven.evidence.index import Index, Indexing
from faultmaven.evidence.viewing import View

_PIECES = [
    b"\n",
    b"\r",
    b"\r\n",
    BOM,
    b"\x00",
    b"error ",
    b"ERROR",
    b"e",
    "é".encode(),
    "€".encode(),
    "𝄞".encode(),
    "\u2028".encode(),
    "\ufffd".encode(),
    b"\xff",
    b"\xc3",
    b"\xe2\x82",
    b"\xf0\x9d\x84",
    b"\x82",
    b"\xed\xa0\x80",
    b"\x0c\x85",
]

pieces = st.lists(st.sampled_from(_PIECES), max_size=60).map(b"".join)
small = st.one_of(pieces, st.binary(max_size=80))
# Filling that ends near the edge of a block puts what follows across it.
filling = st.builds(
    lambda piece, short: (piece * STRIDE)[: STRIDE - short], st.sampled_from(_PIECES[5:]), st.integers(0, 9)
)
content = st.one_of(small, st.lists(st.one_of(filling, small), max_size=5).map(b"".join))


def indexed(content: bytes, split: int = STRIDE) -> Index:
    indexing = Indexing()
    for at in range(0, len(content), split):
        indexing.feed(content[at : at + split])
    return indexing.index()


def view(content: bytes) -> View:
    return View(memoryview(content), indexed(content))


def lines_of(content: bytes) -> list[str]:
    """The definition of a line, word for word."""
    parts = content.removeprefix(BOM).split(b"\n")
    if not parts[-1]:
        parts.pop()
    return [part.removesuffix(b"\r").decode("utf-8", "replace") for part in parts]
