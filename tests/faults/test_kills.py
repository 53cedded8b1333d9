"""Killed at any moment: nothing that was acknowledged is lost, and nothing is there by half."""

from __future__ import annotations

from pathlib import Path

from tests.faults.failing_disk import FailingDisk
from tests.faults.kills import Killing
from tests.faults.outcome import Budget

SEED = 5


def test_nothing_acknowledged_is_lost_to_kills_under_load_and_while_starting(tmp_path: Path) -> None:
    outcome = Killing(tmp_path / "data", SEED, Budget(count=8), patience=60.0).run()
    assert outcome.violations == []
    assert outcome.counts["kills"] == 8
    assert outcome.counts["kills while starting"] > 2
    for kind in ("sessions", "cases", "uploads", "questions"):
        assert outcome.counts[f"acknowledged, {kind}"] > 10, outcome.counts


def test_nothing_acknowledged_is_lost_to_a_failing_disk_and_power_cuts(tmp_path: Path) -> None:
    disk = FailingDisk(tmp_path / "disk", tmp_path / "data")
    disk.keep_journal()
    outcome = Killing(tmp_path / "data", SEED, Budget(count=6), patience=60.0, disk=disk).run()
    assert outcome.violations == []
    assert outcome.counts["power cuts"] > 2, outcome.counts
    assert outcome.counts["changes lost to power cuts"] > 2, outcome.counts
    assert outcome.counts["failed calls of the disk"] > 2, outcome.counts
    assert outcome.counts["refused"] > 2, outcome.counts
