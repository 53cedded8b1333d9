"""Text that comes from outside stays text in Markdown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultmaven.answers.model import QueryState
from faultmaven.answers.postmortem import plain, write
from faultmaven.cases.events import Resolution
from faultmaven.cases.model import Case
from faultmaven.diagnosis.report import Citation, EngineUsed, Report

AT = "2026-03-01T10:00:00Z"
SPECIAL = re.compile(r"(?<!\\)(?:\\\\)*[`*_\[\]<>#|~&]")
FIRST = re.compile(r"[-+#=>]|\d+[.)]")


@given(st.text())
def test_plain_text_has_one_line_and_no_markup(text: str) -> None:
    shown = plain(text)
    assert "\n" not in shown
    assert "\r" not in shown
    assert not SPECIAL.search(shown)
    assert not FIRST.match(shown)


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\x1b", "\x00", "\u2066"])
def test_what_cannot_be_seen_is_shown(hidden: str) -> None:
    assert hidden not in plain(f"a{hidden}b")
    assert len(plain(f"a{hidden}b")) > 2


def test_long_text_is_cut() -> None:
    assert len(plain("x" * 10_000)) == 500


def case(**more: object) -> Case:
    fields = {
        "case_id": "case_1",
        "title": "A case",
        "status": "open",
        "created_at": AT,
        "updated_at": AT,
        "last_seq": 1,
    }
    return Case.model_validate(fields | more)


def answered(
    quote: str, verdict: str = "likely_cause", headline: str = "The disk is full."
) -> tuple[QueryState, Report]:
    state = QueryState(
        query_id="q", session_id="s", case_id="case_1", status="completed", query="Why?", evidence_ids=[], created_at=AT
    )
    citation = Citation(n=1, evidence_id="e", name="app.log", line_start=1, line_end=2, quote=quote)
    report = Report.model_validate(
        {
            "headline": headline,
            "summary": "",
            "response": "",
            "verdict": verdict,
            "citations": [citation],
            "engine": EngineUsed(name="embedded"),
        }
    )
    return state, report


@given(st.text(alphabet="`~\n a", max_size=40))
def test_a_quote_cannot_close_its_fence(quote: str) -> None:
    lines = write(case(), [], [answered(quote)]).split("\n")
    opening = next(number for number, line in enumerate(lines) if line.endswith("`text"))
    fence = lines[opening].removesuffix("text")
    closing = lines.index(fence, opening + 1)
    assert "\n".join(lines[opening + 1 : closing]) == quote


def test_a_later_look_up_does_not_displace_the_diagnosis() -> None:
    text = write(case(), [], [answered("x"), answered("y", verdict="answered", headline="ENOSPC means no space.")])
    assert "**The disk is full.**" in text
    assert "ENOSPC means no space." in text


def test_the_resolution_is_told_where_it_belongs() -> None:
    unresolved = write(case(), [], [])
    assert "_To fill in: the cause, once it is confirmed._" in unresolved
    resolved = write(case(resolution=Resolution(cause="Old logs", fix="Rotate")), [], [])
    assert "As resolved: Old logs" in resolved
    assert "_To fill in: the cause" not in resolved
