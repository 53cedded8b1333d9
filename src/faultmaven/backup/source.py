"""The SQLite database of a data folder, read beside a server that goes on writing to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from faultmaven import migrations
from faultmaven.backup.archive import Tell
from faultmaven.errors import StorageFull, Unavailable

# About 4 MB: enough to be quick, little enough to show progress.
_PAGES_A_STEP = 1000
_EVIDENCE = "SELECT id, size, sha256 FROM evidence ORDER BY id"


class Refused(Exception):
    """A sentence: what is in the way, and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """What the database says of a piece of evidence."""

    id: str
    size: int
    sha256: str


class Source:
    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def evidence(self) -> list[Row]:
        return [Row(*row) for row in self._connection.execute(_EVIDENCE)]

    def hold(self) -> None:
        """What is read and copied from here on is the database of one moment."""
        self._connection.execute("BEGIN")
        self._connection.execute(_EVIDENCE).fetchone()

    def let_go(self) -> None:
        self._connection.execute("COMMIT")

    def schema_version(self) -> str:
        """Raises Refused for tables that this version does not know."""
        present: str = self._connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        try:
            migrations.is_newest(present)
        except Unavailable:
            raise Refused(f"{self._path} was made by a newer version of FaultMaven; use that one.") from None
        return present

    def copy(self, target: Path, tell: Tell) -> None:
        """In steps, and to be called between `hold` and `let_go`: a step of its own transaction makes the copy begin
        anew whenever the server has written meanwhile, which on a busy server never ends. Readers of a database in WAL
        mode keep no writer waiting; the log of the server merely grows until this is done.
        """
        with closing(sqlite3.connect(target, isolation_level=None)) as copying:
            # Nobody reads it before it is whole, and whoever is killed meanwhile begins anew.
            for pragma in ("synchronous=OFF", "journal_mode=OFF"):
                copying.execute(f"PRAGMA {pragma}")
            (page_size,) = self._connection.execute("PRAGMA page_size").fetchone()
            self._connection.backup(
                copying,
                pages=_PAGES_A_STEP,
                progress=lambda _, left, total: tell((total - left) * page_size),
                sleep=0.0,
            )

    def size(self) -> int:
        """In bytes, about: what is only in the write-ahead log yet is not counted."""
        return self._path.stat().st_size


def check_there(path: Path) -> None:
    """Raises Refused where there is no database at all."""
    if not path.is_file():
        raise Refused(f"{path.parent} holds no database of FaultMaven; name its data folder with --data-dir.")


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Raises Refused where there is no database that can be read."""
    check_there(path)
    with spoken(path), closing(_connect(path, "rw")) as connection:
        yield Source(connection, path)


def check(path: Path) -> None:
    """Raises Refused if the file is not a sound database."""
    with spoken(path), closing(_connect(path, "ro", "&immutable=1")) as connection:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
    if found != ["ok"]:
        raise Refused(f"The database is damaged: {'; '.join(found)}. Restore an earlier backup.")


def evidence_in(path: Path) -> list[Row]:
    """Of a database that nobody else has open."""
    with spoken(path), closing(_connect(path, "ro", "&immutable=1")) as connection:
        return Source(connection, path).evidence()


@contextmanager
def spoken(path: Path) -> Iterator[None]:
    """Says in a sentence what is wrong with a database, or raises StorageFull."""
    try:
        yield
    except sqlite3.Error as error:
        if "full" in str(error):
            raise StorageFull() from error
        raise Refused(f"The database {path} cannot be read: {error}.") from error


def _connect(path: Path, mode: str, more: str = "") -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode={mode}{more}", uri=True, isolation_level=None, timeout=10)
