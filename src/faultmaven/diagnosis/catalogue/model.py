"""A known fault, as the catalogue's YAML states it, and a match of one in evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pydantic import ConfigDict

from faultmaven.diagnosis.report import Category

# A key the catalogue's authors misspelt must stop the start, not be skipped.
_AS_WRITTEN = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class KnownCheck:
    """`command` may hold placeholders like `{pod}`; they are filled from a match's names or shown as `POD_NAME`."""

    __pydantic_config__ = _AS_WRITTEN

    text: str
    command: str | None = None
    if_so: str = ""
    if_not: str = ""


@dataclass(frozen=True, slots=True)
class KnownAction:
    __pydantic_config__ = _AS_WRITTEN

    kind: Literal["mitigate", "fix", "prevent"]
    text: str
    command: str | None = None
    undo: str | None = None
    verify: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """`role` says what a match proves: the failing component speaking of itself (`cause`), or another's report of it
    (`symptom`: "upstream refused the connection"), in which case `missing` names whose log would settle it.

    `patterns` are RE2 regular expressions over single lines; named groups become the match's names. A fault without any
    is found by an inspection of what the evidence states.
    `explains` lists ids of faults that this one brings about, so that the cause outranks its consequences.
    `headline` is the title as a sentence that names the thing it happened to, with slots like `{pod}`, and `{address}`
    for a host with its port where that is known; without all names it is the plain title.
    `aliases` are the short forms a person asks about ("what does ECONNREFUSED mean").
    """

    __pydantic_config__ = _AS_WRITTEN

    id: str
    title: str
    category: Category
    role: Literal["cause", "symptom"]
    explanation: str
    patterns: tuple[str, ...] = ()
    headline: str | None = None
    not_patterns: tuple[str, ...] = ()
    explains: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    checks: tuple[KnownCheck, ...] = ()
    actions: tuple[KnownAction, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A fault recognised in one line of text. `names` are the named groups, verbatim from the evidence: hostile until
    checked by the grammar of their kind."""

    fault: Fault
    names: dict[str, str] = field(default_factory=dict)
