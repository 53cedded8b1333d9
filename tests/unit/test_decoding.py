"""Whatever form text comes in, it is kept as text, however it is cut on its way."""

from __future__ import annotations

import gzip
import zlib

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from faultmaven.decoding.decode import BEGINNING, Decoding, Unreadable, is_readable
from faultmaven.decoding.packed import PIECE

LOG = "".join(f"2031-01-02T15:04:{n % 60:02}Z ERROR pier {n} ist geschlossen: Größe {n}\n" for n in range(3000))
PAGE = """<!DOCTYPE html><html><head><title>Oops &amp; down</title><style>p{}</style>
<script>if (a<b) { document.write("</div>shown?") }</script></head>
<body><h1>502  Bad
 Gateway</h1><!-- <p>never --><p>upstream <b>quay</b> is&nbsp;away</p>
<table><tr><td>pods<td>3</tr></table><pre>ERROR 1
  at dock &lt;init&gt;
</pre><p onclick="x()">end"""
SHOWN = "Oops & down\n502 Bad Gateway\nupstream quay is\u00a0away\npods\t3\nERROR 1\n  at dock <init>\nend\n"


def decoded(content: bytes, size: int = 1000) -> tuple[bytes, str | None]:
    decoding = Decoding()
    pieces = [piece for at in range(0, len(content), size) for piece in decoding.feed(content[at : at + size])]
    return b"".join([*pieces, *decoding.finish()]), decoding.decoded_from


@pytest.mark.parametrize(
    ("content", "text", "name"),
    [
        (LOG.encode(), LOG, None),
        (gzip.compress(LOG.encode()), LOG, "gzip"),
        (gzip.compress(b"one\n") + gzip.compress(b"two\n") + bytes(512), "one\ntwo\n", "gzip"),
        (zstd.compress(LOG.encode()), LOG, "zstd"),
        (zstd.compress(b"one\n") + zstd.compress(b"two\n"), "one\ntwo\n", "zstd"),
        (LOG.encode("utf-16"), LOG, "UTF-16"),
        (b"\xfe\xff" + LOG.encode("utf-16-be"), LOG, "UTF-16"),
        (LOG.encode("utf-16-le"), LOG, "UTF-16"),
        (LOG.encode("utf-16-be"), LOG, "UTF-16"),
        (gzip.compress(LOG.encode("utf-16")), LOG, "gzip, UTF-16"),
        (LOG.replace("\n", "\r").encode(), LOG, "carriage returns"),
        (LOG.replace("\n", "\r\n").encode(), LOG.replace("\n", "\r\n"), None),
        (PAGE.encode(), SHOWN, "HTML"),
        (gzip.compress(PAGE.encode()), SHOWN, "gzip, HTML"),
        (b"", "", None),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 4096, 1 << 20])
def test_text_comes_out_whatever_went_in(content: bytes, text: str, name: str | None, size: int) -> None:
    assert decoded(content, size) == (text.encode(), name)


@given(st.binary(max_size=300), st.integers(1, 50))
def test_how_it_is_cut_makes_no_difference(content: bytes, size: int) -> None:
    try:
        whole = decoded(content)
    except Unreadable:
        return
    assert decoded(content, size) == whole
    if is_readable(content[:BEGINNING]):
        assert whole == (content, None)


@given(st.text(st.sampled_from("<>/!-&;a bpre script\n\t=\"'#x7\u00e9"), max_size=200), st.integers(1, 9))
def test_any_page_is_read_to_its_end_however_it_is_cut(text: str, size: int) -> None:
    content = b"<html>" + text.encode()
    assert decoded(content, size) == decoded(content)


@pytest.mark.parametrize("unit", ["<", "<a ", "</", "<!--", "&", "<script>", "</script", "<pre>", " ", "&amp"])
def test_hostile_pages_take_no_time(unit: str) -> None:
    assert decoded(b"<html>" + unit.encode() * (2_000_000 // len(unit)), 1 << 16)[1] == "HTML"


@pytest.mark.parametrize("packed", [gzip.compress(bytes(200 << 20)), zstd.compress(bytes(200 << 20))])
def test_a_bomb_goes_off_in_small_pieces(packed: bytes) -> None:
    decoding = Decoding()
    sizes = [len(piece) for piece in (*decoding.feed(packed), *decoding.finish())]
    assert (sum(sizes), max(sizes)) == (200 << 20, PIECE)


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_what_is_cut_off_or_damaged_is_said_to_be(pack: object) -> None:
    assert callable(pack)
    packed = pack(LOG.encode())
    with pytest.raises(Unreadable, match="ends too early"):
        decoded(packed[:-9])
    with pytest.raises(Unreadable, match="damaged"):
        decoded(packed[:12] + b"\xff" * 40 + packed[52:])


def test_what_only_looks_like_it_is_left_alone() -> None:
    for content in (
        b"\xff\xfe\x00\x00" + bytes(40),
        bytes(range(256)) * 4,
        b"progress 1%\rprogress 2%\rdone\n",
        b"see <html> in the log\n",
        zlib.compress(LOG.encode()),
        b"\x00" * 400,
    ):
        assert decoded(content) == (content, None)
