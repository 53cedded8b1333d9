"""Templates: messages that differ only in their variable parts, told as one.

Signatures come in by the thousand. Each becomes a row of words with the obviously variable ones masked; equal rows are
one template, and rows of the same length that agree in most words are merged, the differing words becoming `<*>`
(the idea of Drain: He et al., ICWS 2017). A place where many words were seen between the same others is variable too.
What does not fit is dropped, common routine first, never errors before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import eq
from typing import Any

import re2

from faultmaven.diagnosis.digest import Level, Template
from faultmaven.diagnosis.masking import WILD, split, woven
from faultmaven.diagnosis.words import TROUBLE

MOST_TEMPLATES = 300
_QUOTES = ('"', "'")
# For each word that differs so many must be the same.
_SAME_EACH = 3
# In a place between so many words that are always the same, so many different ones make it variable.
_VALUES = {1: 6, 2: 3}
# So many addresses asked for with the same outcome are one kind of request, unless they failed.
_MOST_ADDRESSES = 10
# So many different rests behind the same beginning are one.
_MOST_TAILS, _MOST_EACH, _LONGEST_HEAD = 8, 6, 8
_PREPOSITIONS = frozenset(("for", "from", "of", "with", "by", "named", "called"))
_OPENS = re.compile(r"[a-z][\w-]*:")
# Longer rows are not searched for such places.
_MOST_PLACES = 14
# Looking further back than this for a row to merge with costs more than it finds.
_MOST_COMPARED = 40
_ERROR_SHARE, _BIG_SHARE, _WARNING_SHARE, _WORDED_SHARE = 150, 50, 40, 30

_TROUBLE: Any = re2.compile(TROUBLE.encode())
_LABEL = re.compile(r"[A-Z][A-Z0-9_-]+:")
_LETTER = re.compile(r"[^\W\d_]")
_PLACED = re.compile(r"~?[./]{0,2}/|[A-Za-z][\w+.-]*://")


@dataclass(slots=True)
class Row:
    """One or more signatures that say the same, their templates joined. `gaps` stand between the words and are never
    masked."""

    words: list[str]
    gaps: tuple[str, ...]
    template: Template
    members: list[Template]

    @property
    def speaker(self) -> str:
        """How the message names its own component, if it does."""
        return f"{self.template.component}:"

    @property
    def text(self) -> str:
        return woven(self.words, self.gaps)


def merge(templates: Iterable[Template], reserved: int = 0) -> list[Template]:
    """`text` comes in as the plain message and goes out as its template; at most MOST_TEMPLATES less those `reserved`,
    in line order."""
    return _chosen([replace(row.template, text=row.text) for row in rows(templates)], MOST_TEMPLATES - reserved)


def rows(templates: Iterable[Template]) -> list[Row]:
    exact: dict[tuple[object, ...], Row] = {}
    for template in sorted(templates, key=_first_line):
        words, gaps = split(template.text, template.status)
        key = (template.level, template.status, template.component, *words, *gaps)
        if row := exact.get(key):
            row.template = _joined(row.template, template)
            row.members.append(template)
        else:
            exact[key] = Row(words, gaps, template, [template])
    return _alike(exact.values())


def _alike(rows: Iterable[Row]) -> list[Row]:
    groups: dict[tuple[object, ...], dict[str, list[Row]]] = {}
    for row in rows:
        template = row.template
        labels = tuple(word for word in row.words if _LABEL.fullmatch(word))
        subjects = groups.setdefault((template.level, template.status, template.component, labels, row.gaps), {})
        same = subjects.setdefault(_subject(row), [])
        if twin := next((other for other in same[-_MOST_COMPARED:] if _agree(row, other)), None):
            _join(twin, row)
        else:
            same.append(row)
    return _shortened(
        [row for subjects in groups.values() for row in _varied([row for same in subjects.values() for row in same])]
    )


def _join(row: Row, other: Row) -> None:
    row.words = [mine if mine == its else WILD for mine, its in zip(row.words, other.words, strict=True)]
    row.template = _joined(row.template, other.template)
    row.members += other.members


def _subject(row: Row) -> str:
    """The first word that says something: messages that begin with different ones are different."""
    return next((word for word in row.words if _says(word) and word != row.speaker), "")


@lru_cache(maxsize=20_000)
def _says(word: str) -> bool:
    """Neither a value, nor a label, nor the name or the address of something."""
    if WILD in word or word[:1] in _QUOTES or _PLACED.match(word) or _LABEL.fullmatch(word):
        return False
    return bool(_LETTER.search(word))


def _agree(one: Row, other: Row) -> bool:
    """Most words must be the same, and short messages must not melt into one another."""
    if one.template.status:
        # Of requests the address says what they are.
        same = sum(map(eq, one.words, other.words))
        return len(one.words) > _SAME_EACH and same >= _SAME_EACH * (len(one.words) - same)
    same = differing = 0
    for mine, its in zip(one.words, other.words, strict=True):
        if mine == its:
            same += _says(mine) and mine != one.speaker
        elif _says(mine) or _says(its):
            differing += 1
    return same > 0 and same >= _SAME_EACH * differing


def _varied(group: list[Row]) -> list[Row]:
    """Rows that differ in one word only are one, if that place takes enough different ones."""
    if len(group) < 3 or len(group[0].words) > _MOST_PLACES:
        return group
    for place in range(len(group[0].words)):
        alike: dict[tuple[str, ...], list[Row]] = {}
        for row in group:
            alike.setdefault((*row.words[:place], *row.words[place + 1 :]), []).append(row)
        gone: set[int] = set()
        for others, rows in alike.items():
            if len(rows) >= _enough(rows, sum(_says(word) and word != rows[0].speaker for word in others)):
                for row in rows[1:]:
                    _join(rows[0], row)
                    gone.add(id(row))
        group = [row for row in group if id(row) not in gone]
    return group


def _enough(rows: list[Row], same: int) -> int:
    """How many different words make a place variable that stands between so many that are the same."""
    if rows[0].template.status:
        return _MOST_ADDRESSES if rows[0].template.status < 400 else len(rows) + 1
    if len({_subject(row) for row in rows}) > 1:
        return 3 if same > _SAME_EACH else len(rows) + 1
    return _VALUES.get(same, 3 if same else len(rows) + 1)


def _shortened(rows: list[Row]) -> list[Row]:
    """Routine messages that go on differently behind the same words, none of them often: the rest is what was given."""
    heads: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        if (end := _end_of_head(row)) and row.template.level in ("unknown", "info", "debug"):
            head = (row.template.level, row.template.component, *row.words[:end], *row.gaps[:end])
            heads.setdefault(head, []).append(row)
    gone: set[int] = set()
    for alike in heads.values():
        often = sum(row.template.count for row in alike) > _MOST_EACH * len(alike)
        if len(alike) >= _MOST_TAILS and not often and len(alike) <= len(rows) / 2:
            end = _end_of_head(alike[0])
            first = alike[0]
            first.words, first.gaps = [*first.words[:end], WILD], first.gaps[:end]
            for row in alike[1:]:
                first.template = _joined(first.template, row.template)
                first.members += row.members
                gone.add(id(row))
    return [row for row in rows if id(row) not in gone]


def _end_of_head(row: Row) -> int:
    """How many words come before what a message is about: up to the first preposition, or a colon that is not the
    speaker's; 0 where there is none, or nothing but a label before it."""
    said = 0
    for index, word in enumerate(row.words[:_LONGEST_HEAD]):
        if index + 1 < len(row.words) and (
            word in _PREPOSITIONS or ((said or word != row.speaker) and _OPENS.fullmatch(word))
        ):
            labelled = any(_LABEL.fullmatch(before) for before in row.words[:index])
            if said or labelled:
                return index + 1
        said += _says(word) and word != row.speaker
    return 0


