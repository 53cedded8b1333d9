"""What the soak reports becomes a table that cannot look better than the report."""

from __future__ import annotations

import json

from bench.soaked import parts_of, told


def run(part: str, *, broken: int = 0, database: str = "sqlite", **found: int) -> dict[str, float | str]:
    return {"part": part, "database": database, "seed": 1, "seconds": 2.5, "violations": broken, **found}


def table(*runs: dict[str, float | str]) -> dict[str, tuple[str, bool]]:
    lines = ["", *(json.dumps(one) for one in runs)]
    return {figure.what: (figure.measured, figure.met) for figure in told(parts_of(lines))}


def test_runs_of_a_part_are_added_up() -> None:
    one = run("races", opened=400_000, resumed=1, ended=0, calls=7)
    other = run("races", opened=200_000, resumed=0, ended=399_999)
    found = table(one, other)
    assert found["raced opens, resumes and ends"] == ("1,000,000", True)
    assert found["raced opens, resumes and ends: promises broken"] == ("0", True)
    assert table(one)["raced opens, resumes and ends"] == ("400,001", False)


def test_one_broken_promise_in_one_run_is_enough() -> None:
    found = table(run("cuts", cuts=10_000, broken=1), run("cuts", cuts=10_000))
    assert found["random stream cuts: promises broken"] == ("1", False)


def test_the_slowest_start_counts() -> None:
    slow = run("kills", kills=999) | {"seconds to serve again, most": 1.51}
    found = table(slow, run("kills", kills=1) | {"seconds to serve again, most": 0.4})
    assert found["`kill -9` rounds"] == ("1,000", True)
    assert found["`kill -9` rounds: seconds to serve again, most"] == ("1.51", False)


def test_a_part_that_did_not_run_is_missed() -> None:
    found = table()
    assert found["questions retried through the cutting proxy"] == ("0", False)
    assert not any(met for _, met in found.values())


def test_a_part_that_nobody_claimed_anything_of_is_told() -> None:
    assert table(run("new", things=3, broken=2))["new: 3 things"] == ("2", False)


def test_another_database_does_not_count_for_this_one() -> None:
    found = table(run("cuts", cuts=10_000, database="postgresql"))
    assert found["random stream cuts"] == ("0", False)
    assert found["cuts on postgresql: 10,000 cuts"] == ("0", True)
