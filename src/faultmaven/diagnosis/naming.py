"""What things are called: names from evidence that fit the grammar of their kind, and lines without their preamble."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from faultmaven.diagnosis.commands.names import fill_plainly, fits, placeholders

# The kinds of names that say what it happened to, the most telling first.
_SUBJECT_KINDS = """
    database host service deployment pod unit device path file table secret configmap claim image module class variable
    topic index queue process user node quota column
"""
_SUBJECTS = tuple(_SUBJECT_KINDS.split())
_LONGEST = 60

# Addresses as messages give them, for faults whose patterns leave them unnamed.
_ADDRESSES = (
    re.compile(r"\bhost(?:name)?[ =:]+[\"']?(?P<host>[\w.-]+)[\"']?.{0,60}?\bport[ =:]+(?P<port>\d{2,5})\b"),
    re.compile(r"\b[a-z]+://(?:[^\s/@\"]*@)?(?P<host>[\w.-]+)(?::(?P<port>\d{2,5}))?"),
    re.compile(r"\b(?:lookup|host(?: ?name)?|resolve) \\?[\"']?(?P<host>[\w-]+(?:\.[\w-]+)+)"),
    re.compile(
        r"(?<![\w.:/-])(?!(?:pid|tid|uid|gid|line|code):)"
        r"(?P<host>[A-Za-z][\w-]*(?:\.[\w-]+)*|\d{1,3}(?:\.\d{1,3}){3}):(?P<port>\d{2,5})(?![\w.]|:\d)"
    ),
)

# `Loader.java:277` looks like a host and its port, and is a place in a program. Endings that are also countries' stay.
_SOURCE_FILE = re.compile(
    r"\.(?:java|kt|scala|groovy|pyx?|[mc]?[jt]sx?|go|rb|php|c|cpp|h|hpp|swift|lua|sql|log|conf|cfg|ya?ml|json|toml|xml|html?)$",
    re.IGNORECASE,
)


def subject_of(names: Mapping[str, str]) -> str:
    """The thing in a few words, `host db-1:5432`, or nothing where no name fits its kind."""
    plain = {kind: name for kind, name in names.items() if fits(kind, name) and len(name) <= _LONGEST}
    kinds = [kind for kind in _SUBJECTS if kind in plain][:2]
    shown = [f"{kind} {plain[kind]}" for kind in kinds]
    if "port" not in plain:
        return ", ".join(shown)
    if "host" not in kinds:
        return ", ".join([*shown, f"port {plain['port']}"])
    shown[kinds.index("host")] += f":{plain['port']}"
    return ", ".join(shown)


def named_title(template: str, names: Mapping[str, str]) -> str | None:
    """A headline with its slots filled, or None where a name is missing or does not fit its kind."""
    known = {kind: name for kind, name in names.items() if fits(kind, name) and len(name) <= _LONGEST}
    if "host" in known:
        known["address"] = f"{known['host']}:{known['port']}" if "port" in known else known["host"]
    return fill_plainly(template, known) if placeholders(template) <= known.keys() else None


def address_in(text: str) -> dict[str, str]:
    """The first host a message names, and its port where it stands beside it."""
    for pattern in _ADDRESSES:
        for found in pattern.finditer(text[:2000]):
            named = {kind: name for kind, name in found.groupdict().items() if name and fits(kind, name)}
            if "host" in named and not _SOURCE_FILE.search(named["host"]):
                return named
    return {}


# Things of a cluster or machine as lines name them; beside a bare space, only what cannot be a word of the sentence.
_THING = r"[a-z0-9](?:[a-z0-9.-]{0,200}[a-z0-9])?"
_COMPOUND = r"[a-z0-9]+(?:-[a-z0-9]+)+"
_THINGS = (
    re.compile(rf"\bpods?[\"']?\s?[/=:]\s?[\"']?(?:(?P<namespace>[a-z0-9-]+)/)?(?P<pod>{_THING})"),
    re.compile(rf"\bpod_?(?:name)?[\"']?\s?[=:]\s?[\"']?(?P<pod>{_THING})"),
    re.compile(rf"\b[Pp]od [\"']?(?:(?P<namespace>[a-z0-9-]+)/)?(?P<pod>{_COMPOUND})"),
    re.compile(rf"^(?:(?P<namespace>[a-z0-9-]+)\s{{2,}})?(?P<pod>{_COMPOUND})\s+\d+/\d+\s"),
    re.compile(r"\b(?:namespace(?:_name)?|ns)[\"']?\s?[=:/]\s?[\"']?(?P<namespace>[a-z0-9-]+)", re.IGNORECASE),
    re.compile(rf"\bnamespace (?:\"(?P<quoted>[a-z0-9-]+)\"|(?P<namespace>{_COMPOUND}))"),
    re.compile(rf"\bdeployments?(?:\.apps)?[\"']?\s?[/=:]\s?[\"']?(?:[a-z0-9-]+/)?(?P<deployment>{_THING})"),
    re.compile(rf"\b[Dd]eployment [\"']?(?P<deployment>{_COMPOUND})"),
    re.compile(r"(?<![\w.@/-])(?P<unit>[A-Za-z0-9_][\w.@-]{0,100}\.(?:service|socket|timer|mount))\b"),
)


def things_in(text: str) -> dict[str, str]:
    """Pod, namespace, deployment and unit, as far as a message names them."""
    names: dict[str, str] = {}
    for pattern in _THINGS:
        if found := pattern.search(text[:2000]):
            told = {
                ("namespace" if kind == "quoted" else kind): name for kind, name in found.groupdict().items() if name
            }
            names = {**{kind: name for kind, name in told.items() if fits(kind, name)}, **names}
    return names


_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
_DAY = r"\d{4}[-/]\d\d[-/]\d\d[T ]?|[A-Z][a-z]{2} [ \d]\d "
_PREAMBLE = re.compile(
    rf"^(?:\s*(?:<\d+>\d? ?)?[\[(]?(?:\w{{3}} )?(?:{_DAY})?{_CLOCK}[\])]?"
    r"|\s*[\[(]?(?:FATAL|ERROR|ERR|CRITICAL|SEVERE|PANIC|WARN(?:ING)?|INFO|error|fatal|crit|warn)[\])]?:?(?=[\s:])"
    r"|\s*\[[\w./#:-]{1,40}\]|\s*\d+#\d+:|\s*[-|:]\s|\s+\d+ --- \[[^\]]*\] \S+ +: )+"
)
_SYSLOG = re.compile(r"^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?P<host>\S+) (?P<program>[\w./@-]+)(?:\[\d+\])?: ")
_FIELD = re.compile(
    r"(?:\"(?:message|msg|log|error|err)\"\s*:\s*|\b(?:msg|message|err|error)=)(\"(?:[^\"\\]|\\.){3,}\")",
    re.IGNORECASE,
)

_MORE = re.compile(
    r"\"(error|err|exception|reason|cause|detail|details|note|hint)\"\s*:\s*(\"(?:[^\"\\]|\\.){3,}\")", re.I
)


def message_of(line: str) -> str:
    """What a log line says, without its time, level and bracketed head; of JSON also what stands beside its message."""
    if found := _FIELD.search(line):
        return _with_more(line, _unescaped(found[1]))
    if syslog := _SYSLOG.match(line):
        return f"{syslog['program']}: {line[syslog.end() :].strip()}"
    head = _PREAMBLE.match(line)
    return (line[head.end() :].strip() if head else "") or line.strip()


def _with_more(line: str, message: str) -> str:
    """The other members that say something, one after the other, as far as the message does not say it already."""
    for found in _MORE.finditer(line[:4000]):
        told = _unescaped(found[2])
        if told not in message and message not in told:
            message += f"; {found[1]}: {told}"
    return message


def _unescaped(quoted: str) -> str:
    try:
        told = json.loads(quoted)
    except ValueError:
        return quoted[1:-1]
    return told if isinstance(told, str) else quoted[1:-1]


_FRAMES = (
    re.compile(r"File \"(?P<file>[^\"]+)\", line (?P<line>\d+)(?:, in (?P<name>.+))?"),
    re.compile(r"at (?:async )?(?P<name>[^()]+?) \((?P<file>[^()]+?):(?P<line>\d+)(?::\d+)?\)"),
    re.compile(r"at (?:[\w.@-]+/)?(?:[a-z][\w$]*\.)*(?P<name>[\w$.<>]+)\((?P<file>[\w$]+\.\w+):(?P<line>\d+)\)"),
    re.compile(r"at (?P<file>(?:file://)?/[^\s:]+):(?P<line>\d+)(?::\d+)?(?P<name>)"),
    re.compile(r"^\s*(?P<file>/[^\s:]+\.go):(?P<line>\d+)(?P<name>)"),
    # .NET, PHP, Ruby, Firefox and Safari, Rust.
    re.compile(r"at (?P<name>[^()]+)\(.* in (?P<file>.+):line (?P<line>\d+)"),
    re.compile(r"^#\d+ (?P<file>[^()]+)\((?P<line>\d+)\): (?P<name>[^()]+)"),
    re.compile(r"^(?P<file>[^:]+):(?P<line>\d+):in [`'](?P<name>[^'`]+)'"),
    re.compile(r"^(?P<name>[^@\s]*)(?:@| (?=\w+://))(?P<file>[a-z-]+://.+?):(?P<line>\d+)(?::\d+)?$"),
    re.compile(r"^(?:at )?(?P<file>[^\s:()]+\.(?:rs|php)):(?P<line>\d+)(?::\d+)?(?P<name>)$"),
)


def place_of(frame: str) -> str:
    """A frame as its language prints it, shortened to `file:line in name`."""
    for pattern in _FRAMES:
        if found := pattern.search(frame[:500]):
            name = f" in {found['name'].strip()}" if found["name"] else ""
            return f"{found['file']}:{found['line']}{name}"
    return frame.strip()
