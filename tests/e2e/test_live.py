"""One live view: whatever is done to a case, and by whom, shows everywhere it is open, at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, expect
from tests.e2e.browser import Chromium
from tests.e2e.conftest import CORPUS
from tests.e2e.panel import Panel
from tests.e2e.waiting import awaited
from tests.servers import Process, timed

LOG = CORPUS / "oom_killed_worker/evidence/messages"


@dataclass(frozen=True)
class Everywhere:
    """The same case open in the side panel, in a second panel of that client, and on another device."""

    side: Panel
    tab: Panel
    device: Panel
    case_id: str
    session_id: str

    @property
    def panels(self) -> tuple[Panel, ...]:
        return (self.side, self.tab, self.device)

    def expect_each(self, find: Callable[[Panel], Locator], text: str) -> None:
        for panel in self.panels:
            expect(find(panel)).to_contain_text(text)

    def expect_none(self, find: Callable[[Panel], Locator]) -> None:
        for panel in self.panels:
            expect(find(panel)).to_have_count(0)


@pytest.fixture
def everywhere(panel: Panel, chromium: Chromium, server: Process, api: httpx.Client) -> Iterator[Everywhere]:
    tab = chromium.panel_in_tab()
    device = Panel(chromium.tab(f"{server.url}/#token={server.token}"))
    device.expect_connected()
    elsewhere = api.post("/api/v1/sessions", json={"client_id": f"script-{os.urandom(8).hex()}"}).json()["session_id"]
    case_id = api.post("/api/v1/cases", json={"title": "The till is slow"}).json()["case_id"]
    for session_id in (panel.kept()["sessionId"], device.page.evaluate("localStorage.sessionId")):
        api.patch(f"/api/v1/sessions/{session_id}", json={"case_id": case_id}).raise_for_status()
    here = Everywhere(panel, tab, device, case_id, elsewhere)
    here.expect_each(title, "The till is slow")
    yield here
    tab.page.close()
    device.page.evaluate("localStorage.clear()")
    device.page.close()


def title(panel: Panel) -> Locator:
    return panel.page.locator("header h1").first


def bar(panel: Panel) -> Locator:
    return panel.page.locator(".bar")


def log_of(api: httpx.Client, case_id: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = api.get(f"/api/v1/cases/{case_id}/events").json()["events"]
    return events


def test_a_question_asked_elsewhere_and_its_answer_as_it_is_written(everywhere: Everywhere, api: httpx.Client) -> None:
    before = len(log_of(api, everywhere.case_id))
    asked = {
        "session_id": everywhere.session_id,
        "query": "What does ECONNREFUSED mean?",
        "case_id": everywhere.case_id,
    }
    api.post("/api/v1/query", json=asked).raise_for_status()
    everywhere.expect_each(lambda panel: panel.conversation, "What does ECONNREFUSED mean?")
    shown = {panel.answered().inner_text() for panel in everywhere.panels}
    assert len(shown) == 1
    events = log_of(api, everywhere.case_id)
    assert "answer.delta" in [event["type"] for event in events], "what is written is told while it is written"
    told = [(event["cursor"], event["seq"]) for event in events[before:]]
    for panel in everywhere.panels:
        assert [one for one in panel.taken() if one in told] == told


def test_evidence_that_comes_and_goes(everywhere: Everywhere, api: httpx.Client) -> None:
    path = f"/api/v1/cases/{everywhere.case_id}/evidence"
    first, second = (
        api.post(path, params={"name": "messages"}, content=content).json()["evidence_id"]
        for content in (LOG.read_bytes(), b"2026-01-02T03:04:05Z ERROR connection refused\n")
    )
    for panel in everywhere.panels:
        panel.button("Evidence messages (2)").click()
        expect(panel.sheet("messages (2)")).to_contain_text("connection refused")
    api.delete(f"/api/v1/evidence/{second}").raise_for_status()
    for panel in everywhere.panels:
        expect(panel.sheet("messages")).to_contain_text("This evidence was deleted")
        panel.page.keyboard.press("Escape")
        expect(panel.button("Evidence messages")).to_be_visible()
        expect(panel.conversation.get_by_text("Deleted evidence")).to_have_count(1)
    assert first != second


def test_a_case_is_renamed_resolved_and_opened_again(everywhere: Everywhere, api: httpx.Client) -> None:
    path = f"/api/v1/cases/{everywhere.case_id}"
    everywhere.device.press("Cases")
    api.patch(path, json={"title": "The till is down"}).raise_for_status()
    everywhere.expect_each(title, "The till is down")
    expect(everywhere.device.sheet("Cases").get_by_role("listitem").first).to_contain_text("The till is down")
    everywhere.device.page.keyboard.press("Escape")

    resolution = {"cause": "a full disk", "fix": ""}
    api.patch(path, json={"status": "resolved", "resolution": resolution}).raise_for_status()
    everywhere.expect_each(bar, "Resolved: a full disk")
    api.patch(path, json={"status": "open", "resolution": None}).raise_for_status()
    everywhere.expect_none(bar)


def test_a_case_is_deleted_and_restored_from_another_device(everywhere: Everywhere, api: httpx.Client) -> None:
    api.delete(f"/api/v1/cases/{everywhere.case_id}").raise_for_status()
    everywhere.expect_each(bar, "This case was deleted.")
    everywhere.tab.photograph("deleted-elsewhere")
    everywhere.tab.ask("What does EPIPE mean?")
    expect(everywhere.tab.page.get_by_role("alert")).to_contain_text("This case was deleted.")
    everywhere.device.press("Restore it")
    everywhere.expect_none(bar)
    everywhere.tab.press("Dismiss")
    everywhere.tab.press("Ask")
    for panel in everywhere.panels:
        panel.answered()


def test_the_case_that_is_open_changes_for_every_panel_of_the_client(everywhere: Everywhere) -> None:
    everywhere.side.press("New case")
    expect(title(everywhere.tab)).to_have_text("FaultMaven")
    expect(title(everywhere.device)).to_have_text("The till is slow")


def test_what_is_kept_no_longer_goes_from_the_screen_too(
    unpaired: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case that nobody touched for too long is deleted by the server itself, for good."""
    monkeypatch.setattr("faultmaven.app.SWEEP_SECONDS", 0.2)
    with timed(tmp_path / "data", retention_days=1) as server, server.client() as api:
        unpaired.begin_anew(server)
        unpaired.expect_connected()
        unpaired.ask("What does ECONNREFUSED mean?")
        unpaired.answered()
        case_id = api.get(f"/api/v1/sessions/{unpaired.kept()['sessionId']}").json()["case_id"]
        # Long enough for the case, and for the session, which is opened anew in between.
        server.advance(days=2)
        awaited(lambda: api.get(f"/api/v1/cases/{case_id}").status_code == 404)
        unpaired.expect_connected()
        expect(unpaired.answers).to_have_count(0)
        expect(unpaired.conversation).not_to_contain_text("ECONNREFUSED")


def test_sessions_are_told_to_every_panel(everywhere: Everywhere, api: httpx.Client) -> None:
    lists = [panel.open_settings("Devices") for panel in everywhere.panels]
    api.post("/api/v1/sessions", json={"client_id": "late", "metadata": {"client_name": "Latecomer"}})
    for listed in lists:
        expect(listed.get_by_role("listitem").filter(has_text="Latecomer")).to_have_count(1)
    late = next(one for one in api.get("/api/v1/sessions").json()["sessions"] if one["client_id"] == "late")
    api.delete(f"/api/v1/sessions/{late['session_id']}").raise_for_status()
    for listed in lists:
        expect(listed.get_by_role("listitem").filter(has_text="Latecomer")).to_have_count(0)
