"""Showing evidence and looking at it: what came in goes out again, by line, by text, or as it was."""

from __future__ import annotations

import hashlib
import json
import stat
from typing import Any

import httpx
import pytest
from tests.integration.conftest import Start, StartTimed, add_evidence, ask, make_case, open_session
from tests.integration.logs import DISK_FULL
from tests.integration.problems import code_of
from tests.servers import Process

LONG_LINE = 50_000_000


def path_of(case_id: str) -> str:
    return f"/api/v1/cases/{case_id}/evidence"


def lines_of(api: httpx.Client, evidence_id: str, **params: Any) -> dict[str, Any]:
    answer = api.get(f"/api/v1/evidence/{evidence_id}/lines", params=params)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def test_a_raw_body_is_one_piece_of_evidence(api: httpx.Client) -> None:
    case_id = make_case(api)
    answer = api.post(
        path_of(case_id),
        params={"name": "../logs/app.log", "answers_check": "c-1"},
        content=DISK_FULL,
        headers={"Content-Type": "text/x-log; charset=latin-1"},
    )
    evidence = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/evidence/{evidence['evidence_id']}"
    assert (evidence["name"], evidence["media_type"]) == ("app.log", "text/x-log")
    assert (evidence["size"], evidence["lines"]) == (len(DISK_FULL), 3)
    assert evidence["sha256"] == hashlib.sha256(DISK_FULL).hexdigest()
    assert evidence["answers_check"] == "c-1"
    assert api.get(answer.headers["location"]).json() == evidence
    assert api.get(path_of(case_id)).json() == {"evidence": [evidence]}


def test_a_form_brings_several_files(api: httpx.Client) -> None:
    case_id = make_case(api)
    files = [("file", ("a.log", b"one\n", "text/plain")), ("file", ("b.bin", b"\x00\x01", "application/x-b"))]
    answer = api.post(path_of(case_id), files=files, data={"answers_check": "c-2"})
    assert answer.status_code == 201
    assert answer.headers["location"] == path_of(case_id)
    told = [(one["name"], one["media_type"], one["size"], one["answers_check"]) for one in answer.json()["evidence"]]
    assert told == [("a.log", "text/plain", 4, "c-2"), ("b.bin", "application/x-b", 2, "c-2")]
    assert api.get(path_of(case_id)).json() == answer.json()


def test_a_body_of_unknown_length_is_taken_as_it_comes(api: httpx.Client) -> None:
    case_id = make_case(api)
    answer = api.post(path_of(case_id), content=(b"line %d\n" % number for number in range(1000)))
    assert answer.json()["lines"] == 1000


def test_new_evidence_is_told_in_the_case(api: httpx.Client) -> None:
    case_id = make_case(api)
    evidence_id = add_evidence(api, case_id, DISK_FULL)
    event = api.get(f"/api/v1/cases/{case_id}/events").json()["events"][-1]
    assert (event["type"], event["evidence_id"], event["lines"]) == ("evidence.added", evidence_id, 3)


def test_lines_are_counted_by_line_feeds_alone(api: httpx.Client) -> None:
    content = "\ufeffone\r\ntwo\u2028still two\x0b\x0c\x85\rstill two\n\nfour".encode()
    page = lines_of(api, add_evidence(api, make_case(api), content))
    assert [line["text"] for line in page["lines"]] == [
        "one",
        "two\u2028still two\x0b\x0c\x85\rstill two",
        "",
        "four",
    ]
    assert (page["from"], page["to"], page["total"]) == (1, 4, 4)


def test_some_lines_may_be_asked_for(api: httpx.Client) -> None:
    evidence_id = add_evidence(api, make_case(api), b"".join(b"%d\n" % number for number in range(1, 2001)))
    page = lines_of(api, evidence_id, **{"from": 1999, "to": 2500})
    assert [(line["n"], line["text"]) for line in page["lines"]] == [(1999, "1999"), (2000, "2000")]
    assert len(lines_of(api, evidence_id)["lines"]) == 1000


