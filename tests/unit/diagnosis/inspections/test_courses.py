"""What logs tell over time: numbers that rise, losses that come and go, and who failed before whom."""

from __future__ import annotations

import json

import pytest
from tests.unit.diagnosis.inspections.stated import answered, faults, top


def clock(second: int) -> str:
    return f"2031-06-01T{8 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ('{{"time":"{at}","level":"info","msg":"served","response_time_ms":{value}}}', "latency_rising"),
        ("{at} INFO  store served in {value}ms", "latency_rising"),
        ("{at} INFO  store heap used: {value}MB", "memory_growing"),
        ("{at} level=info msg=tick queue_depth={value}", "queue_growing"),
    ],
)
def test_a_number_that_rises_all_the_time_is_told_from_where_to_where(form: str, fault: str) -> None:
    log = "\n".join(form.format(at=clock(n), value=100 + 5 * n) for n in range(200))
    report = answered(log)
    assert fault in faults(report)
    assert "rises from 100" in report.summary
    assert report.verdict == "symptom_only"


@pytest.mark.parametrize(
    "values",
    [
        [100 + (n * 37) % 50 for n in range(200)],
        [100 + 5 * n for n in range(100)] + [100] * 100,
        [500 - 2 * n for n in range(200)],
        [100] * 200,
    ],
    ids=["noise", "falls back", "falls", "flat"],
)
def test_a_number_that_does_not_is_none(values: list[int]) -> None:
    log = "\n".join(f"{clock(n)} INFO  store served in {value}ms" for n, value in enumerate(values))
    assert answered(log).verdict == "no_fault_found"


def test_a_counter_is_no_trend() -> None:
    log = "\n".join(f"{clock(n)} INFO  store offset={n * 100} total_requests={n * 7}" for n in range(200))
    assert answered(log).verdict == "no_fault_found"


def test_what_is_lost_and_comes_back_again_and_again_is_unstable() -> None:
    lines = []
    for n in range(240):
        lines.append(f"{clock(2 * n)} INFO  mesh heartbeat {n}")
        if n % 40 == 20:
            lines.append(f"{clock(2 * n)} WARN  mesh lost connection to spit-4")
        if n % 40 == 30:
            lines.append(f"{clock(2 * n)} INFO  mesh connection to spit-4 re-established")
    report = answered("\n".join(lines))
    assert top(report).fault_id == "connection_flapping"
    assert "(6 lines)" in report.summary


def test_the_first_error_of_every_component_tells_who_failed_before_whom() -> None:
    said = [
        ("vault", "cannot open the lock file: Permission denied"),
        ("signer", "vault answered with an error"),
        ("intake", "signer answered with an error"),
    ]
    lines = [json.dumps({"time": clock(n), "level": "INFO", "service": "intake", "message": "ok"}) for n in range(30)]
    for number, (service, message) in enumerate(said):
        for again in range(4):
            at = clock(40 + 3 * number + 20 * again)
            lines.append(json.dumps({"time": at, "level": "ERROR", "service": service, "message": message}))
    report = answered("\n".join(sorted(lines)), question="Why does intake fail?")
    assert "First to fail was vault at 08:00:40" in report.summary
    assert "then signer 3 s later, naming vault, then intake 6 s later, naming signer" in report.summary
