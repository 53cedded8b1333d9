"""The tables as migrated, statements as compiled, times as told: the same on every database."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.sql import visitors
from tests import databases, tampering

import faultmaven
from faultmaven.bus import Bus
from faultmaven.database import metadata, rfc3339
from faultmaven.databases import open_database
from faultmaven.settings import Settings
from faultmaven.statements import Driver, Statements

pytestmark = pytest.mark.anyio

# `WHERE` of each partial index. The comparison of tables does not look at them, and on the first depends that a client
# has one live session.
CONDITIONS = {
    "one_live_session_per_client": "status = 'active'",
    "active_sessions_of_user": "status = 'active'",
    "active_sessions_by_expiry": "status = 'active'",
    "sessions_closed": "closed_at IS NOT NULL",
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def migrate(folder: Path) -> None:
    chosen = Settings(data_dir=folder, **databases.settings_for(folder))  # type: ignore[arg-type]  # converted
    database = open_database(chosen, Bus())
    await database.start()
    await database.stop()


@contextmanager
def connected(folder: Path) -> Iterator[sa.Connection]:
    url = databases.settings_for(folder).get("database_url", f"sqlite:///{folder / 'faultmaven.db'}")
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


async def test_the_migrated_tables_are_the_ones_the_code_speaks_of(tmp_path: Path) -> None:
    await migrate(tmp_path)
    with connected(tmp_path) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    assert conditions(tmp_path) == CONDITIONS


def conditions(folder: Path) -> dict[str, str]:
    defined = (
        "SELECT indexname, indexdef FROM pg_indexes WHERE indexdef LIKE '% WHERE %'"
        if databases.chosen == "postgresql"
        else "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'"
    )
    found = {name: sql.partition(" WHERE ")[2] for name, sql in tampering.execute(folder, defined)}
    return {name: condition.strip("()").replace("::text", "") for name, condition in found.items()}


async def test_a_database_that_is_up_to_date_is_left_as_it_is(tmp_path: Path) -> None:
    await migrate(tmp_path)
    await migrate(tmp_path)
    assert tampering.execute(tmp_path, "SELECT count(*) FROM alembic_version") == [(1,)]


@pytest.mark.only_on("postgresql", "text always sorts by bytes elsewhere")
async def test_all_text_sorts_by_bytes(tmp_path: Path) -> None:
    """An id or a cursor must not come before another here and after it there, and no index may break with a locale."""
    await migrate(tmp_path)
    columns = tampering.execute(
        tmp_path,
        "SELECT table_name, column_name, collation_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND data_type = 'text'",
    )
    assert len(columns) > 30
    assert [column for column in columns if column[2] != "C"] == []


class Explaining:
    """Has a statement planned instead of run: it is parsed, and its tables, columns and types are looked up."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        return self._driver.execute(f"EXPLAIN {sql}", parameters)


async def test_every_statement_of_every_module_can_be_run(tmp_path: Path) -> None:
    await migrate(tmp_path)
    known = dict(all_statements())
    assert len(known) > 60
    with connected(tmp_path) as connection:
        driver: Driver = Explaining(connection.connection.dbapi_connection)
        statements = Statements(connection.dialect)
        for name, statement in known.items():
            values = dict.fromkeys(bound(statement))
            try:
                statements.prepared(statement, values).run(driver, values)
            except Exception as error:
                raise AssertionError(f"{name} cannot be run") from error


def all_statements() -> Iterator[tuple[str, sa.Executable]]:
    for module in pkgutil.walk_packages(faultmaven.__path__, "faultmaven."):
        if module.name == "faultmaven.migrations.env":  # Alembic's alone
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, sa.Select | sa.Insert | sa.Update | sa.Delete):
                yield f"{module.name}.{name}", value


def bound(statement: Any) -> set[str]:
    """The names of the values it takes."""
    names = {part.key for part in visitors.iterate(statement) if isinstance(part, sa.BindParameter) and not part.unique}
    if isinstance(statement, sa.Insert) and not names:
        return set(statement.table.columns.keys())
    return names


@pytest.mark.parametrize(
    ("micros", "said"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.000001Z"),
        (1_767_323_045_678_901, "2026-01-02T03:04:05.678901Z"),
        (4_102_444_800_000_000, "2100-01-01T00:00:00Z"),
    ],
)
def test_times_are_told_in_rfc_3339(micros: int, said: str) -> None:
    assert rfc3339(micros) == said
