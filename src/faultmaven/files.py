"""Files that survive: written whole, for the owner only, and on disk before anything speaks of them."""

from __future__ import annotations

import errno
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from faultmaven.errors import StorageFull, Unavailable

_FULL = (errno.ENOSPC, errno.EDQUOT)
_BROKEN = (errno.EIO, errno.EROFS, errno.ESTALE)


@contextmanager
def storing() -> Iterator[None]:
    """Says in the product's words that the disk is full, or fails."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull() from error
        if error.errno in _BROKEN:
            raise Unavailable(
                "The data folder cannot be written; nothing was stored. Check the disk it is on, then try again."
            ) from error
        raise


def new_file(path: Path) -> FileIO:
    """Unbuffered, and not there before."""
    return FileIO(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w")


def write_all(file: FileIO, data: bytes) -> None:
    """One write may take only a part."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def sync_folder(folder: Path) -> None:
    """A new or removed name survives a power cut only once its folder is on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def mapped(path: Path) -> memoryview:
    """The bytes of a file without reading them, for as long as something looks at them. Raises FileNotFoundError."""
    with path.open("rb") as file:
        # Empty files cannot be mapped.
        if os.fstat(file.fileno()).st_size == 0:
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def released(content: memoryview) -> None:
    """What was read of a mapped file leaves this process's memory; it comes back when it is looked at again."""
    if isinstance(content.obj, mmap.mmap):
        content.obj.madvise(mmap.MADV_DONTNEED)
