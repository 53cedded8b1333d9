"""Everything that was found out, before it is put into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from faultmaven.diagnosis.asked.direct import Direct
from faultmaven.diagnosis.digest import Template
from faultmaven.diagnosis.hypotheses import Judged
from faultmaven.diagnosis.onset import Trouble
from faultmaven.diagnosis.questions import Wanted
from faultmaven.diagnosis.quoting import Phrase
from faultmaven.diagnosis.reasons import Claim
from faultmaven.diagnosis.report import Action, Check, Citation, Coverage, Verdict
from faultmaven.diagnosis.sources import Source
from faultmaven.diagnosis.timeline import Event
from faultmaven.diagnosis.trouble import is_mere_value
from faultmaven.diagnosis.verdict import is_quiet


@dataclass(frozen=True, slots=True)
class Seen:
    """An observation and where it was made; `is_well` of one that shows that something is as it should be,
    `is_answer` of one that the question asked for."""

    id: str
    said: Phrase
    cites: tuple[int, ...]
    is_well: bool = False
    is_answer: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    """`judged` is ranked; `claims` and `objections` hold what speaks for and against each by key; `events`
    and objections come with their citations. `direct` is the answer where the question asks for no diagnosis; its
    points come first in `seen`. `cascade` says who failed before whom."""

    verdict: Verdict
    wanted: Wanted
    sources: Sequence[Source]
    judged: Sequence[Judged]
    trouble: Trouble | None
    claims: dict[str, list[Claim]]
    objections: dict[str, list[tuple[str, tuple[int, ...]]]]
    events: Sequence[tuple[Event, tuple[int, ...]]]
    onset_cites: tuple[int, ...]
    seen: Sequence[Seen]
    checks: Sequence[Check]
    actions: Sequence[Action]
    missing: Sequence[str]
    coverage: Coverage
    citations: Sequence[Citation]
    direct: Direct | None = None
    cascade: Claim | None = None

    @property
    def standing(self) -> list[Judged]:
        return [judged for judged in self.judged if judged.stands]

    @property
    def top(self) -> Judged | None:
        return self.standing[0] if self.standing else None

    @property
    def quiet(self) -> bool:
        return is_quiet(self.verdict)

    @property
    def evidence(self) -> list[Source]:
        return [source for source in self.sources if not source.is_told]


def warnings_in(evidence: Sequence[Source]) -> list[tuple[Source, Template]]:
    """The most frequent first."""
    templates = [(source, template) for source in evidence for template in source.digest.templates]
    warned = [(s, t) for s, t in templates if t.level == "warning" and not is_mere_value(t.sample)]
    return sorted(warned, key=lambda pair: (-pair[1].count, pair[1].text))
