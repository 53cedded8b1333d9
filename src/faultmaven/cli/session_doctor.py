"""`faultmaven doctor --session`: what happened to a session, as its server knows it."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator
from typing import Any

import httpx

from faultmaven.cli.address import address_of
from faultmaven.cli.arguments import LOCAL_SERVER
from faultmaven.cli.connection import NobodyThere, accepted, connected, prove, token_for
from faultmaven.cli.failures import ANSWERED, NO_SERVER, NOT_WELL, USAGE, Failure
from faultmaven.cli.place import address_in, settings_of
from faultmaven.cli.terminal import Page, page, write, write_json

# What may stand in a path as it is; whether it is an id, the server says.
_TYPED = re.compile(r"[A-Za-z0-9_-]{1,200}")
_INDENT = " " * 18
_WORDS = {
    "idle": "nobody used it for too long",
    "absolute": "its time was over, however much it was used",
    "ended": "on request",
    "ended_by_other": "from another session, which ended all others",
    "cap": "to make room for a newer session",
}


def run(options: argparse.Namespace) -> int:
    """0 for a session that is alive, 1 for one that is closed or unknown."""
    if not _TYPED.fullmatch(options.session):
        raise Failure(USAGE, f"{options.session!r} is not the id of a session; it looks like session_5f3c….")
    answer = _asked(options)
    if answer.status_code != httpx.codes.NOT_FOUND:
        accepted(answer)
    told = answer.json()
    if options.json:
        write_json(answer.text)
    elif answer.is_success:
        write(_described(told, page()))
    else:
        write(page().sentence(told["detail"]))
    return ANSWERED if told.get("status") == "active" else NOT_WELL


def _asked(options: argparse.Namespace) -> httpx.Response:
    settings = settings_of(options)
    token = token_for(options.token_file, os.environ.get("FAULTMAVEN_TOKEN"), settings)
    address = address_of(address_in(settings) if options.server in (None, LOCAL_SERVER) else options.server)
    try:
        proven = prove(address, token, trusting=settings.local_auth == "off")
    except NobodyThere:
        raise Failure(
            NO_SERVER,
            f"No server answers on {address.url}, and only the server knows what happened to a session; sessions "
            "outlive its stop. Start it with `faultmaven serve`, or name another with --server.",
        ) from None
    with connected(proven) as client:
        return client.get(f"/api/v1/sessions/{options.session}/diagnosis")


def _described(told: dict[str, Any], page: Page) -> Iterator[str]:
    yield from page.sentence(told["explanation"])
    yield ""
    for about, words in _facts(told):
        yield from page.sentence(words, first=f"{about:<18}", rest=_INDENT)
    yield from _failures(told["failures"], page)


def _facts(told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "session", told["session_id"]
    yield "client", told["client_id"]
    yield "opened", told["opened_at"]
    yield "resumed", f"{told['resumed_count']} ×, last at {told['resumed_at']}" if "resumed_at" in told else "never"
    yield "last used", told["last_activity_at"]
    if told["status"] == "active":
        yield "expires", f"{told['expires_at']}; each use moves that to {told['timeout_minutes']} minutes later"
        yield "ends at latest", told["absolute_expires_at"]
    else:
        yield told["status"], f"{told['closed_at']}, {_WORDS.get(told['close_reason'], told['close_reason'])}"
    for name in ("closed_by", "previous", "current"):
        if session_id := told.get(f"{name}_session_id"):
            yield name.replace("_", " "), session_id


def _failures(failures: list[dict[str, Any]], page: Page) -> Iterator[str]:
    if not failures:
        yield from page.sentence("none lately", first=f"{'failed requests':<18}")
        return
    yield "failed requests, newest first:"
    for one in failures:
        what = f"{one['at']} {one['status']} {one['code']}, {one['method']} {one['path']}"
        yield from page.sentence(f"{what}, correlation id {one['correlation_id']}", first="  ", rest="    ")
