"""A piece of evidence while it is being written."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from faultmaven.decoding.decode import Decoding, Unreadable
from faultmaven.diagnosis.lines import Document
from faultmaven.errors import TooLarge, invalid
from faultmaven.evidence.index import Indexing
from faultmaven.files import mapped, new_file, storing, sync_folder, write_all


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is safe on disk."""

    evidence_id: str
    size: int
    sha256: str
    lines: int
    decoded_from: str | None = None


class Draft:
    """Written to, then kept or dropped. It blocks: use it in a thread.

    With `decoding`, what is kept is the readable text of what is written.
    """

    def __init__(self, evidence_id: str, incoming: Path, root: Path, limit: int, decoding: Decoding | None) -> None:
        self.size = 0
        self._evidence_id = evidence_id
        self._path = incoming / evidence_id
        self._target = root / evidence_id
        self._limit = limit
        self._decoding = decoding
        self._hash = hashlib.sha256()
        self._indexing = Indexing()
        with storing():
            self._file = new_file(self._path)

    def write(self, data: bytes) -> None:
        """Raises TooLarge, StorageFull, or InvalidRequest where packed data is damaged."""
        self._take(self._decoding.feed(data) if self._decoding else [data])

    def _take(self, pieces: Iterable[bytes]) -> None:
        try:
            for piece in pieces:
                self._store(piece)
        except Unreadable as error:
            raise invalid("file", str(error)) from error

    def _store(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._limit:
            raise over(self._limit)
        self._hash.update(data)
        self._indexing.feed(data)
        with storing():
            write_all(self._file, data)

    def keep(self) -> Stored:
        """Durable when it returns: the bytes, the index and both names. Raises what `write` raises."""
        if self._decoding:
            self._take(self._decoding.finish())
        index = self._indexing.index()
        beside = _beside(self._path)
        with storing():
            # It may have lain here for long, and the clean-up goes by age: until there is a row it must not seem old.
            os.utime(self._file.fileno())
            os.fsync(self._file.fileno())
            self._file.close()
            with new_file(beside) as file:
                write_all(file, index.encode())
                os.fsync(file.fileno())
            lines = Document(mapped(self._path), index.newlines).count
            # The index first: a file that has its final name can be read.
            beside.replace(_beside(self._target))
            self._path.replace(self._target)
            sync_folder(self._target.parent)
        decoded_from = self._decoding.decoded_from if self._decoding else None
        return Stored(self._evidence_id, self.size, self._hash.hexdigest(), lines, decoded_from)

    def drop(self) -> None:
        """Nothing of it stays, however far it had come."""
        self._file.close()
        for path in (self._path, self._target):
            path.unlink(missing_ok=True)
            _beside(path).unlink(missing_ok=True)


def over(limit: int) -> TooLarge:
    return TooLarge(
        f"A piece of evidence may have at most {limit:,} bytes, unpacked; this one has more. Nothing of it was kept."
    )


def _beside(path: Path) -> Path:
    return path.with_suffix(".index")
