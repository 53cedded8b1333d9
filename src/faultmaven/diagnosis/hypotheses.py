"""Which suspect is to blame: suspects weighed against each other and ranked, each with what speaks against it.

    signs ──suspects──▶ Suspect ──judge──▶ Judged(points, strength, consequences, against, ruled_out_because)

The weights are few and stated in `weigh`; they decide the order only. How sure we are is `strength`, by rule.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from faultmaven.diagnosis.moments import comparable, lasting
from faultmaven.diagnosis.questions import Focus
from faultmaven.diagnosis.quoting import plain
from faultmaven.diagnosis.report import Strength
from faultmaven.diagnosis.signs import Sign
from faultmaven.diagnosis.suspects import Role, Suspect, in_time
from faultmaven.diagnosis.trouble import shows_state

ROLE_WEIGHT: dict[Role, float] = {"cause": 4.0, "own_code": 3.0, "symptom": 2.0, "unknown": 1.0}

# Clocks of two machines differ, and a cause is often logged a little after its first victim.
LATENESS = timedelta(seconds=60)
APART = timedelta(minutes=5)
# What lies further apart is not one incident, whatever could bring about what.
ONE_INCIDENT = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Objected:
    """What speaks against a suspect, and the signs that show it."""

    text: str
    shown_by: tuple[Sign, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A suspect and what was made of it. `consequences` are the observed suspects it brings about, nearest first."""

    suspect: Suspect
    points: float
    strength: Strength
    consequences: tuple[Suspect, ...] = ()
    against: tuple[Objected, ...] = ()
    ruled_out_because: str | None = None

    @property
    def stands(self) -> bool:
        return self.ruled_out_because is None


def judge(suspects: Sequence[Suspect], focus: Focus) -> list[Judged]:
    """All suspects, the likeliest first, those ruled out last."""
    kept = _without_echoes(suspects)
    points = {suspect.key: weigh(suspect, kept, focus) for suspect in kept}
    order = sorted(kept, key=lambda suspect: (-points[suspect.key], in_time(suspect.signs[0]), suspect.key))
    judged = [_judge_one(suspect, order, points) for suspect in order]
    return [j for j in judged if j.stands] + [j for j in judged if not j.stands]


def weigh(suspect: Suspect, others: Sequence[Suspect], focus: Focus) -> float:
    """Points for being the cause. More for speaking of itself, loudly, often, first, and for explaining the rest."""
    points = ROLE_WEIGHT[suspect.role] + 0.6 * suspect.level_rank + 0.5 * min(math.log10(max(suspect.count, 1)), 2.0)
    points += min(1.5 * sum(explains(suspect, other) for other in others), 3.0)
    points -= 3.0 * any(explains(other, suspect) and not explains(suspect, other) for other in others)
    points += 1.0 * _is_first(suspect, others)
    # What a component says as it dies is about itself, known to the catalogue or not.
    points += 1.0 * (suspect.role == "unknown" and suspect.signs[0].level == "fatal")
    points += 4.0 * focus.share(suspect)
    # In a log, what happened elsewhere may be the cause; in a listing of states each line is about its own thing.
    elsewhere = not focus.names(suspect) and any(focus.names(other) for other in others)
    points -= 2.0 * (elsewhere and suspect.first_at is None)
    points -= 1.0 * (suspect.role == "unknown" and shows_state(suspect.leading.text))
    points -= 2.0 * (suspect.is_told_only and not all(other.is_told_only for other in others))
    points -= 6.0 * suspect.is_mention
    points -= 4.0 * any(_outlived(suspect, other) for other in others)
    points -= 0.5 * (not any(sign.source.asked_with for sign in suspect.signs))
    return points


def _outlived(suspect: Suspect, other: Suspect) -> bool:
    """Over before the other began, which is an error, said more often, and nothing that it would bring about."""
    if not other.is_error or other.is_mention or other.count < 3 * suspect.count or explains(suspect, other):
        return False
    return _gap(suspect, other) > APART


def explains(cause: Suspect, effect: Suspect) -> bool:
    """The catalogue says that one brings the other about, and their times do not speak against it."""
    if not (cause.fault and effect.fault and effect.fault.id in cause.fault.explains):
        return False
    return max(_gap(cause, effect), _gap(effect, cause)) <= ONE_INCIDENT


def _gap(one: Suspect, other: Suspect) -> timedelta:
    """From the end of one to the beginning of the other; nothing where times are missing or cannot be compared."""
    ended, began = one.last_at or one.first_at, other.first_at
    return began - ended if ended and began and comparable(ended, began) else timedelta()


