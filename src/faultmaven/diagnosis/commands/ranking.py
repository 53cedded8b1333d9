"""Which risk outweighs which."""

from __future__ import annotations

from collections.abc import Iterable

from faultmaven.diagnosis.commands.shell import Word
from faultmaven.diagnosis.report import Risk

# What is known to change something outweighs what is not known: a reader is told the most that is certain.
_RANK: dict[Risk, int] = {"read_only": 0, "unknown": 1, "changes_state": 2, "destructive": 3}


def worst(risks: Iterable[Risk]) -> Risk:
    """The gravest of them; of none, read_only."""
    return max(risks, key=_RANK.__getitem__, default="read_only")


def unless_dynamic(words: Iterable[Word], risk: Risk) -> Risk:
    """The risk, or unknown if it is less: what the shell puts in place of a variable may be an option."""
    return worst([risk, "unknown" if any(word.dynamic for word in words) else "read_only"])
