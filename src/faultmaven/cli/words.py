"""What numbers and closed sets are called when they are spoken to a person."""

from __future__ import annotations

import re

from faultmaven.diagnosis.report import Onset, Risk, Verdict

VERDICTS: dict[Verdict, str] = {
    "cause_found": "Cause found",
    "likely_cause": "Likely cause",
    "symptom_only": "Only symptoms in sight",
    "no_fault_found": "No fault found",
    "not_enough_evidence": "Not enough evidence",
    "answered": "Answered from the catalogue of known faults",
}
RISKS: dict[Risk, str] = {
    "read_only": "only reads",
    "changes_state": "changes state",
    "destructive": "destructive",
    "unknown": "risk unknown",
}
_UNITS = ("B", "kB", "MB", "GB", "TB")


def size(amount: int) -> str:
    """In powers of 1,000, as disks and logs are usually spoken of."""
    value, unit = float(amount), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{amount} B" if unit == 0 else f"{value:.1f} {_UNITS[unit]}"


def many(count: int, one: str, more: str = "") -> str:
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def clock(stamp: str, zone_assumed: bool = False) -> str:
    """`2026-11-22T10:02:03Z` as people write it."""
    text = stamp.replace("T", " ", 1)
    return text.removesuffix("Z") + ("" if zone_assumed else " UTC") if text.endswith("Z") else text


def _to_the_second(stamp: str) -> str:
    return re.sub(r"\.\d+", "", stamp)


def since(onset: Onset) -> str:
    """`since 2026-11-22 10:02:03 UTC, 412 lines, still going on`; what is not known is left out."""
    parts = []
    if onset.at:
        parts.append(f"since {clock(_to_the_second(onset.at), onset.zone_assumed)}")
        if onset.zone_assumed:
            parts[0] += " (time zone not stated)"
    if onset.count:
        parts.append("one line" if onset.count == 1 else f"{onset.count:,} lines")
    match onset.ongoing:
        case "yes":
            parts.append("still going on when the evidence ends")
        case "no":
            parts.append("over when the evidence ends")
        case "unknown":
            pass
    return ", ".join(parts)
