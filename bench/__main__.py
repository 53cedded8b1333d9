"""`make bench`: measures, prints, and writes the figures into docs/performance.md.

Servers are real processes; CPU time is theirs alone. Ratios compare with a floor measured in the same run, since other
work on a shared machine moves absolute figures.
"""

from __future__ import annotations

import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from bench import load, logs, panel
from tests.servers import COMMAND, running, wait_until

REPORT = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- figures -->\n", "<!-- /figures -->"
REQUESTS, CALLERS = 6000, 64
SESSIONS = "/api/v1/sessions"


@dataclass(frozen=True, slots=True)
class Figure:
    what: str
    measured: str
    wanted: str
    met: bool


def main() -> None:
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for part in (requests, first_answer, start_up, large_log, panel_in_browser):
            for figure in part(Path(folder)):
                print(
                    f"{'met ' if figure.met else 'MISS'} {figure.what}: {figure.measured} (wanted {figure.wanted})",
                    flush=True,
                )
                figures.append(figure)
    REPORT.write_text(_with_figures(REPORT.read_text(encoding="utf-8"), figures), encoding="utf-8")


def requests(folder: Path) -> Iterator[Figure]:
    """Opening, resuming and reading sessions, against the floor."""
    with _floor(folder) as (pid, bound):
        new = itertools.count()  # each for the first time, or it would be resumed
        floor_open = _median_load(pid, bound, lambda _: _open("/open", bound, "", f"new-{next(new)}"))
        session_id = _ask_floor(bound)
        floor_read = _median_load(pid, bound, lambda _: load.request("GET", f"/read/{session_id}", bound, ""))
        floor_resume = _median_load(pid, bound, lambda n: _open("/open", bound, "", f"same-{n % 64}"))
    yield from _cost("open a session", _opening(folder, 1000), floor_open, 0.45)
    yield from _cost("open a session at the limit of 20, which ends another", _opening(folder, 20), floor_open, 0.45)
    with running(folder / "requests", max_sessions_per_user="1000") as server:
        pid, bound, token = server.process.pid, server.bound, server.token or ""
        with server.client() as client:
            session_id = client.post(SESSIONS, json={"client_id": "reader"}).json()["session_id"]
        resuming = _median_load(pid, bound, lambda n: _open(SESSIONS, bound, token, f"same-{n % 64}"))
        reading = _median_load(pid, bound, lambda _: load.request("GET", f"{SESSIONS}/{session_id}", bound, token))
        yield from _cost("resume a session", resuming, floor_resume, 0.45)
        yield from _cost("read a session", reading, floor_read, 0.30)


def _opening(folder: Path, most: int) -> load.Load:
    """Sessions can be opened for the first time only once, so each run has a server of its own."""
    runs = []
    for number in range(3):
        with running(folder / f"open-{most}-{number}", max_sessions_per_user=str(most)) as server:
            pid, bound, token = server.process.pid, server.bound, server.token or ""
            _warm_up(pid, bound, lambda _: _open(SESSIONS, bound, token, "same"))  # noqa: B023
            runs.append(load.run(pid, bound, lambda n: _open(SESSIONS, bound, token, f"new-{n}"), 950, CALLERS))  # noqa: B023
    return sorted(runs, key=lambda one: one.cpu_each)[1]


def _cost(what: str, ours: load.Load, floor: load.Load, most: float) -> Iterator[Figure]:
    yield Figure(
        f"{what}: server CPU a request ({CALLERS} callers; {ours.per_second:,.0f}/s, p99 {ours.p99:.0f} ms)",
        f"{ours.cpu_each:.3f} ms",
        f"≤ {most:.2f} ms",
        ours.cpu_each <= most,
    )
    ratio = ours.cpu_each / floor.cpu_each
    yield Figure(f"{what}: against the floor of {floor.cpu_each:.3f} ms", f"{ratio:.2f} ×", "≤ 2.5 ×", ratio <= 2.5)


def _median_load(pid: int, bound: str, make: Callable[[int], bytes]) -> load.Load:
    """The middle one of three runs, by CPU time, after a warm-up."""
    _warm_up(pid, bound, make)
    runs = sorted((load.run(pid, bound, make, REQUESTS, CALLERS) for _ in range(3)), key=lambda one: one.cpu_each)
    return runs[1]


def _warm_up(pid: int, bound: str, make: Callable[[int], bytes]) -> None:
    """The server's worker processes start in the background; they must not count."""
    time.sleep(2)
    load.run(pid, bound, make, 500, CALLERS)


