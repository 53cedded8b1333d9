"""Questions about the meaning of a term: which term, and which fault goes by it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from faultmaven.diagnosis.catalogue.model import Fault
from faultmaven.diagnosis.commands.options import vocabulary

_TERM_LIMIT = 400
_TERM_WORDS = 3
_WHAT_IS = r"(?:what is|what's|whats|what are)"
_ASKS = tuple(
    re.compile(form)
    for form in (
        r"(?:please )?(?:can|could) you (?:please )?(?:explain|tell me)(?: to me)? (?:what )?(?P<term>.+?)"
        r"(?: means?| is)?",
        r"(?:and |so |but )?what(?: exactly)? (?:does|do|did|would) (?P<term>.+?)"
        r"(?: actually| even)? (?:means?|stand for)(?: .{0,40})?",
        rf"{_WHAT_IS} (?:the )?meaning of (?P<term>.+)",
        r"(?:the )?(?:meaning|definition) of (?P<term>.+)",
        rf"{_WHAT_IS} (?P<term>.+)",
        r"(?:please )?(?:explain|define|describe)(?: to me)?(?: the meaning of| what)? (?P<term>.+?)(?: means?| is)?",
        r"(?P<term>.+?) (?:meaning|explained|definition)",
    )
)
_FILLER = vocabulary(
    "a an the this that my our error errors exception message code status exit reason state fault problem "
    "warning in on from of for by with when here docker kubernetes k8s linux node nodejs node.js python java "
    "go golang postgres postgresql mysql redis nginx kafka http https ssl tls dns aws please exactly actually "
    "pod pods container log logs"
)
_EDGES = " \t\r\n?!.,:;\"'`´“”‘’«»()[]<>*"


class Glossary:
    """Terms by which people call the faults: their aliases, ids and titles."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._terms: dict[str, Fault] = {}
        for fault in faults:
            for term in (*fault.aliases, fault.id, fault.id.replace("_", " "), fault.title):
                self._terms.setdefault(_plain(term), fault)

    def asked_term(self, question: str, *, bare: bool) -> str | None:
        """What a question wants explained, in lower case; with `bare` a mere term counts as such a question."""
        asked = _plain(question)
        if len(asked) > _TERM_LIMIT:
            return None
        for form in _ASKS:
            if found := form.fullmatch(asked):
                return _plain(found["term"])
        return asked if bare and _is_term(asked) and self.named(asked) else None

    def named(self, term: str) -> Fault | None:
        """The fault that goes by this term, give or take words like "the … error in Kubernetes"."""
        if term in self._terms:
            return self._terms[term]
        words = term.split()
        spans = ((start, end) for start in range(len(words)) for end in range(len(words), start, -1))
        for start, end in sorted(spans, key=lambda span: span[0] - span[1]):
            around = {word.strip(_EDGES) for word in (*words[:start], *words[end:])}
            inner = " ".join(words[start:end]).strip(_EDGES)
            if around <= _FILLER and inner in self._terms:
                return self._terms[inner]
        return None


def _is_term(asked: str) -> bool:
    """`oomkilled` and `exit code 137` are terms; more words, or words behind a colon, are an error someone met."""
    return len(asked.split()) <= _TERM_WORDS and ": " not in asked


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).strip(_EDGES)
