from tests.unit.cli.reports import cause_found, not_enough

from faultmaven.cli.terminal import Page
from faultmaven.cli.whole import whole


def test_everything_the_report_holds_is_there() -> None:
    text = "\n".join(whole(cause_found(), Page()))
    for said in (
        "The disk is full (strong; resource exhaustion)",
        "for: it says so itself [2]",
        "against: free space was reported an hour before [1]",
        "ruled out: others are reached",
        "2026-01-02 03:04:05 UTC  first error: first refused write [2]",
        "Fix (changes state): Give it a larger disk.",
        "    rm WAL_FILE",
        "to undo: none",
        "    df -h /var",
        "if so: free some",
        "if not: look on",
        "The log of the node.",
        "2025-12-24 18:00:00 UTC, case case-7: disk enlarged",
        "[1] node.log:7-9: free 3 GB",
        "1,204 lines, 98.2 kB (log, json lines)",
        "3 lines without a recognised time or level",
        "embedded engine (reader 1, catalogue abc)",
    ):
        assert said in text


def test_a_section_without_content_is_left_out() -> None:
    lines = whole(not_enough(), Page())
    assert "Missing" in lines
    assert not {"Timeline", "To do", "To check", "Cited lines", "What it could be"} & set(lines)


def test_evidence_cannot_speak_to_the_terminal() -> None:
    text = "\n".join(whole(cause_found(quote="\x1b]52;c;cm0=\x07", name="\u202ename"), Page(80)))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\u202e" not in text
