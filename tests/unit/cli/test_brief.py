import pytest
from tests.unit.cli.reports import cause_found, explained, not_enough

from faultmaven.cli.brief import MOST_LINES, brief
from faultmaven.cli.terminal import Page

PIPE = Page()


def test_says_what_since_when_where_and_what_to_do_first() -> None:
    assert brief(cause_found(), PIPE) == [
        "The disk of the database is full, since 2026-01-02 03:04:05 UTC.",
        "Cause found, since 2026-01-02 03:04:05 UTC, 412 lines, still going on when the evidence ends.",
        "",
        "db.log:12: FATAL: the database system is out of disk space",
        "node.log:7-9: free 3 GB",
        "",
        "Mitigate (destructive): Remove old WAL.",
        "    rm WAL_FILE",
        "Check (only reads): How full is it?",
        "    df -h /var",
    ]


def test_without_a_cause_it_says_what_would_settle_it() -> None:
    assert brief(not_enough(), PIPE) == [
        "There is no evidence to go by.",
        "Not enough evidence.",
        "",
        "To settle it: A log of the failing service.",
    ]


def test_the_meaning_of_a_term_is_explained_without_repeating_its_name() -> None:
    assert brief(explained(), PIPE)[:3] == [
        "Connection refused.",
        "",
        "Nothing listens on that port of that machine.",
    ]


@pytest.mark.parametrize("width", [60, 80, 200])
def test_never_more_than_fifteen_lines_and_never_wider_than_the_terminal(width: int) -> None:
    report = cause_found()
    long = "the operating system reported something at great length " * 9
    wordy = report.model_copy(
        update={
            "headline": ("word " * 24).strip(),
            "verdict": "symptom_only",
            "missing": [long],
            "citations": [
                c.model_copy(update={"n": n, "quote": long}) for c in report.citations for n in (c.n, c.n + 2)
            ],
            "actions": [action.model_copy(update={"text": long}) for action in report.actions],
            "next_checks": [check.model_copy(update={"text": long}) for check in report.next_checks],
        }
    )
    lines = brief(wordy, Page(width))
    assert len(lines) <= MOST_LINES
    assert max(map(len, lines)) <= width
    assert lines[-1] == "    df -h /var"


def test_evidence_cannot_speak_to_the_terminal() -> None:
    hostile = "ok\x1b]0;owned\x07 \x9b31m \u202eevil\u202c \u200b\x08\r\x00"
    for page in (PIPE, Page(80), Page(80, colour=True)):
        text = "\n".join(brief(cause_found(quote=hostile, name="a\x1b[2Jb\u202e.log"), page))
        for character in "\x07\x9b\u202e\u202c\u200b\x08\r\x00":
            assert character not in text
        assert "\x1b]" not in text
        assert "\x1b[2J" not in text
        assert "\\x1b]0;owned" in text
        assert "\\u202e" in text


def test_a_command_is_never_cut_or_wrapped() -> None:
    command = "kubectl get events " + "--namespace=a-rather-long-one " * 8 + "END"
    report = cause_found()
    long = report.model_copy(
        update={"next_checks": [report.next_checks[0].model_copy(update={"command": command})]},
    )
    assert f"    {command}" in brief(long, Page(60))


def test_colour_only_where_the_page_takes_it() -> None:
    assert "\x1b[1m" in brief(cause_found(), Page(80, colour=True))[0]
    assert not any("\x1b" in line for line in brief(cause_found(), Page(80)))
