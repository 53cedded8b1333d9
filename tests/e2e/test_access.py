"""Usable by keyboard, by screen reader and with tired eyes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.conftest import CORPUS
from tests.e2e.panel import Panel

LOG = CORPUS / "oom_killed_worker/evidence/messages"
CONTROLS = {"button", "textbox", "searchbox", "checkbox", "combobox", "link", "radio", "dialog", "DisclosureTriangle"}
# The ratio of WCAG 2.1, of every piece of text in sight against the colours that are really behind it.
CONTRAST = """() => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
    const rgba = color => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
    const behind = element => {
        const layers = [];
        for (let one = element; one; one = one.parentElement) layers.push(rgba(getComputedStyle(one).backgroundColor));
        return layers.reverse().reduce((below, top) => over(top, below), rgba("Canvas"));
    };
    const linear = value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const luminance = ([r, g, b]) =>
        0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
    const texts = [...document.querySelectorAll("#app *")].filter(element =>
        element.checkVisibility({visibilityProperty: true, opacityProperty: true}) &&
        !element.closest("[aria-hidden=true], :disabled") &&
        [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
    return texts.flatMap(element => {
        const back = behind(element);
        const front = over(rgba(getComputedStyle(element).color), back);
        const [light, dark] = [luminance(front), luminance(back)].sort((a, b) => b - a);
        const ratio = (light + 0.05) / (dark + 0.05);
        const what = `${ratio.toFixed(2)} ${element.className}: ${element.textContent.trim().slice(0, 40)}`;
        return ratio < 4.5 ? [what] : [];
    });
}"""


def show_empty(panel: Panel) -> None:
    expect(panel.conversation.get_by_role("heading")).to_be_visible()


def show_answer(panel: Panel) -> None:
    panel.attach(LOG)
    panel.ask("report-builder keeps restarting")
    panel.answered()
    panel.unfold()


def show_evidence(panel: Panel) -> None:
    show_answer(panel)
    panel.citations.first.click()
    expect(panel.cited_lines.first).to_be_visible()


def show_cases(panel: Panel) -> None:
    show_answer(panel)
    panel.press("Cases")
    expect(panel.sheet("Cases").get_by_role("listitem").first).to_be_visible()


def show_settings(panel: Panel) -> None:
    panel.press("Settings")
    expect(panel.sheet("Settings")).to_be_visible()


def show_devices(panel: Panel) -> None:
    expect(panel.open_settings("Devices").get_by_role("listitem").first).to_contain_text("This one")


def show_why(panel: Panel) -> None:
    """What a session that is over tells of itself."""
    panel.page.evaluate(
        """async () => {
            const {server, token, sessionId} = await chrome.storage.local.get();
            const headers = {Authorization: `Bearer ${token}`};
            await fetch(`${server}/api/v1/sessions/${sessionId}`, {method: "DELETE", headers});
        }"""
    )
    panel.press("Why?")
    expect(panel.page.get_by_role("status", name="What happened to this session")).to_contain_text("Opened")


VIEWS = [show_empty, show_answer, show_evidence, show_cases, show_settings, show_devices, show_why]


@pytest.mark.parametrize("show", VIEWS)
def test_every_control_has_a_name_and_every_text_stands_out(show: Any, panel: Panel) -> None:
    show(panel)
    assert nameless(panel.page) == []
    for theme in ("light", "dark"):
        panel.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        assert panel.page.evaluate(CONTRAST) == [], theme
    panel.page.emulate_media(color_scheme="light")


def test_the_pairing_form_has_names_and_stands_out(unpaired: Panel) -> None:
    unpaired.enter_address("http://127.0.0.1:1")
    unpaired.press("Connect")
    expect(unpaired.conversation).to_contain_text("No server answers")
    unpaired.photograph("pairing")
    assert nameless(unpaired.page) == []
    for theme in ("light", "dark"):
        unpaired.page.emulate_media(color_scheme=theme)
        assert unpaired.page.evaluate(CONTRAST) == [], theme
    unpaired.page.emulate_media(color_scheme="light")


def nameless(page: Page) -> list[str]:
    """Controls that a screen reader could only call by their kind."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    return [
        node["role"]["value"]
        for node in nodes
        if not node["ignored"] and node["role"]["value"] in CONTROLS and not node.get("name", {}).get("value")
    ]


def test_by_keyboard_alone(panel: Panel) -> None:
    panel.drop("messages", LOG.read_text())
    expect(panel.question).to_be_focused()
    panel.page.keyboard.type("report-builder keeps")
    panel.page.keyboard.press("Shift+Enter")
    panel.page.keyboard.type("restarting")
    expect(panel.question).to_have_value("report-builder keeps\nrestarting")
    panel.page.keyboard.press("Enter")
    panel.answered()

    step_to(panel, "Citation 1")
    panel.page.keyboard.press("Enter")
    expect(panel.cited_lines.first).to_be_in_viewport()
    assert panel.page.evaluate("document.activeElement.closest('dialog') !== null")
    panel.page.keyboard.press("Escape")
    expect(panel.page.get_by_role("dialog")).to_have_count(0)
    expect(panel.page.locator(":focus")).to_have_accessible_name(re.compile("^Citation 1"))


def test_one_goes_on_where_one_was_when_a_sheet_closes(panel: Panel) -> None:
    panel.press("Settings")
    panel.sheet("Settings").get_by_role("button", name="Close").click()
    expect(panel.button("Settings")).to_be_focused()


def step_to(panel: Panel, name: str) -> None:
    """Steps backwards from the question box until something of this name has the focus."""
    for _ in range(60):
        panel.page.keyboard.press("Shift+Tab")
        if focused(panel).startswith(name):
            return
    raise AssertionError(f"{name} cannot be reached by keyboard")


def focused(panel: Panel) -> str:
    name: str = panel.page.evaluate(
        "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
    )
    return name


@pytest.mark.parametrize("width", [320, 360, 480])
def test_nothing_is_wider_than_the_panel(width: int, panel: Panel) -> None:
    show_answer(panel)
    panel.page.set_viewport_size({"width": width, "height": 640})
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert panel.page.evaluate(overflow) <= 0
    assert panel.conversation.evaluate("log => log.scrollWidth - log.clientWidth") <= 0
    panel.page.set_viewport_size({"width": 360, "height": 720})
