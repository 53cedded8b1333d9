"""Two users, several clients, a server that is killed now and then: nothing acknowledged is lost, nothing is done by
halves, and nothing is said that docs/sessions.md does not promise.

A history is drawn from state_rules.py, taken step by step in state_machine.py and judged by state_model.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from tests.faults.state_running import run, served

pytestmark = pytest.mark.long

HISTORIES = 200
# A step that is hardly ever taken proves nothing. About a third of what is usual.
OFTEN = {
    "steps": 8000,
    "Open 201": 1000,
    "Open 200": 700,
    "Heartbeat 200": 100,
    "Patch 200": 60,
    "Patch 404 case_not_found": 15,
    "Patch 412 precondition_failed": 20,
    "End 204": 80,
    "EndOthers 200": 50,
    "Ask 200": 80,
    "Ask 202": 200,
    "Ask 422 idempotency_mismatch": 30,
    "Cancel 200": 30,
    "Cancel 409 query_finished": 50,
    "Diagnose 200": 800,
    "step Follow": 150,
    "step ReadLog": 100,
    "step Wait": 100,
    "expired: idle": 60,
    "expired: absolute": 40,
    "forgotten": 20,
    "refused: session_expired": 200,
    "refused: session_ended": 50,
    "refused: session_not_found": 200,
    "refused: theirs": 200,
    "made room": 100,
    "asked again": 100,
    "killed": 100,
    "killed before the answer: done": 4,
    "killed before the answer: not done": 4,
    "killed after the answer": 10,
    "begun anew": 5,
}


@pytest.fixture(scope="module")
def tally() -> Iterator[Counter[str]]:
    with served() as tally:
        yield tally


def test_nothing_is_lost_and_nothing_else_is_said(tally: Counter[str]) -> None:
    run(HISTORIES)
    seldom = {step: tally[step] for step, times in OFTEN.items() if tally[step] < times}
    assert not seldom, f"too seldom to prove anything: {seldom} of {dict(tally)}"
