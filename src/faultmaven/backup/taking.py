"""Takes a data folder as it is at one moment, while a server goes on working in it.

A piece of evidence is never changed; its file is whole before its row is committed, and its row is gone before its file
is. So a hard link to each file, and one snapshot of the database, are consistent if every row of the snapshot has its
link. Links are made before the snapshot, since there may be many, and once more right after it, for what came between.
Where the server has deleted one of those already, the snapshot is given up for a newer one, in which its row is gone.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from faultmaven.backup import source
from faultmaven.backup.archive import DATABASE, EVIDENCE, FORMAT, Manifest, Member, Tell
from faultmaven.backup.source import Refused, Row, Source
from faultmaven.evidence.store import OUTGOING, Store
from faultmaven.scratch import scratch

# File systems without links, or with a limit to them: the file is copied then.
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)

# Given the bytes that some work will go through, what to tell how far it has come.
Watch = Callable[[int], Tell]


@dataclass(frozen=True, slots=True)
class Taken:
    """A data folder at one moment. Its files are there as long as the context of `take` is."""

    manifest: Manifest
    at: int
    _files: dict[str, Path]

    def place(self, member: Member) -> Path:
        return self._files[member.name]


@contextmanager
def take(data_dir: Path, workspace: Path, watch: Watch) -> Iterator[Taken]:
    """`workspace` is an empty folder with room for the database. Raises Refused or OSError."""
    store = Store(data_dir / EVIDENCE)
    copy = workspace / DATABASE
    with source.opened(data_dir / DATABASE) as database, scratch(data_dir / EVIDENCE, OUTGOING) as links:
        shelf = _Shelf(store, links, workspace)
        shelf.add(database.evidence())
        rows = _hold(database, shelf)
        at = int(time.time())
        schema_version = database.schema_version()
        database.copy(copy, watch(database.size()))
        database.let_go()
        source.check(copy)
        members = [Member(name=EVIDENCE + row.id, size=row.size, sha256=row.sha256) for row in rows]
        manifest = Manifest(
            product="faultmaven",
            version=version("faultmaven"),
            format=FORMAT,
            schema_version=schema_version,
            created_at=datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            members=[_member(copy), *members],
        )
        yield Taken(manifest, at, {DATABASE: copy} | {EVIDENCE + row.id: shelf.files[row.id] for row in rows})


def _hold(database: Source, shelf: _Shelf) -> list[Row]:
    """The rows of a snapshot that is held from here on, with a file for each."""
    lost: set[str] = set()
    while True:
        database.hold()
        rows = database.evidence()
        missing = shelf.add(rows)
        if not missing:
            return rows
        database.let_go()
        # Deleted before the next snapshot, it has no row there. Whoever has one and no file did not go that way.
        if broken := sorted(missing & lost):
            raise Refused(
                f"The evidence {broken[0]} has lost its file, so a backup would not be whole. Delete this evidence, or "
                "put the file back from an earlier backup; then try again."
            )
        lost = missing


class _Shelf:
    """Names of our own for files that the server may delete at any time."""

    def __init__(self, store: Store, links: Path, copies: Path) -> None:
        self.files: dict[str, Path] = {}
        self._store = store
        self._links = links
        self._copies = copies

    def add(self, rows: list[Row]) -> set[str]:
        """The ids of those whose file is gone."""
        return {row.id for row in rows if row.id not in self.files and not self._add(row)}

    def _add(self, row: Row) -> bool:
        path = self._store.path(row.id)
        try:
            self.files[row.id] = self._kept(path)
        except FileNotFoundError:
            return False
        if (size := self.files[row.id].stat().st_size) != row.size:
            raise Refused(
                f"The file {path} has {size:,} bytes, not the {row.size:,} that were once stored in it, so a backup "
                "would be worth nothing. Delete this evidence, or put the file back from an earlier backup; then try "
                "again."
            )
        return True

    def _kept(self, path: Path) -> Path:
        try:
            os.link(path, self._links / path.name, follow_symlinks=False)
            return self._links / path.name
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
        shutil.copyfile(path, self._copies / path.name, follow_symlinks=False)
        return self._copies / path.name


def _member(copy: Path) -> Member:
    with copy.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Member(name=DATABASE, size=copy.stat().st_size, sha256=digest)
