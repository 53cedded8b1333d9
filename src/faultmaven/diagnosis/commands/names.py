"""Names from evidence, let into a command only where they can do nothing there but name.

Whoever can write to a log chooses what stands in it. So each kind of name has a grammar, every grammar keeps to
characters that mean nothing to a shell, to SQL or to an option parser, and what does not fit is shown as a placeholder.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_SUBDOMAIN = rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*"
_HOST_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_IPV6 = r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}"
_HOST = rf"(?=.{{1,253}}\Z)(?:{_HOST_LABEL}(?:\.{_HOST_LABEL})*|{_IPV6})"
_SQL_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,62}"
_PATH = r"(?=.{1,512}\Z)/?[A-Za-z0-9_.@+][A-Za-z0-9_.@+=:,-]*(?:/[A-Za-z0-9_.@+][A-Za-z0-9_.@+=:,-]*)*/?"
_IMAGE = r"(?=.{1,400}\Z)[A-Za-z0-9](?:[A-Za-z0-9._-]|[/:](?=[A-Za-z0-9]))*(?:@sha256:[0-9a-f]{64})?"
_PORT = r"[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
_WORD = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a name of this kind may look like, and what is shown for one that does not."""

    grammar: re.Pattern[str]
    placeholder: str


def _kind(grammar: str, placeholder: str) -> Kind:
    return Kind(re.compile(grammar), placeholder)


KINDS: Mapping[str, Kind] = {
    "pod": _kind(_SUBDOMAIN, "POD_NAME"),
    "namespace": _kind(_LABEL, "NAMESPACE"),
    "deployment": _kind(_SUBDOMAIN, "DEPLOYMENT"),
    "service": _kind(_SUBDOMAIN, "SERVICE"),
    "node": _kind(_SUBDOMAIN, "NODE_NAME"),
    "container": _kind(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}", "CONTAINER"),
    "configmap": _kind(_SUBDOMAIN, "CONFIGMAP"),
    "secret": _kind(_SUBDOMAIN, "SECRET_NAME"),
    "claim": _kind(_SUBDOMAIN, "CLAIM_NAME"),
    "quota": _kind(_SUBDOMAIN, "QUOTA_NAME"),
    "resource": _kind(_SUBDOMAIN, "RESOURCE"),
    "verb": _kind(r"[a-z]{2,20}", "VERB"),
    "image": _kind(_IMAGE, "IMAGE"),
    "host": _kind(_HOST, "HOST"),
    "port": _kind(_PORT, "PORT"),
    "user": _kind(r"[A-Za-z_][A-Za-z0-9_.-]{0,62}", "USER_NAME"),
    "database": _kind(r"[A-Za-z_][A-Za-z0-9_-]{0,62}", "DATABASE"),
    "table": _kind(rf"{_SQL_NAME}(?:\.{_SQL_NAME})?", "TABLE_NAME"),
    "column": _kind(_SQL_NAME, "COLUMN_NAME"),
    "file": _kind(_PATH, "FILE"),
    "path": _kind(_PATH, "DIRECTORY"),
    "device": _kind(r"/dev/[A-Za-z0-9_-]{1,40}(?:/[A-Za-z0-9_-]{1,60})?", "DEVICE"),
    "unit": _kind(r"[A-Za-z0-9_][A-Za-z0-9_.@:-]{0,200}", "UNIT"),
    "pid": _kind(r"[1-9][0-9]{0,6}", "PID"),
    "process": _kind(_WORD, "PROCESS"),
    "program": _kind(_WORD, "PROGRAM"),
    "module": _kind(r"(?:@[a-z0-9][a-z0-9_.-]{0,60}/)?[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", "MODULE"),
    "class": _kind(r"[A-Za-z_][A-Za-z0-9_.]{0,200}", "CLASS_NAME"),
    "variable": _kind(r"[A-Za-z_][A-Za-z0-9_]{0,127}", "VARIABLE"),
    "topic": _kind(_WORD, "TOPIC"),
    "index": _kind(r"[a-z0-9][a-z0-9_.-]{0,200}", "INDEX"),
    "queue": _kind(_WORD, "QUEUE"),
}

# `%{time_total}` is curl's and `${name}` the shell's.
_SLOT = re.compile(r"(?<![%$])\{([a-z_]+)\}")


def fill(command: str, names: Mapping[str, str]) -> str:
    """The command with its slots (`{pod}`) filled: by a name that fits its grammar, else a placeholder (`POD_NAME`)."""
    return _SLOT.sub(lambda slot: _shown(slot[1], names), command)


def fill_plainly(sentence: str, names: Mapping[str, str]) -> str:
    """A sentence, not a command, with its slots filled with names that were checked."""
    return _SLOT.sub(lambda slot: names[slot[1]], sentence)


def placeholders(command: str) -> frozenset[str]:
    """The kinds of names a command has slots for."""
    return frozenset(_SLOT.findall(command))


def unknown_kinds(command: str) -> frozenset[str]:
    return placeholders(command) - KINDS.keys()


def fits(kind: str, name: str) -> bool:
    """Whether a name is one of its kind, to the letter."""
    return kind in KINDS and KINDS[kind].grammar.fullmatch(name) is not None


def _shown(kind: str, names: Mapping[str, str]) -> str:
    name = names.get(kind, "")
    if fits(kind, name):
        return shlex.quote(name)
    return KINDS[kind].placeholder if kind in KINDS else kind.upper()
