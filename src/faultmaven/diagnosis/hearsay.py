"""Words that a program only repeats: what somebody searched for, called himself or sent, as it stands quoted in a log.

Whoever can make a program log what he typed writes into the evidence. What stands between quotation marks is therefore
not the program's own word: neither that something failed, nor that it is well again, nor that something was changed.
"""

from __future__ import annotations

from collections.abc import Callable

from faultmaven.diagnosis.readers.line import read_line
from faultmaven.diagnosis.trouble import is_member

# Fewer words than this are a name: `relation "invoices" does not exist`.
_FEWEST_WORDS = 3


def only_repeated(line: str, shows: Callable[[str], bool]) -> bool:
    """Whether what `shows` finds in a line stands only in what the line's message quotes.

    What the line itself calls an error is the program's own word, whomever it quotes, and so is what a document has as
    the value of a member.
    """
    if is_member(line):
        return False
    record = read_line(line)
    own = own_words(record.said)
    if own == record.said or not shows(record.said) or shows(own):
        return False
    quoted = record.said[own.index('"') + 1 : len(record.said) - len(own) + own.index('"') + 1]
    # Where no level is stated the words decide, and then it matters whose they are.
    return read_line(line.replace(quoted, "")).level not in ("fatal", "error")


def own_words(message: str) -> str:
    """The message without what stands between its first and its last quotation mark, unless that is a mere name."""
    first, last = message.find('"'), message.rfind('"')
    if last <= first or len(message[first + 1 : last].split(None, _FEWEST_WORDS)) < _FEWEST_WORDS:
        return message
    return message[: first + 1] + message[last:]
