"""The panel as a person and a screen reader know it: by the names of what is in it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect
from tests.e2e.waiting import awaited
from tests.servers import Server

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
WIDTH, HEIGHT = 360, 720
# Notes every event that the panel takes: its number in the user's log, and in its case if it is of one.
RECORD = """(() => {
    if (window.__taken) return;
    window.__taken = [];
    addEventListener("faultmaven:event", ({detail}) => window.__taken.push([detail.cursor, detail.seq ?? null]));
})()"""
LEADS = """async () => {
    const name = `me-${crypto.randomUUID()}`;
    return navigator.locks.request(name, async () => {
        const {held} = await navigator.locks.query();
        const me = held.find(lock => lock.name === name).clientId;
        return held.some(lock => lock.name.startsWith("faultmaven.stream:") && lock.clientId === me);
    });
}"""


@dataclass(frozen=True)
class Panel:
    """In the extension or on the served page; `page` is the document it lives in."""

    page: Page

    @property
    def question(self) -> Locator:
        return self.page.get_by_role("textbox", name="Question")

    @property
    def conversation(self) -> Locator:
        return self.page.get_by_role("log", name="Conversation")

    @property
    def status(self) -> Locator:
        return self.page.get_by_role("status").first

    @property
    def answers(self) -> Locator:
        return self.conversation.get_by_role("article", name="Answer")

    @property
    def attached(self) -> Locator:
        return self.page.get_by_role("list", name="Attached").get_by_role("listitem")

    def open_settings(self, name: str) -> Locator:
        """The sheet of this name, which is reached from the settings."""
        self.press("Settings")
        self.sheet("Settings").get_by_role("button", name=name, exact=True).click()
        return self.sheet(name)

    def sheet(self, name: str) -> Locator:
        return self.page.get_by_role("dialog", name=name)

    @property
    def citations(self) -> Locator:
        return self.answers.last.get_by_role("button", name=re.compile(r"^Citation \d+"))

    @property
    def cited_lines(self) -> Locator:
        """The marked lines of the evidence on screen."""
        return self.page.get_by_role("region", name=re.compile("^Lines of ")).locator("[aria-current=true]")

    def shown_lines(self, lines: Locator) -> list[tuple[int, str]]:
        """Number and text of each."""
        shown: list[list[Any]] = lines.evaluate_all(
            "all => all.map(one => [Number(one.dataset.line), one.querySelector('.text').textContent])"
        )
        return [(number, text) for number, text in shown]

    def query_id(self) -> str:
        """Of the latest question."""
        found = self.conversation.locator("[data-query-id]").last.get_attribute("data-query-id")
        assert found
        return found

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def press(self, name: str) -> None:
        self.button(name).click()

    def ask(self, text: str) -> None:
        self.question.fill(text)
        self.press("Ask")

    def answered(self, count: int = 1) -> Locator:
        """The latest answer, finished."""
        expect(self.answers).to_have_count(count)
        return self.answers.last

    def unfold(self) -> None:
        """Opens everything that is folded away in the answers."""
        self.answers.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")

    def attach(self, *files: Path) -> None:
        with self.page.expect_file_chooser() as chooser:
            self.press("Add evidence")
        chooser.value.set_files(list(files))

    def drop(self, name: str, content: str, *, times: int = 1) -> None:
        """Drops a file whose content is made in the page, as often repeated: sending a large one there takes long."""
        self.page.evaluate(
            """([name, content, times]) => {
                const data = new DataTransfer();
                data.items.add(new File(Array(times).fill(content), name, {type: "text/plain"}));
                const place = document.querySelector("[role=log]");
                for (const type of ["dragover", "drop"]) {
                    place.dispatchEvent(new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer: data}));
                }
            }""",
            [name, content, times],
        )
        expect(self.attached.filter(has_text=name)).to_be_visible()

    def pair(self, server: Server, token: str | None = None) -> None:
        """By hand: the address, and the token if the server asks for one; `token` if it has users of its own."""
        self.enter_address(server.url)
        if token or server.token:
            self.page.get_by_role("textbox", name="Access token").fill(token or server.token or "")
        self.press("Connect")

    def enter_address(self, address: str) -> None:
        box = self.page.get_by_role("textbox", name="Server address")
        way = self.button("Change the address")
        expect(box.or_(way)).to_be_visible()
        if way.is_visible():
            way.click()
        box.fill(address)

    def expect_connected(self) -> None:
        expect(self.status).to_contain_text("Connected")

    def kept(self) -> dict[str, Any]:
        """What the extension keeps beyond the browser's end."""
        kept: dict[str, Any] = self.page.evaluate("chrome.storage.local.get()")
        return kept

    def say(self, action: str) -> dict[str, Any]:
        """A message to the background worker, and its answer."""
        said: dict[str, Any] = self.page.evaluate("action => chrome.runtime.sendMessage({action})", action)
        return said

    def expect_kept(self, typed: str) -> None:
        """What is typed is kept a moment later."""
        awaited(lambda: typed in json.dumps(self.kept(), ensure_ascii=False))

    def paste(self, text: str, *, copied_in: Page) -> None:
        """Copies the text in another tab and pastes it into the question box, by keyboard."""
        copied_in.evaluate("document.body.replaceChildren(document.createElement('textarea'))")
        copied_in.locator("textarea").fill(text)
        copied_in.locator("textarea").select_text()
        copied_in.locator("textarea").press("ControlOrMeta+c")
        self.question.press("ControlOrMeta+v")

    def begin_anew(self, server: Server | None) -> None:
        """As after installing it, and pairing it if a server is named."""
        access = {"server": server.url, "token": server.token} if server else {}
        here = self.page.url
        # Elsewhere in the extension: a panel that goes away keeps what was typed in it.
        self.page.goto(here.replace("sidepanel.html", "manifest.json"))
        self.page.evaluate(
            """async access => {
                await chrome.storage.session.clear();
                await chrome.storage.local.clear();
                await chrome.storage.local.set(access);
            }""",
            access,
        )
        self.page.goto(here)
        expect(self.question).to_have_value("")

    def taken(self) -> list[tuple[int, int | None]]:
        """The events that this panel has taken since it was opened: number in the user's log, and in the case."""
        taken: list[list[Any]] = self.page.evaluate("window.__taken")
        return [(cursor, seq) for cursor, seq in taken]

    def expect_taken(self, cursor: int) -> None:
        """It has come as far as this number of the user's log."""
        awaited(lambda: any(taken == cursor for taken, _ in self.taken()))

    def leads(self) -> bool:
        """Whether this panel reads the stream for all of its profile."""
        leading: bool = self.page.evaluate(LEADS)
        return leading

    def photograph(self, name: str, *, whole: bool = False) -> None:
        """What it looks like at 360 pixels, in both themes; `whole` shows what is below the fold, too."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        height = HEIGHT
        self.page.set_viewport_size({"width": WIDTH, "height": height})
        if whole:
            hidden: int = self.conversation.evaluate("log => log.scrollHeight - log.clientHeight")
            height += max(0, hidden)
            self.page.set_viewport_size({"width": WIDTH, "height": height})
        for theme in ("light", "dark"):
            self.page.emulate_media(color_scheme=theme)
            self.page.screenshot(path=SCREENSHOTS / f"{name}-{theme}.png", animations="disabled")
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