def test_text_is_found_by_line(api: httpx.Client) -> None:
    evidence_id = add_evidence(api, make_case(api), b"alpha\nBeta 100%\nalpha beta 100%\n")
    found = api.get(f"/api/v1/evidence/{evidence_id}/search", params={"q": "BETA 100%"}).json()
    assert [(match["n"], match["column"]) for match in found["matches"]] == [(2, 0), (3, 6)]


def test_the_bytes_come_back_as_they_were_and_inert(api: httpx.Client) -> None:
    content = bytes(range(256)) + b"<script>alert(1)</script>"
    evidence_id = add_evidence(api, make_case(api), content, "page.html")
    raw = api.get(f"/api/v1/evidence/{evidence_id}/raw")
    assert raw.content == content
    assert raw.headers["content-type"] == "text/plain; charset=utf-8"
    assert raw.headers["content-disposition"].startswith("attachment")
    assert raw.headers["x-content-type-options"] == "nosniff"
    assert raw.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert raw.headers["cross-origin-resource-policy"] == "same-origin"
    part = api.get(f"/api/v1/evidence/{evidence_id}/raw", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, content[10:20])


def test_deleted_evidence_is_gone_from_the_disk_too(start_timed: StartTimed) -> None:
    with start_timed() as server, server.client() as api:
        case_id = make_case(api)
        evidence_id = add_evidence(api, case_id, b"a very private line\n", "very-private.log")
        ask(api, open_session(api)["session_id"], "What is wrong?", case_id=case_id)
        assert api.delete(f"/api/v1/evidence/{evidence_id}").status_code == 204
        for answer in (
            api.get(f"/api/v1/evidence/{evidence_id}"),
            api.get(f"/api/v1/evidence/{evidence_id}/lines"),
            api.get(f"/api/v1/evidence/{evidence_id}/raw"),
            api.get(f"/api/v1/evidence/{evidence_id}/search", params={"q": "x"}),
            api.delete(f"/api/v1/evidence/{evidence_id}"),
        ):
            assert code_of(answer, 404) == "evidence_not_found"
        assert [path for path in (server.data_dir / "evidence").rglob("*") if path.is_file()] == []


def test_evidence_over_the_limit_is_refused_and_nothing_of_it_kept(start: Start) -> None:
    with start(max_evidence_bytes="1000") as server, server.client() as api:
        case_id = make_case(api)
        too_much = [
            api.post(path_of(case_id), content=b"x" * 1001),
            api.post(path_of(case_id), content=(b"x" * 100 for _ in range(11))),
            api.post(path_of(case_id), files=[("file", ("a", b"x")), ("file", ("b", b"x" * 1001))]),
        ]
        assert [code_of(answer, 413) for answer in too_much] == ["too_large"] * 3
        assert api.get(path_of(case_id)).json() == {"evidence": []}
        assert [path for path in (server.data_dir / "evidence").rglob("*") if path.is_file()] == []
        assert api.post(path_of(case_id), content=b"x" * 1000).status_code == 201


def test_all_evidence_together_has_a_limit(start: Start) -> None:
    with start(max_total_bytes="1000") as server, server.client() as api:
        first, second = make_case(api), make_case(api)
        kept = add_evidence(api, first, b"x" * 600)
        assert code_of(api.post(path_of(second), content=b"x" * 600), 507) == "quota_reached"
        asking = {"session_id": open_session(api)["session_id"], "query": "?", "context": {"text_data": "x" * 600}}
        assert code_of(api.post("/api/v1/query", json=asking), 507) == "quota_reached"
        assert api.get(path_of(second)).json() == {"evidence": []}
        api.delete(f"/api/v1/evidence/{kept}")
        add_evidence(api, second, b"x" * 600)


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        (b"", "not_enough_evidence"),
        (b"\n\n \n", "not_enough_evidence"),
        (bytes(range(256)) * 400, "not_enough_evidence"),
        (b"\x7fELF" + b"\x00" * 5000, "not_enough_evidence"),
    ],
    ids=["empty", "blank", "every byte", "a program"],
)
def test_what_says_nothing_is_not_enough(api: httpx.Client, content: bytes, verdict: str) -> None:
    case_id = make_case(api)
    add_evidence(api, case_id, content, "strange")
    answer = ask(api, open_session(api)["session_id"], "What is wrong?", case_id=case_id)
    assert answer["verdict"] == verdict
    assert answer["citations"] == []


