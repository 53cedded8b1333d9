"""Questions about the meaning of a term are told apart from requests for a diagnosis."""

from __future__ import annotations

import pytest

from faultmaven.diagnosis.catalogue import load


def explained(question: str) -> str | None:
    fault = load().explain(question)
    return fault.id if fault else None


@pytest.mark.parametrize(
    ("question", "fault_id"),
    [
        ("what does ECONNREFUSED mean", "connection_refused"),
        ("What does ECONNREFUSED mean?", "connection_refused"),
        ("what does the error ECONNREFUSED mean in Node.js?", "connection_refused"),
        ("explain exit code 137", "process_killed"),
        ("What is OOMKilled?", "out_of_memory_killed"),
        ("what's CrashLoopBackOff", "crash_loop"),
        ("What is the meaning of `EADDRINUSE`?", "port_in_use"),
        ("define deadlock", "database_deadlock"),
        ("ENOSPC", "disk_full"),
        ("502 Bad Gateway", "http_upstream_failed"),
        ("can you explain CrashLoopBackOff?", "crash_loop"),
        ("NXDOMAIN meaning", "dns_name_not_found"),
        ('What does "FATAL: sorry, too many clients already" mean?', "database_connections_exhausted"),
        ("out_of_memory_killed", "out_of_memory_killed"),
    ],
)
def test_a_question_for_a_meaning_finds_its_fault(question: str, fault_id: str) -> None:
    assert explained(question) == fault_id


@pytest.mark.parametrize(
    "question",
    [
        "why is my pod in CrashLoopBackOff",
        "why do I get ECONNREFUSED since the deploy?",
        "What is wrong here?",
        "what is the cause of the outage last night",
        "we see OOMKilled every hour, what should we do",
        "what does this log mean",
        "explain what happened",
        "explain this",
        "",
        "?",
        "explain",
        "what does " + "a" * 5000 + " mean",
    ],
)
def test_other_questions_are_left_to_the_diagnosis(question: str) -> None:
    assert explained(question) is None


def test_every_alias_leads_to_its_own_fault() -> None:
    aliases = [(alias, fault.id) for fault in load().faults for alias in fault.aliases]
    assert [pair for pair in aliases if explained(f"what does {pair[0]} mean?") != pair[1]] == []
