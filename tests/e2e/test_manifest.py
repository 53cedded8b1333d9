"""What the builds ask of a browser: no site, and no more than they use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

DIST = Path(__file__).parents[2] / "extension" / "dist"
SHARED = {"storage", "activeTab", "scripting", "contextMenus"}
REACH = {"host_permissions", "optional_host_permissions", "content_scripts", "externally_connectable"}


def manifest(browser: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((DIST / browser / "manifest.json").read_text())
    return read


@pytest.mark.parametrize(
    ("browser", "permissions"), [("chromium", SHARED | {"sidePanel"}), ("firefox", SHARED)], ids=["chromium", "firefox"]
)
def test_it_asks_for_no_site_and_no_more_than_it_uses(browser: str, permissions: set[str]) -> None:
    asked = manifest(browser)
    assert asked["manifest_version"] == 3
    assert set(asked["permissions"]) == permissions
    assert not REACH & set(asked)
    assert "web_accessible_resources" not in asked


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_its_pages_load_nothing_from_elsewhere(browser: str) -> None:
    policy = manifest(browser)["content_security_policy"]["extension_pages"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["img-src"] == "'self' data: blob:"
    assert rules["script-src"] == "'self'"
    assert rules["default-src"] == "'none'"


def test_it_is_the_same_extension_on_every_machine() -> None:
    assert manifest("chromium")["key"]
    assert manifest("firefox")["browser_specific_settings"]["gecko"]["id"]
    assert manifest("chromium")["side_panel"]["default_path"] == "sidepanel.html"