def test_an_empty_file_has_no_line_to_ask_for(api: httpx.Client) -> None:
    page = lines_of(api, add_evidence(api, make_case(api), b""))
    assert (page["lines"], page["total"], page["to"]) == ([], 0, 0)


def test_bytes_that_are_no_text_are_shown_as_replaced_and_read_around(api: httpx.Client) -> None:
    case_id = make_case(api)
    evidence_id = add_evidence(api, case_id, b"\xff\xfe broken \xc3\n" + DISK_FULL)
    assert lines_of(api, evidence_id, to=1)["lines"][0]["text"] == "\ufffd\ufffd broken \ufffd"
    answer = ask(api, open_session(api)["session_id"], "What is wrong?", case_id=case_id)
    assert answer["citations"][0]["line_start"] == 3


def export_in_one_line() -> bytes:
    """Fifty megabytes of JSON without a line feed; somewhere in the middle something went wrong."""
    record = json.dumps({"level": "info", "message": "request served", "took": 12})
    fault = json.dumps({"level": "error", "message": "write failed: No space left on device"})
    records = [record] * (LONG_LINE // (len(record) + 1))
    records.insert(len(records) // 2, fault)
    return ("[" + ",".join(records) + "]").encode()


def test_one_line_of_fifty_megabytes_is_shown_by_columns(api: httpx.Client) -> None:
    content = export_in_one_line()
    evidence_id = add_evidence(api, make_case(api), content, "export.json")
    (line,) = lines_of(api, evidence_id)["lines"]
    assert (line["length"], len(line["text"])) == (len(content), 4000)
    (match,) = api.get(f"/api/v1/evidence/{evidence_id}/search", params={"q": "no space left"}).json()["matches"]
    assert content[match["column"] :].startswith(b"No space left")
    (part,) = lines_of(api, evidence_id, column=match["column"])["lines"]
    assert part["text"].startswith("No space left on device")


def ask_about(api: httpx.Client, content: bytes) -> dict[str, Any]:
    case_id = make_case(api)
    add_evidence(api, case_id, content, "export.json")
    answer = ask(api, open_session(api)["session_id"], "What is wrong?", case_id=case_id)
    assert answer["status"] == "completed"
    return answer


def test_what_is_quoted_of_a_very_long_line_stands_there(api: httpx.Client) -> None:
    content = b"2026-03-01T10:00:05Z ERROR orders.db: No space left on device " + b"x" * LONG_LINE
    answer = ask_about(api, content)
    assert answer["citations"]
    for citation in answer["citations"]:
        assert citation["quote"] == content[citation["column_start"] : citation["column_end"]].decode()


def test_nobody_is_told_that_all_is_well_where_not_all_was_read(api: httpx.Client) -> None:
    answer = ask_about(api, export_in_one_line())
    assert answer["citations"] or (answer["verdict"] == "not_enough_evidence" and answer["coverage"]["truncated"])


def test_all_that_is_kept_is_for_its_owner_alone(server: Process, api: httpx.Client) -> None:
    case_id = make_case(api)
    add_evidence(api, case_id, DISK_FULL)
    ask(api, open_session(api)["session_id"], "What is wrong?", case_id=case_id, context={"text_data": "x"})
    for path in [server.data_dir, *server.data_dir.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
