"""No pattern that meets evidence takes more than linear time, whatever the text: each is fed its own bait."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

import pytest
from tests.unit.diagnosis.baiting import Bait, Used, patterns

from faultmaven.diagnosis.catalogue.patterns import Pattern

# What is longer never reaches these: the code that uses them cuts the text to so many characters, and says so there.
BOUNDED: Mapping[str, int] = {
    "catalogue.questions._ASKS[1]": 400,
    "catalogue.questions._ASKS[6]": 400,
    "mentions._CODE": 400,
    "naming._FRAMES[1]": 500,
    "naming._FRAMES[2]": 500,
    "naming._FRAMES[5]": 500,
    "questions._IDENTIFIER": 2_000,
    "readers.ruby_traces._ABOVE": 2_000,
    "readers.rust_traces._OLD": 4_000,
    "readers.structured._PAIR": 4_000,
    "structured.nginx_text._TOKEN": 4_000,
}
SIZES = (22, 30, 40, 60, 100, 400, 1_600, 6_400)
LARGE = 40_000
# Linear is 1; a machine that is busy, and caches that are left behind, make it more; quadratic is 4 at every step.
FACTOR = 2.5
# What a pattern for short texts may cost at its longest, in searches of a plain word through a large text.
PLAIN, ENOUGH = Used("here", re.compile("[b-z]+a"), frozenset(["search"])), 400
# In seconds; below this nothing can be told apart.
NOTICEABLE = 0.0005


def cost(used: Used, bait: Bait, size: int) -> float:
    """The least CPU time of a few tries, in seconds."""
    text, least = bait.text(size), float("inf")
    for _ in range(3):
        began = time.process_time()
        used.spend(text)
        least = min(least, time.process_time() - began)
        if not NOTICEABLE < least < 0.1:
            break
    return least


def slower_than_linear(used: Used, most: int = LARGE) -> str | None:
    """The first bait that costs more than its share; the largest size is tried with what cost most until then."""
    sizes = [size for size in SIZES if size < most]
    spent: dict[Bait, float] = {}
    for bait in used.baits():
        spent[bait] = NOTICEABLE
        for before, size in zip((size for size in (sizes[0], *sizes)), sizes, strict=False):
            now = cost(used, bait, size)
            if _is_too_much(spent[bait], now, before, size):
                return f"{bait}: {before} characters {spent[bait]:.4f} s, {size} characters {now:.4f} s"
            spent[bait] = now
    for bait in sorted(spent, key=lambda bait: -spent[bait])[:2]:
        now = cost(used, bait, most)
        if _is_too_much(spent[bait], now, sizes[-1], most):
            return f"{bait}: {sizes[-1]} characters {spent[bait]:.4f} s, {most} characters {now:.4f} s"
    return None


def _is_too_much(spent: float, now: float, before: int, size: int) -> bool:
    return now > FACTOR * size / before * max(spent, NOTICEABLE)


# Commands are the catalogue's and the engines' own words, of which only the names come from evidence.
ALL = [used for used in patterns() if not used.where.startswith("commands.") or "KINDS" in used.where]


@pytest.mark.parametrize("used", ALL, ids=[used.where for used in ALL])
def test_a_pattern_takes_linear_time_on_its_own_bait(used: Used) -> None:
    if most := BOUNDED.get(used.where):
        assert worst(used, most) < ENOUGH * cost(PLAIN, Bait("", "a"), LARGE)
    else:
        assert slower_than_linear(used) is None


def worst(used: Used, size: int) -> float:
    """What the most expensive bait costs; a second try is for those that seem to cost a lot."""
    once = {bait: once_over(used, bait.text(size)) for bait in used.baits()}
    return min(max(once.values()), cost(used, max(once, key=lambda bait: once[bait]), size))


def once_over(used: Used, text: str) -> float:
    began = time.process_time()
    used.spend(text)
    return time.process_time() - began


@pytest.mark.parametrize("bad", [r"(a+)+$", r"a*a*b", r"\s*x", r"(?: {2,}|\t)+y", r"(\w+)@(\w+)"])
def test_the_bait_tells_a_slow_pattern(bad: str) -> None:
    """That a pattern passes means something: these classics do not."""
    assert slower_than_linear(Used("here", re.compile(bad), frozenset(["search"])))


@pytest.mark.parametrize("backtracking", [r"(a)\1", r"a(?=b)", r"(?<=a)b", r"(?>a+)b"])
def test_patterns_of_the_catalogue_cannot_backtrack(backtracking: str) -> None:
    """They are RE2's, which knows nothing that needs it."""
    with pytest.raises(ValueError, match="RE2"):
        Pattern(backtracking)
