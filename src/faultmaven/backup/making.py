"""Writes a backup: to a pipe as it comes, or to a file that is whole or not there."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedWriter
from pathlib import Path

from faultmaven.backup import archive, source
from faultmaven.backup.archive import DATABASE, Manifest
from faultmaven.backup.seal import Altered, Sink
from faultmaven.backup.source import Refused
from faultmaven.backup.taking import Watch, take
from faultmaven.files import new_file, sync_folder
from faultmaven.scratch import scratch


def to_file(data_dir: Path, file: Path, replace: bool, watch: Watch) -> Manifest:
    """Raises Refused or OSError; `file` is as it was before, then."""
    file = file.resolve()
    source.check_there(data_dir / DATABASE)
    _check_target(file, data_dir.resolve(), replace)
    with scratch(file.parent, file.name) as workspace:
        unfinished = workspace / "unfinished"
        with _whole(unfinished) as sink:
            manifest = _write(data_dir, workspace, sink, watch)
        _name(unfinished, file, replace)
    sync_folder(file.parent)
    return manifest


def to_pipe(data_dir: Path, sink: Sink, watch: Watch) -> Manifest:
    """What was written is worth nothing unless this returns; then it is sealed."""
    with scratch(Path(tempfile.gettempdir()), "faultmaven-backup") as workspace:
        return _write(data_dir, workspace, sink, watch)


def _write(data_dir: Path, workspace: Path, sink: Sink, watch: Watch) -> Manifest:
    with take(data_dir, workspace, watch) as taken:
        try:
            archive.write(sink, taken.manifest, taken.at, taken.place, watch(taken.manifest.size))
        except Altered as error:
            raise Refused(
                f"In {data_dir}, {error}, so a backup would be worth nothing. Delete this evidence, or put its file "
                "back from an earlier backup; then try again."
            ) from error
        return taken.manifest


def _check_target(file: Path, data_dir: Path, replace: bool) -> None:
    if file.is_relative_to(data_dir):
        raise Refused(f"{file} is in the data folder, which a backup is to outlive; write it elsewhere.")
    if not file.parent.is_dir():
        raise Refused(f"There is no folder {file.parent}; make it, or write the backup elsewhere.")
    if file.exists() and not file.is_file():
        raise Refused(f"{file} is not a plain file; `-` writes the backup to standard output.")
    if file.exists() and not replace:
        raise _there_already(file)


def _there_already(file: Path) -> Refused:
    return Refused(f"{file} exists already; choose another name, or let --force replace it.")


@contextmanager
def _whole(path: Path) -> Iterator[Sink]:
    """A new file, on disk when the context is left."""
    with BufferedWriter(new_file(path)) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _name(unfinished: Path, file: Path, replace: bool) -> None:
    if replace:
        unfinished.replace(file)
        return
    try:
        file.hardlink_to(unfinished)  # which, unlike a renaming, never replaces what has come meanwhile
    except FileExistsError:
        raise _there_already(file) from None
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        if file.exists():
            raise _there_already(file) from None
        unfinished.rename(file)
