"""Figures, and their table in docs/performance.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

REPORT = Path(__file__).parent.parent / "docs" / "performance.md"


@dataclass(frozen=True, slots=True)
class Figure:
    """`wanted` empty: measured for information."""

    what: str
    measured: str
    wanted: str = ""
    met: bool = True

    def __str__(self) -> str:
        told = "    " if not self.wanted else "met " if self.met else "MISS"
        return f"{told} {self.what}: {self.measured}" + (f" (wanted {self.wanted})" if self.wanted else "")


def at_most(what: str, measured: float, most: float, form: str) -> Figure:
    """`form` formats both, like `{:.2f} ms`."""
    return Figure(what, form.format(measured), f"≤ {form.format(most)}", measured <= most)


def at_least(what: str, measured: float, least: float, form: str) -> Figure:
    return Figure(what, form.format(measured), f"≥ {form.format(least)}", measured >= least)


def write(mark: str, lines: Iterable[str]) -> None:
    """Between `<!-- mark -->` and `<!-- /mark -->` of the report."""
    begin, end = f"<!-- {mark} -->\n", f"<!-- /{mark} -->"
    before, found, rest = REPORT.read_text(encoding="utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise SystemExit(f"{REPORT} has no {begin.strip()} … {end}")
    REPORT.write_text(before + begin + "\n".join(lines) + "\n" + end + after, encoding="utf-8")


def table(figures: Iterable[Figure]) -> Iterator[str]:
    yield "| what | measured | wanted | met |"
    yield "|---|---|---|---|"
    for figure in figures:
        met = "" if not figure.wanted else "yes" if figure.met else "**no**"
        yield f"| {figure.what} | {figure.measured} | {figure.wanted} | {met} |"


def machine() -> str:
    return f"{os.cpu_count()} shared cores ({_processor()}), {platform.system()}, Python {platform.python_version()}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().split("\n"):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
