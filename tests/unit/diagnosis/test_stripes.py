"""Evidence read in stripes says what it says when read in one go, wherever it is cut and whoever reads."""

from __future__ import annotations

import pickle
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultmaven.diagnosis import reading, stripes, tally
from faultmaven.diagnosis.digest import Digest
from faultmaven.diagnosis.read import conclude, is_text, read
from faultmaven.diagnosis.stripes import Plan, stripes_in

TRACES = (
    'Traceback (most recent call last):\n  File "/srv/harbour/crane.py", line {n}, in lift\n    raise Jam(hook)\n'
    "harbour.Jam: hook {n} is stuck\n",
    "java.io.IOException: pier {n} closed\n\tat port.Quay.moor(Quay.java:41)\n\tat port.Main.main(Main.java:9)\n"
    "Caused by: java.net.SocketException: reset\n\tat port.Line.read(Line.java:7)\n\t... 2 more\n",
    "Error: no berth {n}\n    at dock (/srv/harbour/dock.js:3:7)\n    at main (/srv/harbour/main.js:1:1)\n",
)
SAID = (
    "INFO  harbour.gate ship {n} passed in {n} ms",
    "INFO  harbour.gate 0 errors in run {n}",
    "WARN  harbour.gate 3 errors in run {n}",
    'INFO  harbour.http "GET /berths/{n} HTTP/1.1" 200 17',
    'INFO  harbour.http "GET /berths/{n} HTTP/1.1" 503 17',
    "ERROR harbour.crane hook {n} lost",
    "DEBUG harbour.tide level={n} at 7f3a9c{n}",
)


def record(number: int, kind: int) -> str:
    time = f"2031-01-02T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}.{number % 1000:03}Z"
    line = f"{time} {SAID[kind % len(SAID)].format(n=number)}\n"
    return line + TRACES[kind % len(TRACES)].format(n=number) if kind >= 50 else line


def log(kinds: list[int]) -> bytes:
    return "".join(record(number, kind) for number, kind in enumerate(kinds)).encode()


def in_parts(content: bytes, stripe_bytes: int, order: random.Random) -> Digest:
    """As several processes do it: each stripe on its own, in any order, handed over as bytes."""
    view = memoryview(content)
    numbers = list(range(stripes_in(len(view), stripe_bytes)))
    order.shuffle(numbers)
    gathered = {number: pickle.dumps(Plan.of(view, stripe_bytes).gather(number)) for number in numbers}
    return conclude(view, (pickle.loads(gathered[number]) for number in sorted(gathered)))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 53), min_size=60, max_size=400), st.integers(64, 40_000), st.randoms())
def test_a_log_with_traces_may_be_cut_anywhere(kinds: list[int], stripe_bytes: int, order: random.Random) -> None:
    content = log(kinds)
    whole = read(content)
    assert len(whole.traces) <= 3
    assert read(content, stripe_bytes=stripe_bytes) == whole
    assert in_parts(content, stripe_bytes, order) == whole


anything = st.one_of(
    st.binary(min_size=1, max_size=2000),
    st.lists(
        st.sampled_from([*(one.encode() for one in TRACES), b"\n", b"x" * 500, b"\xef\xbb\xbf", b"\0", b"7\n"])
    ).map(b"".join),
)


@settings(max_examples=200, deadline=None)
@given(anything, st.integers(1, 700), st.randoms())
def test_any_bytes_give_the_same_in_one_process_and_in_several(
    content: bytes, stripe_bytes: int, order: random.Random
) -> None:
    together = read(content, stripe_bytes=stripe_bytes)
    assert together.lines == read(content).lines
    if is_text(memoryview(content)):
        assert in_parts(content, stripe_bytes, order) == together


def test_where_there_are_too_many_kinds_of_lines_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (tally, reading):
        monkeypatch.setattr(module, "MOST_ROUGH", 12)
    monkeypatch.setattr(tally, "_MOST_ROUTINE", 20)
    monkeypatch.setattr(tally, "_MOST", 40)
    rng = random.Random(3)
    words = ["".join(rng.choices("ghijklmnopqrstuvwxyz", k=7)) for _ in range(3000)]
    marks = [
        "[{}]",
        "({})",
        "{}: failed",
        "{};",
        "<{}>",
        "{}=1",
        "'{}'",
        '"{}"',
        "{}/{}",
        "{}|",
        "{},{}",
        "{{{}}}",
        ":{}",
    ]
    content = "".join(f"{rng.choice(marks).replace('{}', word)}\n" for word in words).encode()
    cut = read(content, stripe_bytes=2000)
    assert cut.lines == 3000
    assert sum(template.count for template in cut.templates) == 3000
    assert in_parts(content, 2000, rng) == cut


def test_progress_is_told_over_all_stripes() -> None:
    content = log([0] * 3000)
    heard: list[int] = []
    read(content, heard.append, block_size=4096, stripe_bytes=50_000)
    assert heard == sorted(heard)
    assert len(heard) >= len(content) // 4096
    assert heard[-1] <= len(content) < heard[-1] + 50_000


def test_no_stripe_begins_inside_a_trace() -> None:
    content = memoryview(log([1, 2, *[51] * 40, *[3] * 40] * 30))
    plan = Plan.of(content, 5000)
    whole = [bytes(content[begin : begin + 4]) for begin in stripes_of(plan) if 0 < begin < len(content)]
    assert whole
    assert set(whole) == {b"2031"}


def stripes_of(plan: Plan) -> list[int]:
    return [plan.begin(number) for number in range(stripes.stripes_in(len(plan.content), plan.stripe_bytes))]
