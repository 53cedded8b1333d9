"""Connections to PostgreSQL that wait for nothing for ever, and what its errors mean to a caller."""

from __future__ import annotations

import time
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg
import structlog
from psycopg import errors
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import TextLoader

from faultmaven.errors import StorageFull, Unavailable

log = structlog.get_logger()

OLDEST_VERSION = 14
STATEMENT_SECONDS = 15
# PostgreSQL should have ended a statement by then: it no longer answers at all.
PATIENCE_SECONDS = STATEMENT_SECONDS + 5.0

SILENCE_SECONDS = 10.0

# What the URL says counts first. A connection whose other side is gone is given up after 25 s.
DEFAULTS: dict[str, Any] = {
    "fallback_application_name": "faultmaven",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
SESSION = f"""
SET client_encoding = 'UTF8';
SET statement_timeout = '{STATEMENT_SECONDS}s';
SET lock_timeout = '5s';
SET idle_in_transaction_session_timeout = '60s';
SET client_connection_check_interval = '5s';
SET tcp_keepalives_idle = 10;
SET tcp_keepalives_interval = 5;
SET tcp_keepalives_count = 3;
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
"""
PURPOSES = {
    "write": "SET default_transaction_isolation = 'serializable'",
    "read": "SET default_transaction_isolation = 'repeatable read'; SET default_transaction_read_only = on",
    "migrate": "SET statement_timeout = 0",
}
Purpose = Literal["write", "read", "migrate"]

LOST = "The connection to the database was lost, so nothing was stored. Try again."
PERHAPS_STORED = (
    "The connection to the database was lost just when this was being stored, so it is not known whether it was. "
    "Look before you repeat it."
)


class NoConnection(Unavailable):
    """There is none to be had, so nobody else who is waiting for one needs to try."""


class Link(psycopg.Connection[tuple[Any, ...]]):
    """A connection for one thread at a time. It must be closed once `lost` says so."""

    patience: float | None = PATIENCE_SECONDS

    def execute(self, query: Any, params: Any = None, **more: Any) -> psycopg.Cursor[tuple[Any, ...]]:
        try:
            return super().execute(query, params, **more)
        except psycopg.DataError as error:
            if error.sqlstate is not None or not (isinstance(params, dict) and query.startswith("SELECT")):
                raise
            # Only SQLite could store a text with NUL. Looking for one must find nothing here, as it does there.
            return super().execute(query, {name: _without_nul(value) for name, value in params.items()}, **more)

    def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:
        return super().wait(gen, interval, self.patience if timeout is None else timeout)

    @property
    def lost(self) -> bool:
        """It has broken, or it is still waiting for an answer that nobody expects any more."""
        return self.closed or self.pgconn.transaction_status == TransactionStatus.ACTIVE

    @property
    def in_transaction(self) -> bool:
        return self.pgconn.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)


class _WholeNumber(TextLoader):
    """A sum of whole numbers is one, as it is on SQLite; PostgreSQL calls it a decimal. There are no others here."""

    def load(self, data: Any) -> Any:
        return int(bytes(data))


def _without_nul(value: Any) -> Any:
    return value.replace("\0", "\uffff") if isinstance(value, str) else value


class Server:
    """One database of a PostgreSQL server, by its URL. `name` says which, without credentials."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._told_at = 0.0
        self.name = _name(url)

    def _parameters(self) -> dict[str, Any]:
        try:
            given = conninfo_to_dict(self._url)
        except psycopg.Error:
            # Its words may quote the URL, and with it the password.
            raise Unavailable("FAULTMAVEN_DATABASE_URL has a part that PostgreSQL does not understand") from None
        return DEFAULTS | {key: value for key, value in given.items() if value is not None}

    def connect(self, purpose: Purpose) -> Link:
        """Raises NoConnection, with a sentence that names what to check."""
        parameters = self._parameters()
        try:
            link = Link.connect(**parameters, autocommit=True)
            try:
                _prepare(link, purpose)
            except BaseException:
                link.close()
                raise
        except psycopg.Error as error:
            raise NoConnection(
                f"{self.name} does not answer, or does not let this server in. "
                "Check that it is running and can be reached from here, then try again."
            ) from error
        return link

    def connect_again(self, purpose: Purpose) -> Link:
        """As `connect`, in the course of serving; the log hears now and then why it cannot be."""
        try:
            return self.connect(purpose)
        except NoConnection as trouble:
            if time.monotonic() - self._told_at > SILENCE_SECONDS:
                self._told_at = time.monotonic()
                log.warning("database.unreachable", database=self.name, reason=reason(trouble.__cause__ or trouble))
            raise

    def problem(self, error: BaseException) -> BaseException:
        """What a caller is told of an error that has not cost the connection."""
        match error:
            case errors.DiskFull():
                return StorageFull(
                    f"The disk of {self.name} is full; nothing was stored. Free some space and try again."
                )
            case errors.QueryCanceled() | errors.LockNotAvailable():
                return Unavailable(f"{self.name} took too long for this; nothing was stored. Try again shortly.")
            case errors.SerializationFailure() | errors.DeadlockDetected():
                return Unavailable("Another program keeps changing the same data; nothing was stored. Try again.")
            case errors.ReadOnlySqlTransaction():
                return Unavailable(f"{self.name} can only be read just now, so nothing was stored. Is it the primary?")
            case errors.OperationalError() if (error.sqlstate or "").startswith("53"):
                return Unavailable(
                    f"{self.name} has too little memory or disk for this; nothing was stored. Try again."
                )
            case psycopg.Error():
                error.args = (reason(error),)  # it is logged, and what users have written is nobody's business there
                return error
            case _:
                return error


def reason(error: BaseException) -> str:
    """The database's own words, in one line and without the values that its details may quote."""
    said = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return said or (str(error).strip() or type(error).__name__).partition("\n")[0]


def _prepare(link: Link, purpose: Purpose) -> None:
    version = link.info.server_version // 10_000
    if version < OLDEST_VERSION:
        raise psycopg.NotSupportedError(f"it is version {version}, and {OLDEST_VERSION} or newer is needed")
    if (encoding := link.info.parameter_status("server_encoding")) != "UTF8":
        raise psycopg.NotSupportedError(f"its encoding is {encoding}; create the database with ENCODING 'UTF8'")
    link.execute(SESSION + PURPOSES[purpose])
    if purpose == "migrate":
        link.patience = None
    link.prepare_threshold = 2
    link.adapters.register_dumper(int, Int8Dumper)
    link.adapters.register_loader("numeric", _WholeNumber)


def _name(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "PostgreSQL"
    more = parse_qs(parts.query)
    host = parts.netloc.rpartition("@")[2] or more.get("host", ["the local socket"])[0]
    name = parts.path.lstrip("/") or more.get("dbname", [""])[0]
    return f"PostgreSQL at {host}, database {unquote(name)}"
