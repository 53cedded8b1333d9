"""What `backup` and `restore` have in common: opening a backup, describing it, and saying what went wrong."""

from __future__ import annotations

import errno
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from faultmaven.backup.archive import Manifest, Newer, Tell
from faultmaven.backup.seal import Altered
from faultmaven.backup.source import Refused
from faultmaven.cli.failures import UNREADABLE, USAGE, Failure
from faultmaven.cli.naming import STDIN
from faultmaven.cli.progress import progress_over
from faultmaven.cli.words import clock, many, size
from faultmaven.errors import StorageFull
from faultmaven.settings import Settings

_FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_SPACE = "No space is left on the disk, so nothing was kept. Free some, then try again."


def check_database(settings: Settings) -> None:
    """Raises Failure where the data folder is not all there is: half a backup is none."""
    if settings.database_url.get_secret_value():
        raise Failure(
            USAGE,
            "FAULTMAVEN_DATABASE_URL names a database outside of the data folder, and this command knows only the one "
            f"in it. Save that database with pg_dump, and then copy {settings.evidence_dir}; docs/backup.md says how.",
        )


def called(name: str) -> str:
    return "standard input" if name == STDIN else name


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """Standard input, or a file. Raises OSError."""
    if name == STDIN:
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as file:
        yield file


def described(manifest: Manifest) -> str:
    evidence = many(len(manifest.evidence), "piece")
    made = f"made {clock(manifest.created_at)} by FaultMaven {manifest.version}"
    return f"the database and {evidence} of evidence, {size(manifest.size)}, {made}"


def watch(total: int) -> Tell:
    progress = progress_over([total])
    draw = progress.piece(total)

    def tell(done: int) -> None:
        draw(min(done, total))
        if done >= total:
            progress.clear()

    return tell


@contextmanager
def spoken(name: str) -> Iterator[None]:
    """Says in a sentence what went wrong with this backup. Raises Failure."""
    try:
        yield
    except Refused as error:
        raise Failure(UNREADABLE, str(error)) from error
    except Newer as error:
        raise Failure(
            UNREADABLE, f"{called(name)} is of no use here: {error}. Use that version, or a newer one."
        ) from error
    except Altered as error:
        raise Failure(
            UNREADABLE, f"{called(name)} is not a backup as it was written: {error}. Use another copy."
        ) from error
    except StorageFull as error:
        raise Failure(UNREADABLE, _NO_SPACE) from error
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise Failure(UNREADABLE, _NO_SPACE) from error
        raise Failure(UNREADABLE, f"{error.filename or name}: {error.strerror or error}.") from error


@contextmanager
def orderly() -> Iterator[None]:
    """Whoever ends this process by a signal lets it clean up; only SIGKILL leaves something behind."""

    def end(number: int, _frame: object) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
