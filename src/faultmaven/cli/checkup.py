"""What `faultmaven doctor` looks at. Each function looks at one thing, changes nothing, and says how it is."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from faultmaven.cli.address import Address, address_of
from faultmaven.cli.connection import NobodyThere, Stranger, WantsToken, prove, token_for
from faultmaven.cli.failures import Failure
from faultmaven.cli.place import address_in
from faultmaven.cli.tls import of_server
from faultmaven.cli.words import many, size
from faultmaven.databases import look, reason
from faultmaven.errors import Problem
from faultmaven.identity.service import standing
from faultmaven.identity.tokens import UnusableToken, read_token
from faultmaven.settings import Settings

State = Literal["ok", "warn", "FAIL"]

# Less than this, and the first large log fills the disk.
ENOUGH_FREE = 1 << 30


@dataclass(frozen=True, slots=True)
class Condition:
    state: State
    about: str
    told: str
    advice: str = ""


def versions() -> Condition:
    told = f"faultmaven {version('faultmaven')}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return Condition("ok", "versions", told)


def data_folder(folder: Path) -> Condition:
    about = "data folder"
    try:
        status = folder.stat()
        free = shutil.disk_usage(folder).free
    except FileNotFoundError:
        return Condition("ok", about, f"{folder} does not exist yet; `faultmaven serve` makes it")
    except OSError as error:
        return Condition("FAIL", about, f"{folder}: {error.strerror}", "choose another with FAULTMAVEN_DATA_DIR")
    if wrong := _misplaced(folder, status, about):
        return wrong
    told = f"{folder}, mode {stat.S_IMODE(status.st_mode):03o}, {size(free)} free"
    if free < ENOUGH_FREE:
        return Condition("warn", about, told, "free some space, or choose another folder with FAULTMAVEN_DATA_DIR")
    return Condition("ok", about, told)


def token_file(path: Path) -> Condition:
    about = "access token"
    try:
        read_token(path)
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return Condition("ok", about, "none yet; `faultmaven serve` makes one at its first start")
    except UnusableToken as error:
        return Condition("FAIL", about, f"{path} holds no access token", str(error))
    except OSError as error:
        return Condition("FAIL", about, f"{path}: {error.strerror}", "make it readable for you, and for you alone")
    if mode & 0o077:
        return Condition(
            "FAIL", about, f"{path} can be read by others, mode {mode:03o}", "delete it and start the server again"
        )
    return Condition("ok", about, f"{path}, mode {mode:03o}")


def local_auth(settings: Settings) -> Condition:
    if settings.local_auth == "on":
        return Condition("ok", "local auth", "on")
    told = "off: every program of this machine can read and change everything"
    return Condition(
        "warn", "local auth", told, "unset FAULTMAVEN_LOCAL_AUTH, except for old clients that know no token"
    )


def users(settings: Settings) -> Condition:
    """Of token mode: who can sign in."""
    about = "users"
    try:
        found = look(settings, standing)
    except FileNotFoundError:
        return Condition("warn", about, "nobody can sign in yet", "make an access token: faultmaven token create NAME")
    except (OSError, Problem) as error:
        told = f"the database cannot be read: {reason(error)}"
        return Condition("FAIL", about, told, "start the server, which brings it up to date or says what is wrong")
    if not found.tokens:
        return Condition("warn", about, "nobody can sign in", "make an access token: faultmaven token create NAME")
    return Condition(
        "ok", about, f"token mode: {many(found.users, 'user')} with {many(found.tokens, 'good access token')}"
    )


def encryption(settings: Settings) -> Condition:
    about = "TLS"
    if settings.tls_certificate is not None:
        try:
            of_server(settings)
        except Failure as failure:
            return Condition("FAIL", about, str(failure), "set both right, or unset both")
        return Condition("ok", about, f"with the certificate {settings.tls_certificate}")
    if settings.behind_tls_proxy == "on":
        return Condition("ok", about, "by a proxy before this server, which is not looked at from here")
    return Condition("ok", about, "none; none is needed where only this machine is listened to")


def server(settings: Settings, token_file: Path | None = None) -> Condition:
    """Whether the port is free, ours, or somebody else's."""
    if settings.port == 0:
        return Condition("ok", "server", "takes a free port at each start, so it cannot be looked for here")
    address = address_of(address_in(settings))
    try:
        proven = prove(address, _token(settings, token_file), trusting=settings.local_auth == "off")
    except NobodyThere:
        return Condition("ok", "server", f"not running; {address.authority} is free for it")
    except Stranger:
        return _taken(address)
    except WantsToken as wish:
        return Condition("warn", "server", f"something is listening on {address.authority}, unproven", str(wish))
    except Failure as failure:
        return Condition("FAIL", "server", str(failure))
    how = "proven" if proven.token else "without authentication"
    return Condition("ok", "server", f"faultmaven {proven.version} is running on {proven.address.url}, {how}")


def knowledge() -> Condition:
    from faultmaven.diagnosis.catalogue import CatalogueError, load

    try:
        catalogue = load()
    except CatalogueError as error:
        return Condition("FAIL", "catalogue", str(error), "install faultmaven again")
    return Condition("ok", "catalogue", f"{len(catalogue.faults)} known faults, version {catalogue.version}")


def engines() -> Iterator[Condition]:
    yield Condition("ok", "engines", "embedded: available; needs no model and no network")
    yield Condition("ok", "", "llm: no language model is configured; this version answers without one")


def _misplaced(folder: Path, status: os.stat_result, about: str) -> Condition | None:
    mode = stat.S_IMODE(status.st_mode)
    if not stat.S_ISDIR(status.st_mode):
        return Condition("FAIL", about, f"{folder} is not a folder", "choose another with FAULTMAVEN_DATA_DIR")
    if status.st_uid != os.geteuid():
        return Condition("FAIL", about, f"{folder} belongs to another user", "choose one of your own")
    if mode & 0o077:
        return Condition("FAIL", about, f"{folder} is open to others, mode {mode:03o}", f"chmod 700 {folder}")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Condition("FAIL", about, f"{folder} cannot be written, mode {mode:03o}", f"chmod 700 {folder}")
    return None


def _token(settings: Settings, file: Path | None) -> str | None:
    """None where there is none to be had; what is wrong with that of the data folder is told by `token_file`."""
    try:
        return token_for(file, os.environ.get("FAULTMAVEN_TOKEN"), settings)
    except Failure:
        if file is not None:
            raise
        return None


def _taken(address: Address) -> Condition:
    return Condition(
        "FAIL",
        "server",
        f"something else is listening on {address.authority}, or a server with another data folder",
        "stop it, or choose another port with FAULTMAVEN_PORT",
    )
