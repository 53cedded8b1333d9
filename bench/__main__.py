"""`make bench`: measures, prints, and writes the figures into docs/performance.md.

Servers are real processes; CPU time is theirs alone. Ratios compare with a floor measured in the same run, since other
work on a shared machine moves absolute figures. `python -m bench streams` measures one part, and
writes only what has a table of its own.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import answers, costs, diagnosis, figures, panel, postgresql, starting, streams, sweep, throughput
from bench.figures import Figure

PARTS: dict[str, Callable[[Path], Iterator[Figure]]] = {
    "costs": costs.figures,
    "throughput": throughput.figures,
    "streams": streams.figures,
    "sweep": sweep.figures,
    "answers": answers.figures,
    "diagnosis": diagnosis.figures,
    "starting": starting.figures,
    "panel": panel.figures,
    "postgresql": postgresql.figures,
}

# They have a table of their own, which is written whenever they are measured.
APART = ("diagnosis",)


def main(chosen: list[str]) -> None:
    before, measured = os.getloadavg()[0], []
    told = f"Measured on {figures.machine()}; load average {before:.1f} before it began."
    for part in chosen or PARTS:
        of_part = []
        with tempfile.TemporaryDirectory() as folder:
            for figure in PARTS[part](Path(folder)):
                print(figure, flush=True)
                of_part.append(figure)
        if part in APART:
            figures.write(part, [told, "", *figures.table(of_part)])
        else:
            measured += of_part
    if not chosen:
        figures.write("figures", [told, "", *figures.table(measured)])


if __name__ == "__main__":
    main(sys.argv[1:])
