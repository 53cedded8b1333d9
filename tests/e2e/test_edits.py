"""What somebody else changed meanwhile is not overwritten unseen: the person chooses."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Route, expect
from tests.e2e.browser import Chromium
from tests.e2e.conftest import CORPUS
from tests.e2e.panel import Panel

MESSAGES = CORPUS / "oom_killed_worker/evidence/messages"
THEIRS = {"status": "resolved", "resolution": {"cause": "a full disk", "fix": ""}}


@pytest.fixture
def case_path(panel: Panel, api: httpx.Client) -> str:
    """A case with an answer, open in the panel."""
    panel.attach(MESSAGES)
    panel.ask("report-builder keeps restarting")
    panel.answered()
    case_id = api.get(f"/api/v1/sessions/{panel.kept()['sessionId']}").json()["case_id"]
    return f"/api/v1/cases/{case_id}"


def before(panel: Panel, method: str, path: str, act: Callable[[], Any]) -> None:
    """Somebody else is quicker: `act` happens just before the panel's next request of this kind gets through."""
    waiting = [act]

    def handle(route: Route) -> None:
        if route.request.method == method and waiting:
            waiting.pop()()
        route.continue_()

    panel.page.route(re.compile(re.escape(path) + "$"), handle)


def renaming(panel: Panel, title: str) -> Locator:
    """The list of cases with the form open and filled in."""
    panel.press("Cases")
    cases = panel.sheet("Cases")
    cases.get_by_role("button", name="Rename report-builder keeps restarting").first.click()
    cases.get_by_role("textbox", name="Title").fill(title)
    return cases


@pytest.mark.parametrize("choice", ["Use my title", "Leave theirs"])
def test_two_rename_a_case(choice: str, panel: Panel, case_path: str, api: httpx.Client) -> None:
    cases = renaming(panel, "Mine")
    api.patch(case_path, json={"title": "Theirs"}).raise_for_status()
    cases.get_by_role("button", name="Save", exact=True).click()
    expect(cases.get_by_role("alert")).to_contain_text("Meanwhile it was renamed to “Theirs”.")
    assert api.get(case_path).json()["title"] == "Theirs"
    panel.photograph("rename-conflict")
    cases.get_by_role("button", name=choice).click()
    expect(cases.get_by_role("textbox", name="Title")).to_have_count(0)
    kept = "Mine" if choice == "Use my title" else "Theirs"
    expect(cases.get_by_role("listitem").first).to_contain_text(kept)
    assert api.get(case_path).json()["title"] == kept


def test_a_change_in_the_very_last_moment_is_seen_too(
    panel: Panel, case_path: str, api: httpx.Client, chromium: Chromium
) -> None:
    cases = renaming(panel, "Mine")
    before(panel, "PATCH", case_path, lambda: api.patch(case_path, json={"title": "Theirs"}))
    cases.get_by_role("button", name="Save", exact=True).click()
    expect(cases.get_by_role("alert")).to_contain_text("Meanwhile it was renamed to “Theirs”.")
    patches = [one for one in chromium.sent if (one.method, one.path) == ("PATCH", case_path)]
    assert patches
    assert all(one.headers.get("if-match") for one in patches)


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_what_it_was_is_settled_by_the_person_when_two_say_so(
    method: str, panel: Panel, case_path: str, api: httpx.Client
) -> None:
    this_was_it = panel.answers.last.get_by_role("button", name="This was it").first
    before(panel, method, case_path, lambda: api.patch(case_path, json=THEIRS))
    this_was_it.click()
    notice = panel.page.get_by_role("alert")
    expect(notice).to_contain_text("Meanwhile somebody marked this case as resolved: “a full disk”.")
    assert api.get(case_path).json()["resolution"]["cause"] == "a full disk"
    panel.photograph("resolve-conflict")
    notice.get_by_role("button", name="This was it all the same").click()
    expect(panel.answers.last).to_contain_text("✓ This was it")
    assert api.get(case_path).json()["resolution"]["cause"] != "a full disk"


def test_what_has_nothing_to_do_with_it_is_in_nobodys_way(panel: Panel, case_path: str, api: httpx.Client) -> None:
    before(panel, "PATCH", case_path, lambda: api.patch(case_path, json={"title": "Another title"}))
    panel.answers.last.get_by_role("button", name="This was it").first.click()
    expect(panel.answers.last).to_contain_text("✓ This was it")
    case = api.get(case_path).json()
    assert (case["title"], case["status"]) == ("Another title", "resolved")
