"""Where the server and its data folder are, as settings and arguments say."""

from __future__ import annotations

import argparse
from typing import Any

from pydantic import ValidationError

from faultmaven.cli.failures import USAGE, Failure
from faultmaven.settings import Settings

# Where a server that listens on every address is found.
_LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def settings_of(options: argparse.Namespace) -> Settings:
    """Arguments before environment before defaults. Raises Failure naming each setting that is wrong."""
    given: dict[str, Any] = {name: getattr(options, name, None) for name in ("port", "data_dir")}
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise Failure(USAGE, "; ".join(wrong_settings(error)) + ".") from None


def wrong_settings(error: ValidationError) -> list[str]:
    return [_wrong(found["loc"], found["msg"].removeprefix("Value error, ")) for found in error.errors()]


def address_in(settings: Settings) -> str:
    """Of the server that these settings start, as it is dialled from its own machine."""
    scheme = "https" if settings.tls_certificate else "http"
    return f"{scheme}://{here(settings.host)}:{settings.port}"


def here(host: str) -> str:
    """As it is dialled: where a server listens on every address, this machine's own."""
    host = _LOOPBACK_OF.get(host, host)
    return f"[{host}]" if ":" in host else host


def _wrong(location: tuple[int | str, ...], message: str) -> str:
    return f"FAULTMAVEN_{str(location[0]).upper()}: {message}" if location else message
