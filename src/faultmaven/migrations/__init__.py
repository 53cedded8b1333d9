"""Alembic's migrations of the tables, the same on every database."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from faultmaven.errors import Unavailable

_HERE = Path(__file__).parent


def is_newest(present: str) -> bool:
    """Whether tables of that version need nothing; raises Unavailable where a newer version has made them.

    Asked before anything else, since Alembic costs a third of a second to import.
    """
    newest = max(path.stem.split("_")[0] for path in (_HERE / "versions").glob("[0-9]*.py"))
    if present > newest:
        raise Unavailable("a newer version of FaultMaven has used it; start that one, or choose another")
    return present == newest


def upgrade(connection: sa.Connection) -> None:
    """Runs the migrations that this database has not seen, within the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
