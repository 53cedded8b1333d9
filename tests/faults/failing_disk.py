"""A disk that fails for a server of the tests, or loses what was not synced; failing_disk.c is the other half.

disk = FailingDisk(tmp_path, tmp_path / "data")
with disk.in_use(), start() as server:           reads and writes as ever
    with disk.failing(errno.EIO, "sync"):        until the block ends, no file of the data folder can be synced
"""

from __future__ import annotations

import ctypes
import mmap
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

SOURCE = Path(__file__).with_name("failing_disk.c")
COMPILERS = ("cc", "gcc", "clang")
HOW_TO_INSTALL = "tests of failing disks need a C compiler, and there is none: run `bash tests/install-compiler`"

Call = Literal["write", "sync", "truncate"]
BITS: dict[Call, int] = {"write": 1, "sync": 2, "truncate": 4}
NO_END = 2**32 - 1


class Control(ctypes.Structure):
    """As `struct control` in failing_disk.c."""

    _fields_ = (
        ("armed", ctypes.c_uint32),
        ("calls", ctypes.c_uint32),
        ("error", ctypes.c_int32),
        ("after", ctypes.c_uint32),
        ("times", ctypes.c_uint32),
        ("per_million", ctypes.c_uint32),
        ("seed", ctypes.c_uint64),
        ("matched", ctypes.c_uint64),
        ("failed", ctypes.c_uint64),
        ("journaling", ctypes.c_uint32),
        ("under", ctypes.c_char * 512),
        ("named", ctypes.c_char * 128),
        ("journal", ctypes.c_char * 512),
    )


class FailingDisk:
    """What lies under `under`. It works as any other disk until it is told otherwise."""

    def __init__(self, folder: Path, under: Path) -> None:
        self.under = under
        self.journal = folder / "journal"
        self._library = _built(folder)
        self._path = folder / "control"
        self._path.write_bytes(bytes(ctypes.sizeof(Control)))
        with self._path.open("r+b") as file:
            self._control = Control.from_buffer(mmap.mmap(file.fileno(), 0))
        self._control.under = os.fsencode(under)
        self._control.journal = os.fsencode(self.journal)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Processes that are started within have this disk."""
        own = {"LD_PRELOAD": str(self._library), "FAILING_DISK": str(self._path)}
        os.environ.update(own)
        try:
            yield
        finally:
            for name in own:
                del os.environ[name]

    def keep_journal(self) -> None:
        """From here on a power cut can be had: see power_cut.py."""
        self._control.journaling = 1

    @property
    def failed(self) -> int:
        """How many calls have failed since it was last told to fail."""
        return int(self._control.failed)

    @contextmanager
    def failing(
        self,
        error: int,
        *calls: Call,
        named: str = "",
        after: int = 0,
        times: int = NO_END,
        chance: float = 1.0,
        seed: int = 0,
    ) -> Iterator[None]:
        """Until the block ends, these calls fail with this errno for files whose path contains `named`: the first
        `after` of them still succeed, then at most `times` fail, each with this chance."""
        control = self._control
        control.calls = sum(BITS[call] for call in calls)
        control.error, control.after, control.times = error, after, times
        control.per_million, control.seed = round(chance * 1_000_000), seed
        control.named = named.encode()
        control.matched = control.failed = 0
        control.armed = 1
        try:
            yield
        finally:
            control.armed = 0


def _built(folder: Path) -> Path:
    """The library, compiled into this folder. Raises AssertionError without a compiler."""
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    assert compiler is not None, HOW_TO_INSTALL
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / "failing_disk.so"
    flags = ("-shared", "-fPIC", "-O2", "-Wall", "-Werror")
    command = [compiler, *flags, "-o", str(library), str(SOURCE), "-ldl"]
    compiled = subprocess.run(command, capture_output=True, text=True, check=False)
    assert compiled.returncode == 0, compiled.stderr
    return library
