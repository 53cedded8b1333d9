"""The story that this product began with: a panel whose session the server really knows, and a real answer in it."""

from __future__ import annotations

from typing import Any

import httpx
from playwright.sync_api import expect
from tests.e2e.browser import Chromium
from tests.e2e.conftest import CORPUS, Launch
from tests.e2e.panel import Panel
from tests.e2e.sent import Contract
from tests.e2e.sites import Site
from tests.servers import Process

SEES_THE_PAGE = """async () => {
    const [{id: tabId}] = await chrome.tabs.query({active: true, currentWindow: true});
    const [{result}] = await chrome.scripting.executeScript({target: {tabId}, func: () => location.href});
    return result;
}"""
LOG = (CORPUS / "oom_killed_worker/evidence/messages").read_text()


def live_sessions(api: httpx.Client) -> dict[str, dict[str, Any]]:
    return {session["session_id"]: session for session in api.get("/api/v1/sessions").json()["sessions"]}


def test_from_a_fresh_profile_to_a_cited_answer(
    launch: Launch, server: Process, town: Site, api: httpx.Client, contract: Contract
) -> None:
    chromium = launch("fresh")
    tab = chromium.tab(town.url)
    panel = chromium.open_panel(tab)

    panel.pair(server)
    panel.expect_connected()

    session = live_sessions(api)[panel.kept()["sessionId"]]
    assert session["client_id"] == panel.kept()["client_id"]
    assert session["created_at"] == panel.kept()["sessionCreatedAt"]
    assert panel.say("getSessionId") == {"status": "success", "sessionId": session["session_id"]}

    panel.paste(LOG, copied_in=tab)
    panel.ask("report-builder keeps restarting")
    expect(panel.answered()).to_contain_text("Cause found")

    panel.citations.first.click()
    shows_the_cited_lines(panel, api)
    operations = [contract.operation_of(one) for one in chromium.sent]
    assert {"open_session", "open_case", "add_evidence", "ask", "evidence_lines"} <= {
        operation["operationId"] for operation in operations if operation
    }


def shows_the_cited_lines(panel: Panel, api: httpx.Client) -> None:
    """Highlighted, in sight, and the same text that the server has at these lines."""
    cited = panel.cited_lines
    expect(cited.first).to_be_in_viewport()
    citation = api.get(f"/api/v1/queries/{panel.query_id()}").json()["citations"][0]
    page = api.get(
        f"/api/v1/evidence/{citation['evidence_id']}/lines",
        params={"from": citation["line_start"], "to": citation["line_end"]},
    ).json()
    assert panel.shown_lines(cited) == [(line["n"], line["text"]) for line in page["lines"]]


def test_a_click_on_the_servers_page_offers_to_pair_and_asks_once(launch: Launch, server: Process) -> None:
    chromium = launch("clicked")
    page = chromium.tab(f"{server.url}/#token={server.token}")
    expect(Panel(page).question).to_be_editable()

    panel = chromium.open_panel(page)

    offer = panel.page.get_by_role("group", name=f"Connect to {server.url}?")
    expect(offer).to_be_visible()
    panel.photograph("offer")
    assert "token" not in panel.kept(), "nothing is kept before the person agrees"
    offer.get_by_role("button", name="Connect", exact=True).click()
    panel.expect_connected()
    assert panel.kept()["token"] == server.token

    chromium.click_icon(page)
    assert panel.page.evaluate(SEES_THE_PAGE) == f"{server.url}/"  # so what the click did before that is done
    assert panel.page.evaluate("chrome.storage.session.get('offer')") == {}


def test_an_offer_that_is_refused_changes_nothing(launch: Launch, server: Process) -> None:
    chromium = launch("refused")
    page = chromium.tab(f"{server.url}/#token={server.token}")
    expect(Panel(page).question).to_be_editable()
    panel = chromium.open_panel(page)
    panel.press("Not now")
    expect(panel.button("Not now")).to_have_count(0)
    assert "token" not in panel.kept()


def test_nothing_stands_before_the_question_box(unpaired: Panel) -> None:
    unpaired.question.fill("Why is the shop down?")
    expect(unpaired.question).to_have_value("Why is the shop down?")


def test_twenty_at_once_get_one_session_of_one_client(panel: Panel, chromium: Chromium, api: httpx.Client) -> None:
    """Without a lock, twenty callers that find no name each make one."""
    before = live_sessions(api)
    panel.page.evaluate("chrome.storage.local.remove(['client_id', 'sessionId', 'sessionCreatedAt', 'sessionServer'])")
    chromium.stop_worker(panel)  # they wait for it to start, and come in at once
    sent_before = len(chromium.sent)
    said = panel.page.evaluate(
        """() => Promise.all(Array.from({length: 20}, () => chrome.runtime.sendMessage({action: "getSessionId"})))"""
    )
    assert {one["sessionId"] for one in said} == {panel.kept()["sessionId"]}
    assert len(live_sessions(api).keys() - before.keys()) == 1
    opened = [one for one in chromium.sent[sent_before:] if (one.method, one.path) == ("POST", "/api/v1/sessions")]
    assert {one.json()["client_id"] for one in opened} == {panel.kept()["client_id"]}


def test_a_session_that_cannot_be_had_is_told_as_an_error(unpaired: Panel) -> None:
    said = unpaired.say("getSessionId")
    assert said["status"] == "error"
    assert said["message"]
