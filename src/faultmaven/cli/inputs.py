"""Reads what the user shows: files, process substitutions, standard input.

-f FILE … ──open──▶ regular and large: mapped;  everything else: read into memory
"""

from __future__ import annotations

import hashlib
import mmap
import os
import stat
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, TypeVar

from faultmaven.cli.failures import UNREADABLE, Failure
from faultmaven.cli.naming import STDIN, distinct_names
from faultmaven.decoding.decode import BEGINNING, Decoding, Unreadable, is_readable
from faultmaven.files import released

T = TypeVar("T")

# Smaller files are copied, so that nothing which happens to them later matters; larger ones would take too much memory.
MAPPED_FROM = 64 << 20
# As much as a server takes by default.
MOST_DECODED = 1 << 30
PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Given:
    """One piece of evidence as it was when it was opened."""

    evidence_id: str
    name: str
    content: memoryview


def paths_of(files: Sequence[str]) -> list[str]:
    """The files named, each once; standard input if none is named and something is piped in."""
    if not files:
        return [STDIN] if is_piped() else []
    once = {STDIN if file == STDIN else str(Path(file).absolute()): file for file in files}
    return list(once.values())


def is_piped() -> bool:
    """Standard input comes from a pipe or a file: neither a terminal, nor /dev/null, nor closed."""
    if sys.stdin is None:
        return False
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)


def gather(paths: Sequence[str], optional: bool = False) -> list[Given]:
    """The evidence at these paths, equal contents once; `optional` leaves out what is empty. Raises Failure."""
    contents = [read_content(path) for path in paths]
    found = [
        Given(_sha256(content), name, content)
        for name, content in zip(distinct_names(paths), contents, strict=True)
        if len(content) or not optional
    ]
    once: dict[str, Given] = {}
    for given in found:
        once.setdefault(given.evidence_id, given)
    return list(once.values())


def _sha256(content: memoryview) -> str:
    digest = hashlib.sha256()
    for at in range(0, len(content), MAPPED_FROM):
        digest.update(content[at : at + MAPPED_FROM])
        released(content)
    return digest.hexdigest()


def read_content(path: str) -> memoryview:
    """The text of it: unpacked, in UTF-8, without tags. Raises Failure."""
    content = _standard_input() if path == STDIN else readable(path, lambda file: _content(path, file))
    return content if is_readable(bytes(content[:BEGINNING])) else _decoded(path, content)


def _decoded(path: str, content: memoryview) -> memoryview:
    """In a file without a name, since there is no telling how much it is."""
    decoding, size = Decoding(), 0
    pieces = chain.from_iterable(decoding.feed(bytes(content[at : at + PIECE])) for at in range(0, len(content), PIECE))
    with TemporaryFile() as file:
        try:
            for piece in chain(pieces, decoding.finish()):
                size += file.write(piece)
                if size > MOST_DECODED:
                    raise Failure(UNREADABLE, f"{path} unpacks to more than {MOST_DECODED:,} bytes; show a part of it.")
        except Unreadable as error:
            raise Failure(UNREADABLE, f"{path}: {error}") from None
        except OSError as error:
            raise Failure(UNREADABLE, f"{path} cannot be unpacked: {error.strerror}.") from None
        file.flush()
        return memoryview(mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)) if size else memoryview(b"")


def readable(path: str, use: Callable[[BinaryIO], T]) -> T:
    """What `use` makes of the opened file. Raises Failure with a sentence where the path cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return use(file)
    except FileNotFoundError:
        raise Failure(UNREADABLE, f"{path}: there is no such file.") from None
    except IsADirectoryError:
        raise Failure(UNREADABLE, f"{path} is a folder; name the files in it.") from None
    except PermissionError:
        raise Failure(UNREADABLE, f"{path}: you are not allowed to read it.") from None
    except OSError as error:
        raise Failure(UNREADABLE, f"{path} cannot be read: {error.strerror}.") from None


def needs_mapping(paths: Iterable[str]) -> bool:
    return any(path != STDIN and _size(path) >= MAPPED_FROM for path in paths)


def shrunk(path: str) -> Failure:
    return Failure(UNREADABLE, f"{path} became shorter while it was read; try again, or on a copy.")


def _size(path: str) -> int:
    try:
        status = Path(path).stat()
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _content(path: str, file: BinaryIO) -> memoryview:
    size = _size(path)
    if size >= MAPPED_FROM:
        try:
            return memoryview(mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ))
        except ValueError:
            raise shrunk(path) from None
    content = file.read()
    if len(content) < size:
        raise shrunk(path)
    return memoryview(content)


def _standard_input() -> memoryview:
    if sys.stdin is None:
        raise Failure(UNREADABLE, "There is no standard input to read.")
    try:
        return memoryview(sys.stdin.buffer.read())
    except OSError as error:
        raise Failure(UNREADABLE, f"Standard input cannot be read: {error.strerror}.") from None
