"""Answers "what does X mean" from the catalogue alone."""

from __future__ import annotations

from collections.abc import Sequence

from faultmaven.diagnosis.advice import fault_actions, fault_checks
from faultmaven.diagnosis.catalogue.model import Fault
from faultmaven.diagnosis.quoting import escaped, shorten, snippet
from faultmaven.diagnosis.reasons import first_sentences
from faultmaven.diagnosis.report import Action, Check, EngineUsed, Report
from faultmaven.diagnosis.response import step_lines
from faultmaven.diagnosis.summing_up import HEADLINE_LIMIT, SUMMARY_LIMIT

MOST_STEPS = 3


def explained(fault: Fault, question: str, engine: EngineUsed) -> Report:
    """What this fault means in general. Nothing is claimed about anyone's system, so nothing is cited."""
    meaning = " ".join(fault.explanation.split())
    checks = fault_checks(fault, {}, [])[:MOST_STEPS]
    actions = fault_actions(fault, {})[:MOST_STEPS]
    return Report(
        headline=shorten(f"{_term(fault, question)}{fault.title.rstrip('.')}.", HEADLINE_LIMIT),
        summary=shorten(first_sentences(f"{fault.title.rstrip('.')}. {meaning}", SUMMARY_LIMIT - 1), SUMMARY_LIMIT),
        response=_response(fault, meaning, checks, actions),
        verdict="answered",
        next_checks=checks,
        actions=actions,
        recommendations=[action.text for action in actions],
        missing=["Your own log or error message, to tell whether this applies to you."],
        engine=engine,
    )


def _response(fault: Fault, meaning: str, checks: Sequence[Check], actions: Sequence[Action]) -> str:
    steps = [line for check in checks for line in step_lines("Check", check)]
    steps += [line for action in actions for line in step_lines(action.kind.capitalize(), action)]
    return "\n".join([f"**{escaped(fault.title)}.** {escaped(meaning)}", "", "## If you see it", "", *steps])


def _term(fault: Fault, question: str) -> str:
    """The term as it was asked for, where it is one of the fault's names."""
    for alias in sorted(fault.aliases, key=len, reverse=True):
        at = question.lower().find(alias.lower())
        if at >= 0:
            return snippet(question[at : at + len(alias)], 50) + ": "
    return ""
