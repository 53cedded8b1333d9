"""An answer on standard output, in short or whole."""

from __future__ import annotations

from faultmaven.cli.brief import brief
from faultmaven.cli.terminal import page, write
from faultmaven.cli.whole import whole
from faultmaven.diagnosis.report import Report


def show(report: Report, verbose: bool) -> None:
    write(whole(report, page()) if verbose else brief(report, page()))
