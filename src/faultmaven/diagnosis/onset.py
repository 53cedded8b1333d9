"""When the trouble began, how often it was said, and whether it was still going on when the evidence ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from faultmaven.diagnosis.digest import Digest, Zone
from faultmaven.diagnosis.hypotheses import Judged
from faultmaven.diagnosis.moments import comparable
from faultmaven.diagnosis.signs import Sign
from faultmaven.diagnosis.sources import Source
from faultmaven.diagnosis.suspects import Suspect, count_lines, in_time

Ongoing = Literal["yes", "no", "unknown"]

# The last slice of the evidence, and the silence that counts as an end, as shares of its whole span.
LAST_SLICE = 0.05
LONG_SILENCE = 0.2


@dataclass(frozen=True, slots=True)
class Trouble:
    """The chosen suspect and what it brings about, as one stretch of time; `first` is its first error."""

    first: Sign
    last: Sign
    count: int
    at: datetime | None
    last_at: datetime | None
    zone: Zone
    ongoing: Ongoing


def trouble_of(top: Judged, recovered_at: datetime | None = None, sources: Sequence[Source] = ()) -> Trouble:
    """`sources` are all there are: a log may go on in another file than the one with the trouble."""
    signs = sorted(_loudest([top.suspect, *top.consequences]), key=in_time)
    first, last = signs[0], max(signs, key=_end)
    at = first.first_at
    last_at = _last_at(last) if at else None
    return Trouble(
        first=first,
        last=last,
        count=count_lines(signs),
        at=at,
        last_at=last_at,
        zone=first.source.digest.zone,
        ongoing=_ongoing(signs, _with_what_follows(last.source.digest, sources), last_at, recovered_at),
    )


def _last_at(sign: Sign) -> datetime | None:
    return sign.last_at or (sign.first_at if sign.count == 1 else None)


def _loudest(suspects: Sequence[Suspect]) -> list[Sign]:
    """The signs that are errors, in machine evidence where there is any; if none is, all."""
    signs = [sign for suspect in suspects for sign in suspect.signs]
    written = [sign for sign in signs if not sign.source.is_told] or signs
    return [sign for sign in written if sign.is_error] or written


def _end(sign: Sign) -> tuple[float, int]:
    at = sign.last_at or sign.first_at
    return (at.timestamp() if at else 0.0, sign.lines[-1])


def _with_what_follows(digest: Digest, sources: Sequence[Source]) -> Digest:
    """The digest as if the logs that take up where it ends, telling the same things, were one with it."""
    for other in sorted(
        (one.digest for one in sources), key=lambda one: one.first_at.timestamp() if one.first_at else 0
    ):
        if _follows(digest, other):
            digest = replace(digest, last_at=other.last_at, buckets=(*digest.buckets, *other.buckets))
    return digest


def _follows(digest: Digest, other: Digest) -> bool:
    if not (digest.first_at and digest.last_at and other.first_at and comparable(digest.last_at, other.first_at)):
        return False
    if not timedelta() <= other.first_at - digest.last_at <= digest.last_at - digest.first_at:
        return False
    told = {template.text for template in digest.templates}
    return 2 * sum(template.text in told for template in other.templates) >= len(other.templates) > 0


def _ongoing(signs: Sequence[Sign], digest: Digest, last_at: datetime | None, recovered_at: datetime | None) -> Ongoing:
    if last_at is None or digest.first_at is None or digest.last_at is None or digest.last_at <= digest.first_at:
        return "unknown"
    if recovered_at and recovered_at > last_at:
        return "no"
    quiet = digest.last_at - last_at
    usual = _usual_gap(signs, last_at)
    span = digest.last_at - digest.first_at
    if quiet <= max(LAST_SLICE * span, usual):
        return "yes" if count_lines(signs) > 1 else "unknown"
    if quiet >= max(LONG_SILENCE * span, 3 * usual) and _traffic_after(digest, last_at):
        return "no"
    return "unknown"


def _usual_gap(signs: Sequence[Sign], last_at: datetime) -> timedelta:
    began = signs[0].first_at
    # One failure may be told by several lines: the most frequent of them counts the failures best.
    most = max(sign.count for sign in signs)
    return (last_at - began) / max(most - 1, 1) if began else timedelta()


def _traffic_after(digest: Digest, at: datetime) -> bool:
    return sum(bucket.lines for bucket in digest.buckets if bucket.at > at) >= 3
