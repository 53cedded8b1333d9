"""Makes a data folder from a backup: all of it, or nothing.

The backup is read twice: once to know that all of it is what was written, and once more, checked again, into a folder
beside the one that is wanted, which takes its name when everything is on disk. What is derived from evidence, its index
of lines, is made anew by the code that makes it when evidence arrives.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO

from faultmaven import migrations
from faultmaven.backup import archive, source
from faultmaven.backup.archive import DATABASE, EVIDENCE, Manifest, Member, Newer, Tell
from faultmaven.backup.seal import Altered
from faultmaven.backup.source import Refused
from faultmaven.backup.taking import Watch
from faultmaven.errors import StorageFull, Unavailable
from faultmaven.evidence.store import Store
from faultmaven.files import new_file, storing, sync_folder, write_all
from faultmaven.scratch import scratch

# Beside the contents themselves: indexes, folders, and what a file system needs for itself.
_SPARE = 16 << 20


def verify(backup: BinaryIO, watch: Watch) -> Manifest:
    """Reads all of it and keeps nothing. Raises Altered or Newer."""
    return archive.read(backup, lambda manifest: _known(manifest, watch), _nowhere)


def restore(backup: BinaryIO, data_dir: Path, watch: Watch) -> Manifest:
    """`backup` is a file, not a pipe. Raises Altered, Newer, Refused or OSError; nothing has changed then."""
    data_dir = data_dir.resolve()
    _check_place(data_dir)
    verify(backup, watch)
    backup.seek(0)
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with scratch(data_dir.parent, data_dir.name) as folder:
        manifest = _fill(folder, backup, watch)
        _rename(folder, data_dir)
    sync_folder(data_dir.parent)
    return manifest


def _fill(folder: Path, backup: BinaryIO, watch: Watch) -> Manifest:
    """All of the backup, on disk."""
    store = Store(folder / EVIDENCE)
    store.prepare()

    def begin(manifest: Manifest) -> Tell:
        _check_room(manifest, folder)
        return _known(manifest, watch)

    def receive(member: Member) -> AbstractContextManager[Callable[[bytes], object]]:
        return _database(folder) if member.name == DATABASE else _evidence(store, member)

    try:
        manifest = archive.read(backup, begin, receive)
    except StorageFull as error:
        raise Refused(f"There is no space left in {folder.parent}.") from error
    _check_rows(folder / DATABASE, manifest)
    for inner in (folder / EVIDENCE, folder):
        sync_folder(inner)
    return manifest


def _known(manifest: Manifest, watch: Watch) -> Tell:
    try:
        migrations.is_newest(manifest.schema_version)
    except Unavailable as error:
        raise Newer(manifest.version) from error
    return watch(manifest.size)


@contextmanager
def _nowhere(_member: Member) -> Iterator[Callable[[bytes], object]]:
    yield len


@contextmanager
def _database(folder: Path) -> Iterator[Callable[[bytes], object]]:
    with storing(), new_file(folder / DATABASE) as file:
        yield lambda data: write_all(file, data)
        os.fsync(file.fileno())


@contextmanager
def _evidence(store: Store, member: Member) -> Iterator[Callable[[bytes], object]]:
    draft = store.draft(member.size, member.name.removeprefix(EVIDENCE))
    yield draft.write
    draft.keep()


def _check_rows(database: Path, manifest: Manifest) -> None:
    """What the database names is what came with it: a server must not find out later."""
    named = {(EVIDENCE + row.id, row.size, row.sha256) for row in source.evidence_in(database)}
    if named != {(member.name, member.size, member.sha256) for member in manifest.evidence}:
        raise Altered("the evidence in it is not the evidence that its database names")


def _check_room(manifest: Manifest, folder: Path) -> None:
    free, wanted = shutil.disk_usage(folder).free, manifest.size + _SPARE
    if free < wanted:
        raise Refused(f"It takes {wanted:,} bytes, and {folder.parent} has {free:,} left.")


def _check_place(data_dir: Path) -> None:
    """Only where nothing is. Raises Refused."""
    if not data_dir.exists():
        return
    if not data_dir.is_dir():
        raise Refused(f"{data_dir} is not a folder; name another with --data-dir.")
    if _served(data_dir / "lock"):
        raise Refused(
            f"A server is using {data_dir}. Restore into another folder with --data-dir; or stop the server, move the "
            "folder out of the way, and try again."
        )
    if any(data_dir.iterdir()):
        raise Refused(
            f"{data_dir} is not empty, and what is in it is never overwritten. Restore into another folder with "
            "--data-dir, or move this one out of the way and try again."
        )
    if data_dir.is_mount():
        raise Refused(
            f"{data_dir} is where a file system is mounted, so no other folder can take its name. Restore into a "
            f"folder in it, such as --data-dir {data_dir / 'faultmaven'}, and serve that one."
        )


def _served(lock: Path) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _rename(folder: Path, data_dir: Path) -> None:
    """Takes the place of nothing, or of an empty folder. A server may have begun to use it in the meantime."""
    try:
        folder.rename(data_dir)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        raise Refused(f"{data_dir} is not empty any more; restore into another folder with --data-dir.") from error
