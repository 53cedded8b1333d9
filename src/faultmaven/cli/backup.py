"""`faultmaven backup`: all of a data folder in one file, while its server goes on serving."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from faultmaven.backup.making import to_file, to_pipe
from faultmaven.backup.restoring import verify
from faultmaven.cli.backups import called, check_database, described, opened, orderly, spoken, watch
from faultmaven.cli.failures import ANSWERED, USAGE, Failure
from faultmaven.cli.naming import STDIN
from faultmaven.cli.place import settings_of
from faultmaven.cli.terminal import write
from faultmaven.cli.words import size
from faultmaven.settings import Settings

STDOUT = STDIN


def run(options: Namespace) -> int:
    if options.verify:
        _verify(options.file)
    else:
        settings = settings_of(options)
        check_database(settings)
        with orderly(), spoken(options.file):
            _make(settings, options)
    return ANSWERED


def _make(settings: Settings, options: Namespace) -> None:
    if options.file == STDOUT:
        if sys.stdout.isatty():
            raise Failure(USAGE, "A backup is nothing for a terminal; name a file, or send standard output to one.")
        to_pipe(settings.data_dir, sys.stdout.buffer, watch)
        return
    file = Path(options.file)
    manifest = to_file(settings.data_dir, file, options.force, watch)
    write([f"Saved {described(manifest)}, to {file} ({size(file.stat().st_size)})."])


def _verify(name: str) -> None:
    with spoken(name), opened(name) as backup:
        manifest = verify(backup, watch)
    write([f"{called(name)} is whole: {described(manifest)}."])
