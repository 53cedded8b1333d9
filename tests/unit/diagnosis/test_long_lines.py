"""Of a line of any length, trouble is found wherever it stands, and cited by exactly its columns."""

import json
from collections.abc import Mapping

import pytest
from tests.corpus.regenerate import source

from faultmaven.diagnosis.diagnose import diagnose
from faultmaven.diagnosis.read import read
from faultmaven.diagnosis.report import Report

ROUTINE = {"level": "info", "message": "request served in 12 ms, é, 0 errors", "error": None}
FAULT = {"level": "error", "time": "2031-03-04T05:06:07Z", "message": "write failed: No space left on device"}


def export(records: int, *faults: Mapping[str, str | None]) -> bytes:
    half = [ROUTINE] * (records // 2)
    return json.dumps([*half, *faults, *half], ensure_ascii=False).encode()


def report_of(content: bytes) -> Report:
    return diagnose("What is wrong?", [source("export.json", content)])


@pytest.mark.parametrize("records", [60, 400, 40_000])
def test_trouble_in_the_middle_of_an_export_is_found_and_cited_there(records: int) -> None:
    content = export(records, FAULT)
    report = report_of(content)
    assert report.verdict == "cause_found"
    assert report.hypotheses[0].fault_id == "disk_full"
    cited = report.citations[0]
    assert cited.column_start is not None
    assert content.decode()[cited.column_start : cited.column_end] == cited.quote == json.dumps(FAULT)
    assert report.onset is not None
    assert report.onset.at == "2031-03-04T05:06:07Z"


def test_several_faults_of_one_line_are_told_apart() -> None:
    refused = {"level": "error", "message": "connect to db-1:5432: Connection refused"}
    report = report_of(export(2000, FAULT, *[ROUTINE] * 40, refused))
    assert {hypothesis.fault_id for hypothesis in report.hypotheses} == {"disk_full", "connection_refused"}
    assert len({citation.column_start for citation in report.citations}) == len(report.citations)


def test_a_healthy_long_line_stays_healthy() -> None:
    digest = read(export(20_000))
    assert not digest.truncated
    assert [template for template in digest.templates if template.column] == []
    line = "2031-03-04 05:06:07 INFO done: 0 errors, " + "item ok, " * 900 + "no failures, failed=0\n"
    assert report_of(line.encode() * 3).verdict == "no_fault_found"


def test_lines_that_begin_alike_are_looked_at_to_their_ends() -> None:
    begin = "2031-03-04 05:06:07 ERROR batch: " + "item ok, " * 300
    digest = read((begin + "done\n" + begin + "No space left on device\n").encode())
    assert [template.lines for template in digest.templates if template.column] == [(2,)]


def test_what_an_info_line_says_at_length_is_no_error() -> None:
    line = "2031-03-04 05:06:07 INFO answer was: " + "item ok, " * 1000 + "write failed\n"
    (found,) = [template for template in read(line.encode()).templates if template.column]
    assert found.level == "info"


def test_more_trouble_than_can_be_looked_at_is_said_to_be() -> None:
    digest = read(
        b" ".join(b"error at %s" % bytes([97 + i % 26, 97 + i // 26 % 26, 97 + i // 676]) * 30 for i in range(9000))
    )
    assert digest.truncated


def test_the_size_of_blocks_makes_no_difference() -> None:
    content = b"\n".join(
        [b"one", export(500, FAULT), b"", export(9, FAULT), b"\xc3" * 30_000 + b" failed: no such file"]
    )
    digest = read(content)
    assert len([template for template in digest.templates if template.column]) == 2
    assert [read(content, block_size=size) for size in (7, 1000, 20_000)] == [digest] * 3
