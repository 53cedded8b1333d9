"""Another program has taken the server's port: it learns nothing but that somebody asked who it is."""

from __future__ import annotations

import hashlib
import hmac
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect
from tests.e2e.conftest import CORPUS
from tests.e2e.panel import Panel
from tests.e2e.sites import Site, site
from tests.servers import Process, running

LOG = CORPUS / "oom_killed_worker/evidence/messages"
JSON = "application/json"
SECRET = "The password of the till is hunter2"


def claims(token: str) -> str:
    """What a program without the token can say at best: the right words with a proof made up."""
    proof = hmac.new(token.encode(), b"whatever", hashlib.sha256).hexdigest()
    return json.dumps({"version": "1", "auth": "bearer", "bound": "127.0.0.1:1", "proof": proof})


@pytest.mark.parametrize("says", ["Hello", "{}", claims("guessed")], ids=["web-page", "json", "false-proof"])
def test_it_gets_nothing(says: str, unpaired: Panel, tmp_path: Path) -> None:
    with left_by_its_server(unpaired, tmp_path / "data") as server, site(says, JSON, port=server.port) as stranger:
        is_found_out(unpaired, stranger)
        unpaired.photograph("stranger")
        learnt_nothing(stranger, server, unpaired)


def test_it_gets_nothing_by_passing_questions_on_to_the_server(unpaired: Panel, tmp_path: Path) -> None:
    """The real server's proof is for the address that it listens on, not for the one that was dialled."""
    with (
        left_by_its_server(unpaired, tmp_path / "data") as server,
        running(tmp_path / "data") as moved,
        site(lambda path: httpx.get(f"{moved.url}{path}").text, JSON, port=server.port) as stranger,
    ):
        is_found_out(unpaired, stranger)
        learnt_nothing(stranger, server, unpaired)


def test_when_it_leaves_the_server_is_used_again(unpaired: Panel, tmp_path: Path) -> None:
    with left_by_its_server(unpaired, tmp_path / "data") as server:
        with site("Hello", port=server.port) as stranger:
            is_found_out(unpaired, stranger)
        with running(tmp_path / "data", port=server.port):
            unpaired.expect_connected()
            unpaired.press("Ask")
            unpaired.answered()


@contextmanager
def left_by_its_server(panel: Panel, data_dir: Path) -> Iterator[Process]:
    """A panel with something to lose, and the server that it was paired with, which is gone."""
    with running(data_dir) as server:
        panel.begin_anew(server)
        panel.expect_connected()
        panel.attach(LOG)
        panel.question.fill(SECRET)
        server.stop(signal.SIGKILL)
        yield server


def is_found_out(panel: Panel, stranger: Site) -> None:
    told = panel.page.get_by_role("alert", name=f"Something else is listening on {stranger.bound}")
    expect(told).to_be_visible()
    panel.press("Ask")
    expect(told).to_be_visible()
    expect(panel.question).to_have_value(SECRET)
    expect(panel.attached).to_have_count(1)


def learnt_nothing(stranger: Site, server: Process, panel: Panel) -> None:
    assert stranger.heard, "somebody asked who it is"
    for heard in stranger.heard:
        assert heard.path.startswith("/api/v1/capabilities?challenge=")
        assert heard.body == b""
        told = f"{heard.path}\n{heard.headers}"
        assert str(server.token) not in told
        assert panel.kept()["sessionId"] not in told
        assert "authorization" not in heard.headers.lower() or heard.method == "OPTIONS"


def test_pairing_with_it_keeps_nothing(unpaired: Panel) -> None:
    with site("Hello") as stranger:
        unpaired.enter_address(stranger.url)
        unpaired.page.get_by_role("textbox", name="Access token").fill("a-token-of-mine")
        unpaired.press("Connect")
        expect(unpaired.conversation).to_contain_text(f"Something else is listening on {stranger.bound}")
        assert all("a-token-of-mine" not in f"{heard.path}{heard.headers}{heard.body!r}" for heard in stranger.heard)
        assert "token" not in unpaired.kept()


def test_an_address_that_names_it_changes_nothing(panel: Panel, server: Process) -> None:
    """Whoever can make the browser open the panel's address cannot make the panel go elsewhere."""
    with site("Hello") as stranger:
        here = panel.page.url
        panel.page.goto(f"{here}?server={stranger.url}&token=theirs#server={stranger.url}&token=theirs")
        panel.expect_connected()
        expect(panel.status).to_contain_text(server.bound)
        assert panel.kept()["token"] == server.token
        assert stranger.heard == []
        panel.page.goto(here)
