"""The digest in the making: what a first pass over all lines gathers, and what is concluded from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from faultmaven.diagnosis.digest import Digest, Kind, Template, Zone
from faultmaven.diagnosis.histogram import Histogram
from faultmaven.diagnosis.lines import Block
from faultmaven.diagnosis.long_lines import HEAD, LongLines, asks_for
from faultmaven.diagnosis.readers.wrappers import without_colours
from faultmaven.diagnosis.signatures import choose_signing
from faultmaven.diagnosis.tally import Entry, Tally
from faultmaven.diagnosis.templates import merge
from faultmaven.diagnosis.timestamps import Stamp
from faultmaven.diagnosis.tracefinder import Portion, TraceFinder
from faultmaven.diagnosis.years import Placing, place_years


class Reading:
    """`content` is what the blocks come from: of long lines they hold the beginnings only."""

    def __init__(self, sample: Sequence[bytes], content: memoryview) -> None:
        self._content = content
        self._sign = choose_signing(sample)
        self._tally = Tally()
        self._histogram = Histogram(sample)
        self._traces = TraceFinder()
        self._long_lines = LongLines()
        self._lines = 0

    def add(self, block: Block) -> None:
        text = without_colours(b"\n".join(block.lines))
        lines = text.split(b"\n")
        self._lines = block.first + len(lines) - 1
        self._count(self._traces.add(text, lines, self._sign(self._heads(block, lines))))

    def _heads(self, block: Block, lines: list[bytes]) -> list[bytes]:
        """What signatures are made of. What stands further right is searched for trouble."""
        if not any(map(asks_for, block.lines)):
            return lines
        whole = {long.number: self._content[long.start : long.end] for long in block.long}
        for number, line in enumerate(block.lines, block.first):
            if asks_for(line):
                self._long_lines.add(number, whole.get(number, line))
        return [line[:HEAD] for line in lines]

    def _count(self, portion: Portion) -> None:
        keys = self._tally.add(*portion)
        self._histogram.add(portion.lines, keys, self._tally.troubled)

    def digest(self, version: str, size: int) -> Digest:
        self._finish_traces()
        entries = list(self._tally.entries.values())
        stamps = [stamp for entry in entries for stamp in (entry.record.stamp, entry.last_stamp) if stamp]
        dated = min((stamp.at for stamp in stamps if stamp.has_year), default=self._histogram.some_dated())
        placed = place_years((stamp.at for stamp in stamps if not stamp.has_year), dated)
        times = [_time(stamp, placed) for stamp in stamps]
        further = self._long_lines.templates({entry.first for entry in entries}, lambda stamp: _time(stamp, placed))
        continued = _has_records(entries)
        told = [entry for entry in entries if not _is_inside(entry, continued)]
        return Digest(
            version=version,
            lines=self._lines,
            bytes=size,
            kinds=_kinds(entries),
            templates=_in_order([*merge((_template(entry, placed) for entry in told), len(further)), *further]),
            traces=self._traces.traces(lambda stamp: _time(stamp, placed)),
            buckets=self._histogram.buckets(placed),
            first_at=min(times, default=None),
            last_at=max(times, default=None),
            zone=_zone(entries),
            year_known=not stamps or dated is not None,
            unparsed_lines=sum(entry.count for entry in told if _is_unparsed(entry)),
            truncated=self._long_lines.is_incomplete,
        )

    def _finish_traces(self) -> None:
        self._count(self._traces.finish())
        for entry in self._tally.entries.values():
            if stack := entry.record.stack:
                times = entry.record.stamp, entry.last_stamp
                self._traces.add_embedded(stack, (entry.first, entry.last), entry.count, times)


def _in_order(templates: Iterable[Template]) -> tuple[Template, ...]:
    return tuple(sorted(templates, key=lambda template: (template.lines[0], template.column)))


def _time(stamp: Stamp, placed: Placing) -> datetime:
    return stamp.at if stamp.has_year else placed(stamp.at)


def _has_records(entries: Iterable[Entry]) -> bool:
    """Whether lines that start at the margin mostly bear a time or a level: then indented ones continue them."""
    margin = [entry for entry in entries if not entry.record.indented and not entry.is_blank]
    marked = sum(entry.count for entry in margin if not _is_unparsed(entry))
    return marked > 0.3 * sum(entry.count for entry in margin)


def _is_inside(entry: Entry, continued: bool) -> bool:
    """Belongs to the record before it. An error is never taken for a mere continuation."""
    record = entry.record
    if entry.is_blank:
        return True
    return continued and record.indented and not record.stamp and record.level in ("unknown", "info", "debug")


def _is_unparsed(entry: Entry) -> bool:
    return entry.record.stamp is None and entry.record.level == "unknown"


def _template(entry: Entry, placed: Placing) -> Template:
    record = entry.record
    times = [_time(stamp, placed) for stamp in (record.stamp, entry.last_stamp) if stamp]
    return Template(
        text=record.said.strip(),
        count=entry.count,
        level=record.level,
        lines=tuple(sorted({entry.first, entry.last})),
        sample=entry.text,
        component=record.component,
        status=record.status,
        first_at=min(times, default=None),
        last_at=max(times, default=None),
    )


def _kinds(entries: Iterable[Entry]) -> tuple[Kind, ...]:
    """Every kind with a share worth naming, the commonest first."""
    counts: Counter[Kind] = Counter()
    for entry in entries:
        if entry.is_blank and entry.record.kind != "trace":
            continue
        counts[entry.record.kind] += entry.count
    total = sum(counts.values())
    shares: dict[Kind, float] = {"text": 0.3, "trace": 0.0}
    kinds = [kind for kind, count in counts.most_common() if count and count >= shares.get(kind, 0.02) * total]
    return tuple(kinds) or ("text",)


def _zone(entries: Iterable[Entry]) -> Zone:
    timed = [(entry.count, entry.record.stamp.zoned) for entry in entries if entry.record.stamp]
    if not timed:
        return "none"
    unzoned = sum(count for count, zoned in timed if not zoned)
    return "assumed" if unzoned > 0.1 * sum(count for count, _ in timed) else "explicit"
