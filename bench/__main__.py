"""`make bench`: measures, prints, and writes the figures into docs/performance.md.

Servers are real processes; CPU time is theirs alone. Ratios compare with a floor measured in the same run, since other
work on a shared machine moves absolute figures. `python -m bench streams` measures one part and writes nothing.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import answers, costs, figures, panel, postgresql, starting, streams, sweep, throughput
from bench.figures import Figure

PARTS: dict[str, Callable[[Path], Iterator[Figure]]] = {
    "costs": costs.figures,
    "throughput": throughput.figures,
    "streams": streams.figures,
    "sweep": sweep.figures,
    "answers": answers.figures,
    "starting": starting.figures,
    "panel": panel.figures,
    "postgresql": postgresql.figures,
}


def main(chosen: list[str]) -> None:
    before, measured = os.getloadavg()[0], []
    for part in chosen or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            for figure in PARTS[part](Path(folder)):
                print(figure, flush=True)
                measured.append(figure)
    if not chosen:
        told = f"Measured on {figures.machine()}; load average {before:.1f} before it began."
        figures.write("figures", [told, "", *figures.table(measured)])


if __name__ == "__main__":
    main(sys.argv[1:])
