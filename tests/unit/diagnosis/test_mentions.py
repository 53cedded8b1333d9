"""Words of trouble in code, prose, rules and failed look-ups blame nobody; the same words in a log do."""

import pytest
from tests.corpus.regenerate import source

from faultmaven.diagnosis.diagnose import diagnose
from faultmaven.diagnosis.report import Report

PROSE = """\
# When the disk fills up

If a write fails with "No space left on device", look at the volume first and then at the logs.
When the database says "FATAL: sorry, too many clients already", you should see which service holds them.
A pod that is OOMKilled has a limit that is too small, or a program that leaks.
"""
PYTHON = """\
def fetch(url):
    try:
        return requests.get(url, timeout=5)
    except TimeoutError:
        log.error("connection timed out to %s", url)
        raise RuntimeError("no space left on device")
    except ConnectionRefusedError:
        return None
"""
JAVA = """\
public class Main {
    void run() {
        try { store(); } catch (ConnectException e) {
            log.error("Connection refused", e);
            throw new IllegalStateException("No space left on device");
        }
    }
}
"""
RULES = """\
- alert: PostgresFull
  expr: sum(pg_stat_activity_count) > 190
  for: 5m
  labels:
    severity: critical
  annotations:
    summary: "sorry, too many clients already"
    description: "Connection refused to {{ $labels.instance }}"
- alert: DiskFull
  expr: disk_free_bytes < 1
  annotations:
    message: no space left on device
"""
DASHBOARD = """\
{
  "title": "Orders",
  "panels": [
    {
      "title": "Errors: connection refused",
      "targets": [ { "expr": "sum(rate(errors[5m]))" } ],
      "alert": {
        "message": "Pods are OOMKilled: out of memory",
        "severity": "critical",
        "noDataState": "no_data"
      }
    }
  ]
}
"""
ANSWER = """\
{
  "items": [
    { "name": "orders",
      "severity": "critical",
      "type": "Warning",
      "state": "inactive",
      "error": null }
  ],
  "errors": []
}
"""
LOOKED = """\
$ kubectl get pods -n shop
web-7c9f8b6d5-x2x4z     1/1     Running   0          3d
$ kubectl describe deployment checkout -n shop
Error from server (NotFound): deployments.apps "checkout" not found
$ jq . status.json
bash: jq: command not found
"""


def report(text: str, question: str = "What is wrong?") -> Report:
    return diagnose(question, [source("shown.txt", text.encode())])


@pytest.mark.parametrize("text", [PROSE, PYTHON, JAVA, RULES, DASHBOARD, ANSWER, LOOKED])
def test_speaking_of_trouble_is_not_having_it(text: str) -> None:
    answer = report(text)
    assert answer.verdict == "not_enough_evidence"
    assert all(hypothesis.strength == "weak" for hypothesis in answer.hypotheses)


@pytest.mark.parametrize(
    ("text", "fault_id"),
    [
        (PYTHON + "\n2031-03-04 05:06:07 ERROR shop: write failed: No space left on device\n", "disk_full"),
        ("$ npm ci\n/bin/sh: 1: npm: not found\nERROR: Job failed: exit code 127\n", "command_not_found"),
        ("  Last State:  Terminated\n    Reason:    OOMKilled\n    Exit Code: 137\n", "out_of_memory_killed"),
    ],
)
def test_having_it_is(text: str, fault_id: str) -> None:
    top = report(text).hypotheses[0]
    assert (top.fault_id, top.strength) == (fault_id, "strong")


def test_what_is_looked_for_in_vain_though_something_refers_to_it_is_missing() -> None:
    refers = "Backend:  checkout:80 (<none>)\n" + LOOKED
    assert report(refers).verdict == "symptom_only"
    assert "checkout" in report(refers).headline
