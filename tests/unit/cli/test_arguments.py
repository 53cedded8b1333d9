import pytest

from faultmaven.cli.arguments import parser, with_local_server
from faultmaven.cli.ask import QUESTION_LIMIT, asked
from faultmaven.cli.failures import Failure


@pytest.mark.parametrize(
    ("typed", "server", "question"),
    [
        (["--server", "why?"], "local", "why?"),
        (["--server", "http://127.0.0.1:9000", "why?"], "http://127.0.0.1:9000", "why?"),
        (["--server", "127.0.0.1:9000", "why?"], "127.0.0.1:9000", "why?"),
        (["--server=http://[::1]:9000", "why?"], "http://[::1]:9000", "why?"),
        (["why?", "--server"], "local", "why?"),
        (["--server", "--json", "why?"], "local", "why?"),
        (["--", "--server"], None, "--server"),
    ],
)
def test_server_may_stand_alone(typed: list[str], server: str | None, question: str) -> None:
    options = parser().parse_args(with_local_server(["ask", *typed]))
    assert (options.server, options.question) == (server, [question])


def test_a_question_that_starts_like_an_option_is_still_a_question() -> None:
    assert parser().parse_args(["ask", "-rw-r--r-- is the mode, why?"]).question == ["-rw-r--r-- is the mode, why?"]


def test_the_question_is_trimmed() -> None:
    assert asked(["  why?\n"]) == "why?"
    assert asked(["x" * QUESTION_LIMIT + "\n"]) == "x" * QUESTION_LIMIT


def test_bytes_that_are_no_text_do_not_stop_a_question() -> None:
    assert asked(["caf\udce9 is down"]) == "caf\ufffd is down"


@pytest.mark.parametrize(
    ("words", "said"),
    [([""], "is empty"), ([" \n"], "is empty"), (["x" * 20_001], "20,001"), (["why", "is", "it"], "in quotes")],
)
def test_what_is_no_question_is_told(words: list[str], said: str) -> None:
    with pytest.raises(Failure, match=said) as failure:
        asked(words)
    assert failure.value.code == 2