def _open(path: str, bound: str, token: str, client_id: str) -> bytes:
    return load.request("POST", path, bound, token, json.dumps({"client_id": client_id}).encode())


def _ask_floor(bound: str) -> str:
    return str(httpx.post(f"http://{bound}/open", json={"client_id": "reader"}).json()["session_id"])


@contextmanager
def _floor(folder: Path) -> Iterator[tuple[int, str]]:
    command = [sys.executable, "-m", "bench.floor", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        bound = process.stdout.readline().strip()
        _until_it_answers(bound)
        try:
            yield process.pid, bound
        finally:
            process.kill()


def _until_it_answers(bound: str) -> None:
    while True:
        try:
            _ask_floor(bound)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return


def first_answer(folder: Path) -> Iterator[Figure]:
    """From asking to the finished, cited answer, over HTTP, on 1 MB nobody has analysed before."""
    took = []
    with running(folder / "answers") as server, server.client() as client:
        session_id = client.post("/api/v1/sessions").json()["session_id"]
        for number in range(21):
            logs.write(folder / "one.log", 1_000_000, seed=number)
            case_id = client.post("/api/v1/cases").json()["case_id"]
            client.post(f"/api/v1/cases/{case_id}/evidence", content=(folder / "one.log").read_bytes())
            began = time.perf_counter()
            answer = client.post(
                "/api/v1/query", json={"session_id": session_id, "case_id": case_id, "query": "Why does it fail?"}
            ).json()
            took.append((time.perf_counter() - began) * 1000)
            assert answer["citations"], "an answer without a citation does not count"
    middle = statistics.median(took[1:])
    what = (
        f"first cited answer on a 1 MB log, median of 20 (slowest {max(took[1:]):.0f} ms, very first {took[0]:.0f} ms)"
    )
    yield Figure(what, f"{middle:.0f} ms", "≤ 300 ms", middle <= 300)


def start_up(folder: Path) -> Iterator[Figure]:
    """From starting the command to /readyz answering 200."""
    fresh = [_start(folder / f"fresh-{number}") for number in range(5)]
    again = [_start(folder / "fresh-0") for _ in range(5)]
    for what, took in (("start to /readyz, new data folder", fresh), ("start to /readyz, existing data folder", again)):
        middle = statistics.median(took)
        yield Figure(f"{what}, median of 5", f"{middle:.2f} s", "≤ 1.5 s", middle <= 1.5)


def _start(data_dir: Path) -> float:
    began = time.perf_counter()
    with running(data_dir) as server:
        wait_until(server, "/readyz")
        took = time.perf_counter() - began
        server.stop()
    return took


def large_log(folder: Path) -> Iterator[Figure]:
    """The command line, in process, on 100 MB."""
    path = folder / "large.log"
    logs.write(path, 100_000_000)
    took = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run([COMMAND, "ask", "--json", "-f", path, "Why does it fail?"], check=True, capture_output=True)
        took.append(time.perf_counter() - began)
    middle = statistics.median(took)
    yield Figure("faultmaven ask on a 100 MB log, median of 3", f"{middle:.1f} s", "≤ 6 s", middle <= 6)


def panel_in_browser(folder: Path) -> Iterator[Figure]:
    """From opening the side panel, with an answered question to come back to; and what is loaded for it."""
    opened = panel.openings(folder, 20)
    ready = statistics.median(one.ready for one in opened)
    restored = statistics.median(one.restored for one in opened)
    yield Figure("panel ready to type, median of 20", f"{ready:.0f} ms", "≤ 300 ms", ready <= 300)
    yield Figure("conversation restored, median of 20", f"{restored:.0f} ms", "≤ 600 ms", restored <= 600)
    for build, document in panel.BUILDS.items():
        kilobytes = panel.first_load(document) / 1000
        what = f"first-load JavaScript of the {build}, gzip"
        yield Figure(what, f"{kilobytes:.1f} kB", "≤ 60 kB", kilobytes <= 60)


def _with_figures(report: str, figures: list[Figure]) -> str:
    before, _, rest = report.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + "\n".join(_table(figures)) + "\n" + END + after


def _table(figures: list[Figure]) -> Iterator[str]:
    machine = f"{os.cpu_count()} shared cores ({_processor()}), {platform.system()}"
    yield f"Measured on {machine}, Python {platform.python_version()}."
    yield ""
    yield "| what | measured | wanted | met |"
    yield "|---|---|---|---|"
    for figure in figures:
        yield f"| {figure.what} | {figure.measured} | {figure.wanted} | {'yes' if figure.met else '**no**'} |"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().split("\n"):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    main()
