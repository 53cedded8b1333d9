"""What is done to a database behind the back of its server, whichever database it is."""

from __future__ import annotations

import os
import resource
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests import databases
from tests.servers import Process, Server

# PostgreSQL's own word for a full disk, said for every row that anybody would write.
_FULL = """
CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$
"""


def execute(data_dir: Path, statement: str) -> list[Any]:
    """In the database of a data folder; the rows there are."""
    if databases.chosen == "postgresql":
        return databases.shared().execute(statement, data_dir=data_dir)
    with closing(sqlite3.connect(data_dir / "faultmaven.db", isolation_level=None)) as connection:
        return connection.execute(statement).fetchall()


def tables(data_dir: Path) -> list[str]:
    if databases.chosen == "postgresql":
        rows = execute(data_dir, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    else:
        rows = execute(data_dir, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    return [name for (name,) in rows]


def take_tables_away(data_dir: Path) -> None:
    for name in tables(data_dir):
        execute(data_dir, f"ALTER TABLE {name} RENAME TO {name}_gone")


def fill_up(data_dir: Path) -> None:
    """While no server runs on it: not a byte fits into the database any more."""
    if databases.chosen == "postgresql":
        execute(data_dir, _FULL)
        for name in tables(data_dir):
            execute(
                data_dir,
                f"CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE OR DELETE ON {name}"
                " FOR EACH ROW EXECUTE FUNCTION disk_full()",
            )
        return
    try:
        os.mknod(data_dir / "faultmaven.db-wal", 0o600 | stat.S_IFCHR, Path("/dev/full").stat().st_rdev)
    except PermissionError:
        pytest.skip("only root may make a device, and no other file is full at once")


def forbid_writing(server: Server) -> None:
    """Under a running server: what is stored can be read, and that is all."""
    if databases.chosen == "postgresql":
        ((name,),) = execute(server.data_dir, "SELECT current_database()")
        execute(server.data_dir, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        end_connections(server.data_dir)
        return
    assert isinstance(server, Process)
    size = (server.data_dir / "faultmaven.db-wal").stat().st_size
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def end_connections(data_dir: Path, more: str = "") -> None:
    """PostgreSQL's alone: as an administrator does it. `more` narrows which, by columns of pg_stat_activity."""
    execute(
        data_dir,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        f" WHERE datname = current_database() AND pid <> pg_backend_pid() {more}",
    )
