import pytest

from faultmaven.cli.words import clock, many, since, size
from faultmaven.diagnosis.report import Onset


@pytest.mark.parametrize(
    ("amount", "said"),
    [(0, "0 B"), (999, "999 B"), (98_200, "98.2 kB"), (1_500_000_000, "1.5 GB"), (10**16, "10000.0 TB")],
)
def test_sizes(amount: int, said: str) -> None:
    assert size(amount) == said


def test_counts() -> None:
    assert many(1, "line") == "1 line"
    assert many(1204, "line") == "1,204 lines"


def test_an_assumed_zone_is_not_called_utc() -> None:
    assert clock("2026-01-02T03:04:05Z") == "2026-01-02 03:04:05 UTC"
    assert clock("2026-01-02T03:04:05Z", zone_assumed=True) == "2026-01-02 03:04:05"
    assert since(Onset(at="2026-01-02T03:04:05Z", count=1, zone_assumed=True)) == (
        "since 2026-01-02 03:04:05 (time zone not stated), one line"
    )


def test_what_is_not_known_of_an_onset_is_left_out() -> None:
    assert since(Onset()) == ""
    assert since(Onset(count=2, ongoing="no")) == "2 lines, over when the evidence ends"
