"""Where the server and its data folder are, as settings and arguments say."""

from __future__ import annotations

import argparse
from typing import Any

from pydantic import ValidationError

from faultmaven.cli.failures import USAGE, Failure
from faultmaven.settings import Settings


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
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def _wrong(location: tuple[int | str, ...], message: str) -> str:
    return f"FAULTMAVEN_{str(location[0]).upper()}: {message}" if location else message
