"""A server of several users: a token each, revoked at any time, and nobody sees what is another's."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.e2e.browser import Chromium
from tests.e2e.conftest import Launch
from tests.e2e.panel import Panel
from tests.servers import Process, running
from tests.users import client_with, revoke, token_for, token_id

TLS = Path(__file__).parents[1] / "tls"
ASKED = "What does ECONNREFUSED mean?"


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Process]:
    with running(tmp_path / "data", auth="token") as server:
        yield server


def sent_since(chromium: Chromium, before: int) -> set[str]:
    return {one.path for one in chromium.sent[before:]}


def test_a_token_of_ones_own_is_proven_to_be_known_before_it_is_sent(
    unpaired: Panel, chromium: Chromium, shared: Process
) -> None:
    before = len(chromium.sent)
    alice = token_for(shared, "alice")
    unpaired.pair(shared, alice)
    unpaired.expect_connected()
    unpaired.ask(ASKED)
    unpaired.answered()
    sent = [one for one in chromium.sent[before:] if one.origin == shared.url]
    challenges = [one for one in sent if one.path.endswith("/capabilities")]
    assert sent[0] in challenges
    assert challenges
    for challenge in challenges:
        assert f"token_id={token_id(alice)}" in challenge.url
        assert "authorization" not in challenge.headers
    assert all(one.headers["authorization"] == f"Bearer {alice}" for one in sent if one not in challenges)


def test_a_token_the_server_does_not_know(unpaired: Panel, shared: Process) -> None:
    unpaired.pair(shared, f"fm_{'0' * 16}_{'x' * 43}")
    expect(unpaired.conversation).to_contain_text("does not know this token")
    assert "token" not in unpaired.kept()


def test_who_is_revoked_is_signed_out_at_once_and_asks_no_more(
    unpaired: Panel, chromium: Chromium, shared: Process
) -> None:
    alice = token_for(shared, "alice")
    unpaired.pair(shared, alice)
    unpaired.expect_connected()
    tab = chromium.panel_in_tab()
    unpaired.ask(ASKED)
    tab.answered()
    unpaired.question.fill("half a question")

    revoke(shared, token_id(alice))
    for panel in (unpaired, tab):
        expect(panel.status).to_contain_text("Signed out")
        expect(panel.conversation).to_contain_text("Signed out of")
    unpaired.photograph("signed-out")
    before = len(chromium.sent)
    unpaired.page.wait_for_timeout(1500)  # as long as a storm would need to begin
    assert sent_since(chromium, before) == set()

    unpaired.press("Ask")
    expect(unpaired.question).to_have_value("half a question")
    assert sent_since(chromium, before) <= {"/api/v1/capabilities"}, "a token that may be unknown goes nowhere"

    unpaired.press("Enter another token")
    unpaired.page.get_by_role("textbox", name="Access token").fill(token_for(shared, "alice"))
    unpaired.press("Connect")
    for panel in (unpaired, tab):
        panel.expect_connected()
        panel.answered()
    tab.page.close()


def test_who_was_revoked_meanwhile_finds_out_when_the_panel_opens(
    unpaired: Panel, chromium: Chromium, shared: Process
) -> None:
    alice = token_for(shared, "alice")
    unpaired.pair(shared, alice)
    unpaired.expect_connected()
    unpaired.page.goto("about:blank")
    revoke(shared, "alice")
    before = len(chromium.sent)
    unpaired.page.go_back()
    expect(unpaired.status).to_contain_text("Signed out")
    assert sent_since(chromium, before) == {"/api/v1/capabilities"}


def test_two_users_in_one_browser_share_nothing(launch: Launch, shared: Process) -> None:
    """Tabs of the served page keep a token each, but one storage: what is shared must be told apart by session."""
    chromium = launch("shared")
    alice, bob = (token_for(shared, name) for name in ("alice", "bob"))
    of_alice, of_bob = (Panel(chromium.tab(f"{shared.url}/#token={token}")) for token in (alice, bob))
    of_alice.expect_connected()
    of_bob.expect_connected()
    of_alice.ask("What does EPIPE mean at Alice's?")
    of_alice.answered()
    of_bob.press("Cases")
    with client_with(shared, bob) as api:
        api.post("/api/v1/cases", json={"title": "Only Bob's"}).raise_for_status()
    expect(of_bob.sheet("Cases").get_by_role("listitem")).to_have_count(1)
    expect(of_bob.sheet("Cases")).to_contain_text("Only Bob's")
    with client_with(shared, alice) as api:
        newest = api.post("/api/v1/sessions", json={"client_id": "script"}).json()["cursor"]
    of_alice.expect_taken(newest)
    assert of_alice.leads()
    assert of_bob.leads()


def test_over_https_the_server_may_stand_behind_a_name(
    launch: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The certificate says who answers; the address that the server listens on is its own affair."""
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "certificate.pem"))
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    own = {"tls_certificate": str(TLS / "certificate.pem"), "tls_key": str(TLS / "key.pem")}
    with running(tmp_path / "data", port=port, auth="token", allowed_hosts=f"fault.test:{port}", **own) as server:
        rules = "--host-resolver-rules=MAP fault.test 127.0.0.1"
        chromium = launch("named", rules, "--ignore-certificate-errors")
        panel = chromium.panel_in_tab()
        panel.enter_address(f"https://fault.test:{port}")
        panel.page.get_by_role("textbox", name="Access token").fill(token_for(server, "alice"))
        panel.press("Connect")
        panel.expect_connected()
        panel.ask(ASKED)
        panel.answered()
        expect(panel.status).to_contain_text(f"Connected to fault.test:{port}")
