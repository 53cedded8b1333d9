"""What holds of every diagnosis, whatever the evidence and the question are."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.corpus import regenerate

from faultmaven.diagnosis.diagnose import Earlier, Source, diagnose, fingerprint
from faultmaven.diagnosis.questions import told
from faultmaven.diagnosis.report import Citation, Report

LINES = st.sampled_from(
    [
        "2026-03-17 09:00:01 INFO started",
        "2026-03-17 09:00:02 ERROR could not connect to db-1:5432: Connection refused",
        "2026-03-17 09:00:03 ERROR write /var/lib/x: No space left on device",
        "Mar 17 09:00:04 h kernel: Out of memory: Killed process 12 (java)",
        "Traceback (most recent call last):",
        '  File "/srv/a.py", line 3, in f',
        "KeyError: 'x'",
        "panic: runtime error: index out of range",
        "goroutine 1 [running]:",
        '{"level":"error","msg":"`x` ![](http://e) \\u202e","time":"2026-03-17T09:00:05Z"}',
        "FATAL:  sorry, too many clients already",
        "\x1b[31mERROR\x1b[0m \u202e <script>",
        "",
    ]
)
CONTENTS = st.one_of(st.binary(max_size=400), st.lists(LINES, max_size=30).map(lambda found: "\n".join(found).encode()))
QUESTIONS = st.one_of(
    st.text(max_size=200), st.lists(LINES, max_size=6).map("\n".join), st.just("since when is x-1 down?")
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(QUESTIONS, st.lists(CONTENTS, max_size=3), st.booleans())
def test_every_claim_holds_on_any_input(question: str, contents: list[bytes], follows_up: bool) -> None:
    sources = [regenerate.source(f"{n}.log", content) for n, content in enumerate(contents)]
    history = [Earlier(question, diagnose(question, sources))] if follows_up else []
    asked = "and now?" if follows_up else question
    report = diagnose(asked, sources, history)
    assert_sound(report, [*sources, *told(asked, history)])
    assert report == diagnose(asked, sources, history)
    assert (fingerprint(report, sources) is None) == (
        report.verdict in ("no_fault_found", "not_enough_evidence", "answered")
    )


@pytest.mark.parametrize("name", regenerate.names())
def test_every_claim_holds_on_the_corpus(name: str) -> None:
    sources = regenerate.sources_of(name)
    assert_sound(regenerate.answer(name), [*sources, *told(regenerate.question_of(name), [])])


def assert_sound(report: Report, sources: Sequence[Source]) -> None:
    assert 0 < len(report.headline) <= 120
    assert 0 < len(report.summary) <= 600
    assert [citation.n for citation in report.citations] == list(range(1, len(report.citations) + 1))
    for citation in report.citations:
        assert quoted(citation, sources) == citation.quote
    assert_cites_exist(report)
    ids = [hypothesis.id for hypothesis in report.hypotheses] + [check.id for check in report.next_checks]
    ids += [action.id for action in report.actions] + [observation.id for observation in report.observations]
    assert len(ids) == len(set(ids))
    known = {hypothesis.id for hypothesis in report.hypotheses}
    assert all(set(check.tests) <= known for check in report.next_checks)
    assert report.findings == [observation.text for observation in report.observations]
    assert report.recommendations == [action.text for action in report.actions]
    assert_inert(report)


def quoted(citation: Citation, sources: Sequence[Source]) -> str:
    source = next(source for source in sources if source.evidence_id == citation.evidence_id)
    text = "\n".join(source.document.texts(citation.line_start, citation.line_end))
    return text if citation.column_end is None else text[citation.column_start : citation.column_end]


def assert_cites_exist(report: Report) -> None:
    numbers = {citation.n for citation in report.citations}
    reasons = [reason for hypothesis in report.hypotheses for reason in hypothesis.because]
    assert all(reason.cites for reason in reasons if reason.basis == "observed")
    assert all(observation.cites for observation in report.observations)
    cited = [n for reason in reasons for n in reason.cites] + [n for seen in report.observations for n in seen.cites]
    cited += [n for moment in report.timeline for n in moment.cites] + (report.onset.cites if report.onset else [])
    cited += [n for hypothesis in report.hypotheses for objection in hypothesis.against for n in objection.cites]
    assert set(cited) <= numbers


def assert_inert(report: Report) -> None:
    shown = report.headline + report.summary + report.response
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b-\u200f\x00-\x08\x1b]", shown)
    outside = re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "", report.response)
    assert not re.search(r"(?<!\\)!\[|(?<!\\)\]\(|(?<!\\)<script|://", outside)
    numbers = {citation.n for citation in report.citations}
    assert {int(n) for n in re.findall(r"(?<!\\)\[(\d+)\]", outside)} <= numbers


def test_without_evidence_or_error_there_is_nothing_to_go_by() -> None:
    report = diagnose("why is it slow?", [])
    assert (report.verdict, report.citations, report.hypotheses) == ("not_enough_evidence", [], [])
    assert report.missing


def test_a_term_is_explained_from_the_catalogue() -> None:
    report = diagnose("what does ECONNREFUSED mean?", [])
    assert report.verdict == "answered"
    assert "ECONNREFUSED" in report.response
    assert report.citations == []


def test_a_cause_is_only_found_in_what_the_failing_component_says() -> None:
    refused = b"2026-03-17 09:00:02 ERROR cannot connect to db-1:5432: Connection refused\n" * 5
    assert diagnose("why?", [regenerate.source("app.log", refused)]).verdict == "symptom_only"
    full = b"2026-03-17 09:00:01 ERROR could not write to file: No space left on device\n" * 5
    report = diagnose("why?", [regenerate.source("db.log", full), regenerate.source("app.log", refused)])
    assert report.verdict == "cause_found"
    assert report.citations[0].name == "db.log"


def test_a_follow_up_on_a_question_only_case_still_knows_the_error() -> None:
    first = "OSError: [Errno 28] No space left on device: '/mnt/x'"
    report = diagnose("what should I do now?", [], [Earlier(first, diagnose(first, []))])
    assert report.hypotheses[0].fault_id == "disk_full"
    assert report.citations[0].name == "earlier question"


def test_the_same_incident_has_the_same_fingerprint_and_another_has_not() -> None:
    def once(text: str) -> str | None:
        sources = [regenerate.source("a.log", text.encode())]
        return fingerprint(diagnose("why?", sources), sources)

    full = "2026-03-17 09:00:{:02} ERROR disk /dev/sd{} write failed: No space left on device\n"
    assert once(full.format(1, "a") * 4) == once(full.format(9, "a") * 9)
    assert once(full.format(1, "a")) != once(
        "2026-03-17 09:00:01 ERROR kernel: Out of memory: Killed process 1 (java)\n"
    )


def test_asked_since_when_the_summary_leads_with_that() -> None:
    sources = regenerate.sources_of("unknown_error")
    assert diagnose("since when?", sources).summary.startswith("Since 2026-03-17 09:01:51 UTC")


def test_a_quoted_term_is_looked_for_and_found() -> None:
    log = b"".join(b"tick %d\n" % n for n in range(50)) + b"link state: peer gone quiet\n"
    report = diagnose('was there ever a "peer gone quiet"?', [regenerate.source("x.log", log)])
    assert [citation.quote for citation in report.citations] == ["link state: peer gone quiet"]


def test_a_date_without_a_year_never_shows_one() -> None:
    report = regenerate.answer("disk_full_syslog")
    assert report.onset is not None
    assert report.onset.at is None
    assert "Mar 17 09:03:15" in report.headline
    assert not re.search(r"\b(?:000\d|2026|19\d\d)-\d\d", report.model_dump_json())


def test_a_log_that_gives_orders_is_only_quoted() -> None:
    report = regenerate.answer("hostile_text")
    assert report.verdict != "no_fault_found"
    assert all("rm -rf" not in (action.command or "") for action in report.actions)
    assert all("$(" not in (check.command or "") for check in report.next_checks)


def test_wondering_about_a_fault_is_not_reporting_one() -> None:
    healthy = regenerate.sources_of("healthy_service")
    assert diagnose("was there any connection refused to db-1:5432?", healthy).verdict == "no_fault_found"
    assert diagnose("I get connection refused to db-1:5432", healthy).verdict == "symptom_only"


def test_the_same_evidence_given_twice_counts_once() -> None:
    sources = regenerate.sources_of("unknown_error")
    assert diagnose("why?", [*sources, *sources]) == diagnose("why?", sources)


def test_a_question_for_a_meaning_is_answered_whatever_lies_beside_it() -> None:
    evidence = [regenerate.source("app.log", b"2026-03-17T09:00:00Z ERROR No space left on device\n")]
    assert diagnose("What does OOMKilled mean?", evidence).verdict == "answered"
    assert diagnose("OOMKilled", evidence).verdict == "cause_found"


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        ("FailedScheduling  2m    default-scheduler  0/3 nodes are available: 3 Insufficient memory.", "no node"),
        ("Evicted           2m    kubelet            The node was low on resource: memory.", "node threw the pod out"),
    ],
)
def test_an_event_of_a_described_pod_is_no_aside(event: str, fault: str) -> None:
    described = (
        f"Name:    web-0\nStatus:  Pending\nEvents:\n  Type     Reason  Age  From  Message\n  Warning  {event}\n"
    )
    report = diagnose("why is web-0 not running?", [regenerate.source("describe.txt", described.encode())])
    assert report.verdict in ("cause_found", "likely_cause", "symptom_only")
    assert fault in report.hypotheses[0].title.lower()
