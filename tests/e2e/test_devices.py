"""The list of devices: what is connected where, live, and each can be ended from any other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.e2e.browser import Chromium
from tests.e2e.panel import Panel
from tests.servers import Process

CLI = {"client_name": "faultmaven CLI", "platform": "Linux"}
PHONE = {"client_name": "FaultMaven page", "browser": "Firefox 140", "platform": "Android"}


def open_session(api: httpx.Client, client_id: str, metadata: dict[str, Any]) -> str:
    answer = api.post("/api/v1/sessions", json={"client_id": client_id, "metadata": metadata})
    session_id: str = answer.raise_for_status().json()["session_id"]
    return session_id


@pytest.fixture(autouse=True)
def alone(api: httpx.Client) -> None:
    """No session is left of the tests before."""
    for one in api.get("/api/v1/sessions").json()["sessions"]:
        api.delete(f"/api/v1/sessions/{one['session_id']}")


@pytest.fixture
def devices(alone: None, panel: Panel) -> Locator:  # noqa: ARG001  # what was there before must be gone
    return panel.open_settings("Devices")


@pytest.fixture
def page(alone: None, chromium: Chromium, server: Process) -> Iterator[Panel]:  # noqa: ARG001  # as above
    """The page in a tab of the same browser: another client."""
    tab: Page = chromium.tab(f"{server.url}/#token={server.token}")
    opened = Panel(tab)
    opened.expect_connected()
    yield opened
    tab.evaluate("localStorage.clear()")
    tab.close()


def test_one_device_alone(devices: Locator, panel: Panel) -> None:
    this = devices.get_by_role("listitem")
    expect(this).to_have_count(1)
    expect(this).to_contain_text("FaultMaven panel")
    expect(this).to_contain_text("This one")
    expect(this).to_contain_text(re.compile(r"\w+ \d+ on \w+"))
    expect(this).to_contain_text("Last used just now")
    expect(devices).to_contain_text("Only this one.")
    expect(devices.get_by_role("button", name=re.compile("^End"))).to_have_count(0)
    panel.photograph("devices-alone")


def test_a_session_says_what_it_runs_in_and_keeps_what_others_say_of_it(panel: Panel, api: httpx.Client) -> None:
    mine = f"/api/v1/sessions/{panel.kept()['sessionId']}"
    metadata = api.get(mine).json()["metadata"]
    told = panel.page.evaluate("navigator.userAgentData.brands.map(one => `${one.brand} ${one.version}`)")
    assert metadata["client_name"] == "FaultMaven panel"
    assert metadata["browser"] in told
    assert metadata["platform"] == panel.page.evaluate("navigator.userAgentData.platform")

    api.patch(mine, json={"metadata": {"browser": "Chromium 1", "desk": "left"}}).raise_for_status()
    panel.page.reload()
    panel.expect_connected()
    assert api.get(mine).json()["metadata"] == metadata | {"desk": "left"}


def test_resuming_takes_no_request_more_than_before(panel: Panel, chromium: Chromium) -> None:
    before = len(chromium.sent)
    assert panel.say("getSessionId")["status"] == "success"
    others = ("/capabilities", "/events")  # asked for by whom they are for, whenever that is
    sent = [(one.method, one.path) for one in chromium.sent[before:] if not one.path.endswith(others)]
    session_id = panel.kept()["sessionId"]
    assert sent == [("GET", f"/api/v1/sessions/{session_id}"), ("POST", "/api/v1/sessions")]


def test_other_devices_come_and_go_before_ones_eyes(devices: Locator, api: httpx.Client) -> None:
    listed = devices.get_by_role("listitem")
    expect(listed).to_have_count(1)
    cli = open_session(api, "a script", CLI)
    phone = open_session(api, "a phone", PHONE)
    expect(listed).to_have_count(3)
    expect(listed.first).to_contain_text("This one")
    expect(listed.filter(has_text="Firefox 140 on Android")).to_contain_text("FaultMaven page")

    api.patch(f"/api/v1/sessions/{cli}", json={"metadata": {"client_name": "Night watch"}}).raise_for_status()
    expect(listed.filter(has_text="Night watch")).to_have_count(1)

    api.delete(f"/api/v1/sessions/{phone}").raise_for_status()
    expect(listed).to_have_count(2)
    expect(listed.filter(has_text="Firefox 140")).to_have_count(0)


def test_one_is_ended_by_its_button(devices: Locator, panel: Panel, api: httpx.Client) -> None:
    cli, phone = open_session(api, "a script", CLI), open_session(api, "a phone", PHONE)
    end = devices.get_by_role("button", name="End faultmaven CLI, Linux")
    expect(end).to_be_visible()
    panel.photograph("devices")
    end.press("Enter")
    expect(devices.get_by_role("listitem")).to_have_count(2)
    expect(devices.get_by_role("status").first).to_contain_text("faultmaven CLI, Linux was ended.")
    expect(devices.get_by_role("list", name="Live sessions")).to_be_focused()
    assert api.get(f"/api/v1/sessions/{cli}").status_code == 410
    assert api.get(f"/api/v1/sessions/{phone}").status_code == 200


def test_all_others_are_ended_at_once(devices: Locator, panel: Panel, api: httpx.Client) -> None:
    others = [open_session(api, f"script {number}", CLI) for number in range(3)]
    devices.get_by_role("button", name="End all others (3)").click()
    expect(devices).to_contain_text("Only this one.")
    assert [api.get(f"/api/v1/sessions/{one}").status_code for one in others] == [410, 410, 410]
    assert api.get(f"/api/v1/sessions/{panel.kept()['sessionId']}").status_code == 200


def test_who_is_ended_is_told_when_and_from_where_and_stays_ended(
    devices: Locator, panel: Panel, page: Panel, api: httpx.Client
) -> None:
    page.question.fill("half a question")
    # Its own list is open: looking at it must not bring the session back.
    page.open_settings("Devices")
    open_session(api, "a script", CLI)
    devices.get_by_role("button", name="End all others (2)").click()
    expect(page.status).to_contain_text("Session ended")
    expect(page.sheet("Devices").get_by_role("listitem")).to_have_count(1)
    expect(page.sheet("Devices")).not_to_contain_text("This one")
    page.page.keyboard.press("Escape")
    told = page.page.get_by_role("group", name="This device's session was ended")
    expect(told).to_contain_text("It was ended from FaultMaven panel")
    expect(told).to_contain_text("just now")
    page.photograph("session-ended")
    live = api.get("/api/v1/sessions").json()["sessions"]
    assert [one["session_id"] for one in live] == [panel.kept()["sessionId"]]
    expect(page.question).to_have_value("half a question")


def test_reached_and_left_by_keyboard(panel: Panel) -> None:
    panel.button("Settings").press("Enter")
    panel.page.get_by_role("button", name="Devices").press("Enter")
    expect(panel.sheet("Devices")).to_be_visible()
    panel.page.keyboard.press("Escape")
    expect(panel.page.get_by_role("dialog")).to_have_count(0)
    expect(panel.button("Settings")).to_be_focused()
