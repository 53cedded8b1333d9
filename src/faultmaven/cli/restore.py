"""`faultmaven restore`: a new data folder from a backup, or nothing."""

from __future__ import annotations

from argparse import Namespace

from faultmaven.backup.restoring import restore
from faultmaven.cli.backups import check_database, described, opened, orderly, spoken, watch
from faultmaven.cli.failures import ANSWERED, USAGE, Failure
from faultmaven.cli.place import settings_of
from faultmaven.cli.terminal import write


def run(options: Namespace) -> int:
    settings = settings_of(options)
    check_database(settings)
    with orderly(), spoken(options.file), opened(options.file) as backup:
        if not backup.seekable():
            raise Failure(USAGE, "A backup is read twice, so it cannot come through a pipe; save it to a file first.")
        manifest = restore(backup, settings.data_dir, watch)
    write(
        [
            f"Restored {described(manifest)}, to {settings.data_dir}.",
            "Start the server with this data folder; in local mode it makes a new access token.",
        ]
    )
    return ANSWERED
