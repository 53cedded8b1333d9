"""What all readers of configuration state: which file it is, where it breaks off, and what it says twice.

A stretch that looks like YAML may be prose or a program's output. Only what was shown as a file, or fills the whole
evidence, is held to the rules of its format.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

from faultmaven.diagnosis.facts import Node, Object, Part, Span
from faultmaven.diagnosis.structured.making import made
from faultmaven.diagnosis.structured.text import Text

_SHOWN = re.compile(
    r"(?:sudo )?(?:cat|less|more|bat|batcat|systemctl cat)\s+(?:-\S+\s+)*[\"']?([\w./@~+:-]{1,200})[\"']?$"
)
# Text that a program fills in later is not yet the file it becomes.
_TEMPLATE = re.compile(r"\{\{|\{%|<%|^[ \t]*#[ \t]*(?:if|else|endif)\b", re.MULTILINE)
_CUT = re.compile(r"^[ \t]*(?:\.\.\.|\[\.\.\.\]|<snip>|# ?\.\.\.)|\.\.\.[ \t]*$|…", re.MULTILINE)


def file_of(command: str) -> str:
    """The file that a command shows (`cat nginx.conf`), else nothing."""
    found = _SHOWN.match(command.strip())
    return found[1] if found else ""


def is_shown(text: Text, part: Part) -> bool:
    """The line above is the command that shows the file."""
    before = part.span.first - 2
    return before >= 0 and bool(file_of(part.command)) and part.command in text.lines[before]


def name_of(text: Text, part: Part) -> str:
    return file_of(part.command) if is_shown(text, part) else ""


def is_file(text: Text, part: Part) -> bool:
    """A file that is shown, or the whole evidence; in either case as it is, neither cut nor a template."""
    if not is_shown(text, part) and not _is_all(text, part):
        return False
    own = "\n".join(lines_of(text, part))
    return not _TEMPLATE.search(own) and not _CUT.search(own)


def _is_all(text: Text, part: Part) -> bool:
    outside = chain(range(part.span.first - 1), range(part.span.last, len(text.lines)))
    return not any(text.lines[at].strip() for at in outside)


def lines_of(text: Text, part: Part) -> Sequence[str]:
    return text.lines[part.span.first - 1 : part.span.last]


def broken(form: str, file: str, message: str, line: int) -> Object:
    """A file of a form (`YAML`) that cannot be read beyond a line."""
    span = Span(line, line)
    return Object("Broken", file, span, made({"form": form, "message": message}, span), None, "manifest")


def repeated(form: str, file: str, key: str, first: Node, last: Node) -> Object:
    """A key that a map has twice, with different values."""
    node = Node(last.span, "map", members={"form": Node(last.span, scalar=form), "first": first, "last": last})
    return Object("Repeated", key, last.span, node, file or None, "manifest")
