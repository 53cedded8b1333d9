from faultmaven.cli.terminal import UNBOUND_QUOTE, Page


def test_what_is_cut_off_is_marked() -> None:
    assert Page(10).cut("abcdefghij") == "abcdefghij"
    assert Page(10).cut("abcdefghijk") == "abcdefghi…"
    assert len(Page().cut("x" * 10_000)) == UNBOUND_QUOTE


def test_wide_and_combining_characters_are_counted_as_the_terminal_shows_them() -> None:
    assert Page(6).cut("漢字漢字") == "漢字…"
    assert Page(4).cut("e\u0301e\u0301e\u0301e\u0301") == "e\u0301e\u0301e\u0301e\u0301"


def test_sentences_are_wrapped_on_a_terminal_and_nowhere_else() -> None:
    text = "one two three four five"
    assert Page(12).sentence(text, first="- ", rest="  ") == ["- one two", "  three four", "  five"]
    assert Page(12).sentence(text, most=1) == ["one two …"]
    assert Page().sentence(text * 50) == [text * 50]


def test_line_breaks_in_a_sentence_are_shown_as_what_they_are() -> None:
    assert Page().sentence("one\nFORGED: line") == ["one\\x0aFORGED: line"]
