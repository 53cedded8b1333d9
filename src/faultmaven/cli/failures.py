"""How a command ends when it cannot do its work: one clear sentence and an exit code that programs can rely on."""

from __future__ import annotations

from typing import Final

ANSWERED: Final = 0
NOT_WELL: Final = 1
USAGE: Final = 2
UNREADABLE: Final = 3
NO_SERVER: Final = 4
NO_ENGINE: Final = 5
INTERNAL: Final = 6
INTERRUPTED: Final = 130
# What a shell reports of a program that SIGPIPE ended.
READER_GONE: Final = 141

EXIT_CODES = """\
exit codes:
  0    answered, whatever the verdict
  1    doctor found something that must be put right
  2    wrong usage or setting, such as an empty question
  3    evidence or a backup cannot be read or written; serve: something is in the way of starting
  4    the server is unreachable, refused, or did not prove itself
  5    the engine asked for is not available
  6    something failed that should not have
  130  interrupted
  141  whoever read the output went away
"""


class Failure(Exception):
    """Ends the command with `code`. The message is whole sentences for a person: what happened, what to do."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
