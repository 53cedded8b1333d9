"""Whoever can write into a log cannot choose the answer: a real fault is found beside an attack as without it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from functools import cache
from itertools import cycle, islice

import pytest
import yaml
from tests.corpus.regenerate import source
from tests.unit.diagnosis.attacks import ATTACKS, CANARY
from tests.unit.diagnosis.incidents import INCIDENTS
from tests.unit.diagnosis.test_diagnose import assert_sound

from faultmaven.diagnosis.commands.risk import risk_of
from faultmaven.diagnosis.diagnose import diagnose
from faultmaven.diagnosis.report import Report, Risk

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
        yield from [said.text for said in hypothesis.because] + [said.text for said in hypothesis.against]
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
    known = {step_id: command for step_id, command, _ in commands(expected)}
    for step_id, command, risk in commands(report):
        assert command == known.get(step_id, command)
        assert risk == risk_of(command)
        assert not re.search(r"evil|shadow|id_rsa|reboot|--kubeconfig|\.\./", command)


def commands(report: Report) -> Iterator[tuple[str, str, Risk]]:
    yield from ((check.id, check.command, check.risk) for check in report.next_checks if check.command)
    yield from ((action.id, action.command, action.risk) for action in report.actions if action.command)


def test_no_command_that_changes_something_is_aimed_by_a_log() -> None:
    lines = (
        '2026-02-11 06:31:00,000 ERROR intake: open /etc/shadow: permission denied for user "mallory"\n'
        "2026-02-11 06:31:01,000 ERROR intake: ModuleNotFoundError: No module named 'reqeusts'\n"
        "2026-02-11 06:31:02,000 ERROR intake: listen tcp :80: bind: address already in use, pid 1 (pid:1)\n"
    )
    for line in lines.splitlines():
        report = diagnose(QUESTION, [source("intake.log", (line + "\n").encode() * 3)])
        told = [step.command or "" for step in report.actions] + [step.undo or "" for step in report.actions]
        assert any(told)
        assert not re.search(r"shadow|mallory|reqeusts|kill 1\b", "\n".join(told))


MANIFEST = """\
apiVersion: v1
kind: Service
metadata:
  name: sorter
  namespace: quay
  annotations:
    note: %s
spec:
  selector:
    app: sorter
  ports:
  - port: 80
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: sorter
  namespace: quay
  annotations:
    note: %s
spec:
  replicas: 2
  template:
    metadata:
      labels:
        app: sorting
    spec:
      containers:
      - name: sorter
        image: harbor.nordwind.example/sorter:4.2.0
"""
DESCRIBED = """\
Name:             sorter-6d5f4c7b9-x2x8k
Namespace:        quay
Annotations:      note: %s
Status:           Running
Containers:
  sorter:
    Image:          harbor.nordwind.example/sorter:4.2.0
    Args:           %s
    State:          Waiting
      Reason:       CrashLoopBackOff
    Last State:     Terminated
      Reason:       OOMKilled
      Exit Code:    137
    Ready:          False
    Restart Count:  7
Events:
  Type     Reason   Age                From     Message
  ----     ------   ----               ----     -------
  Warning  BackOff  3m (x12 over 20m)  kubelet  Back-off restarting failed container sorter
"""
LISTED = """\
{"apiVersion": "v1", "kind": "List", "items": [
  {"apiVersion": "v1", "kind": "Pod",
   "metadata": {"name": "sorter-1", "namespace": "quay", "annotations": {"note": %s}},
   "spec": {"containers": [{"name": "sorter", "args": [%s]}]},
   "status": {"phase": "Running", "containerStatuses": [{"name": "sorter", "ready": false, "restartCount": 4,
     "state": {"waiting": {"reason": "CrashLoopBackOff"}},
     "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}}]}}
]}
"""
STRUCTURED = {"manifest": MANIFEST, "described": DESCRIBED, "listed": LISTED}


def stated(form: str, words: str) -> bytes:
    quoted = json.dumps(words) if form == "listed" else yaml.safe_dump(words, default_style='"', width=10**9).strip()
    return (STRUCTURED[form] % (quoted, quoted)).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    ("attack", "form"),
    # Lone surrogates cannot be written in YAML.
    [(a, form) for a in ATTACKS for form in STRUCTURED if ATTACKS[a].typed and (a, form) != ("surrogates", "manifest")],
)
def test_what_an_annotation_says_changes_nothing(attack: str, form: str) -> None:
    poisoned = source("state.txt", stated(form, ATTACKS[attack].typed[0]))
    report = diagnose(QUESTION, [poisoned])
    expected = diagnose(QUESTION, [source("state.txt", stated(form, "sorts parcels"))])
    assert expected.verdict in ("cause_found", "likely_cause")
    assert (top(report), report.verdict) == (top(expected), expected.verdict)
    assert_sound(report, [poisoned])
    for text in shown(report):
        assert not MISLEADING.search(text), text
    for text in (report.headline, *ours(report)):
        assert CANARY not in text


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_costs_its_size(attack: str) -> None:
    told = ATTACKS[attack]
    size = sum(len(line) for line in (*told.typed, *told.bare))
    times = max(1, 8_000 // size)
    small, large = (INCIDENTS["disk"].content(told.typed * n, told.bare * n) for n in (times, 4 * times))
    cost(small)
    assert cost(large) < 2.5 * 4 * max(cost(small), 0.002)


@pytest.mark.parametrize("line", [b"x" * 2_500_000, b"a=1 " * 200_000, b'{"a":' * 100_000, b"ERROR at ( " * 20_000])
def test_so_does_a_line_of_megabytes(line: bytes) -> None:
    content = INCIDENTS["disk"].content()
    assert cost(content + line * 4 + b"\n") < 2.5 * 4 * max(cost(content + line + b"\n"), 0.02)
    long = source("intake.log", content + line * 4 + b"\n")
    assert top(diagnose(QUESTION, [long])) == "disk_full"


def cost(content: bytes) -> float:
    """The least CPU time of two readings and answers, in seconds."""
    least = float("inf")
    for _ in range(2):
        began = time.process_time()
        diagnose(QUESTION, [source("intake.log", content)])
        least = min(least, time.process_time() - began)
    return least
