"""What a piece of evidence is called: its file's name, and as much of the folders before it as sets it apart."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from faultmaven.diagnosis.sources import EARLIER_QUESTION, QUESTION

STDIN = "-"
# A report speaks of the question itself under these names; a file must not be taken for it.
_TAKEN = (QUESTION, EARLIER_QUESTION)

_STDIN = ["stdin"]


def distinct_names(paths: Sequence[str]) -> list[str]:
    """One name for each path, no two alike as long as no two paths are."""
    parts = [_parts(path) for path in paths]
    return [_shortest(own, [*parts[:at], *parts[at + 1 :]]) for at, own in enumerate(parts)]


def _parts(path: str) -> list[str]:
    if path == STDIN:
        return _STDIN
    # Names are text that travels as JSON, whatever bytes the file system allows in them.
    return os.fsencode(Path(path).absolute()).decode("utf-8", "replace").strip("/").split("/")


def _shortest(own: Sequence[str], others: Sequence[Sequence[str]]) -> str:
    for depth in range(1, len(own) + 1):
        name = _tail(own, depth)
        if name not in _TAKEN and all(name != _tail(other, depth) for other in others):
            return name
    return "/".join(own) if own is _STDIN else "/" + "/".join(own)


def _tail(parts: Sequence[str], depth: int) -> str:
    return "/".join(parts[-depth:])
