"""What was looked at."""

from __future__ import annotations

from collections.abc import Sequence

from faultmaven.diagnosis.moments import said, stamp
from faultmaven.diagnosis.report import Coverage
from faultmaven.diagnosis.sources import Source


def coverage_of(sources: Sequence[Source]) -> Coverage:
    digests = [source.digest for source in sources]
    return Coverage(
        lines=sum(digest.lines for digest in digests),
        bytes=sum(digest.bytes for digest in digests),
        first_at=stamp(min((d.first_at for d in digests if d.first_at), default=None)),
        last_at=stamp(max((d.last_at for d in digests if d.last_at), default=None)),
        kinds=sorted({kind for digest in digests for kind in digest.kinds}),
        unparsed_lines=sum(digest.unparsed_lines for digest in digests),
        truncated=any(digest.truncated for digest in digests),
    )


def looked_at(sources: Sequence[Source]) -> str:
    """`1,204 lines (log, trace) from … to …`."""
    digests = [source.digest for source in sources]
    lines = sum(digest.lines for digest in digests)
    kinds = ", ".join(sorted({kind.replace("_", " ") for digest in digests for kind in digest.kinds}))
    text = f"{lines:,} {'line' if lines == 1 else 'lines'}" + (f" ({kinds})" if kinds else "")
    firsts = [(digest.first_at, digest.zone) for digest in digests if digest.first_at]
    lasts = [(digest.last_at, digest.zone) for digest in digests if digest.last_at]
    if firsts and lasts:
        text += f" from {said(*min(firsts))} to {said(*max(lasts))}"
    return text
