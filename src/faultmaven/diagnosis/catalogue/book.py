"""The catalogue as its readers use it: look up, match, explain."""

from __future__ import annotations

from faultmaven.diagnosis.catalogue.matcher import Matcher
from faultmaven.diagnosis.catalogue.model import Fault, Match
from faultmaven.diagnosis.catalogue.questions import Glossary


class Catalogue:
    """All known faults. `version` is a short hash of the chapters' content: it changes whenever a word of them does."""

    def __init__(self, faults: tuple[Fault, ...], version: str) -> None:
        self.faults = faults
        self.version = version
        self._by_id = {fault.id: fault for fault in faults}
        self._matcher = Matcher(faults)
        self._glossary = Glossary(faults)

    def get(self, fault_id: str) -> Fault | None:
        return self._by_id.get(fault_id)

    def match(self, text: str) -> list[Match]:
        """The faults one line shows, each once: those in which the failing component speaks for itself come first.

        Only the first 4,000 characters are looked at; time is linear in their number.
        """
        return self._matcher.match(text)

    def explain(self, question: str, *, bare: bool = True) -> Fault | None:
        """The fault whose meaning is asked for ("what does ECONNREFUSED mean"), else None.

        With `bare` just the term will do; beside fresh evidence that is rather a pointer to what is in it.
        """
        term = self._glossary.asked_term(question, bare=bare)
        if term is None:
            return None
        return self._glossary.named(term) or self._quoted(term)

    def _quoted(self, term: str) -> Fault | None:
        found = self.match(term)
        return found[0].fault if found else None
