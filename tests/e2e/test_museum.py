"""Failures that systems of this kind really had, on the browser's side: each is kept out by a test of its own."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect
from tests.e2e.browser import Chromium
from tests.e2e.conftest import Launch
from tests.e2e.panel import Panel
from tests.e2e.sent import Sent
from tests.e2e.sites import Site
from tests.e2e.test_many_panels import newest_cursor, open_streams
from tests.e2e.waiting import awaited
from tests.servers import running

ASKED = "What does ECONNREFUSED mean?"
MADE_UP = "6b1f5a52-8a5f-4f6e-9d7e-local-session"
LEAVE_BEHIND = {
    "extension": """async made => {
        await chrome.storage.local.remove(["sessionId", "sessionCreatedAt", "sessionServer"]);
        await chrome.storage.local.set({sessionId: made, sessionCreatedAt: String(Date.now())});
    }""",
    "page": """made => {
        localStorage.removeItem("sessionServer");
        Object.assign(localStorage, {sessionId: made, sessionCreatedAt: String(Date.now())});
    }""",
}


def test_a_second_tab_stole_the_first_tabs_stream(launch: Launch, tmp_path: Path) -> None:
    """The first tab reads on, and both are told everything once, over the one connection there is."""
    chromium = launch("home")
    with running(tmp_path / "data") as server, server.client() as api:
        link = f"{server.url}/#token={server.token}"
        first = Panel(chromium.tab(link))
        first.expect_connected()
        assert first.leads()
        second = Panel(chromium.tab(link))
        second.expect_connected()
        assert (first.leads(), second.leads()) == (True, False)
        assert open_streams(api) == 1

        second.ask(ASKED)
        assert first.answered().inner_text() == second.answered().inner_text()
        newest = newest_cursor(api)
        for panel in (first, second):
            panel.expect_taken(newest)
            cursors = [cursor for cursor, _ in panel.taken()]
            assert cursors == list(range(cursors[0], newest + 1))
        assert open_streams(api) == 1


def test_the_panel_stayed_dead_after_the_server_came_back(unpaired: Panel, tmp_path: Path) -> None:
    """Nobody touches the panel: it finds the server again, and what is said elsewhere from then on."""
    with running(tmp_path / "data") as server:
        unpaired.begin_anew(server)
        unpaired.expect_connected()
        unpaired.ask(ASKED)
        unpaired.answered()
        server.stop(signal.SIGKILL)
        expect(unpaired.conversation).to_contain_text("No server answers")
    with running(tmp_path / "data", port=server.port) as again, again.client() as api:
        unpaired.expect_connected()
        expect(unpaired.conversation).not_to_contain_text("No server answers")
        session = api.get(f"/api/v1/sessions/{unpaired.kept()['sessionId']}").json()
        asked = {"session_id": session["session_id"], "query": "What does EPIPE mean?", "case_id": session["case_id"]}
        api.post("/api/v1/query", json=asked).raise_for_status()
        unpaired.answered(2)


def test_two_panels_opened_together_made_two_sessions(launch: Launch, town: Site, tmp_path: Path) -> None:
    """In the extension and on the page: none has a name yet when all of them ask for a session, at the same moment."""
    chromium = launch("fresh")
    with running(tmp_path / "data") as server, server.client() as api:
        side = chromium.open_panel(chromium.tab(town.url))
        of_extension = [side, *(chromium.panel_in_tab() for _ in range(3))]
        of_page = [Panel(chromium.tab(server.url)) for _ in range(4)]
        for panel in of_page:
            expect(panel.page.get_by_role("textbox", name="Access token")).to_be_visible()
        server.process.send_signal(signal.SIGSTOP)  # all of them ask, and wait
        side.page.evaluate("access => chrome.storage.local.set(access)", {"server": server.url, "token": server.token})
        for panel in of_page:
            panel.page.evaluate("token => { location.hash = `token=${token}`; }", server.token)
        panels = of_extension + of_page
        awaited(lambda: [panel.status.inner_text() for panel in panels] == ["Connecting…"] * len(panels))
        server.process.send_signal(signal.SIGCONT)

        for panel in panels:
            panel.expect_connected()
        made = sessions_of(api)
        assert sorted(one["metadata"]["client_name"] for one in made.values()) == [
            "FaultMaven page",
            "FaultMaven panel",
        ]
        assert made[side.kept()["sessionId"]]["client_id"] == side.kept()["client_id"]
        opened = [one.json() for one in chromium.sent if (one.method, one.path) == ("POST", "/api/v1/sessions")]
        assert len({body["client_id"] for body in opened}) == 2


def sessions_of(api: httpx.Client) -> dict[str, dict[str, Any]]:
    return {one["session_id"]: one for one in api.get("/api/v1/sessions").json()["sessions"]}


def test_local_storage_in_a_service_worker(panel: Panel, chromium: Chromium, api: httpx.Client) -> None:
    """There is none: a worker that reached for it died at once. Ours keeps things where its next life finds them."""
    assert chromium.worker.evaluate("typeof localStorage") == "undefined"
    session_id, before = panel.kept()["sessionId"], sessions_of(api).keys()
    for _ in range(2):
        chromium.stop_worker(panel)
        assert panel.say("getSessionId") == {"status": "success", "sessionId": session_id}
    chromium.stop_worker(panel)
    api.delete(f"/api/v1/sessions/{session_id}").raise_for_status()
    panel.ask(ASKED)
    panel.answered()
    made = sessions_of(api).keys() - before
    assert made == {panel.kept()["sessionId"]}


@pytest.mark.parametrize("where", ["extension", "page"])
def test_a_session_id_was_made_up_and_nobody_had_registered_it(
    where: str, unpaired: Panel, chromium: Chromium, tmp_path: Path
) -> None:
    """The incident this product began with: an id of the panel's own invention, and answers that were none.

    A panel that finds such an id, left by a version before, and no server, has no session and gives no answer. Every id
    that reaches the server later is one it gave out itself.
    """
    before = len(chromium.sent)
    with running(tmp_path / "data") as server:
        panel = unpaired
        if where == "extension":
            panel.begin_anew(server)
        else:
            panel = Panel(chromium.tab(f"{server.url}/#token={server.token}"))
        panel.expect_connected()
        server.stop(signal.SIGKILL)
    panel.page.evaluate(LEAVE_BEHIND[where], MADE_UP)
    panel.ask(ASKED)
    expect(panel.conversation).to_contain_text("No server answers")
    expect(panel.question).to_have_value(ASKED)
    expect(panel.answers).to_have_count(0)
    if where == "extension":
        assert panel.say("getSessionId")["status"] == "error"

    with running(tmp_path / "data", port=server.port) as again, again.client() as api:
        panel.expect_connected()
        panel.press("Ask")
        panel.answered()
        sent = [one for one in chromium.sent[before:] if one.origin == again.url]
        assert [str(one) for one in sent if MADE_UP in f"{one.url} {one.headers} {one.body!r}"] == []
        named = {session_id for one in sent for session_id in sessions_in(one)}
        assert named
        for session_id in named:
            assert api.get(f"/api/v1/sessions/{session_id}/diagnosis").status_code == 200, session_id
    if where == "page":
        panel.page.close()


def sessions_in(sent: Sent) -> set[str]:
    """The ids of sessions that a request names."""
    of_path = set(re.findall("/api/v1/sessions/([^/]+)", sent.path))
    is_json = sent.headers.get("content-type") == "application/json"
    return of_path | ({sent.json()["session_id"]} if is_json and "session_id" in sent.json() else set())
