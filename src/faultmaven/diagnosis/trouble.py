"""Whether a line speaks of trouble, for text in which nothing tells levels: command output, a program's bare stderr."""

from __future__ import annotations

import re

_WORDS = (
    r"error|fatal|panic|exception|failed|failure|fails|cannot|can't|could not"
    r"|couldn't|unable to|denied|refused|forbidden|timed out|not found|no such|does not exist|doesn't exist|unreachable"
    r"|crashed|segfault|segmentation fault|aborted|unhealthy|expired|syntax error|unexpected|not permitted|exceeded"
    r"|insufficient|unsupported|unknown|rejected|invalid|too many|out of memory"
)
# Standing on its own: not a part of a name, a key, a flag or a setting.
_ALONE = rf"(?<![\w./#$=-])(?:{_WORDS})(?![\w=]|[./:-]\w|\"?\s*:\s*[\d\[{{])"
_TROUBLE = re.compile(rf"{_ALONE}|\w(?:error|exception):(?=\s)", re.IGNORECASE)
_UNSET = r"0|none|null|false|nil|<none>|\[\]|\{\}|\"\"|<unset>"
_NO_TROUBLE = re.compile(
    r"\b(?:0|no|zero|without|any) (?:\w+ )?(?:error|failure|exception|problem|issue|warning)s?\b"
    rf"|\b(?:error|failure|failed|exception)\w*[\"']?\s*[:=]\s*[\"']?(?:{_UNSET})(?![\w.])"
    rf"|[:=]\s*(?:{_UNSET}),?\s*$",
    re.IGNORECASE,
)
# Source code, comments and commands that would speak of a failure are none.
_NOT_SAID = re.compile(
    r"^\s*(?:#|//|/\*|\*|--|;|\$|echo\b|printf?\b|raise\b|throw\b|return\b|if\b|else\b|try\b|except\b|catch\b|def\b"
    r"|func\b|print\(|console\.|log(?:ger|ging)?\.|-\s*(?:echo|name:)|stderr:|stdout:)",
    re.IGNORECASE,
)
# A member of a document (JSON, YAML), and the keys under which something is said rather than set.
_MEMBER = re.compile(r"^\s*(?:-\s+|\")\"?(?P<key>[A-Za-z][\w -]{0,40}?)\"?\s*:(?:\s|$)")
_SAYING = re.compile(
    r"message|msg|reason|error|err\b|warning|detail|log|output|event|last[ _]?state|stderr|exception|cause",
    re.IGNORECASE,
)
_BARE_LEVEL = re.compile(
    r"^[\s\"'{-]*\w*(?:severity|level|status|state|priority|type)[\"']?\s*[:=]\s*[\"']?\w+[\"']?[\s,}]*$", re.IGNORECASE
)

_ONE_WORD = re.compile(r"^\s*[\w ]{1,40}:\s+[\w/.-]+\s*$")
_COLUMN_GAP = re.compile(r"\S(?: {2,}|\t+)(?=\S)")


def speaks_of_trouble(line: str) -> bool:
    if not _TROUBLE.search(line) or _NO_TROUBLE.search(line) or _NOT_SAID.match(line):
        return False
    member = _MEMBER.match(line)
    return member is None or bool(_SAYING.search(member["key"]))


def is_member(line: str) -> bool:
    """A line of a document (JSON, YAML) that gives one of its members."""
    return bool(_MEMBER.match(line))


def is_mere_value(line: str) -> bool:
    """A member of a document that sets something rather than says it: `"severity": "critical",`, `"error": "",`."""
    return bool(_BARE_LEVEL.match(line)) or (is_member(line) and not speaks_of_trouble(line))


def shows_state(line: str) -> bool:
    """A row of columns, or a key with one word for a value: it shows that something is wrong, not what."""
    return len(_COLUMN_GAP.findall(line)) >= 3 or bool(_ONE_WORD.match(line))
