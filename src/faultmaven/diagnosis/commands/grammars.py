"""Programs whose arguments are a language of their own, and which function understands it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from faultmaven.diagnosis.commands import clients
from faultmaven.diagnosis.commands.options import split
from faultmaven.diagnosis.commands.ranking import unless_dynamic, worst
from faultmaven.diagnosis.commands.shell import Word
from faultmaven.diagnosis.report import Risk

Grammar = Callable[[Sequence[Word]], Risk]

_FIND_RUNS = {"-exec", "-execdir", "-ok", "-okdir"}
_REMOVERS = {"rm", "shred", "unlink", "truncate", "dd"}
_PIP_READS = {"list", "show", "check", "freeze"}
_JVM_READS = {
    *("VM.flags", "VM.version", "VM.uptime", "VM.system_properties", "VM.command_line", "VM.native_memory"),
    *("Thread.print", "GC.heap_info", "GC.class_histogram", "help", "-histo", "-l"),
}
_JVM_CHANGES = {"GC.run", "GC.heap_dump", "GC.run_finalization"}
_SYSCTL_CHANGES = {"-w", "-p", "-f", "--system", "--load", "--write"}
_IP_READS = {"show", "list", "ls", "get", "lst", "help"}
_IP_OBJECTS = {"addr", "address", "a", "link", "l", "route", "r", "neigh", "n", "rule", "maddr", "netns", "tcp_metrics"}
_AWK_BEYOND_PRINTING = re.compile(r"system|getline|close|[|@]|print[^;}]*>|&")
_SED_PRINTS = re.compile(
    r"(?:\d+|\$)?(?:,(?:\d+|\$))?[pdq]|/[^/\\\n]*/[pd]"
    r"|s([/|,#])(?:(?!\1)[^\\\n]|\\.)*\1(?:(?!\1)[^\\\n]|\\.)*\1[gpiI0-9]*"
)


def sed(words: Sequence[Word]) -> Risk:
    """Only printing, deleting from what is printed, and plain substitution surely read; `w` writes and `e` runs."""
    parsed = split(words, frozenset(["-e", "--expression"]))
    names = {name for name, _ in parsed.options}
    if any(name == "-i" or name.startswith("--in") for name in names):
        return "changes_state"
    scripts = parsed.values("-e", "--expression") or [word.text for word in parsed.rest[:1]]
    prints = bool(scripts) and all(_SED_PRINTS.fullmatch(script) for script in scripts)
    plain = names <= {"-n", "-E", "-r", "-e", "-u", "-s", "--quiet"}
    return unless_dynamic(words, "read_only" if prints and plain else "unknown")


def awk(words: Sequence[Word]) -> Risk:
    """A program that runs, pipes, writes or reads other files is not known; one that only prints reads."""
    parsed = split(words, frozenset(["-F", "-v", "-f", "-i"]))
    if not parsed.rest or {name for name, _ in parsed.options} - {"-F", "-v"}:
        return "unknown"
    text = parsed.rest[0].text.replace("&&", "").replace("||", "")
    return unless_dynamic(words, "unknown" if _AWK_BEYOND_PRINTING.search(text) else "read_only")


def find(words: Sequence[Word]) -> Risk:
    said = [word.text for word in words]
    risks: list[Risk] = ["read_only"]
    if "-delete" in said:
        risks.append("destructive")
    if any(word.startswith(("-fprint", "-fls")) for word in said):
        risks.append("changes_state")
    if _FIND_RUNS.intersection(said):
        removes = any(word.rpartition("/")[2] in _REMOVERS for word in said)
        risks.append("destructive" if removes else "unknown")
    return unless_dynamic(words, worst(risks))


def python(words: Sequence[Word]) -> Risk:
    """Code is not judged; few modules of the library are known."""
    said = [word.text for word in words]
    if said in (["-V"], ["-VV"]) or (said[:2] in (["-m", "json.tool"], ["-m", "site"]) and len(said) <= 3):
        return "read_only"
    if said[:2] != ["-m", "pip"]:
        return "unknown"
    if said[2:3] == ["uninstall"]:
        return "destructive"
    return "read_only" if _PIP_READS.intersection(said[2:3]) else "changes_state"


def java_tool(words: Sequence[Word]) -> Risk:
    """jcmd and jmap: some of their commands only print."""
    said = [word.text for word in words]
    if _JVM_CHANGES.intersection(said) or any(word.startswith("-dump") for word in said):
        return "changes_state"
    return "read_only" if _JVM_READS.intersection(said) or not said else "unknown"


def service(words: Sequence[Word]) -> Risk:
    said = [word.text for word in words]
    if said == ["--status-all"] or said[1:] == ["status"]:
        return "read_only"
    return (
        "changes_state" if {"start", "stop", "restart", "reload", "force-reload"}.intersection(said[1:2]) else "unknown"
    )


def sysctl(words: Sequence[Word]) -> Risk:
    changes = any("=" in word.text or word.text in _SYSCTL_CHANGES for word in words)
    return unless_dynamic(words, "changes_state" if changes else "read_only")


def ip(words: Sequence[Word]) -> Risk:
    """`ip addr`, `ip route get 10.0.0.1` read; whatever names another verb does not."""
    parsed = split(words, frozenset(["-n", "-netns", "-family", "-f"]), long_words=True)
    said = [word.text for word in parsed.rest]
    plain = {name for name, _ in parsed.options} <= {
        "-n",
        "-f",
        "-family",
        "-s",
        "-d",
        "-4",
        "-6",
        "-br",
        "-o",
        "-j",
        "-c",
    }
    if not said or said[0] not in _IP_OBJECTS:
        return "unknown"
    reads = len(said) == 1 or said[1] in _IP_READS
    return unless_dynamic(words, "read_only" if reads and plain else "changes_state" if not reads else "unknown")


def date(words: Sequence[Word]) -> Risk:
    """A bare number sets the clock."""
    parsed = split(words, frozenset(["-d", "--date", "-r", "-s", "--set", "-I"]))
    sets = any(name == "-s" or name.startswith("--s") for name, _ in parsed.options)
    shows = all(word.text.startswith("+") for word in parsed.rest)
    return unless_dynamic(words, "read_only" if shows and not sets else "changes_state")


def uniq(words: Sequence[Word]) -> Risk:
    """Its second file is written."""
    return "read_only" if len(split(words, frozenset(["-f", "-s", "-w"])).rest) < 2 else "changes_state"


GRAMMARS: dict[str, Grammar] = {
    "curl": clients.curl,
    "wget": clients.wget,
    "psql": clients.psql,
    "mysql": clients.mysql,
    "sqlite3": clients.sqlite,
    "redis-cli": clients.redis,
    "aws": clients.aws,
    "gcloud": clients.cloud,
    "az": clients.cloud,
    "sed": sed,
    "awk": awk,
    "find": find,
    "python": python,
    "jcmd": java_tool,
    "jmap": java_tool,
    "service": service,
    "sysctl": sysctl,
    "ip": ip,
    "date": date,
    "uniq": uniq,
}
