"""Which database it is: chosen by one setting, whose password nobody gets to see."""

from __future__ import annotations

import subprocess
import sys
import traceback

import pytest
from pydantic import ValidationError

from faultmaven.errors import Unavailable
from faultmaven.postgres_connection import Server
from faultmaven.settings import Settings

START = """
import pathlib, sys
from faultmaven.app import Application
from faultmaven.settings import Settings
Application(Settings(data_dir=pathlib.Path("/nowhere"), database_url=sys.argv[1]), "127.0.0.1:8000", None)
print("psycopg" in sys.modules, "sqlite3" in sys.modules)
"""


@pytest.mark.parametrize(("url", "imported"), [("", "False True"), ("postgresql://localhost/faultmaven", "True True")])
def test_the_driver_of_postgresql_is_imported_only_where_it_is_chosen(url: str, imported: str) -> None:
    ended = subprocess.run([sys.executable, "-c", START, url], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.strip() == imported


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://localhost/faultmaven", "PostgreSQL at localhost, database faultmaven"),
        ("postgresql://user:s3cret@db.example:6432/fm", "PostgreSQL at db.example:6432, database fm"),
        ("postgresql://a:1,b:2/fm?target_session_attrs=read-write", "PostgreSQL at a:1,b:2, database fm"),
        ("postgresql://user:s3cret@/fm?host=/run/postgresql", "PostgreSQL at /run/postgresql, database fm"),
        ("postgresql:///fm", "PostgreSQL at the local socket, database fm"),
        ("postgresql:///?dbname=fm&password=s3cret", "PostgreSQL at the local socket, database fm"),
        ("postgresql://[::1]:5432/fm", "PostgreSQL at [::1]:5432, database fm"),
    ],
)
def test_what_can_be_set_is_named_without_its_password(url: str, name: str) -> None:
    settings = Settings(database_url=url)
    assert Server(settings.database_url.get_secret_value()).name == name
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    "url",
    [
        "faultmaven",
        "postgresql://user:s3cret@localhost",
        "postgresql://user:s3cret@localhost/",
        "postgres://user:s3cret@localhost/fm",
        "mysql://user:s3cret@localhost/fm",
        "postgresql://user:s3cret@localhost/f m",
        "postgresql://user:not/s3cret@localhost",
    ],
)
def test_what_cannot_be_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(database_url=url)
    assert "postgresql://user:password@host:port/name" in str(refused.value)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "wrong", ["postgresql://user:s3cret@127.0.0.1:port/fm", "postgresql://user:s3cret@127.0.0.1/fm?nothing=1"]
)
def test_what_only_the_driver_finds_wrong_is_not_repeated_either(wrong: str) -> None:
    with pytest.raises(Unavailable) as refused:
        Server(wrong).connect("read")
    assert "s3cret" not in "".join(traceback.format_exception(refused.value))
