"""How bad a line says it is, by the level it states.

A stated level always wins: an INFO line that talks about errors is an INFO line. Where none is stated, `words` judges.
"""

from __future__ import annotations

import re

from faultmaven.diagnosis.digest import Level

_NAMES: dict[Level, str] = {
    "fatal": "fatal panic emerg emergency alert crit critical ftl dpanic",
    "error": "error err severe fail failure eror",
    "warning": "warning warn wrn warnung",
    "info": "info information informational notice inf log config note success",
    "debug": "debug dbg dbug trace verbose fine finer finest vrb trc silly",
}
_LEVELS: dict[str, Level] = {name: level for level, names in _NAMES.items() for name in names.split()}
# The single letters of klog, Ruby's logger and MongoDB.
_LETTERS: dict[str, Level] = {"F": "fatal", "E": "error", "W": "warning", "I": "info", "D": "debug"}
_HEAD = 200

_UPPER = (
    "EMERGENCY|EMERG|ALERT|PANIC|DPANIC|FATAL|CRITICAL|CRIT|SEVERE|ERROR|ERR|WARNING|WARN|NOTICE|INFO|INFORMATION"
    "|DEBUG|TRACE|VERBOSE|FINEST|FINER|FINE|FTL|WRN|INF|DBG|VRB"
)
_STATED = re.compile(rf"(?:^|[\s\[(|<>:\"'/#;,*@-])({_UPPER})(?=$|[\s\])|>:\"',;!/\[-])")
_POSTGRES = re.compile(r"(?:^|\s)(LOG|DETAIL|HINT|STATEMENT|CONTEXT|QUERY):  ")
_ANY = "emerg|emergency|alert|panic|fatal|critical|crit|severe|error|err|warning|warn|notice|info|debug|trace|fail|dbug"
_BRACKETED = re.compile(rf"[\[<(](?:[\w.-]{{1,40}}:)?({_ANY})[\])>]|::(error|warning|notice|debug)\b", re.IGNORECASE)
_FIELD = re.compile(
    r"(?:^|[\s{,(\"])(?:level|lvl|severity|loglevel|log_level|log\.level)[\"']?\s?[=:]\s?[\"']?([A-Za-z]+)"
)
# At the very start of what is said: `error: …`, `fail: Category[0]`, `error[E0382]: …`.
_LEADING = re.compile(rf"^\W{{0,3}}({_ANY})(?:\[\w+\])?(?:\s*[:|]\s|\s*[:|]$|\t|  )", re.IGNORECASE)
_KLOG = re.compile(r"^([IWEF])(?:20\d\d)?\d{4} \d\d:\d\d:\d\d")
_RUBY = re.compile(r"^([DIWEF]), \[")
# Kubernetes knows no event graver than a warning; these reasons say that something failed for good.
_CLUSTER_EVENT = re.compile(r"^\s*(?:\S+\s+)?Warning\s+(?:Failed\w*|Evicted|OOMKilling|NodeNotReady)\s+\S")


def from_name(name: str) -> Level | None:
    return _LEVELS.get(name.lower()) or _LETTERS.get(name)


def from_number(number: float) -> Level | None:
    """The numbers of pino and bunyan: 10 trace … 60 fatal."""
    if not 10 <= number <= 60:
        return None
    steps: tuple[Level, ...] = ("debug", "debug", "info", "warning", "error", "fatal")
    return steps[int(number) // 10 - 1]


def from_severity(severity: int) -> Level:
    """The severities of syslog: 0 emergency … 7 debug."""
    if severity <= 2:
        return "fatal"
    named: dict[int, Level] = {3: "error", 4: "warning", 7: "debug"}
    return named.get(severity, "info")


def from_status(status: int) -> Level:
    if status >= 500:
        return "error"
    return "warning" if status >= 400 else "info"


def stated_level(text: str, said: str) -> Level | None:
    """The level a plain line states. `said` is the line without its time and other prefixes."""
    head = text[:_HEAD]
    if klog := _KLOG.match(said) or _KLOG.match(head) or _RUBY.match(head):
        return _LETTERS[klog[1]]
    if _CLUSTER_EVENT.match(said[:_HEAD]):
        return "error"
    if match := _first(_STATED.search(head), _BRACKETED.search(head)):
        return _LEVELS[next(group for group in match.groups() if group).lower()]
    if match := _FIELD.search(head):
        return from_name(match[1])
    if _POSTGRES.search(head):
        return "info"
    match = _LEADING.match(said[:_HEAD])
    return _LEVELS[match[1].lower()] if match else None


def is_prose(said: str) -> bool:
    """Whether the level is only how a sentence begins (`Error: …`, `fatal: …`), as on a terminal."""
    match = _LEADING.match(said[:_HEAD])
    return match is not None and not match[1].isupper()


def _first(one: re.Match[str] | None, other: re.Match[str] | None) -> re.Match[str] | None:
    return min((match for match in (one, other) if match), key=lambda match: match.start(), default=None)
