"""The page at `/`: the built panel under a strict policy, or a clear statement that it is not built."""

from __future__ import annotations

from pathlib import Path

import anyio
import httpx
import pytest
from fastapi import FastAPI

from faultmaven import page

SCRIPT = "assets/index-abc123.js"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(f'<!doctype html><script type="module" src="/{SCRIPT}"></script>')
    (tmp_path / SCRIPT).write_text("export {}")
    (tmp_path / "secret").write_text("not to be served")
    return tmp_path


def get(static: Path, path: str) -> httpx.Response:
    app = FastAPI()
    app.include_router(page.routes("127.0.0.1:8000", static))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    async def asking() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            return await client.get(path)

    return anyio.run(asking)


def test_the_panel_is_served_and_may_load_nothing_from_elsewhere(built: Path) -> None:
    answer = get(built, "/")
    assert SCRIPT in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; ")
    assert "img-src 'self' data: blob:" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-cache"


def test_its_files_run_as_modules_and_are_kept(built: Path) -> None:
    answer = get(built, f"/{SCRIPT}")
    assert answer.text == "export {}"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("path", ["/assets/other.js", "/assets/..%2fsecret", "/assets/../secret", "/secret"])
def test_nothing_else_is_served(built: Path, path: str) -> None:
    assert "not to be served" not in get(built, path).text


def test_without_a_build_it_says_what_to_run(tmp_path: Path) -> None:
    answer = get(tmp_path, "/")
    assert answer.status_code == 200
    assert "make extension" in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
