"""Lines are counted in one way only, and in blocks of any size the same."""

from __future__ import annotations

import mmap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultmaven.diagnosis.lines import BOM, HEAD_BYTES, Document, as_text, blocks


def lines_in(content: bytes | memoryview, size: int = 1 << 20) -> list[bytes]:
    return [line for block in blocks(content, size) for line in block.lines]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"\n", [b""]),
        (b"a", [b"a"]),
        (b"a\n", [b"a"]),
        (b"a\nb", [b"a", b"b"]),
        (b"a\r\nb\r\r\n", [b"a", b"b\r"]),
        (b"a\rb\x0bc\x85d\xe2\x80\xa8e\n", [b"a\rb\x0bc\x85d\xe2\x80\xa8e"]),
        (BOM + b"a\n" + BOM + b"b", [b"a", BOM + b"b"]),
        (BOM, []),
        (b"last\r", [b"last"]),
    ],
)
def test_only_0x0a_ends_a_line(content: bytes, expected: list[bytes]) -> None:
    assert lines_in(content) == expected
    assert Document(content).count == len(expected)


@given(
    st.lists(st.sampled_from([b"a", b"\n", b"\r", b"\r\n", BOM, b"\xff", b"\xc3\xa9" * 3, b"\x00"]), max_size=40),
    st.integers(1, 9),
)
def test_blocks_agree_with_document_whatever_their_size(parts: list[bytes], size: int) -> None:
    content = b"".join(parts)
    document = Document(content)
    assert [as_text(line) for line in lines_in(content, size)] == list(document.texts(1, document.count))


@given(st.lists(st.integers(0, 3), max_size=30), st.integers(1, 7))
def test_blocks_number_lines_without_a_gap(widths: list[int], size: int) -> None:
    content = b"".join(b"x" * width + b"\n" for width in widths)
    following = 1
    for block in blocks(content, size):
        assert block.first == following
        following += len(block.lines)
    assert following == len(widths) + 1


def test_a_long_line_is_cut_and_those_around_it_are_whole() -> None:
    content = b"before\n" + b"x" * (5 * HEAD_BYTES) + b"\r\nafter\n"
    for size in (1000, HEAD_BYTES, 1 << 22):
        assert lines_in(content, size) == [b"before", b"x" * HEAD_BYTES, b"after"]


def test_a_mapped_file_is_read_like_bytes(tmp_path: Path) -> None:
    path = tmp_path / "evidence"
    path.write_bytes(b"one\r\ntwo\n")
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped) as view,
    ):
        assert lines_in(view) == [b"one", b"two"]


def test_heads_are_the_beginnings_of_lines() -> None:
    document = Document("\u00e9\u00e9\u00e9\nx\r\n".encode() + b"y" * 9000)
    assert list(document.heads(1, 3, 2)) == ["\u00e9\u00e9", "x", "yy"]
