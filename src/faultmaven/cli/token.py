"""`faultmaven token`: makes, lists and revokes the access tokens of users, whether a server is running or not.

It works on the database itself. A bearer is printed once, alone on standard output, and kept nowhere; the words about
it go to standard error, so that `TOKEN=$(faultmaven token create alice)` has the bearer and nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import SQLAlchemyError

from faultmaven.bus import Bus
from faultmaven.cli.failures import ANSWERED, UNREADABLE, USAGE, Failure
from faultmaven.cli.folder import prepare_folder
from faultmaven.cli.place import settings_of
from faultmaven.cli.terminal import write, write_json
from faultmaven.cli.words import many
from faultmaven.database import Database, rfc3339
from faultmaven.databases import open_database, reason
from faultmaven.errors import InvalidRequest, Problem
from faultmaven.identity import service
from faultmaven.identity.service import TokenTold
from faultmaven.identity.tokens import token_named
from faultmaven.observability import configure_logging
from faultmaven.settings import Settings


def run(options: argparse.Namespace) -> int:
    os.umask(0o077)
    settings = settings_of(options)
    configure_logging(settings.log_format, "error")  # to standard error; what fails is told in a sentence anyway
    match options.action:
        case "create":
            asyncio.run(_create(settings, options.user))
        case "list":
            asyncio.run(_list(settings, options.json))
        case "revoke":
            asyncio.run(_revoke(settings, options.whose))
    return ANSWERED


async def _create(settings: Settings, user: str) -> None:
    async with _opened(settings) as database:
        try:
            made = await database.write(service.create_token, user)
        except InvalidRequest as problem:
            raise Failure(USAGE, f"{problem.detail}.") from None
    _say(f"An access token for {'the new user ' if made.new_user else ''}{user}; its id is {made.bearer.token_id}.")
    _say("It is shown this once: keep it where only its owner can read it.")
    if settings.auth != "token":
        _say("A server takes it when it is started with FAULTMAVEN_AUTH=token.")
    write([made.bearer.text])


async def _list(settings: Settings, as_json: bool) -> None:
    async with _opened(settings) as database:
        tokens = await database.scan(service.list_tokens)
    if as_json:
        write_json(json.dumps({"tokens": [_told(token) for token in tokens]}, indent=2))
    elif tokens:
        width = max(len(token.user) for token in tokens)
        write(_line(token, width) for token in tokens)
    else:
        _say("There is no access token yet; make one with: faultmaven token create NAME")


async def _revoke(settings: Settings, whose: str) -> None:
    """No user has a name that could be taken for a token. Of a whole bearer, nothing but the id is ever shown."""
    named = token_named(whose)
    async with _opened(settings) as database:
        if named:
            revoked = await database.write(service.revoke_token, named)
        else:
            revoked = await database.write(service.revoke_all, whose)
    about = f"access token {named}" if named else f"user {whose}"
    if revoked is None:
        raise Failure(USAGE, f"There is no {about}; see `faultmaven token list`.")
    before = "" if revoked else f" Nothing was left to revoke of {about}."
    write([f"Revoked {many(revoked, 'access token')}.{before}"])


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Database]:
    """Raises Failure where the database cannot be used."""
    prepare_folder(settings.data_dir)
    database = open_database(settings, Bus())
    try:
        await database.start()
        yield database
    except InvalidRequest:
        raise
    except (OSError, SQLAlchemyError, Problem) as error:
        raise Failure(UNREADABLE, f"The database cannot be used: {reason(error)}".rstrip(".") + ".") from error
    finally:
        await database.stop()


def _told(token: TokenTold) -> dict[str, str]:
    revoked = {} if token.revoked_at is None else {"revoked_at": rfc3339(token.revoked_at)}
    return {"user": token.user, "token_id": token.token_id, "created_at": rfc3339(token.created_at)} | revoked


def _line(token: TokenTold, width: int) -> str:
    state = "good" if token.revoked_at is None else f"revoked {_second(token.revoked_at)}"
    return f"{token.user:<{width}}  {token.token_id}  created {_second(token.created_at)}  {state}"


def _second(micros: int) -> str:
    return rfc3339(micros - micros % 1_000_000)


def _say(words: str) -> None:
    print(words, file=sys.stderr)
