"""What the words of a line amount to where it states no level: trouble, unless the trouble is denied.

"0 errors", "error_rate=0" and "finished without errors" are good news.
"""

from __future__ import annotations

import re

from faultmaven.diagnosis.digest import Level

_BEFORE_COLON = re.compile(r"(?:^|:\s|\s)(fatal error|fatal|error|warning|panic): ", re.IGNORECASE)
_SAID: dict[str, Level] = {"fatal": "fatal", "panic": "fatal", "error": "error", "warning": "warning"}
_TROUBLES = (
    r"(?:errors?|failures?|failed|failing|exceptions?|warnings?|timeouts?|denied|dropped|aborted|crashes|restarts)"
)
_NOTHING = r"(?:0(?:\.0+)?%?(?![\w.])|(?:none|null|false|nil|\[\]|\{\})[\"']?\s*(?:$|[,;}\])]|\w+=)|[\"']{2})"
_DENIED = re.compile(
    rf"\b(?:0|no|zero|none|without(?: any)?|any|if|on) (?:\w+ )?{_TROUBLES}\b"
    rf"|\b\w*{_TROUBLES}(?:[_-]?(?:rate|count|total|s))?[\"']?\s*[=:]\s*[\"']?{_NOTHING}"
    r"|\b(?:error|failure|fail)[-_ ](?:log|page|rate|handler|policy|threshold|code|limit)\w*"
    r"|\bexit(?:ed)?(?: with)?(?: status| code)?:? 0\b",
    re.IGNORECASE,
)
_FATAL_WORDS = re.compile(
    r"\b(?:kernel panic|panic:|fatal error|out of memory: kill|oom-kill|oomkilled|segmentation fault|segfault"
    r"|core dumped|killed process|panicked at)",
    re.IGNORECASE,
)
_ERROR_WORDS = re.compile(
    r"(?<![\w./#-])(?:errors?|err!|failed|failure|fails|exception|fatal|cannot|can't|could not|couldn't|unable to"
    r"|refused|denied|not found|no such|timed out|deadline exceeded|unreachable|unhandled|uncaught|aborted|abort"
    r"|corrupt(?:ed|ion)?|crashed|crashloopbackoff|imagepullbackoff|errimagepull|invalidimagename"
    r"|createcontainer\w*error|runcontainererror|no space left|connection reset|broken pipe|permission denied"
    r"|undefined reference|traceback|unauthorized|forbidden|deadlock|no route to host|too many open files"
    r"|already in use|not permitted|exhausted|out of memory|main process exited|i/o timeout|handshake failure"
    r"|certificate has expired|x509|failedscheduling|failedmount|unschedulable|back-off|evicted"
    r"|exit(?:ed)?(?: with)?(?: status| code)?:? [1-9]\d*)(?![\w/-])",
    re.IGNORECASE,
)
_EXCEPTION_NAME = re.compile(r"\b[A-Za-z_]\w*(?:Error|Exception)\b")
_WARNING_WORDS = re.compile(
    r"(?<![\w./-])(?:warnings?|deprecated|retrying|slow query|unhealthy|throttl\w+|degraded|not ready|notready)"
    r"(?![\w/-])",
    re.IGNORECASE,
)
# Where any of the above may stand, for RE2 and for text of any length: what is found is judged by `worded_level`.
TROUBLE = (
    r"(?i)(?:error|err!|fail|exception|fatal|panic|cannot|can't|could ?n[o']t|unable to|refused|denied|not found"
    r"|no such|timed out|deadline exceeded|unreachable|unhandled|uncaught|abort|corrupt|crash|imagepullbackoff"
    r"|errimagepull|invalidimagename|no space left|connection reset|broken pipe|undefined reference|traceback"
    r"|unauthorized|forbidden|deadlock|no route to host|too many open files|already in use|not permitted|exhausted"
    r"|out of memory|main process exited|i/o timeout|x509|certificate has expired|unschedulable|back-off|evicted"
    r"|oom-?kill|segfault|segmentation fault|core dump|killed process|exit(?:ed)?(?: with)?(?: status| code)?:? [1-9])"
)
# Nothing above can match where none of these stands, and looking for them is many times cheaper.
# fmt: off
_STEMS = (
    "err", "fail", "exce", "fatal", "panic", "denied", "refused", "cannot", "can't", "could", "unable", "not ", "no ",
    "time", "deadl", "unre", "unha", "uncau", "abort", "corrupt", "crash", "back-", "backoff", "space", "reset", "brok",
    "undef", "trac", "unau", "forb", "kill", "oom", "out of", "seg", "core", "many", "alre", "exhau", "x509", "unsch",
    "evict", "exit", "warn", "depre", "retry", "slow", "thrott", "degr", "unheal", "notr", "image", "certif", "route",
)
# fmt: on


def worded_level(text: str) -> Level:
    """What the words of a line without a level amount to."""
    lowered = text.lower()
    if not any(stem in lowered for stem in _STEMS) or _level_of_words(text) == "unknown":
        return "unknown"
    return _level_of_words(_DENIED.sub(" ", text))


def _level_of_words(text: str) -> Level:
    if match := _BEFORE_COLON.search(text):
        return _SAID[match[1].lower().split()[0]]
    if _FATAL_WORDS.search(text):
        return "fatal"
    if _ERROR_WORDS.search(text) or _EXCEPTION_NAME.search(text):
        return "error"
    return "warning" if _WARNING_WORDS.search(text) else "unknown"