def _is_first(suspect: Suspect, others: Sequence[Suspect]) -> bool:
    if suspect.first_at is None:
        return False
    rivals = [s for s in others if s.first_at and s.is_error and comparable(s.first_at, suspect.first_at)]
    return all(in_time(suspect.signs[0]) <= in_time(rival.signs[0]) for rival in rivals)


def _without_echoes(suspects: Sequence[Suspect]) -> list[Suspect]:
    """Leaves out a suspect whose every line already speaks for a weightier or more telling one."""
    return [s for s in suspects if not any(_echoes(s, other, suspects) for other in suspects if other is not s)]


def _echoes(suspect: Suspect, other: Suspect, suspects: Sequence[Suspect]) -> bool:
    if not suspect.places <= other.places or (suspect.leading.said and not other.leading.said):
        return False  # what was found by comparing says more than any one of its lines
    mine, theirs = ROLE_WEIGHT[suspect.role], ROLE_WEIGHT[other.role]
    if (mine, len(suspect.places)) == (theirs, len(other.places)):
        return suspects.index(suspect) > suspects.index(other)
    return theirs >= mine


def _judge_one(suspect: Suspect, order: Sequence[Suspect], points: dict[str, float]) -> Judged:
    others = [other for other in order if other is not suspect]
    consequences = tuple(sorted((o for o in others if explains(suspect, o)), key=lambda o: in_time(o.signs[0])))
    against = tuple(_objections(suspect, consequences))
    reason = _ruled_out(suspect, others, points)
    return Judged(suspect, points[suspect.key], strength_of(suspect, others, against), consequences, against, reason)


def _objections(suspect: Suspect, consequences: Sequence[Suspect]) -> list[Objected]:
    began = suspect.first_at
    earlier = [effect for effect in consequences if began and _precedes(effect, suspect)]
    if not earlier or began is None:
        return []
    first = min(earlier, key=lambda effect: in_time(effect.signs[0]))
    late = began - first.first_at if first.first_at else timedelta()
    text = f"It is first seen {lasting(late)} after what it should have brought about."
    return [Objected(text, (first.signs[0], suspect.signs[0]))] if late > LATENESS else []


def _precedes(one: Suspect, other: Suspect) -> bool:
    began, rival = one.first_at, other.first_at
    return began is not None and rival is not None and comparable(began, rival) and began < rival


def _ruled_out(suspect: Suspect, others: Sequence[Suspect], points: dict[str, float]) -> str | None:
    for other in others:
        if explains(other, suspect) and points[other.key] > points[suspect.key]:
            return f"It is what another fault in evidence brings about as a rule: {plain(other.title)}."
    return _over_before(suspect, others, points)


def _over_before(suspect: Suspect, others: Sequence[Suspect], points: dict[str, float]) -> str | None:
    """A trouble that ended well before a weightier one began, and would not bring that about."""
    ended = suspect.last_at
    for other in others:
        began = other.first_at
        unrelated = not explains(suspect, other) and other.is_error and points[other.key] > points[suspect.key]
        if ended and began and comparable(ended, began) and unrelated and began - ended > APART:
            return f"It was last seen {lasting(began - ended)} before the main trouble began."
    return None


def strength_of(suspect: Suspect, others: Sequence[Suspect], against: Sequence[Objected]) -> Strength:
    """strong: the failing component says so itself, as an error, in evidence, unopposed. moderate: it says so less
    plainly, or another's failure is plainly reported. weak: everything else, and whatever is only told or
    mentioned."""
    if suspect.is_mention:
        return "weak"
    if suspect.is_told_only:
        return "weak" if not all(other.is_told_only for other in others) else _strength_told(suspect)
    match suspect.role:
        case "cause" | "own_code" if suspect.is_error:
            return "moderate" if against else "strong"
        case "cause" | "own_code":
            confirmed = any(other.is_error and not other.is_mention for other in others)
            return "moderate" if confirmed and not against else "weak"
        case "symptom":
            return "moderate" if suspect.is_error and not suspect.is_stray else "weak"
        case _:
            return "moderate" if _is_dominant(suspect, others) else "weak"


def _strength_told(suspect: Suspect) -> Strength:
    return "weak" if suspect.role == "unknown" else "moderate"


def _is_dominant(suspect: Suspect, others: Sequence[Suspect]) -> bool:
    """An unknown error that is fatal, or that recurs, precedes all others, is about as frequent as any, and not one of
    many."""
    level = suspect.signs[0].level
    if level == "fatal":
        return True
    rivals = [other.count for other in others if other.is_error]
    frequent = suspect.count >= 3 and 2 * suspect.count >= max(rivals, default=0) and 4 * suspect.count >= sum(rivals)
    return level == "error" and frequent and _is_first(suspect, others)
