"""Events of a cluster, as listings and descriptions tell them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from faultmaven.diagnosis.facts import Level, Occurrence, Row

_AGE = re.compile(r"\(x(\d+)(?: over \w+)?\)")


def event_of(row: Row, about: Mapping[str, str]) -> Occurrence | None:
    """An event as a row of a description or of `kubectl get events`."""
    message = row.cells.get("message", "")
    if not message and not row.cells.get("reason"):
        return None
    repeated = _AGE.search(row.cells.get("age", "") or row.cells.get("last seen", ""))
    level: Level = "warning" if row.cells.get("type", "").lower() == "warning" else "info"
    kind, _, name = row.cells.get("object", "").partition("/")
    named = {**about, kind: name} if name else about
    return Occurrence(
        text=message,
        span=row.span,
        reason=row.cells.get("reason", ""),
        level=level,
        count=int(repeated[1]) if repeated else 1,
        about={key: value for key, value in named.items() if value},
    )
