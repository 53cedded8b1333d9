"""A captured page is shown as text or saved, and never run: what comes back says so, and a real browser obeys."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from shutil import which

import httpx
import pytest
from playwright.sync_api import Browser, Page, Response, sync_playwright
from tests.integration.conftest import Start, add_evidence, ask, make_case, open_session
from tests.integration.problems import code_of
from tests.servers import Process

HOSTILE = b"""$ curl https://shop.example/
<!doctype html>
<script>document.title = "ran"; window.top.ran = true; fetch("/ran")</script>
<img src=x onerror="document.title = 'ran'; window.top.ran = true">
<meta http-equiv="refresh" content="0;url=/ran"><p>2026-01-02T10:03:05Z ERROR down</p>
"""
SCRIPT = b"window.ran = true;"
POLICY = "sandbox; default-src 'none'"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=which("chromium"), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def captured(api: httpx.Client) -> str:
    """The path of a hostile page that was captured and is served back."""
    return f"/api/v1/evidence/{add_evidence(api, make_case(api), HOSTILE, 'page.html')}/raw"


def assert_inert(answer: httpx.Response) -> None:
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("media_type", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript"])
def test_it_comes_back_as_an_attachment_of_plain_text(api: httpx.Client, media_type: str) -> None:
    added = api.post(
        f"/api/v1/cases/{make_case(api)}/evidence",
        params={"name": "page.html"},
        content=HOSTILE,
        headers={"Content-Type": media_type},
    ).json()
    assert added["media_type"] == media_type
    path = f"/api/v1/evidence/{added['evidence_id']}/raw"
    for answer in (api.get(path), api.get(path, headers={"Range": "bytes=0-15"})):
        assert answer.content == HOSTILE[: len(answer.content)]
        assert_inert(answer)


def test_a_page_captured_with_a_question_is_no_different(api: httpx.Client) -> None:
    context = {"page_content": HOSTILE.decode(), "page_title": "Down"}
    answer = ask(api, open_session(api)["session_id"], "Why?", context=context)
    (evidence,) = answer["evidence_ids"]
    assert_inert(api.get(f"/api/v1/evidence/{evidence}/raw"))


@pytest.mark.parametrize("form", ["markdown", "json"])
def test_an_export_is_an_attachment_that_runs_nothing(api: httpx.Client, form: str) -> None:
    case = make_case(api, "<script>alert(1)</script>")
    add_evidence(api, case, HOSTILE, "<img onerror=x>.html")
    ask(api, open_session(api)["session_id"], "Why?", case_id=case)
    answer = api.get(f"/api/v1/cases/{case}/export", params={"format": form})
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["content-type"].split(";")[0] in ("text/plain", "application/json")


def test_lines_are_data(api: httpx.Client, captured: str) -> None:
    answer = api.get(captured.replace("/raw", "/lines"))
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["lines"][1]["text"] == "<!doctype html>"


def navigated(page: Page, url: str) -> Response:
    """Where the browser has gone. What was sent as an attachment would be saved instead, and raise."""
    response = page.goto(url)
    assert response is not None
    return response


def test_opened_as_a_page_it_is_refused(start: Start, page: Page) -> None:
    """Even where no token is asked for: nobody who follows a link to it runs it."""
    with start(local_auth="off") as server, server.client() as api:
        path = f"/api/v1/evidence/{add_evidence(api, make_case(api), HOSTILE, 'page.html')}/raw"
        response = navigated(page, server.url + path)
        assert response.status == 403
        assert "forbidden_fetch" in response.text()
        assert page.title() != "ran"


EMBEDDED = """
<script>window.loaded = []; window.refused = [];</script>
<img src="{url}" onload="loaded.push('img')" onerror="refused.push('img')">
<script src="{script}" onload="loaded.push('script')" onerror="refused.push('script')"></script>
<link rel="stylesheet" href="{url}" onload="loaded.push('style')" onerror="refused.push('style')">
<iframe src="{url}" name="frame"></iframe>
<object data="{url}" onload="loaded.push('object')" onerror="refused.push('object')"></object>
"""


class Embedding(BaseHTTPRequestHandler):
    """A page of another site that embeds what the server has."""

    def __init__(self, html: str, *arguments: object) -> None:
        self.html = html
        super().__init__(*arguments)  # type: ignore[arg-type]  # what socketserver hands over

    def do_GET(self) -> None:  # the name that http.server asks for
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.html.encode())

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def site(html: str) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Embedding, html)) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}/"
        serving.shutdown()


def test_embedded_in_a_page_it_loads_nothing(start: Start, page: Page) -> None:
    """Tags bring no token; so they are tried where none is needed, and fail all the same."""
    with start(local_auth="off") as server, server.client() as api:
        case = make_case(api)
        url, script = (
            f"{server.url}/api/v1/evidence/{add_evidence(api, case, content, name)}/raw"
            for content, name in ((HOSTILE, "page.html"), (SCRIPT, "page.js"))
        )
        requested: list[str] = []
        page.on("request", lambda request: requested.append(request.url))
        with site(EMBEDDED.format(url=url, script=script)) as address:
            page.goto(address, wait_until="networkidle")
            assert page.evaluate("loaded.filter(kind => kind != 'object')") == []
            assert {"img", "script"} <= set(page.evaluate("refused"))
            assert page.evaluate("window.ran") is None
        logged = [json.loads(line) for line in server.logged().splitlines()]
        # Refused before any route has seen them.
        statuses = [line["status"] for line in logged if line["event"] == "request" and line["route"] == "none"]
        assert set(statuses) == {403}
        assert len(statuses) >= 5
        assert not [one for one in requested if one.endswith("/ran")]


def test_not_even_the_servers_own_page_runs_it(server: Process, captured: str, page: Page) -> None:
    """With the token, the page gets the text; made part of a document from its address, it is refused."""
    page.goto(server.url)
    fetched = page.evaluate(
        """async ([path, token]) => {
            const answer = await fetch(path, {headers: {Authorization: `Bearer ${token}`}});
            return [answer.status, answer.headers.get('content-type'), await answer.text()];
        }""",
        [captured, server.token],
    )
    assert fetched == [200, "text/plain; charset=utf-8", HOSTILE.decode()]
    for tag, attribute in (("img", "src"), ("script", "src"), ("iframe", "src"), ("object", "data")):
        page.evaluate(
            """([tag, attribute, path]) => {
                const element = document.createElement(tag);
                element[attribute] = path;
                document.body.append(element);
            }""",
            [tag, attribute, captured],
        )
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.ran") is None
    assert page.title() == "FaultMaven"


def test_a_site_cannot_read_it_with_fetch(start: Start, page: Page) -> None:
    with start(local_auth="off") as server, server.client() as api, site("<p>elsewhere</p>") as address:
        path = f"/api/v1/evidence/{add_evidence(api, make_case(api), HOSTILE, 'page.html')}/raw"
        page.goto(address)
        for mode in ("cors", "no-cors"):
            read = page.evaluate(
                """([url, mode]) => fetch(url, {mode}).then(answer => answer.text()).catch(() => '')""",
                [server.url + path, mode],
            )
            assert read == ""


def test_the_address_without_the_token_says_nothing(server: Process, captured: str) -> None:
    assert code_of(httpx.get(server.url + captured), 401) == "unauthenticated"
