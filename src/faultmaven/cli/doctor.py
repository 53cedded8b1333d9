"""`faultmaven doctor`: what is set up, what is missing, and what to do about it; or what happened to a session."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from faultmaven.cli import session_doctor
from faultmaven.cli.checkup import (
    Condition,
    data_folder,
    encryption,
    engines,
    knowledge,
    local_auth,
    server,
    token_file,
    users,
    versions,
)
from faultmaven.cli.failures import ANSWERED, NOT_WELL, USAGE, Failure
from faultmaven.cli.place import settings_of
from faultmaven.cli.terminal import Page, page, write

_RED, _YELLOW, _GREEN = 31, 33, 32
_COLOURS = {"ok": _GREEN, "warn": _YELLOW, "FAIL": _RED}


def run(options: argparse.Namespace) -> int:
    if options.session is not None:
        return session_doctor.run(options)
    if options.json or options.server:
        raise Failure(USAGE, "--json and --server go with --session ID.")
    found = list(_conditions(options))
    write(line for condition in found for line in described(condition, page()))
    return NOT_WELL if any(condition.state == "FAIL" for condition in found) else ANSWERED


def described(condition: Condition, page: Page) -> list[str]:
    """One line of how it is and, if there is something to do, one of what."""
    state = f"{condition.state:<4}"
    painted = f"\x1b[{_COLOURS[condition.state]}m{state}\x1b[0m" if page.colour else state
    first, *more = page.sentence(condition.told, first=f"      {condition.about:<13} ", rest=" " * 20)
    lines = [painted + first[4:], *more]
    if condition.advice:
        lines += page.sentence(condition.advice, first=" " * 20 + "→ ", rest=" " * 22)
    return lines


def _conditions(options: argparse.Namespace) -> Iterator[Condition]:
    yield versions()
    try:
        settings = settings_of(options)
    except Failure as failure:
        yield Condition("FAIL", "settings", str(failure), "set it right or unset it; the rest can be looked at then")
        yield knowledge()
        return
    yield data_folder(settings.data_dir)
    if settings.auth == "token":
        yield users(settings)
    else:
        yield token_file(settings.token_file)
        yield local_auth(settings)
    yield encryption(settings)
    yield server(settings, options.token_file)
    yield knowledge()
    yield from engines()
