"""The page that is written on: how wide it is, whether it takes colour, and lines that fit it."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from faultmaven.cli.failures import INTERNAL, Failure
from faultmaven.diagnosis.quoting import visible

# Narrower than this, words would be broken; the terminal may then wrap as it likes.
NARROWEST = 60
# What is shown of a quoted line where no terminal sets a limit.
UNBOUND_QUOTE = 240


@dataclass(frozen=True, slots=True)
class Page:
    """`width` None is no terminal: sentences stay on one line, so that what reads them can match them."""

    width: int | None = None
    colour: bool = False

    def strong(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self.colour and text else text

    def sentence(self, text: str, first: str = "", rest: str = "", most: int = 20) -> list[str]:
        """The text inert and wrapped, in at most so many lines; `first` and `rest` stand before them."""
        whole = one_line(first + text)
        if self.width is None:
            return [whole]
        return textwrap.wrap(whole, self.width, subsequent_indent=rest, max_lines=most, placeholder=" …") or [whole]

    def cut(self, text: str) -> str:
        """The text inert and on one line that fits; what is cut off is marked."""
        inert = one_line(text)
        room = UNBOUND_QUOTE if self.width is None else self.width
        return inert if _columns(inert) <= room else _fitting(inert, room - 1) + "…"


def one_line(text: str) -> str:
    """The text inert, its line breaks too: what comes from outside never begins a line of ours."""
    return visible(text).replace("\n", "\\x0a")


def page() -> Page:
    """Standard output as it is now. `NO_COLOR` (https://no-color.org) is honoured."""
    if not (sys.stdout and sys.stdout.isatty()):
        return Page()
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return Page(max(NARROWEST, shutil.get_terminal_size().columns), not plain)


def write(lines: Iterable[str]) -> None:
    """To standard output, whatever characters its encoding lacks. Raises Failure where it cannot be written."""
    with _told():
        encoding = sys.stdout.encoding or "utf-8"
        for line in lines:
            sys.stdout.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        sys.stdout.flush()


def write_json(document: str) -> None:
    """As UTF-8, which JSON is, whatever the terminal's encoding. Raises Failure where it cannot be written."""
    with _told():
        sys.stdout.buffer.write(document.encode() + b"\n")
        sys.stdout.buffer.flush()


def discard_output() -> None:
    """From now on: Python flushes standard output once more at its end, and must not complain again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _told() -> Iterator[None]:
    if sys.stdout is None:
        raise Failure(INTERNAL, "There is no standard output to write to.")
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_output()
        raise Failure(INTERNAL, f"The output cannot be written: {error.strerror}.") from None


def _columns(text: str) -> int:
    return len(text) if text.isascii() else sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _fitting(text: str, room: int) -> str:
    used = 0
    for at, character in enumerate(text):
        used += _width(character)
        if used > room:
            return text[:at]
    return text
