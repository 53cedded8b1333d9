"""Beside every error of a session stands "Why?", and it says what is known, or that nothing can be known now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.e2e.browser import Chromium
from tests.e2e.panel import Panel
from tests.servers import Server, Timed, timed


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Timed]:
    with timed(tmp_path / "data") as process:
        yield process


@pytest.fixture
def opened(unpaired: Panel, server: Server) -> Panel:
    unpaired.begin_anew(server)
    unpaired.expect_connected()
    return unpaired


def end(panel: Panel, api: httpx.Client) -> None:
    api.delete(f"/api/v1/sessions/{panel.kept()['sessionId']}").raise_for_status()
    expect(panel.status).to_contain_text("Session ended")


def test_who_was_ended_can_see_what_happened_and_copy_what_to_look_for(
    opened: Panel, api: httpx.Client, shared_tab: Page
) -> None:
    path = f"/api/v1/sessions/{opened.kept()['sessionId']}"
    failing = {"X-Correlation-ID": "the-one-that-failed"}
    assert api.patch(path, json={"case_id": "case_of_nobody"}, headers=failing).status_code == 404
    end(opened, api)

    opened.press("Why?")
    told = opened.page.get_by_role("status", name="What happened to this session")
    expect(told).to_contain_text("This session was ended on request")
    for fact in ("Opened", "Last used", "Ended"):
        expect(told.locator("dt", has_text=fact)).to_have_count(1)
    failed = told.get_by_role("listitem").filter(has_text="the-one-that-failed")
    expect(failed).to_contain_text("case_not_found (404)")
    expect(opened.button("Why?")).to_have_attribute("aria-expanded", "true")
    opened.photograph("why-ended", whole=True)
    failed.get_by_role("button", name="Copy correlation id").click()
    expect(opened.button("Copied")).to_be_visible()
    shared_tab.evaluate("document.body.replaceChildren(document.createElement('textarea'))")
    shared_tab.locator("textarea").press("ControlOrMeta+v")
    expect(shared_tab.locator("textarea")).to_have_value("the-one-that-failed")

    opened.press("Why?")
    expect(told).to_have_count(0)


def test_an_expired_session_that_was_replaced_in_place_is_explained_among_the_devices(
    opened: Panel, server: Timed
) -> None:
    expired = opened.kept()["sessionId"]
    server.advance(minutes=61)
    opened.ask("What does ECONNREFUSED mean?")
    opened.answered()
    assert opened.kept()["sessionId"] != expired
    devices = opened.open_settings("Devices")
    devices.get_by_role("button", name="Why?").click()
    told = devices.get_by_role("status", name="What happened to this session")
    expect(told).to_contain_text("This session expired")
    expect(told).to_contain_text("unused for 60 minutes")
    opened.photograph("why-expired")


def test_what_the_server_has_forgotten_it_says_so(opened: Panel, api: httpx.Client, server: Timed) -> None:
    end(opened, api)
    server.advance(days=31)
    opened.press("Why?")
    expect(opened.page.get_by_role("status", name="What happened to this session")).to_contain_text(
        "This server knows no such session of yours"
    )


def test_a_server_that_cannot_be_asked(unpaired: Panel, tmp_path: Path) -> None:
    with timed(tmp_path / "other") as server, server.client() as api:
        unpaired.begin_anew(server)
        unpaired.expect_connected()
        end(unpaired, api)
        told = unpaired.page.get_by_role("group", name="This device's session was ended")
        correlation_id = told.locator(".correlation").inner_text().removeprefix("Correlation id ")
    unpaired.press("Why?")
    expect(told).to_contain_text(
        f"The server does not answer, so it cannot say why. Its log may, under correlation id {correlation_id}."
    )
    unpaired.photograph("why-unreachable")


def test_the_same_explanation_on_the_page(chromium: Chromium, server: Server, api: httpx.Client) -> None:
    tab = chromium.tab(f"{server.url}/#token={server.token}")
    page = Panel(tab)
    page.expect_connected()
    api.delete(f"/api/v1/sessions/{tab.evaluate('localStorage.sessionId')}").raise_for_status()
    page.press("Why?")
    expect(page.conversation).to_contain_text("This session was ended on request")
    tab.close()
