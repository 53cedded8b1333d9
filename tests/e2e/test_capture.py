"""The page beside the panel becomes evidence when the person says so, and only what they see of it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.e2e.browser import Chromium
from tests.e2e.panel import Panel
from tests.e2e.sites import Site, site

SIGN_IN = """<!doctype html><title>Orders: sign in</title>
<h1>502 Bad Gateway</h1>
<p>2026-01-02T03:04:05Z ERROR orders: connection refused by 10.20.0.14:8080</p>
<form>
  <label>Name <input name="name" value="typed-name"></label>
  <label>Password <input type="password" name="password" value="typed-password"></label>
  <textarea>typed-area</textarea>
  <select><option>chosen-option</option></select>
  <input type="hidden" value="hidden-value"><input placeholder="typed-placeholder">
  <div contenteditable>typed-editable</div>
</form>
<p hidden>hidden-text</p><script>var inScript = "script-text"</script><style>/* style-text */</style>
<p id="part">Only this part.</p>"""
READS_STORAGE = """async () => {
    const [{id: tabId}] = await chrome.tabs.query({active: true, currentWindow: true});
    const read = () => chrome.storage.local.get().then(kept => JSON.stringify(kept), error => `denied: ${error}`);
    return (await chrome.scripting.executeScript({target: {tabId}, func: read}))[0].result;
}"""
NOT_TAKEN = ("typed-", "chosen-option", "hidden-", "script-text", "style-text", "secret-query", "fragment")


@pytest.fixture(scope="module")
def orders() -> Iterator[Site]:
    with site(SIGN_IN) as page:
        yield page


@pytest.fixture
def sign_in(chromium: Chromium, orders: Site) -> Iterator[Page]:
    tab = chromium.tab(f"{orders.url}/sign-in?token=secret-query#fragment")
    yield tab
    tab.close()


def test_what_is_seen_is_taken_and_what_is_typed_is_not(
    panel: Panel, chromium: Chromium, sign_in: Page, orders: Site, api: httpx.Client
) -> None:
    panel.press("Add this page")
    expect(panel.page.get_by_role("alert")).to_contain_text("Click the FaultMaven icon")
    panel.photograph("page-not-granted")

    chromium.click_icon(sign_in)
    panel.press("Add this page")
    preview = panel.sheet("Add this page")
    expect(preview).to_contain_text("502 Bad Gateway")
    panel.photograph("page-preview")
    assert not [word for word in NOT_TAKEN if word in preview.inner_text()]
    preview.get_by_role("button", name="Add", exact=True).click()
    expect(panel.attached).to_contain_text("Orders: sign in")

    panel.ask("What is wrong with this page?")
    panel.answered()
    kept = only_evidence(panel, api)
    assert "502 Bad Gateway" in kept
    assert "connection refused by 10.20.0.14:8080" in kept
    assert "Orders: sign in" in kept
    assert f"{orders.url}/sign-in\n" in kept
    assert not [word for word in NOT_TAKEN if word in kept]


def test_a_selection_is_taken_alone_and_the_full_address_on_request(
    panel: Panel, chromium: Chromium, sign_in: Page, api: httpx.Client
) -> None:
    chromium.click_icon(sign_in)
    sign_in.locator("#part").select_text()
    panel.press("Add this page")
    preview = panel.sheet("Add this page")
    preview.get_by_role("checkbox", name="Keep the full address").check()
    preview.get_by_role("button", name="Add", exact=True).click()
    panel.ask("What is this?")
    panel.answered()
    kept = only_evidence(panel, api)
    assert "Only this part." in kept
    assert "502" not in kept
    assert "?token=secret-query#fragment" in kept


def test_a_preview_that_is_cancelled_adds_nothing(panel: Panel, chromium: Chromium, sign_in: Page) -> None:
    chromium.click_icon(sign_in)
    panel.press("Add this page")
    panel.sheet("Add this page").get_by_role("button", name="Cancel", exact=True).click()
    expect(panel.sheet("Add this page")).to_have_count(0)
    expect(panel.attached).to_have_count(0)


def test_the_page_cannot_read_what_the_extension_keeps(panel: Panel, chromium: Chromium, sign_in: Page) -> None:
    chromium.click_icon(sign_in)
    # Until the click is through, the page may not be looked into at all.
    panel.page.wait_for_function(f"() => ({READS_STORAGE})().catch(() => null)")
    assert "denied" in panel.page.evaluate(READS_STORAGE)


def test_the_menu_of_a_page_has_an_entry(panel: Panel, chromium: Chromium, sign_in: Page) -> None:
    """Chosen, it shows the preview. The browser's own menu is out of reach here: its event is sent by hand."""
    chromium.click_icon(sign_in)
    panel.page.evaluate("chrome.contextMenus.update('add-this-page', {})")  # fails if there is none
    window = panel.page.evaluate("chrome.windows.getCurrent().then((one) => one.id)")
    chromium.worker.evaluate(
        """async (windowId) => {
            const [tab] = await chrome.tabs.query({active: true, windowId});
            chrome.contextMenus.onClicked.dispatch({menuItemId: "add-this-page"}, tab);
        }""",
        window,
    )
    expect(panel.sheet("Add this page")).to_contain_text("502 Bad Gateway")


def only_evidence(panel: Panel, api: httpx.Client) -> str:
    """The content of the one piece of evidence in the panel's case, as the server keeps it."""
    case_id = api.get(f"/api/v1/sessions/{panel.kept()['sessionId']}").json()["case_id"]
    (evidence,) = api.get(f"/api/v1/cases/{case_id}/evidence").json()["evidence"]
    return api.get(f"/api/v1/evidence/{evidence['evidence_id']}/raw").text
