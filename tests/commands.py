"""The installed command as people and scripts run it."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from tests.servers import COMMAND

PATIENCE = 60.0


def faultmaven(
    *arguments: str | Path,
    piped: bytes | None = None,
    stdin: IO[bytes] | int = subprocess.DEVNULL,
    settings: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs it through pipes; `piped` goes to its standard input, `settings` into its environment."""
    source = subprocess.PIPE if piped is not None else stdin
    process = subprocess.Popen(
        command(arguments), stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment(settings)
    )
    with process:
        out, err = process.communicate(piped, timeout=PATIENCE)
    return subprocess.CompletedProcess(process.args, process.returncode, out.decode(), err.decode())


def started(*arguments: str | Path) -> subprocess.Popen[bytes]:
    """Runs it without waiting for its end."""
    return subprocess.Popen(
        command(arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(None),
    )


def on_a_terminal(*arguments: str | Path, settings: Mapping[str, str] | None = None) -> str:
    """What a person sees, standard output and error together, on a terminal of 80 columns."""
    outer, inner = pty.openpty()
    os.set_inheritable(inner, True)
    environment = _environment({"COLUMNS": "80", "TERM": "xterm"} | dict(settings or {}))
    process = subprocess.Popen(command(arguments), stdin=inner, stdout=inner, stderr=inner, env=environment)
    os.close(inner)
    seen = b"".join(iter(lambda: _read(outer), b""))
    process.wait(PATIENCE)
    os.close(outer)
    return seen.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # the last writer has closed it
        return b""


def command(arguments: Sequence[str | Path]) -> list[str]:
    return [str(COMMAND), *map(str, arguments)]


def _environment(settings: Mapping[str, str] | None) -> dict[str, str]:
    """Without what this machine happens to have set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FAULTMAVEN_")}
    for name in ("NO_COLOR", "BROWSER", "DISPLAY"):
        kept.pop(name, None)
    return kept | dict(settings or {})
