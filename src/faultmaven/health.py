"""Is the process up, and can it really serve?"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import anyio
import anyio.to_thread
import sqlalchemy as sa
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from faultmaven.database import Database, Transaction
from faultmaven.errors import Problem

LEAST_FREE_BYTES = 64 << 20
PATIENCE_SECONDS = 2.0


class Health(BaseModel):
    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    status: Literal["ok", "failing"]
    checks: dict[str, str] = {}


def routes(database: Database, data_dir: Path, working: Callable[[], bool]) -> APIRouter:
    """`working` says whether the runner of queries is alive."""
    router = APIRouter(tags=["health"])

    @router.get("/livez")
    async def livez() -> Health:
        """The process answers."""
        return Health(status="ok")

    @router.get("/readyz", responses={503: {"model": Health, "description": "Something it needs does not work"}})
    async def readyz(response: Response) -> Health:
        """Goes through the database's writer and reader, looks at the disk and the runner."""
        checks = {
            "database": await _database(database),
            "disk": await anyio.to_thread.run_sync(_disk, data_dir),
            "runner": "ok" if working() else "a worker of the runner has stopped; restart the server",
        }
        failing = any(said != "ok" for said in checks.values())
        response.status_code = 503 if failing else 200
        return Health(status="failing" if failing else "ok", checks=checks)

    return router


_version = sa.table("alembic_version", sa.column("version_num"))
_rewrite = sa.update(_version).values(version_num=_version.c.version_num)
_look = sa.select(_version.c.version_num)


def _write(transaction: Transaction) -> None:
    """Changes nothing, but really writes: a database that can only be read is not ready."""
    transaction.execute(_rewrite)


def _read(transaction: Transaction) -> None:
    transaction.first(_look)


async def _database(database: Database) -> str:
    try:
        with anyio.fail_after(PATIENCE_SECONDS):
            await database.write(_write)
            await database.scan(_read)
    except TimeoutError:
        return f"no answer within {PATIENCE_SECONDS:g} s"
    except Problem as problem:
        return f"cannot be used: {problem.detail}"
    except Exception as error:  # whatever its driver says, it is not ready
        return f"cannot be used: {error}"
    return "ok"


def _disk(data_dir: Path) -> str:
    try:
        free = shutil.disk_usage(data_dir).free
    except OSError as error:
        return f"the data folder cannot be read: {error.strerror}"
    return "ok" if free >= LEAST_FREE_BYTES else f"only {free >> 20} MiB free"
