"""Citations point at exactly what they quote."""

from tests.corpus.regenerate import source

from faultmaven.diagnosis.citing import LONGEST_RANGE, Citing

LOG = source(
    "app.log", b"\xef\xbb\xbfone\r\ntwo\nthree \x80\n" + b"x" * 5000 + b" needle " + b"y" * 5000 + b"\n" + b"z\n" * 30
)


def test_a_quote_is_the_lines_without_carriage_return_or_byte_order_mark() -> None:
    citing = Citing()
    assert citing.cite(LOG, 1, 3) == [1]
    assert citing.citations[0].quote == "one\ntwo\nthree \ufffd"


def test_the_same_lines_keep_their_number() -> None:
    citing = Citing()
    assert [citing.cite(LOG, 2), citing.cite(LOG, 1), citing.cite(LOG, 2)] == [[1], [2], [1]]


def test_of_a_long_line_the_columns_around_the_words_are_quoted() -> None:
    citing = Citing()
    citing.cite(LOG, 4, around="needle")
    cited = citing.citations[0]
    assert cited.column_start is not None
    assert cited.column_end is not None
    assert LOG.document.text(4)[cited.column_start : cited.column_end] == cited.quote
    assert "needle" in cited.quote


def test_a_line_that_does_not_exist_is_not_cited() -> None:
    citing = Citing()
    assert citing.cite(LOG, 0) == citing.cite(LOG, 99) == citing.cite(LOG, 3, 2) == []
    assert citing.citations == []


def test_a_very_long_range_is_cited_by_its_first_line() -> None:
    citing = Citing()
    citing.cite(LOG, 5, 5 + LONGEST_RANGE)
    assert (citing.citations[0].line_end, citing.citations[0].quote) == (5, "z")


def test_past_the_limit_nothing_new_is_cited() -> None:
    citing = Citing(limit=1)
    assert citing.cite(LOG, 1) == [1]
    assert citing.cite(LOG, 2) == []
    assert citing.cite(LOG, 1) == [1]
