"""Any number of panels of one client share one connection, and no event is lost when the one that reads goes away.

Extension and served page are two clients of two origins, which cannot share anything: each has one connection.
"""

from __future__ import annotations

import queue
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.e2e.browser import Chromium
from tests.e2e.conftest import Launch
from tests.e2e.panel import Panel
from tests.e2e.sites import Site
from tests.e2e.waiting import awaited
from tests.following import Frame, follow
from tests.servers import Process, running

QUESTIONS = ("What does ECONNREFUSED mean?", "What does EPIPE mean?", "What does ETIMEDOUT mean?")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Process]:
    """Of its own: its open streams are counted."""
    with running(tmp_path / "data") as process:
        yield process


@pytest.fixture
def extension_panels(launch: Launch, server: Process, town: Site) -> tuple[Chromium, list[Panel]]:
    """Side panels of two windows, and tabs."""
    chromium = launch("home")
    first = chromium.open_panel(chromium.tab(town.url))
    first.pair(server)
    first.expect_connected()
    side_panels = [first, chromium.open_panel(chromium.window(f"{town.url}/second"))]
    return chromium, side_panels + [chromium.panel_in_tab() for _ in range(8)]


def page_panels(chromium: Chromium, server: Process, count: int) -> list[Panel]:
    return [Panel(chromium.tab(f"{server.url}/#token={server.token}")) for _ in range(count)]


def open_streams(api: httpx.Client) -> int:
    """As the server counts them."""
    found = re.search(r"^faultmaven_streams_open ([\d.]+)", api.get("/metrics").text, re.MULTILINE)
    assert found
    return int(float(found[1]))


def show_case(api: httpx.Client, panels: list[Panel], case_id: str) -> None:
    """Opens it in the sessions of these panels."""
    for one in api.get("/api/v1/sessions").json()["sessions"]:
        api.patch(f"/api/v1/sessions/{one['session_id']}", json={"case_id": case_id}).raise_for_status()
    for panel in panels:
        expect(panel.page.locator("header h1").first).to_have_text("The till is slow")


def whole_log(api: httpx.Client, session_id: str, until: int) -> list[Frame]:
    with follow(api, f"/api/v1/sessions/{session_id}/events") as stream:
        frames = []
        for frame in stream:
            frames.append(frame)
            if frame.id == until:
                return frames
    raise AssertionError("the log ended early")


class Asker:
    """Asks one question after the other in a thread of its own, as many as it was told to."""

    def __init__(self, server: Process, session_id: str, case_id: str) -> None:
        self.answered = 0
        self._server = server
        self._asked = {"session_id": session_id, "case_id": case_id}
        self._orders: queue.Queue[str | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        with self._server.client() as api:
            while (question := self._orders.get()) is not None:
                api.post("/api/v1/query", json=self._asked | {"query": question}).raise_for_status()
                self.answered += 1

    @contextmanager
    def meanwhile(self) -> Iterator[None]:
        """A few questions are asked during what happens here; then they are all answered."""
        wanted = self.answered + len(QUESTIONS)
        for question in QUESTIONS:
            self._orders.put(question)
        yield
        awaited(lambda: self.answered == wanted)

    def __enter__(self) -> Asker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._orders.put(None)
        self._thread.join()


def leader(panels: list[Panel]) -> Panel:
    def leading() -> list[Panel]:
        return [panel for panel in panels if panel.leads()]

    (found,) = awaited(leading)
    return found


def test_twenty_panels_go_on_with_one_connection_each_client_while_leaders_go(
    extension_panels: tuple[Chromium, list[Panel]], server: Process
) -> None:
    chromium, of_extension = extension_panels
    of_page = page_panels(chromium, server, 10)
    for panel in of_extension + of_page:
        panel.expect_connected()
    with server.client() as api:
        assert open_streams(api) == 2
        script = api.post("/api/v1/sessions", json={"client_id": "script"}).json()["session_id"]
        case_id = api.post("/api/v1/cases", json={"title": "The till is slow"}).json()["case_id"]
        show_case(api, of_extension + of_page, case_id)

        with Asker(server, script, case_id) as asker:
            for close in (chromium.crash, Page.close, chromium.crash, Page.close):
                going = leader(of_page)
                of_page.remove(going)
                with asker.meanwhile():
                    close(going.page)
            for _ in range(4):
                # The panels of an extension share one process: it can only be closed, not killed, for one of them.
                going = leader(of_extension)
                of_extension.remove(going)
                with asker.meanwhile():
                    going.page.close()

        newest = newest_cursor(api)
        last_seq = api.get(f"/api/v1/cases/{case_id}").json()["last_seq"]
        log = [(frame.id, frame.data.get("seq")) for frame in whole_log(api, script, newest)]
        assert [cursor for cursor, _ in log] == list(range(1, newest + 1))
        survivors = of_extension + of_page
        assert len(survivors) == 12
        for panel in survivors:
            expect(panel.conversation).to_have_attribute("data-seq", str(last_seq))
            taken = panel.taken()
            assert taken == log[-len(taken) :], "every event once and in order, from the first one it took"
            assert len(taken) > last_seq
            expect(panel.conversation.locator("[data-query-id]")).to_have_count(asker.answered)
            expect(panel.answers).to_have_count(asker.answered)
        assert open_streams(api) == 2


def test_who_missed_something_is_told_again_from_where_it_stands(
    panel: Panel, chromium: Chromium, api: httpx.Client
) -> None:
    """A stranger among the panels tells of an event that is far ahead, and claims to know less than the others: they
    take nothing out of order and nothing twice, and it is told what it lacks, however far back that lies."""
    follower = chromium.panel_in_tab()
    follower.expect_connected()
    stranger = chromium.tab(panel.page.url.replace("sidepanel.html", "manifest.json"))
    stranger.evaluate(JOIN, f"faultmaven.stream:{panel.kept()['sessionId']}")
    panel.ask("What does ECONNREFUSED mean?")
    follower.answered()
    newest = newest_cursor(api)
    follower.expect_taken(newest)

    stranger.evaluate("cursor => say({say: 'event', event: {type: 'removed', cursor, at: ''}})", newest + 7)
    for behind in (newest - 3, 0):
        stranger.evaluate("cursor => { heard.length = 0; say({say: 'behind', cursor}); }", behind)
        awaited(lambda: stranger.evaluate("heard.at(-1)") == newest)
        assert stranger.evaluate("heard") == list(range(behind + 1, newest + 1))

    panel.ask("What does EPIPE mean?")
    for one in (panel, follower):
        one.answered(2)
        one.expect_taken(newest_cursor(api))
        cursors = [cursor for cursor, _ in one.taken()]
        assert cursors == list(range(cursors[0], newest_cursor(api) + 1))
    stranger.close()
    follower.page.close()


JOIN = """name => {
    window.heard = [];
    const channel = new BroadcastChannel(name);
    channel.onmessage = ({data}) => data.say === "event" && window.heard.push(data.event.cursor);
    window.say = said => channel.postMessage(said);
}"""


def newest_cursor(api: httpx.Client) -> int:
    """Where the user's log stands. Resuming a session adds nothing to it."""
    cursor: int = api.post("/api/v1/sessions", json={"client_id": "script"}).json()["cursor"]
    return cursor
