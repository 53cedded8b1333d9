"""Which known faults a line of text shows."""

from __future__ import annotations

from collections.abc import Sequence

from faultmaven.diagnosis.catalogue.model import Fault, Match
from faultmaven.diagnosis.catalogue.patterns import Pattern, PatternSet, encode

TEXT_LIMIT = 4000


class Matcher:
    """Nearly every line shows no fault: one pass over all patterns decides, names are read from the few that hit."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._faults = faults
        owned = [(number, source) for number, fault in enumerate(faults) for source in fault.patterns]
        self._owners = [number for number, _ in owned]
        self._patterns = [Pattern(source) for _, source in owned]
        self._prefilter = PatternSet(source for _, source in owned)
        self._vetoes = [_any_of(fault.not_patterns) for fault in faults]

    def match(self, text: str) -> list[Match]:
        # Inside a JSON line the message's own quotes are escaped.
        line = encode(text[:TEXT_LIMIT].replace('\\"', '"'))
        hits: dict[int, dict[str, str]] = {}
        for position in self._prefilter.matching(line):
            names = self._patterns[position].names_in(line) or {}
            known = hits.setdefault(self._owners[position], {})
            hits[self._owners[position]] = {**names, **known}
        found = [Match(self._faults[number], names) for number, names in hits.items() if not self._vetoed(number, line)]
        return sorted(found, key=lambda match: match.fault.role == "symptom")

    def _vetoed(self, number: int, line: bytes) -> bool:
        veto = self._vetoes[number]
        return veto is not None and veto.found_in(line)


def _any_of(sources: Sequence[str]) -> Pattern | None:
    return Pattern("|".join(f"(?:{source})" for source in sources)) if sources else None
