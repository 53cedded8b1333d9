from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.evidence import hostile

from faultmaven.diagnosis.lines import QUOTE_LIMIT, Document
from faultmaven.evidence.index import decoded


@given(hostile.content)
def test_lines_are_those_of_the_definition(content: bytes) -> None:
    expected = hostile.lines_of(content)
    view = hostile.view(content)
    assert view.total == len(expected)
    seen = view.lines(1, view.total)
    assert [line.n for line in seen] == list(range(1, len(expected) + 1))
    assert [line.text for line in seen] == [text[:QUOTE_LIMIT] for text in expected]
    assert [line.length for line in seen] == [len(text) for text in expected]


@given(hostile.content)
def test_a_ready_made_index_changes_nothing_for_a_document(content: bytes) -> None:
    with_index = Document(content, hostile.indexed(content).newlines)
    without = Document(content)
    assert with_index.count == without.count
    assert list(with_index.texts(1, with_index.count)) == hostile.lines_of(content)
    assert [without.text(number) for number in range(1, without.count + 1)] == hostile.lines_of(content)


@given(hostile.content, st.data())
def test_every_line_is_found_from_any_of_its_bytes(content: bytes, data: st.DataObject) -> None:
    document = Document(content)
    if document.count:
        number = data.draw(st.integers(1, document.count))
        start, end = document.span(number)
        offset = data.draw(st.integers(start, min(end, len(content) - 1)))
        assert document.line_at(offset) == number


@given(hostile.small, st.integers(1, 7))
def test_the_index_does_not_depend_on_how_content_arrived(content: bytes, split: int) -> None:
    assert hostile.indexed(content, split) == hostile.indexed(content)
    assert decoded(hostile.indexed(content).encode()) == hostile.indexed(content)


@given(st.lists(st.one_of(hostile.filling, hostile.small), min_size=2, max_size=5).map(b"".join), st.data())
def test_a_long_line_reads_the_same_from_any_column(content: bytes, data: st.DataObject) -> None:
    content = content.replace(b"\n", b" ") + b"."
    [whole] = hostile.lines_of(content)
    column = data.draw(st.integers(0, len(whole) + 5))
    [line] = hostile.view(content).lines(1, 1, column)
    assert (line.text, line.length) == (whole[column : column + QUOTE_LIMIT], len(whole))
    assert line.column == min(column, len(whole))


def test_lines_outside_the_content_are_refused() -> None:
    with pytest.raises(IndexError):
        hostile.view(b"one\ntwo").lines(2, 3)
    assert hostile.view(b"").lines(1, 0) == []


def fold(text: str) -> str:
    """ASCII letters only: `str.lower` would change lengths and find what was not asked for."""
    return "".join(character.lower() if character.isascii() else character for character in text)


def naive(content: bytes, text: str, first: int) -> list[tuple[int, int]]:
    places = ((n, fold(line).find(fold(text))) for n, line in enumerate(hostile.lines_of(content), 1))
    return [(n, column) for n, column in places if n >= first and column >= 0]


needles = st.sampled_from(["e", "E", "error", "ror ", "é", "€", "𝄞e", "\x00", "\ufeff", "\u2028", "K", "zzz", "rerror"])


@given(hostile.content, needles, st.integers(1, 5))
def test_search_finds_exactly_what_a_naive_search_finds(content: bytes, text: str, first: int) -> None:
    matches, next_from = hostile.view(content).search(text, first, most=10**9)
    assert [(match.n, match.column) for match in matches] == naive(content, text, first)
    assert next_from is None
    lines = hostile.lines_of(content)
    for match in matches:
        line = lines[match.n - 1]
        assert match.text == line[match.text_column : match.text_column + QUOTE_LIMIT]
        at = match.column - match.text_column
        assert fold(match.text[at : at + len(text)]) == fold(text)


@given(hostile.content, needles, st.integers(1, 3))
def test_search_in_pages_finds_the_same(content: bytes, text: str, most: int) -> None:
    view = hostile.view(content)
    found: list[tuple[int, int]] = []
    start: int | None = 1
    while start is not None and len(found) < 50:
        matches, start = view.search(text, start, most)
        assert len(matches) <= most
        found += [(match.n, match.column) for match in matches]
    assert found == naive(content, text, 1)[: len(found)]
    assert start is not None or found == naive(content, text, 1)
