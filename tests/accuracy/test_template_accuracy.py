"""Lines are grouped by the statement that wrote them, without any program being known beforehand."""

from __future__ import annotations

import pytest
from tests.accuracy import loggers
from tests.accuracy.measure import PROGRAMS, Accuracy, accuracy, compared, measured, stored


@pytest.mark.parametrize("written", [loggers.depot, loggers.meters, loggers.tickets])
def test_programs_that_write_each_thing_one_way_are_told_apart_exactly(written: object) -> None:
    assert callable(written)
    assert accuracy(written()) == Accuracy(1.0, 1.0)


@pytest.mark.parametrize(
    ("program", "ga", "fga"), [("chromium", 0.80, 0.88), ("pip", 0.70, 0.55), ("postgresql", 0.88, 0.66)]
)
def test_real_programs_stay_as_well_told_apart_as_they_are(program: str, ga: float, fga: float) -> None:
    assert program in PROGRAMS
    found = accuracy(stored(program))
    assert found.ga >= ga
    assert found.fga >= fga


def test_all_together() -> None:
    every = list(measured().values())
    assert sum(one.ga for one in every) / len(every) >= 0.90
    assert sum(one.fga for one in every) / len(every) >= 0.85


def test_accuracy_counts_exact_groups_only() -> None:
    """Of four statements' groups one is found whole, one is split, and two are thrown together."""
    labels = ["a"] * 4 + ["b"] * 2 + ["c", "d"]
    groups = [1, 1, 1, 1, 2, 3, 4, 4]
    found = compared(labels, groups)
    assert found.ga == 0.5
    assert found.fga == pytest.approx(2 * (1 / 4) * (1 / 4) / (1 / 4 + 1 / 4))
