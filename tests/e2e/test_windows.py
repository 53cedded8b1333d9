"""Several windows of one profile are one client; several profiles are several, and all see the same cases."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import expect
from tests.e2e.browser import Chromium
from tests.e2e.conftest import CORPUS, Launch
from tests.e2e.panel import Panel
from tests.e2e.sites import Site
from tests.servers import Process

LOG = CORPUS / "oom_killed_worker/evidence/messages"


@pytest.fixture
def two_windows(launch: Launch, server: Process, town: Site) -> tuple[Panel, Panel]:
    chromium = launch("home")
    first = chromium.open_panel(chromium.tab(town.url))
    first.pair(server)
    first.expect_connected()
    second = chromium.open_panel(chromium.window(f"{town.url}/second"))
    second.expect_connected()
    return first, second


def test_two_windows_share_a_session_and_see_the_same_answer(
    two_windows: tuple[Panel, Panel], api: httpx.Client
) -> None:
    first, second = two_windows
    session_id = first.kept()["sessionId"]
    assert first.say("getSessionId") == second.say("getSessionId") == {"status": "success", "sessionId": session_id}
    mine = [
        one for one in api.get("/api/v1/sessions").json()["sessions"] if one["client_id"] == first.kept()["client_id"]
    ]
    assert [one["session_id"] for one in mine] == [session_id]

    first.attach(LOG)
    first.ask("report-builder keeps restarting")
    assert first.answered().inner_text() == second.answered().inner_text()

    second.ask("Since when?")
    assert second.answered(2).inner_text() == first.answered(2).inner_text()


def test_what_is_typed_in_one_window_stays_there(two_windows: tuple[Panel, Panel]) -> None:
    first, second = two_windows
    first.question.fill("typed in the first")
    second.question.fill("typed in the second")
    first.page.reload()
    expect(first.question).to_have_value("typed in the first")
    expect(second.question).to_have_value("typed in the second")


def test_the_other_window_goes_on_when_the_one_that_reads_is_closed(
    launch: Launch, server: Process, town: Site
) -> None:
    """One panel reads the stream for all; when it goes, another takes over."""
    chromium = launch("home")
    first_tab = chromium.tab(town.url)
    first = chromium.open_panel(first_tab)
    first.pair(server)
    first.expect_connected()
    second = chromium.open_panel(chromium.window(f"{town.url}/second"))
    second.expect_connected()
    first.page.close()
    second.attach(LOG)
    second.ask("report-builder keeps restarting")
    second.answered()


def test_the_panel_opened_in_a_tab_is_one_more_of_the_same(panel: Panel, chromium: Chromium) -> None:
    tab = chromium.context.new_page()
    tab.goto(panel.page.url)
    in_tab = Panel(tab)
    in_tab.expect_connected()
    assert in_tab.say("getSessionId") == panel.say("getSessionId")
    in_tab.ask("What does ECONNREFUSED mean?")
    assert panel.answered().inner_text() == in_tab.answered().inner_text()
    tab.close()


def test_two_profiles_have_sessions_of_their_own_and_the_same_cases(
    launch: Launch, server: Process, town: Site, api: httpx.Client
) -> None:
    home, office = (paired(launch(name), server, town) for name in ("home", "office"))
    sessions = {one["session_id"]: one["client_id"] for one in api.get("/api/v1/sessions").json()["sessions"]}
    kept = [home.kept(), office.kept()]
    assert [sessions[one["sessionId"]] for one in kept] == [one["client_id"] for one in kept]
    assert kept[0]["sessionId"] != kept[1]["sessionId"]

    office.press("Cases")
    home.ask("What does ECONNREFUSED mean on the till of shop seven?")
    home.answered()
    listed = office.sheet("Cases").get_by_role("button", name="shop seven").first
    expect(listed).to_be_visible()

    listed.click()
    assert office.answered().inner_text() == home.answers.last.inner_text()
    office.ask("What does ETIMEDOUT mean?")
    assert home.answered(2).inner_text() == office.answered(2).inner_text()


def paired(chromium: Chromium, server: Process, town: Site) -> Panel:
    panel = chromium.open_panel(chromium.tab(town.url))
    panel.pair(server)
    panel.expect_connected()
    return panel
