"""The data folder, fit to keep what is nobody else's business."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from faultmaven.cli.failures import UNREADABLE, Failure


def prepare_folder(folder: Path) -> None:
    """Makes the data folder, or refuses one that others can read or own. Raises Failure."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError as error:
        raise Failure(UNREADABLE, f"The data folder {folder} cannot be used: {error.strerror}.") from error
    if status.st_uid != os.geteuid():
        raise Failure(
            UNREADABLE, f"The data folder {folder} belongs to another user; choose one of your own with --data-dir."
        )
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise Failure(UNREADABLE, f"Others can read the data folder {folder}; run: chmod 700 {folder}")
