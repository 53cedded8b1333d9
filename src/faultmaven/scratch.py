"""Folders for work in progress. Whoever is killed leaves one behind, and the next to come that way clears it away.

Each is held by a lock of the kernel, which ends with its process: what nobody holds, nobody works in.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# A name may have 255 bytes, and ours has some more than the one it is made from.
_STEM_BYTES = 200


@contextmanager
def scratch(parent: Path, stem: str) -> Iterator[Path]:
    """A new folder of one's own, for the owner only, gone at the end unless it was renamed. Raises OSError."""
    clear(parent, stem)
    folder, lock = _claimed(parent, _short(stem))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def clear(parent: Path, stem: str) -> None:
    """Removes what was left in `parent` under this stem by processes that are no more."""
    left = re.compile(rf"\.{re.escape(_short(stem))}\.[0-9a-f]{{16}}\.unfinished")
    with os.scandir(parent) as entries:
        folders = [Path(entry.path) for entry in entries if left.fullmatch(entry.name)]
    for folder in folders:
        with suppress(OSError):  # held, or being removed by somebody else
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(lock)


def _claimed(parent: Path, stem: str) -> tuple[Path, int]:
    """A new folder and its lock. Another process may clear it away before it is locked; then it is made anew."""
    while True:
        folder = parent / f".{stem}.{secrets.token_hex(8)}.unfinished"
        folder.mkdir(mode=0o700)
        with suppress(FileNotFoundError):
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():
                return folder, lock
            os.close(lock)


def _short(stem: str) -> str:
    return os.fsdecode(os.fsencode(stem)[:_STEM_BYTES])
