"""Measurements: what is used up or running out, what makes it so, and what is merely as it always is."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from tests.unit.diagnosis.inspections.stated import answered, faults, top

DATABASE = "ferry-bookings"


def metric(name: str, values: Sequence[float], unit: str) -> dict[str, object]:
    return {
        "label": name,
        "unit": unit,
        "dimensions": [{"Name": "DBInstanceIdentifier", "Value": DATABASE}],
        "timestamps": [f"2031-05-04T09:{minute:02}:00Z" for minute in range(len(values))],
        "values": list(values),
    }


def measured(*metrics: dict[str, object]) -> str:
    return json.dumps({"metric_data_results": metrics}, indent=1)


def ranked(statement: str, wait: str) -> str:
    waits = [{"name": wait, "db_load_avg": 5.5}, {"name": "IO:XactSync", "db_load_avg": 0.3}]
    statements = [{"statement": statement, "db_load_avg": 5.1, "wait_events": waits}]
    others = [{"statement": "SELECT 1", "db_load_avg": 0.4, "wait_events": []}]
    return json.dumps({"top_sql": statements + others, "top_wait_events": waits}, indent=1)


CPU = metric("CPUUtilization", [55, 68, 84, 93, 95, 96], "Percent")
SPACE = metric("FreeStorageSpace", [40e9, 31e9, 22e9, 14e9, 8e9, 3e9], "Bytes")
CONNECTIONS = metric("DatabaseConnections", [402, 430, 455, 480, 489, 496], "Count")
LIMIT = json.dumps(
    {"events": [{"date": "2031-05-04T09:05:00Z", "message": "496 connections, approaching the maximum of 500."}]},
    indent=1,
)


@pytest.mark.parametrize(
    ("evidence", "fault", "words"),
    [
        ([measured(CPU)], "cpu_saturated", "CPUUtilization of ferry-bookings is at 96 %"),
        ([measured(SPACE)], "storage_running_out", "falls from 37.3 GiB to 2.79 GiB within 5 min"),
        (
            [measured(metric("ReplicaLag", [1, 9, 30, 80, 140, 260], "Seconds"))],
            "replication_lag",
            "rises from 1 s to 260 s",
        ),
        (
            [measured(metric("FreeableMemory", [4e9, 3e9, 2e9, 1e9, 4e8, 9e7], "Bytes"))],
            "memory_nearly_full",
            "falls from",
        ),
        ([measured(metric("BurstBalance", [90, 60, 30, 10, 2, 0], "Percent"))], "credits_exhausted", "to 0 %"),
        ([measured(CONNECTIONS), LIMIT], "connections_nearly_exhausted", "reach 496 of at most 500 (99.2 %)"),
    ],
)
def test_what_is_short_is_a_symptom_with_its_numbers(evidence: list[str], fault: str, words: str) -> None:
    report = answered(*evidence)
    assert top(report).fault_id == fault
    assert words in report.summary
    expected = "cause_found" if fault == "credits_exhausted" else "symptom_only"
    assert report.verdict == expected


@pytest.mark.parametrize(
    ("evidence", "fault", "words"),
    [
        (
            [measured(CPU), ranked("SELECT * FROM sailings WHERE berth = $1", "CPU")],
            "query_saturates_cpu",
            "SELECT * FROM sailings",
        ),
        (
            [measured(SPACE), ranked("INSERT INTO manifests (line) VALUES ($1)", "IO:WALWrite")],
            "writes_fill_storage",
            "INSERT INTO manifests",
        ),
        (
            [measured(CONNECTIONS), LIMIT, ranked("SELECT 1 FROM seats", "Client:ClientRead")],
            "connections_leaked",
            "in Client:ClientRead",
        ),
    ],
)
def test_what_makes_up_the_load_is_the_likely_cause(evidence: list[str], fault: str, words: str) -> None:
    report = answered(*evidence)
    assert report.verdict == "likely_cause"
    assert top(report).fault_id == fault
    assert words in report.summary


def test_what_is_as_it_always_is_is_no_fault_and_said_with_its_numbers() -> None:
    report = answered(
        measured(metric("CPUUtilization", [31, 36, 33, 40, 35, 38], "Percent")), question="Is it healthy?"
    )
    assert report.verdict == "no_fault_found"
    assert "CPUUtilization is 31 % to 40 %" in report.summary
    assert report.hypotheses == []


def test_a_measurement_of_something_else_is_left_aside() -> None:
    other = CPU | {"dimensions": [{"Name": "DBInstanceIdentifier", "Value": "another"}]}
    alert = {"title": "t", "labels": {"alertname": "Slow", "db_instance_identifier": DATABASE}, "annotations": {}}
    assert "cpu_saturated" not in faults(answered(measured(other), json.dumps(alert, indent=1)))
