"""Every knob, typed and documented, read once at start from `FAULTMAVEN_<NAME>`.

The table in the README is generated from this file (`make docs`): a field's description is what people read there.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_HOST_PORT = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[A-Za-z0-9.\-\[\]:]+")


def default_data_dir() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "faultmaven"


class Settings(BaseSettings):
    """What can be set. Raises pydantic's ValidationError naming each setting that is wrong."""

    model_config = SettingsConfigDict(env_prefix="FAULTMAVEN_", frozen=True, extra="ignore")

    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="Folder of database, evidence and access token; `$XDG_DATA_HOME/faultmaven` if not set.",
    )
    host: str = Field(
        default="127.0.0.1", description="Interface to listen on; loopback only while there is one local user."
    )
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    local_auth: Literal["on", "off"] = Field(
        default="on",
        description="`off` lets every program of this machine in without the access token; for old clients only.",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Further `name:port` values accepted in the Host header, separated by commas."
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
    database_url: str = Field(default="", description="Database; empty means SQLite in the data folder.")
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

    @field_validator("host")
    @classmethod
    def _loopback(cls, value: str) -> str:
        if value not in LOOPBACK:
            raise ValueError(
                f"{value!r} is not loopback; this version serves one local user on 127.0.0.1, localhost or ::1"
            )
        return value

    @model_validator(mode="after")
    def _only_what_is_built(self) -> Settings:
        """A knob that would be ignored is refused: nobody should believe in a database that is not in use."""
        for name in ("database_url", "bus_url", "models"):
            if getattr(self, name):
                raise ValueError(f"{name} is not supported by this version; unset FAULTMAVEN_{name.upper()}")
        return self

    @property
    def evidence_dir(self) -> Path:
        return self.data_dir / "evidence"

    @property
    def token_file(self) -> Path:
        return self.data_dir / "access-token"
