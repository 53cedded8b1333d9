"""Reads mapped files at arm's length.

A file that is cut short while it is mapped kills whoever looks at the missing part (SIGBUS), and no handler in Python
can prevent that. So the work is done in a child process, and its parent stays to say what happened.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

from faultmaven.cli.failures import UNREADABLE, Failure


def guarded(work: Callable[[], int]) -> int:
    """`work` done in a child process, and its exit code. Raises Failure if a file was cut short under it."""
    child = os.fork()
    if child == 0:
        _as_child(work)
    code = _wait(child)
    if code == -signal.SIGBUS:
        raise Failure(UNREADABLE, "A file became shorter while it was read; try again, or on a copy of it.")
    return code if code >= 0 else 128 - code


def _as_child(work: Callable[[], int]) -> None:
    from faultmaven.cli import ended

    code = ended(work)
    if sys.stderr:
        sys.stderr.flush()
    os._exit(code)


def _wait(child: int) -> int:
    # The child gets the terminal's Ctrl-C as well and ends by it; whoever ends the parent alone means both.
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    terminate = signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    try:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        signal.signal(signal.SIGINT, interrupt)
        signal.signal(signal.SIGTERM, terminate)
