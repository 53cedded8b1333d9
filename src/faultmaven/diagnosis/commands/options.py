"""Telling options, their values and the other words of a command line apart, the way getopt does."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence, Set
from dataclasses import dataclass

from faultmaven.diagnosis.commands.shell import Word


@dataclass(frozen=True, slots=True)
class Arguments:
    """`options` are (name, value) with names as typed (`-n`, `--namespace`, `-out`); a bundle is taken apart."""

    options: tuple[tuple[str, str], ...]
    rest: tuple[Word, ...]

    def values(self, *names: str) -> list[str]:
        return [value for name, value in self.options if name in names]


def split(words: Sequence[Word], takes: Set[str], long_words: bool = False) -> Arguments:
    """`takes` names the options followed by a value; `long_words` says that one dash begins a whole word (`-out`)."""
    options: list[tuple[str, str]] = []
    rest: list[Word] = []
    queue = deque(words)
    while queue:
        word = queue.popleft()
        if word.text == "--":
            rest += queue
            break
        if not word.text.startswith("-") or word.text == "-":
            rest.append(word)
            continue
        for name, value in _named(word.text, takes, long_words):
            options.append((name, queue.popleft().text if value is None and queue else value or ""))
    return Arguments(tuple(options), tuple(rest))


def _named(text: str, takes: Set[str], long_words: bool) -> list[tuple[str, str | None]]:
    """The options one word holds; None stands for a value that is the next word."""
    if text.startswith("--") or long_words:
        name, equals, value = text.partition("=")
        return [(name, value if equals else None if name in takes else "")]
    found: list[tuple[str, str | None]] = []
    for at, letter in enumerate(text[1:], start=2):
        if f"-{letter}" in takes:
            return [*found, (f"-{letter}", text[at:] or None)]
        found.append((f"-{letter}", ""))
    return found


def vocabulary(text: str, separator: str | None = None) -> frozenset[str]:
    """The words of a text, separated by blanks unless told otherwise."""
    return frozenset(text.split(separator))
