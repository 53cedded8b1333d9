"""A message as words, those masked that vary: numbers, ids, lists of values, digits in addresses and quotations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, zip_longest

WILD = "<*>"
_MOST_WORDS = 60
_LONGEST_WORD = 300
# What is quoted is one word, unless it names a field; so is an address.
_WHOLE = re.compile(
    r"""\b[a-z][a-z0-9+.-]{1,20}://[^\s"'<>()\[\]{}|]{1,1000}[^\s"'<>()\[\]{}|,;.:]"""
    r"""|(?<![\w"'\\])(?:"[^"\n]{1,300}"|'[^'\n]{1,300}')(?![\w"']|\s?:(?! [A-Za-z]))"""
)
_SPLIT = re.compile(r"""((?:[\s;=()\[\]{}"'<>|]|,(?=[\s,;()\[\]{}"'<>|]|$))+)""")
_LISTING = re.compile(r"[,;] ?")
_WITH_DIGIT = re.compile(r"\d")
_HEX = re.compile(r"(?i)(?:[0-9a-f]{8,}|[0-9a-f]{2,}(?:[:-][0-9a-f]{2,}){2,})")
# Names whose digits are part of the name: error codes, versions of protocols, `s3` and `k8s`.
_NAMED = re.compile(r"[A-Z]{1,8}[-_]?\d{1,6}|[a-z]{1,4}\d{1,2}|[a-z]\d[a-z]{1,8}")
_JOINT = re.compile(r"([:/@&?,])")
_RUN = re.compile(r"<\*>(?:[:/@&?,]<\*>)+")


def mask(text: str) -> str:
    """The text with its variable words replaced."""
    return woven(*split(text, None))


def split(text: str, status: int | None) -> tuple[list[str], tuple[str, ...]]:
    """Words and the gaps between them. A status is no variable part: it says what kind of answer it was."""
    parts, at = [""], 0
    for whole in _WHOLE.finditer(text[: _MOST_WORDS * _LONGEST_WORD]):
        _take(parts, text[at : whole.start()])
        parts[-1] += _masked_inside(whole[0])
        at = whole.end()
        if len(parts) >= 2 * _MOST_WORDS:
            break
    _take(parts, text[at:])
    kept = str(status)
    words = [word if word == kept or WILD in word else _masked(word[:_LONGEST_WORD]) for word in parts[::2]]
    return _without_lists(words, parts[1::2])


def _take(parts: list[str], text: str) -> None:
    """Adds words and gaps; the first goes on where the last left off."""
    first, *rest = _SPLIT.split(text, max(0, _MOST_WORDS - len(parts) // 2))
    parts[-1] += first
    parts += rest


def _masked_inside(text: str) -> str:
    pieces = _SPLIT.split(text)
    return "".join(chain.from_iterable(zip_longest(map(_masked, pieces[::2]), pieces[1::2], fillvalue="")))


def _without_lists(words: list[str], gaps: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """Values one behind the other are one, however many there are."""
    kept, between = words[:1], list[str]()
    for gap, word in zip(gaps, words[1:], strict=True):
        if word == WILD and kept[-1].endswith(WILD) and _LISTING.fullmatch(gap):
            continue
        kept.append(word)
        between.append(gap)
    return kept, tuple(between)


def woven(words: Sequence[str], gaps: Sequence[str]) -> str:
    return "".join(chain.from_iterable(zip_longest(words, gaps, fillvalue="")))


@lru_cache(maxsize=20_000)
def _masked(word: str) -> str:
    if not _WITH_DIGIT.search(word):
        return WILD if _HEX.fullmatch(word) and len(word) >= 12 else word
    if _NAMED.fullmatch(word) and not _HEX.fullmatch(word):
        return word
    # `/users/35` keeps what names the value.
    parts = _JOINT.split(word)
    if len(parts) == 1:
        return WILD
    return _RUN.sub(WILD, "".join(_masked(part) for part in parts))