def _joined(one: Template, other: Template) -> Template:
    lines = sorted({*one.lines, *other.lines})
    if len(lines) > 5:
        lines = [lines[0], *(lines[1:-1][:: max(1, (len(lines) - 2) // 3)][:3]), lines[-1]]
    times = [at for at in (one.first_at, one.last_at, other.first_at, other.last_at) if at]
    return replace(
        one,
        count=one.count + other.count,
        lines=tuple(lines),
        first_at=min(times, default=None),
        last_at=max(times, default=None),
    )


def _chosen(templates: list[Template], most: int) -> list[Template]:
    if len(templates) <= most:
        return sorted(templates, key=_first_line)
    chosen: dict[tuple[int, str], Template] = {}
    for share, ranked in _rankings(templates):
        room = min(share, most - len(chosen))
        fresh = [template for template in ranked if (template.lines[0], template.text) not in chosen]
        chosen.update({(template.lines[0], template.text): template for template in fresh[:room]})
    return sorted(chosen.values(), key=_first_line)


def _rankings(templates: list[Template]) -> Iterable[tuple[int, list[Template]]]:
    """Errors, the biggest, warnings, what sounds like trouble, the rare: each gets its share, what is left the rare."""
    order: dict[Level, int] = {"fatal": 0, "error": 1}
    big = sorted(templates, key=lambda template: (-template.count, template.lines[0]))
    errors = [template for template in templates if template.is_error]
    yield _ERROR_SHARE // 2, sorted(errors, key=lambda template: (order[template.level], template.lines[0]))
    yield _ERROR_SHARE // 2, [template for template in big if template.is_error]
    yield _BIG_SHARE, big
    yield _WARNING_SHARE, [template for template in big if template.level == "warning"]
    routine = [template for template in big if template.level not in ("fatal", "error", "warning")]
    yield (
        _WORDED_SHARE,
        [template for template in routine if _TROUBLE.search(template.sample.encode("utf-8", "replace"))],
    )
    yield MOST_TEMPLATES, sorted(templates, key=lambda template: (template.count, template.lines[0]))


def _first_line(template: Template) -> int:
    return template.lines[0]
