"""What to do next: checks that would settle it, and actions, mitigation first; commands filled and rated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from faultmaven.diagnosis.catalogue.model import Fault, KnownAction, KnownCheck
from faultmaven.diagnosis.commands.names import fill
from faultmaven.diagnosis.commands.risk import risk_of
from faultmaven.diagnosis.hypotheses import Judged
from faultmaven.diagnosis.naming import place_of
from faultmaven.diagnosis.quoting import plain, snippet
from faultmaven.diagnosis.report import Action, Check, Risk
from faultmaven.diagnosis.subject import names_of
from faultmaven.diagnosis.suspects import Suspect
from faultmaven.diagnosis.timeline import Event, can_be_undone

MOST_CHECKS = 5
MOST_ACTIONS = 6
# Whoever writes to a log chooses these, and a command that changes something would be aimed by them: at another file,
# for another user, with a package of a name much like a known one. A person puts them in after the checks.
_NOT_TO_BE_AIMED_BY = frozenset({"file", "path", "user", "pid", "module", "device", "program", "process"})
_KIND_ORDER = {"mitigate": 0, "fix": 1, "prevent": 2}


def checks_for(standing: Sequence[Judged]) -> list[Check]:
    """Three for the likeliest suspect, one for each of the next two the catalogue knows."""
    if not standing:
        return []
    checks = _checks(standing[0].suspect)[:3]
    for judged in standing[1:3]:
        checks += _checks(judged.suspect)[:1] if judged.suspect.fault else []
    return checks[:MOST_CHECKS]


def actions_for(standing: Sequence[Judged], changes: Sequence[Event]) -> list[Action]:
    """Those of the likeliest suspect; where a change came just before, taking it back comes first."""
    if not standing:
        return []
    top = standing[0].suspect
    actions = fault_actions(top.fault, names_of(top)) if top.fault else []
    return [*_undo_change(top, changes), *actions][:MOST_ACTIONS]


def fault_actions(fault: Fault, names: Mapping[str, str]) -> list[Action]:
    numbered = sorted(enumerate(fault.actions, 1), key=lambda item: _KIND_ORDER[item[1].kind])
    return [_action(f"a-{fault.id}-{number}", action, names) for number, action in numbered]


def _checks(suspect: Suspect) -> list[Check]:
    if suspect.fault is None:
        return [] if suspect.is_told_only and not suspect.leading.trace else [_look_yourself(suspect)]
    return fault_checks(suspect.fault, names_of(suspect), [hypothesis_id(suspect)])


def fault_checks(fault: Fault, names: Mapping[str, str], tests: Sequence[str]) -> list[Check]:
    return [_check(f"c-{fault.id}-{number}", check, names, tests) for number, check in enumerate(fault.checks, 1)]


def _check(check_id: str, check: KnownCheck, names: Mapping[str, str], tests: Sequence[str]) -> Check:
    command = fill(check.command, names) if check.command else None
    return Check(
        id=check_id,
        text=fill(check.text, names),
        command=command,
        risk=risk_of(command) if command else "read_only",
        tests=list(tests),
        if_so=check.if_so,
        if_not=check.if_not,
    )


def _look_yourself(suspect: Suspect) -> Check:
    """For what the catalogue does not know: where to look, without pretending to know more."""
    sign = suspect.leading
    if sign.trace and sign.trace.frame:
        place, raised = snippet(place_of(sign.trace.frame), 120), snippet(sign.trace.root_type, 80)
        text = f"Open the code at “{place}” and see which value makes it raise {raised}."
    elif sign.status:
        text = f"Read the application's own log for the requests answered with HTTP {sign.status}."
    else:
        name = snippet(sign.source.name, 80)
        text = f"Read the lines just before line {sign.first_line} of {name}: what was the component doing?"
    return Check(id=f"c-{suspect.key}-1", text=text, risk="read_only", tests=[hypothesis_id(suspect)])


def _action(action_id: str, action: KnownAction, names: Mapping[str, str]) -> Action:
    aimed = {kind: name for kind, name in names.items() if kind not in _NOT_TO_BE_AIMED_BY}
    command = fill(action.command, aimed) if action.command else None
    return Action(
        id=action_id,
        kind=action.kind,
        text=fill(action.text, names),
        command=command,
        risk=_risk(command),
        undo=fill(action.undo, aimed) if action.undo else None,
        verify=fill(action.verify, names) if action.verify else None,
    )


def _risk(command: str | None) -> Risk:
    """Without a command nobody can tell what a person will do."""
    return risk_of(command) if command else "unknown"


def _undo_change(suspect: Suspect, changes: Sequence[Event]) -> list[Action]:
    undoable = [change for change in changes if can_be_undone(change)]
    if not undoable or suspect.role == "symptom":
        return []
    text = f"Consider taking back the change made just before: {plain(undoable[-1].said)}."
    return [Action(id=f"a-{suspect.key}-undo", kind="mitigate", text=text, risk="unknown")]


def hypothesis_id(suspect: Suspect) -> str:
    return f"h-{suspect.key}"
