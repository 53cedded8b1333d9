"""A real Chromium with the built extension in it, and what a person does to it from outside the panel.

Traps: the side panel is listed only by a connection made after it opened; a toolbar click sent before the worker
listens is lost; a worker never idles out while Playwright watches it, so tests stop it; the content security policy
of the panel forbids `wait_for_function`, so tests wait with `expect`.
"""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Playwright, Worker
from tests.e2e.panel import RECORD, Panel
from tests.e2e.sent import Sent
from tests.e2e.waiting import awaited


class Chromium:
    """One browser profile. `sent` is every request that left it over HTTP, whoever in it sent it."""

    def __init__(self, playwright: Playwright, extension: Path, profile: Path, *arguments: str) -> None:
        self._playwright = playwright
        self.profile = profile
        self._connections: list[Browser] = []
        self._sent: dict[str, Sent] = {}
        self._ended = False
        debian = shutil.which("chromium")
        self.context: BrowserContext = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=debian,
            channel=None if debian else "chromium",
            headless=True,
            args=[
                f"--disable-extensions-except={extension}",
                f"--load-extension={extension}",
                "--remote-debugging-port=0",
                *arguments,
            ],
        )
        self.context.add_init_script(RECORD)
        self._listen(self.context)
        self.extension_id = self.worker.url.split("/")[2]

    def close(self) -> None:
        if self._ended:
            return
        self._ended = True
        for connection in self._connections:
            connection.close()
        self.context.close()

    def kill(self) -> None:
        """Ends the browser's main process the way a crash does: nothing is said, nothing is saved."""
        session = self._session()
        processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
        main = next(process["id"] for process in processes if process["type"] == "browser")
        with self.context.expect_event("close"):
            os.kill(main, signal.SIGKILL)
        self._ended = True

    @property
    def sent(self) -> list[Sent]:
        return list(self._sent.values())

    @property
    def worker(self) -> Worker:
        running = self.context.service_workers
        return running[0] if running else self.context.wait_for_event("serviceworker")

    def stop_worker(self, panel: Panel) -> None:
        """What the browser does to a worker that was idle for too long, or whenever it likes."""
        states: list[str] = []
        session = panel.page.context.new_cdp_session(panel.page)
        session.on(
            "ServiceWorker.workerVersionUpdated",
            lambda event: states.extend(version["runningStatus"] for version in event["versions"]),
        )
        session.send("ServiceWorker.enable")
        session.send("ServiceWorker.stopAllWorkers")
        # Events come in while something is asked.
        awaited(lambda: panel.page.evaluate("true") and "stopped" in states)
        session.detach()

    def tab(self, url: str = "about:blank") -> Page:
        page = self.context.new_page()
        page.goto(url)
        page.bring_to_front()
        return page

    def window(self, url: str) -> Page:
        """The tab of a new window."""
        with self.context.expect_page() as opened:
            self.worker.evaluate("url => chrome.windows.create({url})", url)
        opened.value.wait_for_load_state()
        return opened.value

    def click_icon(self, tab: Page) -> None:
        """A click on the toolbar icon: the extension's action fires, and it may see this tab."""
        awaited(lambda: self.worker.evaluate("chrome.action.onClicked.hasListeners()"))
        session = self._session()
        targets = session.send("Target.getTargets", {"filter": [{"type": "tab"}]})["targetInfos"]
        (target,) = (one["targetId"] for one in targets if one["url"] == tab.url)
        session.send("Extensions.triggerAction", {"id": self.extension_id, "targetId": target})
        session.detach()

    def open_panel(self, tab: Page) -> Panel:
        """The side panel that a click on the toolbar icon opens beside this tab."""
        before = self._panel_targets()
        self.click_icon(tab)
        (target,) = awaited(lambda: self._panel_targets() - before)
        return Panel(self._page_of(target))

    def panel_in_tab(self) -> Panel:
        """The extension's panel as a tab: one more panel of the same client."""
        return Panel(self.tab(f"chrome-extension://{self.extension_id}/sidepanel.html"))

    def crash(self, page: Page) -> None:
        """The process that shows this page dies, without a word to the page."""
        session = self._session()
        attached = session.send("Target.attachToTarget", {"targetId": _target_of(page)})
        crash = {"sessionId": attached["sessionId"], "message": '{"id": 1, "method": "Page.crash"}'}
        with page.expect_event("crash"):
            # Sent to the target by way of the browser: it will never answer.
            session.send("Target.sendMessageToTarget", crash)

    def _panel_targets(self) -> set[str]:
        session = self._session()
        targets = session.send("Target.getTargets")["targetInfos"]
        session.detach()
        mine = f"chrome-extension://{self.extension_id}/"
        return {one["targetId"] for one in targets if one["type"] == "page" and one["url"].startswith(mine)}

    def _page_of(self, target: str) -> Page:
        port, path = (self.profile / "DevToolsActivePort").read_text().split("\n")[:2]
        connection = self._playwright.chromium.connect_over_cdp(f"ws://127.0.0.1:{port}{path}")
        self._connections.append(connection)
        (context,) = connection.contexts
        self._listen(context)
        context.add_init_script(RECORD)
        opened = next(page for page in context.pages if _target_of(page) == target)
        opened.evaluate(RECORD)  # it was there before this connection was
        return opened

    def _session(self) -> CDPSession:
        assert self.context.browser is not None
        return self.context.browser.new_browser_cdp_session()

    def _listen(self, context: BrowserContext) -> None:
        context.on("request", lambda request: self._note(Sent.of(request)))

    def _note(self, sent: Sent) -> None:
        """Several connections tell of the same request; the panel gives each a name of its own."""
        asks_permission = sent.method == "OPTIONS"  # the browser itself, on behalf of a request that follows
        if sent.url.startswith("http") and not asks_permission:
            self._sent[sent.headers.get("x-correlation-id", f"{len(self._sent)}")] = sent


def _target_of(page: Page) -> str:
    session = page.context.new_cdp_session(page)
    target: str = session.send("Target.getTargetInfo")["targetInfo"]["targetId"]
    session.detach()
    return target
