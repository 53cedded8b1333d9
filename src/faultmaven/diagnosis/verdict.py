"""The verdict: how much the evidence allows to be said."""

from __future__ import annotations

from collections.abc import Sequence

from faultmaven.diagnosis.hypotheses import Judged
from faultmaven.diagnosis.onset import Trouble
from faultmaven.diagnosis.report import Verdict
from faultmaven.diagnosis.signs import LEVEL_RANK
from faultmaven.diagnosis.sources import Source
from faultmaven.diagnosis.suspects import STRAY, Suspect

_BEGINS_DOCUMENT = ("{", "[", "[{", "---", "apiVersion: v1")
_NO_LOG = frozenset({"empty", "binary", "text"})


def verdict_of(
    judged: Sequence[Judged], trouble: Trouble | None, sources: Sequence[Source], is_past: bool = False
) -> Verdict:
    """`cause_found` only where the failing component itself says so plainly; a passing hiccup is no fault, and neither
    is what `is_past`: over, and not what was asked about."""
    standing = [j for j in judged if j.stands and not j.suspect.is_mention]
    if not standing or trouble is None or is_past or _only_hiccups(standing, trouble):
        return "no_fault_found" if is_readable(sources) and not _is_document(judged) else "not_enough_evidence"
    top = standing[0]
    speaks_of_itself = top.suspect.role in ("cause", "own_code")
    if top.strength == "strong" and speaks_of_itself:
        return "cause_found"
    if top.strength == "moderate" and (speaks_of_itself or top.suspect.role == "unknown"):
        return "likely_cause"
    return "symptom_only"


def _is_document(judged: Sequence[Judged]) -> bool:
    """What is there speaks of trouble without times: code, prose, rules. It says nothing of how things are."""
    spoken_of = [sign for j in judged if j.suspect.is_mention for sign in j.suspect.signs]
    return any(sign.source.digest.first_at is None for sign in spoken_of)


def is_quiet(verdict: Verdict) -> bool:
    """Nothing is said to have failed."""
    return verdict in ("no_fault_found", "not_enough_evidence", "answered")


def _only_hiccups(standing: Sequence[Judged], trouble: Trouble) -> bool:
    """Warnings and asides only, or a stray error or two among many lines that did not come back."""
    if any(judged.strength != "weak" for judged in standing):
        return False
    errors = [judged.suspect for judged in standing if judged.suspect.is_error]
    return sum(suspect.count for suspect in errors) <= STRAY and all(_is_over(one, trouble) for one in errors)


def _is_over(suspect: Suspect, trouble: Trouble) -> bool:
    """Where nothing tells levels, a word of trouble in passing is no error yet."""
    return suspect.is_stray and (trouble.ongoing == "no" or suspect.level_rank <= LEVEL_RANK["unknown"])


def _is_log(source: Source) -> bool:
    """A document of JSON or YAML states levels too (`"severity": "critical"`), of things and not of its lines."""
    if _NO_LOG.issuperset(source.digest.kinds) or source.document.count == 0:
        return False
    (begins,) = source.document.heads(1, 1, 40)
    return begins.strip() not in _BEGINS_DOCUMENT


def is_readable(sources: Sequence[Source]) -> bool:
    """Some of it is a log in which trouble would have shown: times or levels were recognised in a fair part of it."""
    logs = [source.digest for source in sources if not source.is_told and _is_log(source)]
    lines = sum(digest.lines for digest in logs)
    return lines > 0 and sum(digest.unparsed_lines for digest in logs) < 0.9 * lines
