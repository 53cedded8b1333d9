"""Browsers and panels for tests. What needs no browser of its own shares one, with a panel that begins anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from playwright.sync_api import Page, Playwright, expect, sync_playwright
from tests.e2e.browser import Chromium
from tests.e2e.panel import Panel
from tests.e2e.sent import API, Contract
from tests.e2e.sites import Site, site
from tests.servers import Process, running

BUILT = Path(__file__).parents[2] / "extension" / "dist" / "chromium"
DOCUMENT = Path(__file__).parents[2] / "contract" / "openapi.json"
CORPUS = Path(__file__).parents[1] / "corpus"
# The machine may be busy with other things; what is wrong stays wrong for longer than this.
PATIENCE_MS = 20_000

expect.set_options(timeout=PATIENCE_MS)


class Launch(Protocol):
    """`launch("home")` starts a browser with the profile of that name, closed when the test ends."""

    def __call__(self, profile: str, *arguments: str) -> Chromium: ...


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    # Ends with this folder: while it runs, no other test of this thread can have an event loop.
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def extension(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the build: building anew while the tests run must not change what they test."""
    assert (BUILT / "manifest.json").exists(), "the extension is not built: make extension"
    return shutil.copytree(BUILT, tmp_path_factory.mktemp("extension") / "chromium")


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with running(tmp_path_factory.mktemp("shared") / "data") as process:
        yield process


@pytest.fixture
def api(server: Process) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


@pytest.fixture(scope="package")
def town() -> Iterator[Site]:
    """A web page that has nothing to do with the product."""
    with site("<!doctype html><title>Status of the shop</title><h1>502 Bad Gateway</h1>") as page:
        yield page


@pytest.fixture(scope="package")
def evil() -> Iterator[Site]:
    """Who listens at `evil.example` for whatever leaks out of the shared browser."""
    with site() as listener:
        yield listener


@pytest.fixture(scope="package")
def contract() -> Contract:
    return Contract(DOCUMENT)


@pytest.fixture
def keeps_to_the_contract(contract: Contract) -> Iterator[Callable[[Chromium], None]]:
    """Everything that the watched browsers send to the server during a test is something the contract foresees."""
    watched: list[tuple[Chromium, int]] = []
    yield lambda chromium: watched.append((chromium, len(chromium.sent)))
    sent = [one for chromium, before in watched for one in chromium.sent[before:] if one.path.startswith(API)]
    assert sorted({complaint for one in sent for complaint in contract.complaints(one)}) == []


@pytest.fixture
def launch(
    playwright: Playwright, extension: Path, tmp_path: Path, keeps_to_the_contract: Callable[[Chromium], None]
) -> Iterator[Launch]:
    with ExitStack() as stack:

        def start(profile: str, *arguments: str) -> Chromium:
            chromium = stack.enter_context(closing(Chromium(playwright, extension, tmp_path / profile, *arguments)))
            keeps_to_the_contract(chromium)
            return chromium

        yield start


@pytest.fixture(scope="package")
def shared_browser(
    playwright: Playwright, extension: Path, evil: Site, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Chromium]:
    names = f"--host-resolver-rules=MAP evil.example {evil.bound}"
    with closing(Chromium(playwright, extension, tmp_path_factory.mktemp("profile"), names)) as chromium:
        yield chromium


@pytest.fixture(scope="package")
def shared_tab(shared_browser: Chromium, town: Site) -> Page:
    return shared_browser.tab(town.url)


@pytest.fixture(scope="package")
def shared_panel(shared_browser: Chromium, shared_tab: Page) -> Panel:
    return shared_browser.open_panel(shared_tab)


@pytest.fixture
def chromium(shared_browser: Chromium, keeps_to_the_contract: Callable[[Chromium], None]) -> Chromium:
    """The shared browser: leave its tab and panel open."""
    keeps_to_the_contract(shared_browser)
    return shared_browser


@pytest.fixture
def unpaired(chromium: Chromium, shared_panel: Panel) -> Panel:  # noqa: ARG001  # the browser must be watched
    """The side panel as after installing it."""
    shared_panel.begin_anew(None)
    return shared_panel


@pytest.fixture
def panel(chromium: Chromium, shared_panel: Panel, server: Process) -> Panel:  # noqa: ARG001  # as above
    """The side panel, paired with the shared server, no case open."""
    shared_panel.begin_anew(server)
    shared_panel.expect_connected()
    return shared_panel
