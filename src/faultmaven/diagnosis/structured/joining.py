"""Facts of several parts as one."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from faultmaven.diagnosis.facts import Facts, Part


def joined(found: Iterable[Facts], parts: Iterable[Part] = ()) -> Facts:
    told = list(found)
    return Facts(
        parts=tuple(parts),
        objects=tuple(chain.from_iterable(one.objects for one in told)),
        documents=tuple(chain.from_iterable(one.documents for one in told)),
        tables=tuple(chain.from_iterable(one.tables for one in told)),
        series=tuple(chain.from_iterable(one.series for one in told)),
        alerts=tuple(chain.from_iterable(one.alerts for one in told)),
        occurrences=tuple(chain.from_iterable(one.occurrences for one in told)),
        is_whole=all(one.is_whole for one in told),
    )
