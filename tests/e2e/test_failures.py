"""Each failure has its own words and a way out, and what was typed stays."""

from __future__ import annotations

from pathlib import Path

import httpx
from playwright.sync_api import Route, expect
from tests.e2e.panel import Panel
from tests.servers import Process, running, timed

TYPED = "What does ECONNREFUSED mean?"


def test_a_session_ended_from_elsewhere_is_replaced_by_the_next_question_only(panel: Panel, api: httpx.Client) -> None:
    ended = panel.kept()["sessionId"]
    panel.question.fill(TYPED)
    api.delete(f"/api/v1/sessions/{ended}").raise_for_status()

    expect(panel.status).to_contain_text("Session ended")
    expect(panel.conversation).to_contain_text("This device's session was ended")
    expect(panel.conversation).not_to_contain_text("Or try one of these")
    assert panel.kept()["sessionId"] == ended, "it must not come back by itself"
    expect(panel.question).to_have_value(TYPED)

    panel.press("Ask")
    panel.answered()
    panel.expect_connected()
    replaced = api.get(f"/api/v1/sessions/{panel.kept()['sessionId']}").json()
    assert (replaced["previous_session_id"], replaced["status"]) == (ended, "active")


def test_a_session_that_expired_is_opened_anew_in_place(unpaired: Panel, tmp_path: Path) -> None:
    with timed(tmp_path / "data") as server:
        unpaired.begin_anew(server)
        unpaired.expect_connected()
        unpaired.ask(TYPED)
        unpaired.answered()
        expired = unpaired.kept()["sessionId"]

        server.advance(minutes=61)
        unpaired.ask("What does ETIMEDOUT mean?")
        unpaired.answered(2)
        unpaired.expect_connected()
        with server.client() as api:
            opened = api.get(f"/api/v1/sessions/{unpaired.kept()['sessionId']}").json()
            assert opened["previous_session_id"] == expired


def test_a_session_that_expired_while_the_panel_was_closed(unpaired: Panel, tmp_path: Path) -> None:
    with timed(tmp_path / "data") as server:
        unpaired.begin_anew(server)
        unpaired.expect_connected()
        unpaired.ask(TYPED)
        unpaired.answered()
        expired = unpaired.kept()["sessionId"]
        unpaired.page.goto("about:blank")
        server.advance(minutes=61)
        unpaired.page.go_back()
        unpaired.expect_connected()
        unpaired.answered()
        assert unpaired.kept()["sessionId"] != expired


def test_who_was_never_connected_is_not_told_to_be_reconnecting(unpaired: Panel, tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        pass
    unpaired.begin_anew(server)
    expect(unpaired.conversation).to_contain_text(f"No server answers at {server.bound}")
    expect(unpaired.status).to_have_text("Not connected")
    expect(unpaired.conversation).not_to_contain_text("Or try one of these")
    with running(tmp_path / "data", port=server.port):
        unpaired.expect_connected()
        expect(unpaired.conversation).to_contain_text("Or try one of these")


def test_a_wrong_token(unpaired: Panel, server: Process) -> None:
    unpaired.question.fill(TYPED)
    unpaired.enter_address(server.url)
    unpaired.page.get_by_role("textbox", name="Access token").fill("not-the-token")
    unpaired.press("Connect")
    expect(unpaired.conversation).to_contain_text("This token does not fit")
    unpaired.photograph("wrong-token")
    assert "token" not in unpaired.kept()
    unpaired.pair(server)
    unpaired.expect_connected()
    expect(unpaired.question).to_have_value(TYPED)


def test_no_token(unpaired: Panel, server: Process) -> None:
    unpaired.enter_address(server.url)
    unpaired.press("Connect")
    expect(unpaired.conversation).to_contain_text("wants an access token")
    unpaired.photograph("no-token")


def test_an_address_that_is_none(unpaired: Panel) -> None:
    unpaired.enter_address("http://exa mple")
    unpaired.press("Connect")
    expect(unpaired.conversation).to_contain_text("That is not an address")


def test_a_question_before_pairing_is_kept_and_shows_the_way(unpaired: Panel, server: Process) -> None:
    unpaired.ask(TYPED)
    unpaired.pair(server)
    unpaired.expect_connected()
    expect(unpaired.question).to_have_value(TYPED)
    unpaired.press("Ask")
    unpaired.answered()


def test_a_tokenless_server_asks_nothing(unpaired: Panel, tmp_path: Path) -> None:
    with running(tmp_path / "data", local_auth="off") as server:
        unpaired.begin_anew(server)
        expect(unpaired.status).to_contain_text("asks nobody for a token")
        unpaired.ask(TYPED)
        unpaired.answered()
        unpaired.photograph("tokenless")


def test_a_server_that_stops_asking_for_its_token_gets_nothing(unpaired: Panel, tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        unpaired.begin_anew(server)
        unpaired.expect_connected()
        server.stop()
    with running(tmp_path / "other", port=server.port, local_auth="off") as other:
        expect(unpaired.conversation).to_contain_text("no longer asks for a token; nothing was sent to it")
        unpaired.photograph("stopped-asking")
        with other.client() as api:
            assert api.get("/api/v1/sessions").json()["sessions"] == []
        unpaired.press("Use it without a token")
        unpaired.expect_connected()


def test_offline(panel: Panel) -> None:
    panel.question.fill(TYPED)
    panel.page.context.set_offline(True)
    panel.press("Ask")
    expect(panel.status).to_contain_text("Offline")
    expect(panel.conversation).to_contain_text("This computer is offline")
    panel.photograph("offline")
    expect(panel.question).to_have_value(TYPED)
    panel.page.context.set_offline(False)
    panel.expect_connected()
    panel.press("Ask")
    panel.answered()


def test_a_question_whose_answer_was_cut_off_is_sent_again_but_asked_once(panel: Panel) -> None:
    cut: list[str] = []

    def cut_first(route: Route) -> None:
        if cut:
            route.continue_()
            return
        cut.append(route.fetch().text())  # the server has it, and its word never arrives
        route.abort("connectionreset")

    panel.page.route("**/api/v1/query", cut_first)
    panel.ask(TYPED)
    panel.answered()
    expect(panel.question).to_have_value("")
    panel.page.unroute("**/api/v1/query")
    assert len(cut) == 1
    panel.page.reload()
    panel.answered()
    expect(panel.conversation.locator("[data-query-id]")).to_have_count(1)


def test_what_the_server_refuses_is_told_with_its_correlation_id(panel: Panel, tmp_path: Path) -> None:
    with running(tmp_path / "data", max_evidence_bytes="100") as server:
        panel.begin_anew(server)
        panel.expect_connected()
        large = tmp_path / "large.log"
        large.write_text("2026-01-02T03:04:05Z ERROR connection refused\n" * 10)
        panel.attach(large)
        panel.ask(TYPED)
        notice = panel.page.get_by_role("alert")
        expect(notice).to_contain_text("Correlation id panel-")
        panel.photograph("refused")
        correlation_id = notice.inner_text().rpartition("Correlation id ")[2].split()[0]
        assert correlation_id in server.logged()
        expect(panel.question).to_have_value(TYPED)
        expect(panel.attached).to_have_count(1)
        panel.press("Remove large.log")
        panel.press("Ask")
        panel.answered()
