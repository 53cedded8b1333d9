"""Questions that ask for a number, a list or what a log says get just that, cited, and blame nothing."""

from __future__ import annotations

import json

import pytest
from tests.unit.diagnosis.inspections.stated import answered

from faultmaven.diagnosis.asked.subject import subject_of
from faultmaven.diagnosis.questions import Wanted, wanted

PODS = """
    $ kubectl get pods -n lagoon
    NAME        READY   STATUS             RESTARTS   AGE
    heron-1     1/1     Running            0          3d
    heron-2     0/1     CrashLoopBackOff   7          3d
    plover-1    1/1     Running            2          9h
    plover-2    0/1     Pending            0          4m
"""
CLAIMS = """
    apiVersion: v1
    kind: PersistentVolumeClaim
    metadata:
      name: nest
      namespace: lagoon
      annotations:
        restore.example/batch: b-7719
    spec:
      resources:
        requests:
          storage: 5Gi
    ---
    apiVersion: v1
    kind: PersistentVolumeClaim
    metadata:
      name: reed
      namespace: marsh
    spec:
      resources:
        requests:
          storage: 1Gi
"""
LOG = """
    2031-05-04T10:00:00Z INFO  intake started
    2031-05-04T10:00:05Z WARN  intake queue is slow
    2031-05-04T10:00:09Z ERROR intake cannot reach feeder-7
    2031-05-04T10:00:10Z ERROR intake cannot reach feeder-9
    2031-05-04T10:00:30Z INFO  intake resumed
"""


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many pods are running?", "how_many"),
        ("Which pods are not ready?", "which"),
        ("Show me the logs of intake", "logs"),
        ("What are the errors in intake?", "logs"),
        ("Since when is it slow?", "when"),
        ("Why do the pods restart?", "diagnosis"),
        ("Show me the logs and tell me why it fails", "diagnosis"),
        ("could not translate host name to address", "diagnosis"),
    ],
)
def test_the_kind_of_answer_a_question_wants(question: str, kind: Wanted) -> None:
    assert wanted(question) == kind


@pytest.mark.parametrize(
    ("question", "namespace", "pairs", "state"),
    [
        ("How many pods are in the lagoon namespace?", "lagoon", (), None),
        ("how many pods have the label tier=wader in namespace marsh", "marsh", (("tier", "wader"),), None),
        ("Which pods are not running?", None, (), "not well"),
        ("Which pods have restarted", None, (), "restarted"),
    ],
)
def test_what_tells_which_things_are_meant(
    question: str, namespace: str | None, pairs: tuple[tuple[str, str], ...], state: str | None
) -> None:
    subject = subject_of(question)
    assert subject is not None
    assert (subject.kind, subject.namespace, subject.pairs, subject.state) == ("Pod", namespace, pairs, state)


@pytest.mark.parametrize(
    ("question", "headline"),
    [
        ("How many pods are there?", "4 Pods shown."),
        ("How many pods are running?", "2 of the 4 Pods shown are running."),
        ("How many pods are pending in the lagoon namespace?", "1 of the 4 Pods shown are pending."),
        ("Which pods are crashing?", "1 Pod: heron-2."),
        ("Which pods have restarted?", "2 Pods: heron-2, plover-1."),
    ],
)
def test_pods_are_counted_and_listed_by_how_they_are(question: str, headline: str) -> None:
    report = answered(PODS, question=question)
    assert report.verdict == "answered"
    assert report.headline == headline
    assert report.citations


def test_things_are_found_by_what_their_annotations_say() -> None:
    report = answered(CLAIMS, question="Find all PVCs of batch b-7719 and tell me their sizes")
    assert report.headline == "1 PersistentVolumeClaim: nest."
    assert "nest (5Gi)" in report.summary
    assert "reed" not in report.summary


@pytest.mark.parametrize(
    ("output", "count"),
    [
        ("$ kubectl get pods -n lagoon -o name | wc -l\n23\n", 23),
        ("$ psql -c 'select name from pods where namespace = lagoon'\n name\n------\n a\n b\n(2 rows)\n", 2),
        ("$ faultfind pods --namespace lagoon\n   17 results\n", 17),
    ],
)
def test_a_count_that_the_evidence_states_is_taken_from_the_command_that_asked_for_it(output: str, count: int) -> None:
    other = "$ kubectl get pods -n marsh -o name | wc -l\n4\n"
    report = answered(other, output, question="How many pods are in the lagoon namespace?")
    assert report.verdict == "answered"
    assert report.headline == f"{count} pods in namespace lagoon."
    assert any(str(count) in citation.quote for citation in report.citations)


def test_what_a_log_says_is_told_in_its_order() -> None:
    report = answered(LOG, question="Summarize the logs of intake")
    assert report.verdict == "answered"
    assert report.headline.startswith("2 errors and 1 warning in 5 lines")
    assert report.summary.index("queue is slow") < report.summary.index("cannot reach")


def test_a_log_without_errors_is_said_to_have_none() -> None:
    healthy = "\n".join(f"2031-05-04T10:00:{n:02}Z INFO  intake fed {n} birds" for n in range(40))
    report = answered(healthy, question="Show me the logs of intake")
    assert report.headline.startswith("No error and no warning in 40 lines")
    assert report.hypotheses == []


def test_events_are_listed_for_whom_they_are_about() -> None:
    events = [
        {"reason": "Pulled", "type": "Normal", "message": "pulled", "involved_object": "Pod/heron-1"},
        {"reason": "BackOff", "type": "Warning", "message": "back-off", "involved_object": "Pod/plover-1"},
    ]
    report = answered(json.dumps({"events": events}, indent=1), question="List all events of heron-1")
    assert report.headline == "1 event shown."
    assert "Pulled" in report.summary
    assert "BackOff" not in report.summary


def test_lines_that_say_what_is_asked_after_are_counted() -> None:
    lines = [f"2031-05-04T10:{n:02}:00Z INFO  gate login ok user=u{n}" for n in range(50)]
    lines[20] = "2031-05-04T10:20:00Z WARN  gate login failed user=u7"
    lines[31] = "2031-05-04T10:31:00Z WARN  gate login failed user=u9"
    report = answered("\n".join(lines), question="How many failed logins were there?")
    assert report.verdict == "answered"
    assert "2 lines" in report.headline
    assert "10:20:00" in report.summary
    assert "10:31:00" in report.summary


def test_nothing_is_counted_that_is_not_stated() -> None:
    report = answered(LOG, question="How many nodes are ready?")
    assert report.verdict != "answered"
