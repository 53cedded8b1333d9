"""Browsers, workers and servers come and go; session, conversation and what is being typed stay."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.e2e.browser import Chromium
from tests.e2e.conftest import CORPUS, Launch
from tests.e2e.panel import Panel
from tests.e2e.sites import Site
from tests.integration.logs import long_log
from tests.servers import Process, Server, running

LOG = CORPUS / "oom_killed_worker/evidence/messages"
ASKED = "report-builder keeps restarting"
TYPED = "And why only at night?"


def at_work(chromium: Chromium, server: Server, town: Site) -> Panel:
    """A panel with an answered question on screen and the next one half typed."""
    panel = chromium.open_panel(chromium.tab(town.url))
    panel.pair(server)
    panel.expect_connected()
    panel.attach(LOG)
    panel.ask(ASKED)
    panel.answered()
    panel.question.fill(TYPED)
    panel.expect_kept(TYPED)
    return panel


@pytest.mark.parametrize("end", [Chromium.close, Chromium.kill], ids=["restarted", "killed"])
def test_the_browser_comes_back_to_where_it_was(
    end: Callable[[Chromium], None], launch: Launch, server: Process, town: Site
) -> None:
    chromium = launch("home")
    panel = at_work(chromium, server, town)
    session_id, headline = panel.kept()["sessionId"], panel.answers.get_by_role("heading").first.inner_text()

    end(chromium)
    chromium = launch("home")
    panel = chromium.open_panel(chromium.tab(town.url))

    panel.expect_connected()
    expect(panel.conversation).to_contain_text(ASKED)
    expect(panel.answered()).to_contain_text(headline)
    expect(panel.question).to_have_value(TYPED)
    assert panel.say("getSessionId") == {"status": "success", "sessionId": session_id}


def test_the_server_is_killed_and_started_again(launch: Launch, town: Site, tmp_path: Path) -> None:
    chromium = launch("home")
    with running(tmp_path / "data") as server:
        panel = at_work(chromium, server, town)
        session_id = panel.kept()["sessionId"]
        server.stop(signal.SIGKILL)
        expect(panel.status).to_contain_text("Reconnecting")
        expect(panel.conversation).to_contain_text(f"No server answers at {server.bound}")
        panel.photograph("server-down")
    with running(tmp_path / "data", port=server.port):
        panel.expect_connected()
        expect(panel.question).to_have_value(TYPED)
        panel.press("Ask")
        panel.answered(2)
        assert panel.kept()["sessionId"] == session_id


def test_a_question_asked_while_the_server_is_away_is_kept(launch: Launch, town: Site, tmp_path: Path) -> None:
    chromium = launch("home")
    with running(tmp_path / "data") as server:
        panel = at_work(chromium, server, town)
        server.stop(signal.SIGKILL)
        panel.press("Ask")
        expect(panel.question).to_have_value(TYPED)
        expect(panel.status).to_contain_text("Reconnecting")
    with running(tmp_path / "data", port=server.port):
        panel.press("Try again")
        panel.expect_connected()
        panel.press("Ask")
        panel.answered(2)


def test_a_server_that_moved_is_found_at_its_new_address(launch: Launch, town: Site, tmp_path: Path) -> None:
    chromium = launch("home")
    with running(tmp_path / "data") as server:
        panel = at_work(chromium, server, town)
        server.stop()
    with running(tmp_path / "data") as moved:
        assert moved.bound != server.bound
        panel.press("Change the address")
        panel.pair(moved)
        panel.expect_connected()
        expect(panel.conversation).to_contain_text(ASKED)


def test_the_worker_dies_while_an_answer_is_being_written(panel: Panel, chromium: Chromium) -> None:
    panel.drop("large.log", long_log(2).decode(), times=30)
    panel.ask("What is wrong?")
    expect(panel.conversation).to_contain_text("What is wrong?")
    expect(panel.button("Stop")).to_be_visible()
    chromium.stop_worker(panel)
    expect(panel.answers).to_have_count(0)
    panel.answered()
    panel.ask("And since when?")
    panel.answered(2)


def test_a_dead_worker_wakes_up_for_the_next_message(panel: Panel, chromium: Chromium) -> None:
    session_id = panel.kept()["sessionId"]
    chromium.stop_worker(panel)
    assert panel.say("getSessionId") == {"status": "success", "sessionId": session_id}
