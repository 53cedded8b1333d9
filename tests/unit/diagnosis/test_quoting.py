"""Text from evidence can do nothing where it is shown but be read."""

import re

from hypothesis import given
from hypothesis import strategies as st

from faultmaven.diagnosis.quoting import Quoted, code, escaped, markdown, plain, shorten, snippet


def test_backticks_cannot_end_the_code_span() -> None:
    assert code("a `b` c") == "``a `b` c``"
    assert code("`b`") == "`` `b` ``"


@given(st.text(max_size=300))
def test_no_run_of_backticks_inside_is_as_long_as_the_fence(text: str) -> None:
    shown = code(text)
    fence = re.match(r"`+", shown)
    assert fence is not None
    inside = shown[fence.end() : -fence.end()]
    assert all(len(run) != fence.end() for run in re.findall(r"`+", inside))
    assert "\n" not in shown


def test_direction_and_zero_width_characters_become_visible() -> None:
    assert "\u202e" not in snippet("a\u202eb\u200bc", 100)
    assert "\\u202e" in snippet("a\u202eb\u200bc", 100)


def test_colour_codes_are_dropped_and_other_control_characters_shown() -> None:
    assert snippet("\x1b[31mred\x1b[0m \x07", 100) == "red \\x07"


def test_our_sentence_with_hostile_names_makes_no_link_image_or_tag() -> None:
    shown = escaped("![x](https://evil.example) <img> www.evil.example a@b.example")
    assert "](" not in shown.replace("\\]", "")
    assert "://" not in shown
    assert not re.search(r"(?<!\\)[<\[!@]", shown)
    assert "www." not in shown


def test_a_phrase_is_quoted_in_plain_text_and_code_in_markdown() -> None:
    phrase = ("It says ", Quoted("disk *full*"), ".")
    assert plain(phrase) == "It says “disk *full*”."
    assert markdown(phrase) == "It says `disk *full*`."
    assert plain((Quoted("KeyError", bare=True),)) == "KeyError"


def test_what_is_cut_off_is_marked() -> None:
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("abc", 3) == "abc"
