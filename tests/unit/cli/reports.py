"""Reports for the tests of what is printed."""

from faultmaven.diagnosis.report import (
    Action,
    Check,
    Citation,
    Coverage,
    EngineUsed,
    Hypothesis,
    Moment,
    Objection,
    Observation,
    Onset,
    Reason,
    Report,
    SeenBefore,
)

EMBEDDED = EngineUsed(name="embedded", versions={"reader": "1", "catalogue": "abc"})


def cause_found(quote: str = "FATAL: the database system is out of disk space", name: str = "db.log") -> Report:
    return Report(
        headline="The disk of the database is full, since 2026-01-02 03:04:05 UTC.",
        summary="Cause found: the disk of the database is full.",
        response="**Cause found.**",
        verdict="cause_found",
        onset=Onset(at="2026-01-02T03:04:05.250Z", count=412, ongoing="yes", cites=[2]),
        timeline=[Moment(at="2026-01-02T03:04:05Z", text="first refused write", role="first_error", cites=[2])],
        observations=[Observation(id="o-1", text="Disk full: 412 times", cites=[2])],
        hypotheses=[
            Hypothesis(
                id="h-1",
                title="The disk is full",
                category="resource_exhaustion",
                strength="strong",
                because=[Reason(text="it says so itself", basis="observed", cites=[2])],
                against=[Objection(text="free space was reported an hour before", cites=[1])],
            ),
            Hypothesis(
                id="h-2",
                title="The network is down",
                category="infrastructure",
                strength="weak",
                ruled_out=True,
                ruled_out_because="others are reached",
            ),
        ],
        next_checks=[
            Check(
                id="c-1",
                text="How full is it?",
                command="df -h /var",
                risk="read_only",
                if_so="free some",
                if_not="look on",
            )
        ],
        actions=[
            Action(id="a-1", kind="fix", text="Give it a larger disk.", risk="changes_state"),
            Action(
                id="a-2",
                kind="mitigate",
                text="Remove old WAL.",
                command="rm WAL_FILE",
                risk="destructive",
                undo="none",
            ),
        ],
        missing=["The log of the node."],
        citations=[
            Citation(n=1, evidence_id="e", name="node.log", line_start=7, line_end=9, quote="free 3 GB\nnext\nlast"),
            Citation(n=2, evidence_id="e", name=name, line_start=12, line_end=12, quote=quote),
        ],
        coverage=Coverage(lines=1204, bytes=98_200, kinds=["log", "json_lines"], unparsed_lines=3),
        seen_before=[SeenBefore(case_id="case-7", at="2025-12-24T18:00:00Z", resolution="disk enlarged")],
        engine=EMBEDDED,
    )


def not_enough() -> Report:
    return Report(
        headline="There is no evidence to go by.",
        summary="There is no evidence to go by.",
        response="",
        verdict="not_enough_evidence",
        missing=["A log of the failing service."],
        engine=EMBEDDED,
    )


def explained() -> Report:
    return Report(
        headline="Connection refused.",
        summary="Connection refused. Nothing listens on that port of that machine.",
        response="",
        verdict="answered",
        next_checks=[Check(id="c-1", text="Does anything listen?", command="ss -ltnp", risk="read_only")],
        engine=EMBEDDED,
    )
