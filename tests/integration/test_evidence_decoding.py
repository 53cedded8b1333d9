"""Evidence in any form is kept, shown, searched and cited as the text it is."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path

import httpx
import pytest
from backports import zstd
from tests.integration.conftest import Start, add_evidence, ask, make_case, open_session
from tests.integration.problems import code_of
from tests.servers import COMMAND

LOG = "".join(
    f"2031-01-02T15:04:{number:02}Z {said}\n"
    for number, said in enumerate(["INFO depot opens", "ERROR write failed: No space left on device"] * 20)
)
PAGE = f"<!DOCTYPE html><html><body><h1>Build 17</h1><pre>{LOG}</pre></body></html>"
FORMS = {
    "gzip": gzip.compress(LOG.encode()),
    "zstd": zstd.compress(LOG.encode()),
    "UTF-16": LOG.encode("utf-16"),
    "carriage returns": LOG.replace("\n", "\r").encode(),
    "gzip, UTF-16": gzip.compress(LOG.encode("utf-16-le")),
}


@pytest.mark.parametrize("form", FORMS)
def test_it_is_kept_as_text_and_cited_as_it_is_shown(api: httpx.Client, form: str) -> None:
    case_id = make_case(api)
    evidence_id = add_evidence(api, case_id, FORMS[form], "depot.log.bin")
    evidence = api.get(f"/api/v1/evidence/{evidence_id}").json()
    assert (evidence["decoded_from"], evidence["name"]) == (form, "depot.log.bin")
    assert (evidence["size"], evidence["lines"]) == (len(LOG.encode()), 40)
    assert api.get(f"/api/v1/evidence/{evidence_id}/raw").text == LOG
    answer = ask(api, open_session(api)["session_id"], "What is wrong?", case_id=case_id)
    assert answer["citations"]
    for cited in answer["citations"]:
        page = api.get(
            f"/api/v1/evidence/{evidence_id}/lines", params={"from": cited["line_start"], "to": cited["line_end"]}
        ).json()
        assert "\n".join(line["text"] for line in page["lines"]) == cited["quote"]


def test_a_form_decodes_each_of_its_files(api: httpx.Client) -> None:
    files = [("file", (f"{number}.log", content)) for number, content in enumerate([*FORMS.values(), LOG.encode()])]
    added = api.post(f"/api/v1/cases/{make_case(api)}/evidence", files=files).json()["evidence"]
    assert {one["sha256"] for one in added} == {added[-1]["sha256"]}
    assert [one.get("decoded_from") for one in added] == [*FORMS, None]


def test_a_captured_page_is_read_as_its_text(api: httpx.Client) -> None:
    context = {"page_content": PAGE, "page_title": "Build 17"}
    answer = ask(api, open_session(api)["session_id"], "Why did it fail?", context=context)
    (evidence_id,) = answer["evidence_ids"]
    assert api.get(f"/api/v1/evidence/{evidence_id}").json()["decoded_from"] == "HTML"
    assert api.get(f"/api/v1/evidence/{evidence_id}/raw").text == f"Build 17\n{LOG}"
    assert {cited["quote"].partition("Z ")[2] for cited in answer["citations"]} >= {
        "ERROR write failed: No space left on device"
    }


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_what_unpacks_to_too_much_is_refused_and_nothing_kept(start: Start, pack: object) -> None:
    assert callable(pack)
    with start(max_evidence_bytes="1000000") as server, server.client() as api:
        case_id = make_case(api)
        refused = api.post(f"/api/v1/cases/{case_id}/evidence", content=pack(bytes(50_000_000)))
        assert code_of(refused, 413) == "too_large"
        assert "unpacked" in refused.json()["detail"]
        assert api.get(f"/api/v1/cases/{case_id}/evidence").json()["evidence"] == []
        assert [path for path in (server.data_dir / "evidence").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("form", ["gzip", "zstd"])
def test_what_ends_too_early_is_refused_and_says_so(api: httpx.Client, form: str) -> None:
    case_id = make_case(api)
    refused = api.post(f"/api/v1/cases/{case_id}/evidence", content=FORMS[form][:-10])
    assert code_of(refused, 422) == "invalid_request"
    assert "ends too early" in refused.json()["errors"][0]["message"]
    assert api.get(f"/api/v1/cases/{case_id}/evidence").json()["evidence"] == []


@pytest.mark.parametrize("form", FORMS)
def test_the_command_line_reads_it_too(tmp_path: Path, form: str) -> None:
    path = tmp_path / "depot.log"
    path.write_bytes(LOG.encode())
    packed = tmp_path / "depot.packed"
    packed.write_bytes(FORMS[form])
    plain = subprocess.run([COMMAND, "analyze", "--json", path], check=True, capture_output=True, text=True).stdout
    read = subprocess.run([COMMAND, "analyze", "--json", packed], check=True, capture_output=True, text=True).stdout
    assert read.replace("depot.packed", "depot.log") == plain
    piped = subprocess.run(
        [COMMAND, "ask", "What is wrong?"], check=True, capture_output=True, input=FORMS[form]
    ).stdout
    assert b"No space left on device" in piped


def test_the_command_line_says_what_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(FORMS["gzip"][:-10])
    ran = subprocess.run([COMMAND, "ask", "-f", path, "Why?"], capture_output=True, text=True, check=False)
    assert ran.returncode == 3
    assert "ends too early" in ran.stderr
