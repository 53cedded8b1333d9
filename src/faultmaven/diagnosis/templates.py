"""Templates: messages that differ only in their variable parts, told as one.

Signatures come in by the thousand. Each becomes a row of words with the obviously variable ones masked; equal rows are
one template, and rows of the same length that agree in most words are merged, the differing words becoming `<*>`
(the idea of Drain: He et al., ICWS 2017). What does not fit is dropped, common routine first, never errors before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, zip_longest
from operator import eq
from typing import Any

import re2

from faultmaven.diagnosis.digest import Level, Template
from faultmaven.diagnosis.words import TROUBLE

MOST_TEMPLATES = 300
WILD = "<*>"
_MOST_WORDS = 60
_LONGEST_WORD = 300
_ALIKE = 0.75
_FEWEST_WORDS = 4
# Looking further back than this for a row to merge with costs more than it finds.
_MOST_COMPARED = 40
_ERROR_SHARE, _BIG_SHARE, _WARNING_SHARE, _WORDED_SHARE = 150, 50, 40, 30

_TROUBLE: Any = re2.compile(TROUBLE.encode())
_SPLIT = re.compile(r"""([\s,;()\[\]{}"'<>|]+)""")
_WITH_DIGIT = re.compile(r"\d")
_HEX = re.compile(r"(?i)(?:[0-9a-f]{8,}|[0-9a-f]{2,}(?:[:-][0-9a-f]{2,}){2,})")
# Names whose digits are part of the name: error codes, versions of protocols, `s3` and `k8s`.
_NAMED = re.compile(r"[A-Z]{1,8}[-_]?\d{1,6}|[a-z]{1,4}\d{1,2}|[a-z]\d[a-z]{1,8}")
_JOINT = re.compile(r"([=:/@&?])")
_RUN = re.compile(r"<\*>(?:[=:/@&?]<\*>)+")


@dataclass(slots=True)
class Row:
    """One or more signatures that say the same. `gaps` stand between the words and are never masked."""

    words: list[str]
    gaps: tuple[str, ...]
    template: Template

    @property
    def text(self) -> str:
        return _woven(self.words, self.gaps)


def mask(text: str) -> str:
    """The text with its variable words replaced."""
    return _woven(*_split(text, None))


def merge(templates: Iterable[Template], reserved: int = 0) -> list[Template]:
    """`text` comes in as the plain message and goes out as its template; at most MOST_TEMPLATES less those `reserved`,
    in line order."""
    exact: dict[tuple[object, ...], Row] = {}
    for template in sorted(templates, key=_first_line):
        words, gaps = _split(template.text, template.status)
        key = (template.level, template.status, template.component, *words, *gaps)
        if row := exact.get(key):
            row.template = _joined(row.template, template)
        else:
            exact[key] = Row(words, gaps, template)
    rows = _alike(exact.values())
    return _chosen([replace(row.template, text=row.text) for row in rows], MOST_TEMPLATES - reserved)


def _split(text: str, status: int | None) -> tuple[list[str], tuple[str, ...]]:
    """Words and the gaps between them. A status is no variable part: it says what kind of answer it was."""
    parts = _SPLIT.split(text, _MOST_WORDS)
    kept = str(status)
    return [word if word == kept else _masked(word[:_LONGEST_WORD]) for word in parts[::2]], tuple(parts[1::2])


def _woven(words: Sequence[str], gaps: Sequence[str]) -> str:
    return "".join(chain.from_iterable(zip_longest(words, gaps, fillvalue="")))


@lru_cache(maxsize=20_000)
def _masked(word: str) -> str:
    if not _WITH_DIGIT.search(word):
        return WILD if _HEX.fullmatch(word) and len(word) >= 12 else word
    if _NAMED.fullmatch(word) and not _HEX.fullmatch(word):
        return word
    # `took=35ms` and `/users/35` keep what names the value.
    parts = _JOINT.split(word)
    if len(parts) == 1:
        return WILD
    return _RUN.sub(WILD, "".join(_masked(part) for part in parts))


def _alike(rows: Iterable[Row]) -> list[Row]:
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        template = row.template
        group = groups.setdefault((template.level, template.status, template.component, row.words[0], *row.gaps), [])
        if twin := next((other for other in group[-_MOST_COMPARED:] if _agree(row.words, other.words)), None):
            twin.words = [mine if mine == other else WILD for mine, other in zip(twin.words, row.words, strict=True)]
            twin.template = _joined(twin.template, template)
        else:
            group.append(row)
    return [row for group in groups.values() for row in group]


def _agree(one: Sequence[str], other: Sequence[str]) -> bool:
    """Most words must be the same, and short messages must not melt into one another."""
    return len(one) >= _FEWEST_WORDS and sum(map(eq, one, other)) >= _ALIKE * len(one)


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
