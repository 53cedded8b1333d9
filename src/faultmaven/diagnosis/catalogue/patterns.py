"""RE2, typed: matching takes time linear in the text, whatever the pattern and whoever wrote the text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import re2

# All patterns together form one automaton; its states are built as texts demand them, and this is what they may take.
_SET_BYTES = 64 << 20


def _options(max_mem: int | None = None) -> Any:
    options = re2.Options()
    options.log_errors = False
    if max_mem is not None:
        options.max_mem = max_mem
    return options


def encode(text: str) -> bytes:
    """UTF-8 for any text, lone surrogates included (as `?`)."""
    return text.encode("utf-8", "replace")


class Pattern:
    """One compiled pattern. Raises ValueError for what RE2 does not accept."""

    def __init__(self, source: str) -> None:
        try:
            self._compiled: Any = re2.compile(source, _options())
        except re2.error as problem:
            raise ValueError(f"not an RE2 pattern: {source!r} ({_reason(problem)})") from problem

    def found_in(self, text: bytes) -> bool:
        return self._compiled.search(text) is not None

    def names_in(self, text: bytes) -> dict[str, str] | None:
        """The named groups that took part in the first match, or None where there is no match."""
        found = self._compiled.search(text)
        if found is None:
            return None
        return {name: value.decode("utf-8", "replace") for name, value in found.groupdict().items() if value}


class PatternSet:
    """Many patterns searched for in one pass over the text."""

    def __init__(self, sources: Iterable[str]) -> None:
        self._set: Any = re2.Set.SearchSet(_options(_SET_BYTES))
        for source in sources:
            self._set.Add(source)
        self._set.Compile()

    def matching(self, text: bytes) -> list[int]:
        """Positions of the patterns that occur in the text, ascending."""
        return sorted(self._set.Match(text) or ())


def _reason(problem: Exception) -> str:
    said = problem.args[0] if problem.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
