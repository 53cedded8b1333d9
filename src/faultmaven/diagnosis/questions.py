"""What is being asked: the things a question names, the sort of answer it wants, and the evidence pasted into it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from faultmaven.diagnosis.lines import Document
from faultmaven.diagnosis.quoting import plain
from faultmaven.diagnosis.read import read
from faultmaven.diagnosis.sources import EARLIER_QUESTION, QUESTION, Earlier, Source
from faultmaven.diagnosis.suspects import Suspect

Wanted = Literal["diagnosis", "when", "how_many", "which", "logs"]

_ASKS_WHETHER = re.compile(
    r"^\W*(is|are|was|were|did|does|do|has|have|any|can|could|check|look)\b[^\n]*$", re.IGNORECASE
)
_WHEN = re.compile(
    r"\b(since when|when (did|was|is|has)|what time|how long|at which time|first (seen|happen|occur))", re.I
)
_HOW_MANY = re.compile(r"\b(how (many|often|frequent\w*)|number of|count of)\b", re.I)
_WHICH = re.compile(
    r"\b(which|list (all|the|every|me)|name (all|every|the)|(find|show|get|give|tell)( me)? (all|every|each)"
    r"|what (kubernetes |k8s |cluster )?(pods|nodes|pvcs|events|services|deployments|alerts)"
    r" (are|were|have|do|did|relate|exist))\b",
    re.I,
)
_LOGS = re.compile(
    r"\b(show|fetch|get|give|display|print|retrieve|tail|see|pull|read|summari[sz]e|summary of|what do|look at"
    r"|go through)\b.{0,60}\b(logs?|log (file|lines|entries)|errors|messages)\b"
    r"|\bwhat (are|were) (all )?the (errors|warnings)\b",
    re.I,
)
_EXPLAINS = re.compile(
    r"\b(why|cause[ds]?|root|wrong|reason|investigate|diagnos\w*|explain|troubleshoot|how come)\b", re.I
)
_QUOTED = re.compile(r"[\"'`“‘]([^\"'`“”‘’\n]{3,80})[\"'`”’]")
# Names as systems write them: parts joined by -, _, ., / or :, or letters mixed with digits.
_IDENTIFIER = re.compile(r"(?<![\w.])(?=\S*[A-Za-z])[A-Za-z0-9]+(?:[-_./:@][A-Za-z0-9]+)+|\b[A-Za-z]+\d[\w]*\b")
_WORD = re.compile(r"[A-Za-z]{4,}")
_CLOCK = re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d)\b")
_COMMON_WORDS = """
    about after again alert anything been before being cause caused check could does doing down error errors every
    failed failing fails find from getting going happen happened happening have help here into investigate issue
    issues keeps logs long many more much namespace need please pods problem root seeing service should show since
    some tell than that their them then there these they thing this those time timeout trouble used very want were
    what when where which while will with working would wrong your
"""
_COMMON = frozenset(_COMMON_WORDS.split())


@dataclass(frozen=True, slots=True)
class Focus:
    """What the question points at, in lower case; `clocks` are (hour, minute) it names."""

    quoted: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    clocks: tuple[tuple[int, int], ...] = ()

    def names(self, suspect: Suspect) -> bool:
        """The suspect's evidence mentions something the question calls by its name."""
        text = " ".join(_surroundings(suspect)).lower()
        return any(term in text for term in self.quoted + self.identifiers)

    def share(self, suspect: Suspect) -> float:
        """0..1: how much of what the question points at does this suspect's evidence mention."""
        text = " ".join(_surroundings(suspect)).lower()
        worded = any(re.search(rf"\b{re.escape(word)}", text) for word in self.words)
        timed = any(_near(suspect, clock) for clock in self.clocks)
        return min(1.0, 0.7 * self.names(suspect) + 0.15 * worded + 0.5 * timed)


def _surroundings(suspect: Suspect) -> list[str]:
    signs = suspect.signs
    shown = [part for sign in signs for part in (sign.text, plain(sign.said), sign.component or "", sign.source.name)]
    return [*shown, suspect.fault.title if suspect.fault else ""]


def _near(suspect: Suspect, clock: tuple[int, int]) -> bool:
    asked = clock[0] * 60 + clock[1]
    began = suspect.first_at
    return began is not None and abs(began.hour * 60 + began.minute - asked) <= 15


def focus_of(question: str) -> Focus:
    """Reads the first 2,000 characters: what follows in a longer question is pasted evidence."""
    text = question[:2000]
    # A quoted name only says where to look; quoted words are looked for themselves.
    quoted = {found.lower() for found in _QUOTED.findall(text) if not _IDENTIFIER.fullmatch(found)}
    identifiers = {match[0].lower() for match in _IDENTIFIER.finditer(text) if len(match[0]) >= 4}
    words = {word.lower() for word in _WORD.findall(text)} - _COMMON
    return Focus(
        quoted=tuple(sorted(quoted)),
        identifiers=tuple(sorted(identifiers)),
        words=tuple(sorted(words)),
        clocks=tuple(sorted({(int(hour), int(minute)) for hour, minute in _CLOCK.findall(text)})),
    )


def wanted(question: str) -> Wanted:
    text = question[:2000]
    if _WHEN.search(text):
        return "when"
    if _HOW_MANY.search(text):
        return "how_many"
    if _EXPLAINS.search(text):
        return "diagnosis"
    return "logs" if _LOGS.search(text) else "which" if _WHICH.search(text) else "diagnosis"


def asks_whether(question: str) -> bool:
    """ "Was there a timeout?" wonders about a fault and reports none."""
    return bool(_ASKS_WHETHER.match(question.strip()))


_NOW = re.compile(
    r"\b(wrong|(any|some|every)(thing|one)?\b.{0,20}\b(problem|issue|error|trouble|fault|ok|okay|fine|good|healthy)\w*"
    r"|still|currently|now|at the moment|at present|health\w*|need to (act|do)|all (good|clear|well|fine)|check this"
    r"|(look|be|is|are) (ok|okay|fine|alright))\b",
    re.IGNORECASE,
)
_THEN = re.compile(
    r"\b(was|were|did|had|happen\w*|went|crash\w*|failed|died|earlier|yesterday|last (night|week|time)"
    r"|when|why|cause\w*|root|post-?mortem|outage|incident|how (long|often|many)|ago|during|between|before|after"
    r"|since)\b",
    re.IGNORECASE,
)


def asks_about_now(question: str) -> bool:
    """ "Is anything wrong?" asks how things are; why or when something failed asks about that time, over or not."""
    text = question[:2000]
    return bool(_NOW.search(text)) and not _THEN.search(text) and not _CLOCK.search(text)


_MESSAGE = re.compile(r"^\W{0,3}(?:[\w.$]*(?:Error|Exception)|error|fatal|panic)\b[^:\n]{0,40}: *\S", re.IGNORECASE)


def is_message(question: str) -> bool:
    """The question begins as error messages do: `com.acme.FooException: …`, `fatal: …`."""
    return bool(_MESSAGE.match(question.strip()))


def told(question: str, history: Sequence[Earlier]) -> list[Source]:
    """The questions of the case as evidence, this one first. Whether they hold a sign of trouble is seen later."""
    earlier = [_as_source(past.question, EARLIER_QUESTION) for past in reversed(history) if past.question != question]
    return [source for source in [_as_source(question, QUESTION), *earlier] if source.document.count]


def _as_source(text: str, name: str) -> Source:
    content = text.encode("utf-8", "replace")
    return Source(hashlib.sha256(content).hexdigest(), name, Document(content), read(content), name == QUESTION)
