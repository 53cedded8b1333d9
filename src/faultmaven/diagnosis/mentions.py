"""Words of trouble that nobody said because something failed: in source code, prose, alert definitions, and in what a
tool answered that was only used to look.

Judged by the lines around, so that a file may hold both a listing and the output of a program.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from faultmaven.diagnosis.lines import Document
from faultmaven.diagnosis.timestamps import find_stamp

_AROUND = 12
_LONGEST = 400
_ENOUGH = 0.5

_CODE = re.compile(
    r"^\s*(?:(?:async )?def |class \w|from [\w.]+ import |import [\w.\"'{*]|return\b|raise\b|throw\b|try\s*[:{]"
    r"|except\b|\}?\s*(?:catch|finally|else)\b|else:|elif |func\w* |public |private |protected |const |let |var "
    r"|package |#include|//|/\*|\*/|@\w+|(?:if|for|while|switch|with|match)\b.*[:{]\s*$"
    r"|(?:log|logger|logging|console|fmt)\.\w+\()"
    r"|^(?!\s*\d+\s*\|).*(?:;\s*$|\)\s*\{\s*$|=>\s*\{?\s*$)"
)
_FUNCTION_WORD = re.compile(
    r"\b(?:the|an?|is|are|when|if|you|your|we|our|may|must|should|that|this|these|from|see|then|because|or|of|for|means"
    r"|which|can|will|too|by|try|look|check)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"^\s*(?:[-*>•]\s+|\d+[.)]\s+|#+\s+)?[A-Z\"'`“].*[A-Za-z0-9)`\"'”][.!?:;]?\s*$")
_DEFINES = re.compile(
    r"^\s*(?:-\s+|\{\s*)?\"?(?:expr|promql|legendFormat|panels|noDataState|executionErrorState|alertname|runbook_url"
    r"|alert|threshold|evaluator)\"?\s*:|^\s*\"?query\"?\s*:.*[<>]=?\s*[\d.]+%?\"?,?\s*$"
)
_MEMBER = re.compile(r"^\s*(?:-\s+|\{\s*)?\"?(?P<key>[A-Za-z_][\w.-]*)\"?\s*:\s")
_NAMING_KEYS = """
    title alert alertname expr promql query legendFormat pattern regex command args runbook_url placeholder
"""
_NAMING = frozenset(_NAMING_KEYS.split())
_PROMPT = re.compile(r"^\s*(?:[\w.@~:/\[\]-]*[$#%>]|\+)\s+(?P<command>\S.*)$")
_SERVER_SAID = re.compile(
    r"^(?:Error from server \((?P<reason>\w+)\)|error: (?:Metrics API not available|the server ))"
)
_SOUGHT = re.compile(r"\"(?P<name>[^\"]{3,})\" not found")
_FAR = 300
_READS = re.compile(r"cannot (?:get|list|watch) ")
_NO_COMMAND = re.compile(
    r"^(?:[\w./-]+: )?(?:(?:line )?\d+: )?(?:command not found: )?(?P<program>[\w.-]+)(?:: (?:command )?not found)?\s*$"
)
# A script that ends for want of a program has failed; someone looking around has not.
_JOB = re.compile(r"job failed|exit (?:code|status)|##\[|build failed", re.IGNORECASE)
_LOOKING_PROGRAMS = """
    kubectl oc helm k9s stern jq yq aws gcloud az doctl dig nslookup host netstat ss lsof htop top iostat vmstat sar
    strace tcpdump traceroute mtr nc ncat telnet psql mysql redis-cli mongosh curl wget openssl journalctl
"""
_LOOKING = frozenset(_LOOKING_PROGRAMS.split())


def merely_mentions(document: Document, number: int) -> bool:
    """Whether line `number`, which has words of trouble, only speaks about such trouble."""
    (line,) = document.heads(number, number, _LONGEST)
    if find_stamp(line):
        return False
    first, last = max(number - _AROUND, 1), min(number + _AROUND, document.count)
    around = [text for text in document.heads(first, last, _LONGEST) if text.strip()]
    if any(told(line, around) for told in (_in_code, _in_prose, _in_definition)):
        return True
    return _failed_to_look(line, around) and not _is_named_elsewhere(line, document, number)


def _in_code(line: str, around: Sequence[str]) -> bool:
    return bool(_CODE.search(line) or line[:1] in " \t") and _most(bool(_CODE.search(text)) for text in around)


def _in_prose(line: str, around: Sequence[str]) -> bool:
    return _is_prose(line) and _most(_is_prose(text) for text in around)


def _is_prose(line: str) -> bool:
    return bool(_SENTENCE.match(line)) and (line.lstrip().startswith("#") or len(_FUNCTION_WORD.findall(line)) >= 2)


def _in_definition(line: str, around: Sequence[str]) -> bool:
    """Alerts, dashboards and rules name the trouble they watch for."""
    member = _MEMBER.match(line)
    if member is None:
        return False
    return member["key"] in _NAMING or any(_DEFINES.match(text) for text in around)


def _failed_to_look(line: str, around: Sequence[str]) -> bool:
    """What came of looking for something, said by the tool that looked."""
    if said := _SERVER_SAID.match(line):
        return said["reason"] != "Forbidden" or (bool(_READS.search(line)) and "system:serviceaccount" not in line)
    if "not found" not in line or not (missing := _NO_COMMAND.match(line)):
        return False
    if any(_JOB.search(text) for text in around):
        return False
    program = re.escape(missing["program"])
    typed = r"[$#%>]\s+" if missing["program"] in _LOOKING else r"`"
    return any(re.search(rf"(?:^|\s){typed}{program}\s", text) for text in around)


def _is_named_elsewhere(line: str, document: Document, number: int) -> bool:
    """What was looked for in vain is missing after all where something else refers to it."""
    sought = _SOUGHT.search(line)
    if sought is None:
        return False
    first, last = max(number - _FAR, 1), min(number + _FAR, document.count)
    told = document.heads(first, last, _LONGEST)
    others = (text for text in told if text != line and not _PROMPT.match(text) and not _SERVER_SAID.match(text))
    return any(sought["name"] in text for text in others)


def _most(found: Iterable[bool]) -> bool:
    told = list(found)
    return len(told) >= 3 and sum(told) >= _ENOUGH * len(told)
