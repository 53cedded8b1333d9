"""The command line: `main` is what the installed `faultmaven` runs.

Each sub-command is a module with `run(options) -> exit code`, imported only when it is the one that was asked for.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from faultmaven.cli.failures import ANSWERED, INTERNAL, INTERRUPTED, READER_GONE, USAGE, Failure

_MODULES = {
    "ask": "faultmaven.cli.ask",
    "analyze": "faultmaven.cli.analyze",
    "doctor": "faultmaven.cli.doctor",
    "open": "faultmaven.cli.opening",
    "serve": "faultmaven.cli.serve",
    "token": "faultmaven.cli.token",
    "backup": "faultmaven.cli.backup",
    "restore": "faultmaven.cli.restore",
    "contract": "faultmaven.cli.contract",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and says how it went: 0, or a code of failures.py with a sentence on stderr."""
    return ended(lambda: _run(sys.argv[1:] if argv is None else argv))


def ended(work: Callable[[], int]) -> int:
    """The exit code of `work`; every way in which it can fail has become a sentence on stderr."""
    try:
        return work()
    except Failure as failure:
        return _failed(failure.code, str(failure))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_gone()
    except Exception as error:
        # The last resort: a person gets a sentence to act on, a developer the traceback on request.
        return _unforeseen(error)


def _run(argv: Sequence[str]) -> int:
    from faultmaven.cli.arguments import parser, with_local_server

    known = parser()
    options = known.parse_args(with_local_server(argv))
    if options.version:
        return _version()
    if options.command is None:
        known.print_help(sys.stderr)
        return USAGE
    return _dispatch(options)


def _dispatch(options: argparse.Namespace) -> int:
    from faultmaven.cli.terminal import write

    code = int(import_module(_MODULES[options.command]).run(options))
    if sys.stdout:
        write([])  # what was merely printed is flushed here, where it can still be told that it was not
    return code


def _version() -> int:
    from importlib.metadata import version

    from faultmaven.cli.terminal import write

    write([version("faultmaven")])
    return ANSWERED


def _failed(code: int, sentence: str) -> int:
    from faultmaven.cli.terminal import one_line

    if sys.stderr:
        print(f"faultmaven: {one_line(sentence)}", file=sys.stderr)
    return code


def _reader_gone() -> int:
    from faultmaven.cli.terminal import discard_output

    discard_output()
    return READER_GONE


def _unforeseen(error: Exception) -> int:
    if os.environ.get("FAULTMAVEN_LOG_LEVEL", "").lower() == "debug":
        import traceback

        traceback.print_exception(error)
    told = f"{type(error).__name__}: {error}".rstrip(": .")
    return _failed(INTERNAL, f"This should not have happened: {told}. FAULTMAVEN_LOG_LEVEL=debug shows where.")
