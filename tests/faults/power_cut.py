"""What a power cut may leave of the files of a server that was killed: see failing_disk.c for how it is known.

Every write, truncation and renaming that no sync has made durable is there or not, each by chance, and independently of
the others: that is more than real disks do, and all that may be relied upon.
"""

from __future__ import annotations

import os
import random
import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# As `struct note` in failing_disk.c.
HEAD = struct.Struct("=4sIIIQQQ")


@dataclass(slots=True)
class Note:
    """`before` is what was there, `after` what was written; of a renaming, the old path and the new."""

    kind: str
    inode: int
    offset: int
    size: int
    before: bytes
    after: bytes
    durable: bool = False


def cut_power(journal: Path, folder: Path, chance: random.Random, likely: float) -> int:
    """After every kill: what may be lost is lost with this probability, the journal begins anew. How much was lost."""
    if not journal.exists():
        return 0
    paths = {path.stat().st_ino: path for path in folder.rglob("*") if path.is_file()}
    changes = _durability(_notes(journal.read_bytes()))
    losing = {id(note) for notes in changes.values() for note in notes if not note.durable and chance.random() < likely}
    for inode, notes in changes.items():
        first = next((n for n, note in enumerate(notes) if id(note) in losing), None)
        if first is not None and inode in paths:
            _rewrite(paths[inode], notes[first:], losing)
    for notes in changes.values():
        _rename_back([note for note in notes if note.kind == "R" and id(note) in losing])
    journal.unlink()
    return len(losing)


def _notes(journal: bytes) -> Iterator[Note]:
    at = 0
    while at < len(journal):
        if at + HEAD.size > len(journal):
            return
        kind, before, length, _, inode, offset, size = HEAD.unpack_from(journal, at)
        at += HEAD.size
        if at + before + length > len(journal):
            return  # killed while it was being noted, so the change itself was never made
        yield Note(
            kind.rstrip(b"\0").decode(),
            inode,
            offset,
            size,
            journal[at : at + before],
            journal[at + before : at + before + length],
        )
        at += before + length


def _durability(notes: Iterator[Note]) -> dict[int, list[Note]]:
    """The changes of each file. A sync that succeeds makes durable what came before it, but not what came before one
    that failed: the kernel has forgotten by then that it is to be written."""
    changes: dict[int, list[Note]] = defaultdict(list)
    pending: dict[int, list[Note]] = defaultdict(list)
    for note in notes:
        if note.kind in "SF":
            for one in pending.pop(note.inode, ()):
                one.durable = note.kind == "S"
        else:
            if _is_of_new_file(note, changes[note.inode]):
                changes[note.inode].clear()
                pending[note.inode].clear()
            changes[note.inode].append(note)
            pending[note.inode].append(note)
    return changes


def _is_of_new_file(note: Note, before: list[Note]) -> bool:
    """The first write into an empty file that nobody has emptied: what was noted before was another, removed file's,
    whose inode this one has been given."""
    return note.kind == "W" and note.size == 0 and bool(before) and before[-1].kind == "W"


def _rename_back(losing: list[Note]) -> None:
    for note in reversed(losing):
        new = Path(os.fsdecode(note.after))
        if new.exists():
            new.rename(os.fsdecode(note.before))


def _rewrite(path: Path, since: list[Note], losing: set[int]) -> None:
    """Takes all of it back, newest first, then does again what is not lost."""
    with path.open("r+b") as file:
        for note in reversed(since):
            file.seek(note.offset)
            file.write(note.before)
            file.truncate(note.size)
        for note in since:
            if id(note) in losing:
                continue
            if note.kind == "T":
                file.truncate(note.offset)
            else:
                file.seek(note.offset)
                file.write(note.after)
