"""Taking a case away: Markdown to finish by hand, or everything in JSON."""

from __future__ import annotations

import httpx
import pytest
from tests.integration.conftest import add_evidence, ask, make_case, open_session
from tests.integration.logs import DISK_FULL
from tests.integration.problems import refused_field


@pytest.fixture
def case_id(api: httpx.Client) -> str:
    """Investigated and resolved."""
    case_id = make_case(api, "Orders [fail] *often*")
    add_evidence(api, case_id, DISK_FULL, "orders.log")
    ask(api, open_session(api)["session_id"], "Why do orders fail?", case_id=case_id)
    resolution = {"cause": "Old logs.", "fix": "Rotate them."}
    api.patch(f"/api/v1/cases/{case_id}", json={"status": "resolved", "resolution": resolution})
    return case_id


def export(api: httpx.Client, case_id: str, form: str) -> httpx.Response:
    answer = api.get(f"/api/v1/cases/{case_id}/export", params={"format": form})
    assert answer.status_code == 200, answer.text
    return answer


def test_json_has_everything_as_it_is_served(api: httpx.Client, case_id: str) -> None:
    whole = export(api, case_id, "json").json()
    path = f"/api/v1/cases/{case_id}"
    assert whole["case"] == api.get(path).json()
    assert whole["evidence"] == api.get(f"{path}/evidence").json()["evidence"]
    assert whole["events"] == api.get(f"{path}/events").json()["events"]
    assert whole["queries"] == [api.get(f"/api/v1/queries/{one['query_id']}").json() for one in whole["queries"]]
    assert len(whole["queries"]) == 1


def test_markdown_has_what_is_known_and_what_is_to_fill_in(api: httpx.Client, case_id: str) -> None:
    answer = export(api, case_id, "markdown")
    text = answer.text
    (query,) = export(api, case_id, "json").json()["queries"]
    assert text.startswith("# Post-mortem: Orders \\[fail\\] \\*often\\*\n")
    assert "- Status: resolved" in text
    assert "As resolved: Old logs." in text
    assert "Rotate them." in text
    assert "Why do orders fail?" in text
    assert "_To fill in:" in text
    assert query["citations"]
    for citation in query["citations"]:
        assert f"\\[{citation['n']}\\] orders.log, line" in text
        assert citation["quote"] in text


def test_markdown_is_what_one_gets_unasked(api: httpx.Client, case_id: str) -> None:
    unasked = api.get(f"/api/v1/cases/{case_id}/export")
    assert unasked.text == export(api, case_id, "markdown").text


@pytest.mark.parametrize("form", ["markdown", "json"])
def test_an_export_is_inert(api: httpx.Client, case_id: str, form: str) -> None:
    headers = export(api, case_id, form).headers
    assert headers["content-disposition"].startswith("attachment;")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["content-type"].startswith("application/json" if form == "json" else "text/plain")


def test_what_was_typed_and_shown_cannot_break_out_of_its_place(api: httpx.Client) -> None:
    case_id = make_case(api, "<img src=x onerror=alert(1)> [click](javascript:alert(1))")
    fence = b"2026-03-01T10:00:05Z ERROR orders.db: ```` </pre><script>alert(1)</script> No space left on device\n"
    add_evidence(api, case_id, fence, "<b>`name`.log")
    ask(api, open_session(api)["session_id"], "![x](http://tracker.example/x.png)\n# Why?", case_id=case_id)
    text = export(api, case_id, "markdown").text
    outside = "\n".join(outside_fences(text))
    assert "<img" not in outside.replace("\\<", "")
    assert "<script" not in outside.replace("\\<", "")
    assert "](" not in outside.replace("\\]", "")
    assert "\n# Why?" not in outside
    assert "<script>alert(1)</script>" in text


def outside_fences(text: str) -> list[str]:
    """The lines that Markdown reads as Markdown."""
    outside, fence = [], ""
    for line in text.split("\n"):
        stripped = line.strip()
        ticks = len(stripped) - len(stripped.lstrip("`"))
        if fence:
            fence = "" if stripped == fence else fence
        elif ticks >= 3:
            fence = "`" * ticks
        else:
            outside.append(line)
    return outside


def test_an_empty_case_can_be_exported(api: httpx.Client) -> None:
    case_id = make_case(api, "Nothing yet")
    assert export(api, case_id, "json").json()["queries"] == []
    assert "# Post-mortem: Nothing yet" in export(api, case_id, "markdown").text


def test_an_unknown_form_is_refused(api: httpx.Client) -> None:
    assert refused_field(api.get(f"/api/v1/cases/{make_case(api)}/export", params={"format": "pdf"})) == "format"
