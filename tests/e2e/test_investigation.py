"""From the first look to the cause: what one does with an answer, with evidence, and with cases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, expect
from tests.e2e.conftest import CORPUS
from tests.e2e.panel import Panel
from tests.integration.logs import long_log
from tests.integration.test_lifecycle import at_work, held_up
from tests.servers import Process

MESSAGES = CORPUS / "oom_killed_worker/evidence/messages"
MIXED = sorted((CORPUS / "redis_disk_full_mixed/evidence").iterdir())


def case_of(panel: Panel, api: httpx.Client) -> dict[str, Any]:
    case_id = api.get(f"/api/v1/sessions/{panel.kept()['sessionId']}").json()["case_id"]
    case: dict[str, Any] = api.get(f"/api/v1/cases/{case_id}").json()
    return case


def answer_of(panel: Panel, api: httpx.Client) -> dict[str, Any]:
    answer: dict[str, Any] = api.get(f"/api/v1/queries/{panel.query_id()}").json()
    return answer


def ask_about(panel: Panel, *files: Path, question: str = "What happened?") -> None:
    panel.attach(*files)
    panel.ask(question)
    panel.answered()


def test_the_result_of_a_check_goes_to_that_check_and_is_asked_about(panel: Panel, api: httpx.Client) -> None:
    ask_about(panel, MESSAGES)
    check = answer_of(panel, api)["next_checks"][0]
    panel.answers.last.get_by_role("button", name="Paste the result").first.click()
    panel.page.get_by_role("textbox", name="Result of the check").fill("memory limit 512Mi, used 511Mi")
    panel.press("Send the result")
    panel.answered(2)
    case = case_of(panel, api)
    kept = api.get(f"/api/v1/cases/{case['case_id']}/evidence").json()["evidence"]
    assert check["id"] in [evidence.get("answers_check") for evidence in kept]
    result = next(evidence for evidence in kept if evidence.get("answers_check"))
    assert api.get(f"/api/v1/evidence/{result['evidence_id']}/raw").text == "memory limit 512Mi, used 511Mi"


def test_this_was_it_resolves_the_case(panel: Panel, api: httpx.Client) -> None:
    ask_about(panel, MESSAGES)
    leading = answer_of(panel, api)["hypotheses"][0]
    panel.answers.last.get_by_role("button", name="This was it").first.click()
    expect(panel.page.get_by_text("✓ Resolved")).to_be_visible()
    panel.photograph("resolved")
    case = case_of(panel, api)
    assert (case["status"], case["resolution"]["hypothesis_id"]) == ("resolved", leading["id"])
    panel.press("Reopen")
    expect(panel.page.get_by_text("✓ Resolved")).to_have_count(0)
    assert case_of(panel, api)["status"] == "open"


def test_copy_update_is_five_lines_for_the_incident_channel(panel: Panel, shared_tab: Page, api: httpx.Client) -> None:
    ask_about(panel, MESSAGES)
    panel.press("Copy update")
    expect(panel.button("Copied")).to_be_visible()
    lines = pasted_in(shared_tab).split("\n")
    assert [line.partition(":")[0] for line in lines] == ["What", "Since", "Impact", "Doing", "Next check"]
    assert answer_of(panel, api)["headline"] in lines[0]
    assert all(line.partition(":")[2].strip() for line in lines)


def test_a_command_is_copied_without_a_newline_that_would_run_it(
    panel: Panel, shared_tab: Page, api: httpx.Client
) -> None:
    ask_about(panel, MESSAGES)
    answer = answer_of(panel, api)
    command = next(step["command"] for step in answer["next_checks"] + answer["actions"] if step.get("command"))
    row = panel.answers.last.get_by_text(command, exact=True).first
    row.locator("..").get_by_role("button", name="Copy command").click()
    expect(panel.button("Copied").first).to_be_visible()
    assert pasted_in(shared_tab) == command


def pasted_in(tab: Page) -> str:
    tab.evaluate("document.body.replaceChildren(document.createElement('textarea'))")
    tab.locator("textarea").press("ControlOrMeta+v")
    return tab.locator("textarea").input_value()


def test_stop_cancels_and_keeps_the_question_at_hand(panel: Panel, api: httpx.Client, server: Process) -> None:
    panel.drop("large.log", long_log(2).decode(), times=30)
    panel.ask("What is wrong?")
    with held_up(at_work(server)):
        expect(panel.conversation).to_contain_text("What is wrong?")
        panel.photograph("working")
        panel.press("Stop")
        expect(panel.conversation).to_contain_text("Stopped.")
    assert answer_of(panel, api)["status"] == "cancelled"
    panel.press("Put the question back into the box")
    expect(panel.question).to_have_value("What is wrong?")


def test_several_files_at_once_are_one_question(panel: Panel, api: httpx.Client) -> None:
    panel.attach(*MIXED)
    expect(panel.attached).to_have_count(len(MIXED))
    panel.photograph("attached")
    panel.ask("carts are not saved any more")
    panel.answered()
    expect(panel.attached).to_have_count(0)
    case = case_of(panel, api)
    kept = api.get(f"/api/v1/cases/{case['case_id']}/evidence").json()["evidence"]
    assert sorted(evidence["name"] for evidence in kept) == [file.name for file in MIXED]
    assert [(CORPUS / "redis_disk_full_mixed/evidence" / one["name"]).stat().st_size for one in kept] == [
        one["size"] for one in kept
    ]


def test_a_file_alone_is_a_question_and_an_attachment_can_be_taken_back(panel: Panel, api: httpx.Client) -> None:
    panel.attach(*MIXED)
    panel.press(f"Remove {MIXED[0].name}")
    expect(panel.attached).to_have_count(len(MIXED) - 1)
    panel.press("Ask")
    panel.answered()
    case = case_of(panel, api)
    kept = api.get(f"/api/v1/cases/{case['case_id']}/evidence").json()["evidence"]
    assert MIXED[0].name not in [evidence["name"] for evidence in kept]


def test_a_long_paste_becomes_a_chip_and_a_short_one_text(panel: Panel, shared_tab: Page) -> None:
    panel.paste("short", copied_in=shared_tab)
    expect(panel.question).to_have_value("short")
    panel.paste("2026-01-02T03:04:05Z ERROR connection refused\n" * 60, copied_in=shared_tab)
    expect(panel.attached).to_contain_text("Pasted text")
    expect(panel.question).to_have_value("short")


def test_an_example_works_without_any_set_up(panel: Panel) -> None:
    panel.photograph("empty")
    panel.conversation.get_by_role("listitem").get_by_role("button").first.click()
    expect(panel.attached).to_have_count(1)
    panel.press("Ask")
    expect(panel.answered()).to_contain_text("Cause found")


def test_a_new_case_begins_empty_and_the_earlier_one_opens_again(panel: Panel, api: httpx.Client) -> None:
    ask_about(panel, MESSAGES, question="Why does the report of march fail?")
    first, answer = case_of(panel, api)["case_id"], panel.answers.last.inner_text()
    panel.press("New case")
    expect(panel.answers).to_have_count(0)
    panel.ask("What does ECONNREFUSED mean?")
    panel.answered()
    assert case_of(panel, api)["case_id"] != first

    panel.press("Cases")
    cases = panel.sheet("Cases")
    expect(cases.get_by_role("button", name="Why does the report of march fail?").first).to_be_visible()
    panel.photograph("cases")
    cases.get_by_role("searchbox", name="Search cases").fill("report of march")
    expect(cases.get_by_role("button", name="What does ECONNREFUSED mean?")).to_have_count(0)
    cases.get_by_role("button", name="Why does the report of march fail?").first.click()
    expect(panel.answers).to_contain_text(["The kernel killed the process"])
    assert panel.answered().inner_text() == answer
    assert case_of(panel, api)["case_id"] == first


def test_a_case_is_renamed_and_deleted_with_a_way_back(panel: Panel, api: httpx.Client) -> None:
    panel.ask("What does EPIPE mean?")
    panel.answered()
    panel.press("Cases")
    cases = panel.sheet("Cases")
    cases.get_by_role("button", name="Rename What does EPIPE mean?").first.click()
    cases.get_by_role("textbox", name="Title").fill("Broken pipe in the till")
    cases.get_by_role("button", name="Save", exact=True).click()
    expect(panel.page.get_by_role("heading", name="Broken pipe in the till", include_hidden=True)).to_have_count(1)
    case = case_of(panel, api)
    assert case["title"] == "Broken pipe in the till"

    cases.get_by_role("button", name="Delete Broken pipe in the till").click()
    expect(cases.get_by_role("status")).to_contain_text("was deleted")
    panel.photograph("case-deleted")
    assert api.get(f"/api/v1/cases/{case['case_id']}").status_code == 410
    cases.get_by_role("button", name="Undo").click()
    cases.get_by_role("button", name="Broken pipe in the till").first.click()
    panel.answered()


def test_cases_of_one_title_are_told_apart_by_when_they_were_opened(panel: Panel, api: httpx.Client) -> None:
    made = [api.post("/api/v1/cases", json={"title": "Twice the same"}).json() for _ in range(2)]
    panel.press("Cases")
    rows = panel.sheet("Cases").get_by_role("listitem").filter(has_text="Twice the same")
    expect(rows).to_have_count(2)
    for row, case in zip(rows.all(), reversed(made), strict=True):
        day, _, time = case["created_at"].rstrip("Z").partition("T")
        expect(row).to_contain_text(f"opened {day} {time[:8]} UTC")
    panel.photograph("cases-alike")


def test_what_the_headline_says_is_not_said_again_and_more_than_two_checks_are_folded(
    panel: Panel, api: httpx.Client
) -> None:
    ask_about(panel, *MIXED, question="carts are not saved any more")
    answer = answer_of(panel, api)
    day = answer["onset"]["at"][:10]
    assert day in answer["headline"]
    expect(panel.answers.last.locator("header")).to_contain_text("over 3 min")
    assert panel.answers.last.locator("header").inner_text().count(day) == 1
    shown = [panel.answers.last.locator("p", has_text=check["text"]) for check in answer["next_checks"]]
    assert len(shown) == 3
    for check in shown[:2]:
        expect(check).to_be_visible()
    expect(shown[2]).to_be_hidden()
    panel.answers.last.get_by_text("1 more check").click()
    expect(shown[2]).to_be_visible()


def test_saying_whether_it_helped_is_kept(panel: Panel) -> None:
    panel.ask("What does ECONNREFUSED mean?")
    panel.answered()
    panel.press("Helpful")
    expect(panel.button("Helpful")).to_have_attribute("aria-pressed", "true")
    panel.page.reload()
    panel.answered()
    expect(panel.button("Helpful")).to_have_attribute("aria-pressed", "true")


def test_an_answer_is_seen_in_parts(panel: Panel) -> None:
    ask_about(panel, *MIXED, question="carts are not saved any more")
    panel.photograph("answer")
    panel.photograph("answer-whole", whole=True)
    panel.unfold()
    panel.photograph("answer-unfolded", whole=True)
    panel.citations.first.click()
    expect(panel.cited_lines.first).to_be_in_viewport()
    panel.photograph("evidence")
    panel.page.keyboard.press("Escape")
    expect(panel.page.get_by_role("dialog")).to_have_count(0)
    panel.press("Settings")
    panel.photograph("settings")
