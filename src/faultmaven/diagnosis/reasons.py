"""Why: the chain from cause to symptom, each link either seen in evidence and cited, or said to be inferred."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from faultmaven.diagnosis.citing import Citing
from faultmaven.diagnosis.hypotheses import Judged
from faultmaven.diagnosis.moments import lasting, lines, said
from faultmaven.diagnosis.naming import message_of, place_of
from faultmaven.diagnosis.onset import Trouble
from faultmaven.diagnosis.quoting import Phrase, Quoted, snippet
from faultmaven.diagnosis.signs import Sign
from faultmaven.diagnosis.subject import EXCEPTION, title_of
from faultmaven.diagnosis.suspects import Suspect
from faultmaven.diagnosis.timeline import Event

MOST_CONSEQUENCES = 3


@dataclass(frozen=True, slots=True)
class Claim:
    said: Phrase
    basis: Literal["observed", "inferred"]
    cites: tuple[int, ...] = ()


def because(judged: Judged, changes: Sequence[Event], trouble: Trouble, citing: Citing) -> list[Claim]:
    """An observed claim for which no citation is left is dropped."""
    claims = [*_changed(judged, changes, trouble, citing), *_spoken(judged.suspect, citing)]
    claims += _inferred(judged.suspect)
    for effect in judged.consequences[:MOST_CONSEQUENCES]:
        claims.append(
            Claim(
                ("Seen as well: ", *title_of(effect), ": ", *(effect.leading.said or (_words(effect.leading),)), "."),
                "observed",
                cite_sign(effect.leading, citing),
            )
        )
    if judged.consequences:
        claims.append(Claim(("What is seen as well is what such a fault brings about as a rule.",), "inferred"))
    return [claim for claim in claims if claim.cites or claim.basis == "inferred"]


def _changed(judged: Judged, changes: Sequence[Event], trouble: Trouble, citing: Citing) -> Iterator[Claim]:
    change = changes[-1] if changes else None
    if change is None or change.line is None or judged.suspect.role == "unknown":
        return
    when = "Before the first error: "
    if trouble.at and change.at:
        when = f"{lasting(trouble.at - change.at).capitalize()} before the first error: "
    yield Claim((when, *change.said, "."), "observed", tuple(citing.cite(change.source, change.line)))


def _spoken(suspect: Suspect, citing: Citing) -> Iterator[Claim]:
    leading = suspect.leading
    if leading.said:
        yield Claim((*leading.said, "."), "observed", cite_sign(leading, citing))
    else:
        said = (_speaker(leading), _words(leading), f" ({how_often(suspect)}).")
        yield Claim(said, "observed", cite_sign(leading, citing))
    if leading.trace and leading.trace.frame and leading.trace.frame_line:
        cites = tuple(citing.cite(leading.source, leading.trace.frame_line))
        yield Claim(
            ("It was raised in own code at ", Quoted(place_of(leading.trace.frame), 120), "."), "observed", cites
        )
    yield from _surfaced(leading, citing)
    for other in _others(suspect, leading):
        told = other.said or (f"{_name(other)} says so too: ", _words(other))
        yield Claim((*told, "."), "observed", cite_sign(other, citing))


def _surfaced(sign: Sign, citing: Citing) -> Iterator[Claim]:
    """What the exception was turned into on its way up: often that names the address or the task."""
    if sign.trace is None:
        return
    line = sign.trace.last_line if sign.trace.language == "python" else sign.trace.first_line
    text = sign.source.document.text(line)[:1000].strip()
    if line != sign.trace.root_line and EXCEPTION.match(text):
        yield Claim(("It surfaced as: ", Quoted(text, 220), "."), "observed", tuple(citing.cite(sign.source, line)))


def _others(suspect: Suspect, leading: Sign) -> list[Sign]:
    """One more voice: another source or component that says the same."""
    voice = (leading.source.evidence_id, leading.component, leading.template)
    different = [s for s in suspect.signs if (s.source.evidence_id, s.component, s.template) != voice]
    return different[:1]


def _inferred(suspect: Suspect) -> Iterator[Claim]:
    if suspect.fault:
        yield Claim((first_sentences(suspect.fault.explanation),), "inferred")
    elif suspect.role == "unknown":
        yield Claim(("The catalogue of known faults does not hold this error.",), "inferred")


def first_sentences(text: str, limit: int = 260) -> str:
    """As many whole sentences as fit, at least one."""
    sentences = " ".join(text.split()).split(". ")
    kept = sentences[0]
    for sentence in sentences[1:]:
        if len(kept) + len(sentence) + 2 > limit:
            break
        kept += ". " + sentence
    return kept.rstrip(".") + "."


def _speaker(sign: Sign) -> str:
    if sign.source.is_told:
        return "The question reports: "
    return "The trace says: " if sign.trace else "The evidence says: "


def _name(sign: Sign) -> str:
    return snippet(sign.component or sign.source.name, 60)


def _words(sign: Sign) -> Quoted:
    return Quoted(message_of(sign.text), 220)


def cite_sign(sign: Sign, citing: Citing) -> tuple[int, ...]:
    last = sign.last_line if sign.said else None
    leading = citing.cite(sign.source, sign.telling_line, last, message_of(sign.text)[:60], sign.columns)
    further = [citing.cite(source, span.first, span.last, columns=span.columns) for source, span in sign.further]
    return tuple(dict.fromkeys([*leading, *(n for cited in further for n in cited)]))


def how_often(suspect: Suspect) -> str:
    count = lines(suspect.count)
    if not suspect.first_at:
        return count
    zone = suspect.signs[0].source.digest.zone
    return f"{count}, {'at' if suspect.count == 1 else 'first at'} {said(suspect.first_at, zone)}"
