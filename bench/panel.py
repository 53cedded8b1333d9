"""The panel as a person waits for it: in the real side panel, by the marks that it sets itself."""

from __future__ import annotations

import gzip
import re
import statistics
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure, at_most
from playwright.sync_api import sync_playwright
from tests.e2e.browser import Chromium
from tests.e2e.panel import Panel
from tests.e2e.sites import site
from tests.e2e.waiting import awaited
from tests.servers import running

ROOT = Path(__file__).parent.parent
EXTENSION = ROOT / "extension" / "dist" / "chromium"
BUILDS = {
    "extension for Chromium": EXTENSION / "sidepanel.html",
    "extension for Firefox": ROOT / "extension" / "dist" / "firefox" / "sidepanel.html",
    "page": ROOT / "src" / "faultmaven" / "static" / "index.html",
}
LOG = ROOT / "tests" / "corpus" / "oom_killed_worker" / "evidence" / "messages"
MARKS = "['fm:ready', 'fm:restored'].map(name => performance.getEntriesByName(name)[0]?.startTime ?? null)"
# What a module needs before it runs; `import(…)` is what it fetches later.
NEEDS = re.compile(rb"""(?:\bfrom|\bimport)\s*["']([^"']+\.js)["']""")
SCRIPT = re.compile(rb"""<script[^>]+src="([^"]+)"|<link[^>]+modulepreload[^>]+href="([^"]+)\"""")


@dataclass(frozen=True, slots=True)
class Opening:
    """Milliseconds since the panel's document began to load."""

    ready: float
    restored: float


def figures(folder: Path) -> Iterator[Figure]:
    """From opening the side panel, with an answered question to come back to; and what is loaded for it."""
    opened = _openings(folder, 20)
    ready = statistics.median(one.ready for one in opened)
    restored = statistics.median(one.restored for one in opened)
    yield at_most("panel ready to type, median of 20", ready, 300, "{:.0f} ms")
    yield at_most("conversation restored, median of 20", restored, 600, "{:.0f} ms")
    for build, document in BUILDS.items():
        yield at_most(f"first-load JavaScript of the {build}, gzip", _first_load(document) / 1000, 60, "{:.1f} kB")


def _openings(folder: Path, count: int) -> list[Opening]:
    """A person clicks the toolbar icon, with an answered question to come back to, this often."""
    with (
        running(folder / "panel") as server,
        site("<title>Status</title>") as page,
        sync_playwright() as playwright,
        closing(Chromium(playwright, EXTENSION, folder / "profile")) as chromium,
    ):
        tab = chromium.tab(page.url)
        panel = chromium.open_panel(tab)
        panel.pair(server)
        panel.expect_connected()
        panel.attach(LOG)
        panel.ask("Why does it keep restarting?")
        panel.answered()
        measured = []
        for _ in range(count):
            panel.page.close()
            panel = chromium.open_panel(tab)
            measured.append(_marked(panel))
            panel.answered()
        return measured


def _marked(panel: Panel) -> Opening:
    ready, restored = awaited(lambda: [mark for mark in [panel.page.evaluate(MARKS)] if None not in mark])[0]
    return Opening(ready, restored)


def _first_load(document: Path) -> int:
    """Bytes of JavaScript, each file compressed, that the browser fetches before the panel can be typed into."""
    names = [one or other for one, other in SCRIPT.findall(document.read_bytes())]
    first = {document.parent / name.decode().lstrip("/") for name in names}
    return sum(len(gzip.compress(file.read_bytes())) for file in _needed(first))


def _needed(first: set[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    waiting = [file.resolve() for file in first]
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        yield file
        waiting += [(file.parent / name.decode()).resolve() for name in NEEDS.findall(file.read_bytes())]
