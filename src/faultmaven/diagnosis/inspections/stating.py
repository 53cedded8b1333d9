"""Turns a contradiction between stated facts into a sign that cites all lines it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.digest import Level
from faultmaven.diagnosis.inspections.world import Stated
from faultmaven.diagnosis.quoting import Phrase
from faultmaven.diagnosis.signs import Sign


def sign_of(
    catalogue: Catalogue,
    fault_id: str,
    shown_by: Sequence[Stated[Any]],
    said: Phrase,
    names: Mapping[str, str] | None = None,
    level: Level = "error",
    at: datetime | None = None,
    last_at: datetime | None = None,
) -> Sign:
    """`shown_by` leads with the fact to quote; `said` tells in one sentence, without a full stop, what is wrong.

    Raises KeyError for a fault the catalogue does not hold.
    """
    fault = catalogue.get(fault_id)
    if fault is None:
        raise KeyError(fault_id)
    leading, *further = shown_by
    return Sign(
        source=leading.source,
        text=leading.source.document.text(leading.span.first)[:4000],
        lines=(leading.span.first,),
        last_line=leading.span.last,
        level=level,
        count=1,
        template=fault_id,
        first_at=at,
        last_at=last_at,
        fault=fault,
        names=dict(names or {}),
        columns=leading.span.columns,
        said=said,
        further=tuple((one.source, one.span) for one in further),
    )
