"""Whoever can write into a log cannot choose the answer: a real fault is found beside an attack as without it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from functools import cache
from itertools import cycle, islice

import pytest
from tests.corpus.regenerate import source
from tests.unit.diagnosis.attacks import ATTACKS, CANARY
from tests.unit.diagnosis.incidents import INCIDENTS
from tests.unit.diagnosis.test_diagnose import assert_sound

from faultmaven.diagnosis.commands.risk import risk_of
from faultmaven.diagnosis.diagnose import diagnose
from faultmaven.diagnosis.read import read
from faultmaven.diagnosis.report import Report

QUESTION = "What is wrong?"
# What a terminal, a browser or an eye would be misled by.
MISLEADING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff"
    "\ufe00-\ufe0f\ufff0-\ufffb\U000e0000-\U000e0fff\ud800-\udfff]"
)
# Every attack meets three incidents, and every incident some attack.
POISONED = list(dict.fromkeys([
    *zip(ATTACKS, islice(cycle(INCIDENTS), len(ATTACKS)), strict=True),
    *zip(ATTACKS, islice(cycle(INCIDENTS), 17, len(ATTACKS) + 17), strict=True),
    *zip(ATTACKS, islice(cycle(INCIDENTS), 31, len(ATTACKS) + 31), strict=True),
]))  # fmt: skip


@cache
def unharmed(incident: str) -> Report:
    return diagnose(QUESTION, [source("intake.log", INCIDENTS[incident].content())])


def top(report: Report) -> str | None:
    return next((one.fault_id for one in report.hypotheses if not one.ruled_out), None)


def shown(report: Report) -> Iterator[str]:
    """Everything that is rendered or copied; the quotes of citations are evidence and shown as such."""
    yield from (report.headline, report.summary, report.response, *report.missing, *report.findings)
    for hypothesis in report.hypotheses:
        yield from (hypothesis.title, hypothesis.ruled_out_because or "")
        yield from (said.text for said in (*hypothesis.because, *hypothesis.against))
    yield from (moment.text for moment in report.timeline)
    yield from ours(report)


def ours(report: Report) -> Iterator[str]:
    """What has our own words and checked names only."""
    for check in report.next_checks:
        yield from (check.text, check.command or "", check.if_so, check.if_not)
    for action in report.actions:
        yield from (action.text, action.command or "", action.undo or "", action.verify or "")


@pytest.mark.parametrize("incident", INCIDENTS)
def test_the_fault_is_found_where_nobody_interferes(incident: str) -> None:
    assert top(unharmed(incident)) == INCIDENTS[incident].fault


@pytest.mark.parametrize(("attack", "incident"), POISONED)
def test_an_attack_changes_nothing_of_the_answer(attack: str, incident: str) -> None:
    content = INCIDENTS[incident].content(ATTACKS[attack].typed, ATTACKS[attack].bare)
    assert CANARY.encode() in content
    poisoned = source("intake.log", content)
    report = diagnose(QUESTION, [poisoned])
    expected = unharmed(incident)
    assert (top(report), report.verdict) == (top(expected), expected.verdict)
    assert_sound(report, [poisoned])
    for text in shown(report):
        assert not MISLEADING.search(text), text
    for text in (report.headline, *ours(report)):
        assert CANARY not in text
    assert_commands_are_the_same(report, expected)


def assert_commands_are_the_same(report: Report, expected: Report) -> None:
    told = [step for step in (*report.next_checks, *report.actions) if step.command]
    known = {step.id: step.command for step in (*expected.next_checks, *expected.actions)}
    for step in told:
        assert step.command == known.get(step.id, step.command)
        assert step.risk == risk_of(step.command or "")
        assert not re.search(r"evil|shadow|id_rsa|reboot|--kubeconfig|\.\./", step.command or "")
