"""What running a command would do, judged without running it.

    text ──shell.parse──▶ commands ──┬─ wrapper (sudo, timeout, xargs, …) ──▶ the command inside
                                     ├─ its own grammar (curl, psql, find, …)   grammars.py
                                     └─ the tables of programs                  programs/*.yaml

The worst part wins. Only what is positively known to read is read_only; what cannot be known is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from faultmaven.diagnosis.commands.grammars import GRAMMARS
from faultmaven.diagnosis.commands.inert import show_inert
from faultmaven.diagnosis.commands.options import split
from faultmaven.diagnosis.commands.program import Program, programs
from faultmaven.diagnosis.commands.ranking import worst
from faultmaven.diagnosis.commands.shell import Command, Redirect, Word, parse
from faultmaven.diagnosis.commands.wrappers import inner
from faultmaven.diagnosis.report import Risk

_LENGTH_LIMIT = 20_000
_DEPTH_LIMIT = 8
_OTHER_NAMES = {
    "nodejs": "node",
    "podman": "docker",
    "nerdctl": "docker",
    "oc": "kubectl",
    "gawk": "awk",
    "mawk": "awk",
    "valkey-cli": "redis-cli",
    "mariadb": "mysql",
    "mariadb-admin": "mysqladmin",
    "ncat": "nc",
    "netcat": "nc",
    "tofu": "terraform",
    "apache2ctl": "apachectl",
    "apache2": "httpd",
    "dnf": "yum",
    "ip6tables": "iptables",
}
_VERSIONED = re.compile(r"(python|pip)[0-9.]+|(mkfs|fsck)\.[a-z0-9]+|(kafka-[a-z-]+)\.sh")
_TRUSTED_FOLDERS = {"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"}
_KEYWORDS = {"if", "then", "elif", "else", "while", "until", "do", "!", "{"}
_ENDINGS = {"fi", "done", "}"}
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\+?=.*", re.DOTALL)
_HARMLESS_VARIABLE = re.compile(
    r"LC_[A-Z]+|LANG|TZ|NO_COLOR|COLUMNS|PG(?:PASSWORD|USER|DATABASE|HOST|PORT|CONNECT_TIMEOUT)|AWS_(?:PROFILE|REGION)"
)
_HARMLESS_TARGETS = {"/dev/null", "/dev/stdout", "/dev/stderr"}
_EMPTYING: tuple[list[str], ...] = ([], [":"], ["true"], ["cat", "/dev/null"])


def risk_of(command: str) -> Risk:
    """The worst of what running this in a shell may do. Never raises, whatever the text."""
    return _risk_of_text(command, 0)


def _risk_of_text(text: str, depth: int) -> Risk:
    if not text.strip() or len(text) > _LENGTH_LIMIT or depth > _DEPTH_LIMIT:
        return "unknown"
    script = parse(text)
    risks = [_risk_of_command(command, depth) for command in script.commands]
    opaque = script.opaque or not risks or _hides_something(text)
    return worst([*risks, "unknown"] if opaque else risks)


def _hides_something(text: str) -> bool:
    """Characters a person cannot see may make the pasted command another one than the one that was read."""
    return show_inert(text) != text


def _risk_of_command(command: Command, depth: int) -> Risk:
    emptied = [word.text for word in command.words] in _EMPTYING
    redirected = [_risk_of_redirect(redirect, emptied) for redirect in command.redirects]
    return worst([_risk_of_words(command.words, depth), *redirected])


def _risk_of_redirect(redirect: Redirect, emptied: bool) -> Risk:
    target = redirect.target.text
    if target in _HARMLESS_TARGETS:
        return "read_only"
    if target.startswith("/dev/") or (emptied and not redirect.appends):
        return "destructive"
    return "changes_state"


def _risk_of_words(words: Sequence[Word], depth: int) -> Risk:
    """One simple command: keywords and assignments in front, then the program and its arguments."""
    if depth > _DEPTH_LIMIT or len(words) > 1000:
        return "unknown"
    floor, rest = _without_assignments(_without_keywords(words))
    if not rest:
        return floor
    first = rest[0].text
    if first in _ENDINGS:
        return worst([floor, "read_only" if len(rest) == 1 else "unknown"])
    if first == "for" and [word.text for word in rest[2:3]] == ["in"]:
        # A loop over PATH decides which programs its body runs.
        return worst([floor, "read_only" if rest[1].text.islower() else "unknown"])
    return worst([floor, _risk_of_program(rest[0], rest[1:], depth)])


def _without_keywords(words: Sequence[Word]) -> Sequence[Word]:
    at = 0
    while at < len(words) and words[at].text in _KEYWORDS:
        at += 1
    return words[at:]


def _without_assignments(words: Sequence[Word]) -> tuple[Risk, Sequence[Word]]:
    floor: Risk = "read_only"
    for at, word in enumerate(words):
        assignment = _ASSIGNMENT.fullmatch(word.text)
        if assignment is None:
            return floor, words[at:]
        if not _HARMLESS_VARIABLE.fullmatch(assignment[1]):
            floor = "unknown"
    return floor, ()


def _risk_of_program(called: Word, arguments: Sequence[Word], depth: int) -> Risk:
    folder, slash, base = called.text.rpartition("/")
    trusted = not called.dynamic and (not slash or folder in _TRUSTED_FOLDERS)
    risk = _risk_by_name(_known_name(base), arguments, depth)
    return risk if trusted else worst([risk, "unknown"])


def _risk_by_name(name: str, arguments: Sequence[Word], depth: int) -> Risk:
    table = programs().get(name)
    grammar = GRAMMARS.get(name)
    if (table or grammar) and [word.text for word in arguments] in (["--version"], ["--help"]):
        return "read_only"
    if wrapped := inner(name, arguments):
        texts = [_risk_of_text(text, depth + 1) for text in wrapped.scripts]
        commands = [_risk_of_words(words, depth + 1) for words in wrapped.commands]
        return worst([wrapped.floor, *texts, *commands])
    if grammar:
        return grammar(arguments)
    return _risk_by_table(table, arguments) if table else "unknown"


def _known_name(base: str) -> str:
    if versioned := _VERSIONED.fullmatch(base):
        base = next(filter(None, versioned.groups()))
    return _OTHER_NAMES.get(base, base)


def _risk_by_table(program: Program, arguments: Sequence[Word]) -> Risk:
    parsed = split(arguments, program.takes, program.long_words)
    names = [name for name, _ in parsed.options]
    risks = [_risk_of_subcommand(program, parsed.rest), *_raised(program, names)]
    if program.needs and not program.needs.intersection(names):
        risks.append(program.unasked)
    if any(word.dynamic for word in arguments) and (program.raised or program.subcommands):
        risks.append("unknown")
    return worst(risks)


def _risk_of_subcommand(program: Program, rest: Sequence[Word]) -> Risk:
    if not rest:
        return "read_only" if program.needs else program.alone
    for length in (3, 2, 1):
        risk = program.subcommands.get(" ".join(word.text for word in rest[:length]))
        if risk is not None:
            return risk
    return program.otherwise


def _raised(program: Program, names: Sequence[str]) -> list[Risk]:
    return [risk for option, risk in program.raised.items() if any(_means(program, name, option) for name in names)]


def _means(program: Program, name: str, option: str) -> bool:
    """getopt takes `--dele` for `--delete`."""
    shortened = program.abbreviates and len(name) > 2 and name.startswith("--") and option.startswith(name)
    return name == option or shortened
