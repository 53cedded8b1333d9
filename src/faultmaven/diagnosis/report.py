"""The diagnosis as it is spoken on the wire: what every engine fills, and what a reader may rely on.

    Report
    ├── headline, summary, response, verdict
    ├── onset, timeline[], observations[]
    ├── hypotheses[] ── because[], against[]
    ├── next_checks[], actions[], missing[]
    └── citations[], coverage, seen_before[], engine

Everything that points at evidence does so by number: `cites: [1, 3]` names entries of `citations`, whose
`n` counts from 1. A field typed `Maybe[...]` is left out of the JSON when there is nothing to say; it is never null.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

T = TypeVar("T")


def _is_none(value: object) -> bool:
    return value is None


Maybe = Annotated[T | SkipJsonSchema[None], Field(exclude_if=_is_none)]

Verdict = Literal["cause_found", "likely_cause", "symptom_only", "no_fault_found", "not_enough_evidence", "answered"]
Category = Literal[
    "resource_exhaustion",
    "configuration_error",
    "dependency_failure",
    "infrastructure",
    "code_defect",
    "data_quality",
    "security",
    "none",
]
Strength = Literal["strong", "moderate", "weak"]
Risk = Literal["read_only", "changes_state", "destructive", "unknown"]
Cites = list[int]


class Wire(BaseModel):
    """A value that travels: immutable, and unknown fields from a newer writer are ignored."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class Citation(Wire):
    """Exact lines of one piece of evidence. `quote` equals those lines joined by newlines, or the columns named."""

    n: int = Field(ge=1)
    evidence_id: str
    name: str
    line_start: int = Field(ge=1)
    line_end: int = Field(ge=1)
    column_start: Maybe[int] = None
    column_end: Maybe[int] = None
    quote: str


class Onset(Wire):
    """When the trouble began. Times are RFC 3339 in UTC; `zone_assumed` marks evidence that names no time zone."""

    at: Maybe[str] = None
    last_at: Maybe[str] = None
    count: int = 0
    ongoing: Literal["yes", "no", "unknown"] = "unknown"
    zone_assumed: bool = False
    cites: Cites = []


class Moment(Wire):
    at: Maybe[str] = None
    text: str
    role: Literal["change", "first_error", "burst", "recovery", "note"]
    cites: Cites = []


class Observation(Wire):
    id: str
    text: str
    cites: Cites


class Reason(Wire):
    text: str
    basis: Literal["observed", "inferred"]
    cites: Cites = []


class Objection(Wire):
    text: str
    cites: Cites = []


class Hypothesis(Wire):
    """A possible cause. `because` runs from cause to symptom; an observed reason always cites."""

    id: str
    title: str
    fault_id: Maybe[str] = None
    category: Category
    strength: Strength
    because: list[Reason] = []
    against: list[Objection] = []
    ruled_out: bool = False
    ruled_out_because: Maybe[str] = None


class Check(Wire):
    """A question to put to the running system. `tests` names hypotheses by id."""

    id: str
    text: str
    command: Maybe[str] = None
    risk: Risk
    tests: list[str] = []
    if_so: str = ""
    if_not: str = ""


class Action(Wire):
    id: str
    kind: Literal["mitigate", "fix", "prevent"]
    text: str
    command: Maybe[str] = None
    risk: Risk
    undo: Maybe[str] = None
    verify: Maybe[str] = None


class Coverage(Wire):
    """What was looked at, so that silence can be weighed. `truncated` says some evidence was not read to its end."""

    lines: int = 0
    bytes: int = 0
    first_at: Maybe[str] = None
    last_at: Maybe[str] = None
    kinds: list[str] = []
    unparsed_lines: int = 0
    truncated: bool = False


class SeenBefore(Wire):
    case_id: str
    at: str
    resolution: Maybe[str] = None


class EngineUsed(Wire):
    name: Literal["embedded", "llm"]
    model: Maybe[str] = None
    versions: dict[str, str] = {}
    redactions: Maybe[dict[str, int]] = None


class Report(Wire):
    """One diagnosis. See the module for how its parts hang together."""

    headline: str = Field(max_length=120)
    summary: str = Field(max_length=600)
    response: str
    verdict: Verdict
    onset: Maybe[Onset] = None
    timeline: list[Moment] = []
    observations: list[Observation] = []
    findings: list[str] = []
    hypotheses: list[Hypothesis] = []
    next_checks: list[Check] = []
    actions: list[Action] = []
    recommendations: list[str] = []
    missing: list[str] = []
    citations: list[Citation] = []
    coverage: Coverage = Coverage()
    seen_before: list[SeenBefore] = []
    confidence_score: Maybe[Annotated[float, Field(ge=0, le=1)]] = None
    engine: EngineUsed
