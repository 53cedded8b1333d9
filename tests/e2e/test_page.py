"""The page that the server serves is the same panel."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.e2e.browser import Chromium
from tests.e2e.conftest import CORPUS
from tests.e2e.panel import SCREENSHOTS, Panel
from tests.e2e.test_story import shows_the_cited_lines
from tests.servers import Process

LOG = CORPUS / "oom_killed_worker/evidence/messages"
ASKED = "report-builder keeps restarting"


@pytest.fixture
def tab(chromium: Chromium) -> Iterator[Page]:
    page = chromium.tab()
    yield page
    page.evaluate("localStorage.clear()")
    page.close()


def test_from_the_printed_link_to_a_cited_answer_that_survives_a_reload(
    tab: Page, server: Process, api: httpx.Client
) -> None:
    tab.goto(f"{server.url}/#token={server.token}")
    page = Panel(tab)
    page.expect_connected()
    assert tab.url == f"{server.url}/"
    assert str(server.token) not in str(tab.evaluate("[history.state, {...localStorage}]"))

    page.attach(LOG)
    page.ask(ASKED)
    expect(page.answered()).to_contain_text("Cause found")
    page.citations.first.click()
    shows_the_cited_lines(page, api)
    tab.keyboard.press("Escape")

    session_id = tab.evaluate("localStorage.sessionId")
    page.question.fill("And since when?")
    tab.reload()
    page.expect_connected()
    expect(page.answered()).to_contain_text("Cause found")
    expect(page.question).to_have_value("And since when?")
    assert tab.evaluate("localStorage.sessionId") == session_id


def test_without_the_link_the_token_is_asked_for(tab: Page, server: Process) -> None:
    tab.goto(server.url)
    page = Panel(tab)
    tab.get_by_role("textbox", name="Access token").fill(server.token or "")
    page.press("Connect")
    page.expect_connected()
    page.ask("What does ECONNREFUSED mean?")
    page.answered()


def test_the_extension_and_the_page_are_two_clients_with_the_same_cases(
    panel: Panel, tab: Page, server: Process
) -> None:
    tab.goto(f"{server.url}/#token={server.token}")
    page = Panel(tab)
    page.expect_connected()
    assert tab.evaluate("localStorage.sessionId") != panel.kept()["sessionId"]
    panel.ask("What does ECONNREFUSED mean for the pigeon post?")
    panel.answered()
    page.press("Cases")
    page.sheet("Cases").get_by_role("button", name="pigeon post").first.click()
    assert page.answered().inner_text() == panel.answers.last.inner_text()


def test_wide_enough_the_evidence_stands_beside_the_conversation(tab: Page, server: Process) -> None:
    tab.set_viewport_size({"width": 1200, "height": 800})
    tab.goto(f"{server.url}/#token={server.token}")
    page = Panel(tab)
    page.expect_connected()
    page.attach(LOG)
    page.ask(ASKED)
    page.answered()
    page.citations.first.click()
    expect(page.cited_lines.first).to_be_in_viewport()
    conversation, evidence = page.conversation.bounding_box(), page.cited_lines.first.bounding_box()
    assert conversation is not None
    assert evidence is not None
    assert conversation["x"] + conversation["width"] <= evidence["x"]
    for theme in ("light", "dark"):
        tab.emulate_media(color_scheme=theme)
        tab.screenshot(path=SCREENSHOTS / f"page-wide-{theme}.png", animations="disabled")


def test_the_link_opened_where_the_page_already_is(tab: Page, server: Process) -> None:
    """Only the fragment changes then, which loads nothing."""
    tab.goto(server.url)
    expect(tab.get_by_role("textbox", name="Access token")).to_be_visible()
    tab.evaluate("token => { location.hash = `token=${token}`; }", server.token)
    Panel(tab).expect_connected()
    assert "token" not in tab.url
