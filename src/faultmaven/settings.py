"""Every knob, typed and documented, read once at start from `FAULTMAVEN_<NAME>`.

The table in the README is generated from this file (`make docs`): a field's description is what people read there.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_HOST_PORT = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}")
_DATABASE = re.compile(r"postgresql://([^/?#\s]*/[^/?#@\s]+|[^#\s]*[?&]dbname=[^#\s]+)(\?[^#\s]*)?")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[A-Za-z0-9.\-\[\]:]+")


def default_data_dir() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "faultmaven"


class Settings(BaseSettings):
    """What can be set. Raises pydantic's ValidationError naming each setting that is wrong."""

    model_config = SettingsConfigDict(env_prefix="FAULTMAVEN_", frozen=True, extra="ignore", hide_input_in_errors=True)

    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="Folder of database, evidence and access token; `$XDG_DATA_HOME/faultmaven` if not set.",
    )
    auth: Literal["local", "token"] = Field(
        default="local",
        description="`local`: one user, whose token the data folder holds; `token`: users of `faultmaven token`.",
    )
    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Interface to listen on; another than loopback takes `AUTH=token` and TLS.",
    )
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    local_auth: Literal["on", "off"] = Field(
        default="on",
        description="`off` lets every program of this machine in without the access token; for old clients only.",
    )
    tls_certificate: Path | None = Field(
        default=None, description="File with the certificate, and the chain up to its authority, in PEM; means https."
    )
    tls_key: Path | None = Field(default=None, description="File with the key of the certificate, in PEM.")
    behind_tls_proxy: Literal["on", "off"] = Field(
        default="off",
        description="`on` says that a proxy before this server adds TLS to all that comes from elsewhere.",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Further `name:port` values accepted in the Host header, such as the public one, by commas.",
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="If set, the only extension origins accepted, separated by commas, such as `chrome-extension://<id>`.",
    )
    max_sessions_per_user: int = Field(
        default=20,
        ge=1,
        le=10_000,
        description="Live sessions a user may have; opening one more ends the least recently used.",
    )
    max_evidence_bytes: int = Field(default=1 << 30, ge=1, description="Largest piece of evidence, in bytes.")
    max_body_bytes: int = Field(
        default=16 << 20, ge=1024, description="Largest request body other than evidence, in bytes."
    )
    max_total_bytes: int = Field(default=20 << 30, ge=1, description="Evidence a user may keep in all, in bytes.")
    max_queued_queries: int = Field(
        default=10, ge=1, le=1000, description="Questions that may run or wait in one case before the next is refused."
    )
    session_absolute_days: int = Field(
        default=30, ge=1, le=3650, description="Longest life of a session, however active."
    )
    closed_session_days: int = Field(
        default=30, ge=0, le=3650, description="How long an expired or ended session answers 410 rather than 404."
    )
    undo_hours: int = Field(default=24, ge=0, le=8760, description="How long a deleted case can be restored.")
    retention_days: int = Field(
        default=0, ge=0, le=36500, description="Cases untouched for so many days are deleted for good; 0 keeps them."
    )
    query_wait_seconds: float = Field(
        default=60, gt=0, le=600, description="How long a plain JSON question waits before it is answered 202."
    )
    workers: int = Field(
        default=2, ge=1, le=64, description="Processes that read evidence, and so questions answered at once."
    )
    database_url: SecretStr = Field(
        default=SecretStr(""),
        description="`postgresql://user:password@host:port/name`; empty means SQLite in the data folder.",
    )
    bus_url: str = Field(default="", description="What wakes other processes; empty means this process only.")
    models: str = Field(default="", description="Language models for deeper answers; empty means none.")
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="`auto` is console on a terminal, JSON elsewhere."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe event that is logged."
    )

    @field_validator("allowed_hosts", "allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("allowed_hosts")
    @classmethod
    def _host_and_port(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not _HOST_PORT.fullmatch(name):
                raise ValueError(f"{name!r} is not name:port")
        return tuple(name.lower() for name in value)

    @field_validator("allowed_origins")
    @classmethod
    def _whole_origin(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is not an origin such as chrome-extension://<id>")
        return value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        try:
            return value.expanduser().absolute()
        except RuntimeError as error:
            raise ValueError(f"{value} names a user this machine does not have") from error

    @field_validator("database_url")
    @classmethod
    def _of_postgresql(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url and not _DATABASE.fullmatch(url):
            # Not quoted: it may hold a password.
            raise ValueError("must be postgresql://user:password@host:port/name, or empty for SQLite")
        return value

    @field_validator("tls_certificate", "tls_key", mode="before")
    @classmethod
    def _unset(cls, value: object) -> object:
        return value or None

    @model_validator(mode="after")
    def _lets_in_only_whom_it_knows(self) -> Settings:
        if self.auth == "token" and self.local_auth == "off":
            raise ValueError("FAULTMAVEN_LOCAL_AUTH=off lets everyone in, FAULTMAVEN_AUTH=token does not; unset one")
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("FAULTMAVEN_TLS_CERTIFICATE and FAULTMAVEN_TLS_KEY belong together; set both or none")
        if self.host not in LOOPBACK and not (self.auth == "token" and self.secure):
            raise ValueError(
                f"FAULTMAVEN_HOST={self.host} is no loopback address, so other machines could reach it; that takes "
                "FAULTMAVEN_AUTH=token, and TLS by FAULTMAVEN_TLS_CERTIFICATE with FAULTMAVEN_TLS_KEY "
                "or by a proxy (FAULTMAVEN_BEHIND_TLS_PROXY=on)"
            )
        return self

    @model_validator(mode="after")
    def _only_what_is_built(self) -> Settings:
        """A knob that would be ignored is refused: nobody should believe in a database that is not in use."""
        for name in ("bus_url", "models"):
            if getattr(self, name):
                raise ValueError(f"{name} is not supported by this version; unset FAULTMAVEN_{name.upper()}")
        return self

    @property
    def secure(self) -> bool:
        """Nothing that comes from another machine crosses a network unencrypted."""
        return self.tls_certificate is not None or self.behind_tls_proxy == "on"

    @property
    def evidence_dir(self) -> Path:
        return self.data_dir / "evidence"

    @property
    def token_file(self) -> Path:
        return self.data_dir / "access-token"
