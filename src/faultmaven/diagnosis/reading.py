"""The digest in the making: what the stripes of one piece of evidence say, joined, and what is concluded from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from faultmaven.diagnosis.digest import Digest, Kind, Template, Trace, Zone
from faultmaven.diagnosis.gathering import Gathered
from faultmaven.diagnosis.histogram import Ticks, at_second, buckets_of
from faultmaven.diagnosis.long_lines import LongLines
from faultmaven.diagnosis.tally import MOST_ROUGH, Entry, is_worth_it, rough_keys
from faultmaven.diagnosis.templates import merge
from faultmaven.diagnosis.timestamps import Stamp
from faultmaven.diagnosis.tracefinder import INSIDE, Seen, most_frequent
from faultmaven.diagnosis.years import Placing, place_years


class Reading:
    """Feed it what was gathered from each stripe, in their order."""

    def __init__(self) -> None:
        self._entries: dict[bytes, Entry] = {}
        self._rough: set[bytes] = set()
        self._dated, self._undated = Ticks(), Ticks()
        self._traces: dict[str, Seen] = {}
        self._long_lines = LongLines()
        self._lines = 0
        self._truncated = False

    def add(self, gathered: Gathered) -> None:
        """Takes it over: it must not be used further."""
        before = self._lines
        self._lines += gathered.lines
        for key, entry in gathered.entries.items():
            entry.first, entry.last = entry.first + before, entry.last + before
            self._count(key, entry, key in gathered.rough)
        self._dated.join(gathered.dated)
        self._undated.join(gathered.undated)
        for seen in gathered.traces:
            self._see(Seen(_moved(seen.trace, before), seen.began, seen.ended))
        self._long_lines.join(gathered.long_lines, before)
        self._truncated |= gathered.truncated

    def _count(self, key: bytes, entry: Entry, is_rough: bool) -> None:
        if key not in self._entries and key != INSIDE and (is_rough or not self._has_room_for(entry)):
            key, coarsest = rough_keys(_line(entry))
            if key not in self._entries and len(self._rough) >= MOST_ROUGH:
                key = coarsest
            self._rough.add(key)
        mine = self._entries.get(key)
        if not mine:
            self._entries[key] = entry
            return
        mine.count += entry.count
        if entry.last > mine.last:
            mine.last, mine.last_stamp = entry.last, entry.last_stamp if mine.record.stamp else None

    def _has_room_for(self, entry: Entry) -> bool:
        return is_worth_it(_line(entry), len(self._entries) - len(self._rough))

    def _see(self, seen: Seen) -> None:
        trace = seen.trace
        if not (earlier := self._traces.get(trace.fingerprint)):
            self._traces[trace.fingerprint] = seen
            return
        joined = replace(earlier.trace, count=earlier.trace.count + trace.count, last_seen_line=trace.last_seen_line)
        self._traces[trace.fingerprint] = Seen(joined, earlier.began, seen.ended)

    def digest(self, version: str, size: int) -> Digest:
        entries = list(self._entries.values())
        stamps = [stamp for entry in entries for stamp in (entry.record.stamp, entry.last_stamp) if stamp]
        dated = min((stamp.at for stamp in stamps if stamp.has_year), default=self._some_dated())
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
            templates=_in_order([*merge((template_of(entry, placed) for entry in told), len(further)), *further]),
            traces=most_frequent(self._traces.values(), lambda stamp: _time(stamp, placed)),
            buckets=buckets_of(self._dated, self._undated, placed),
            first_at=min(times, default=None),
            last_at=max(times, default=None),
            zone=_zone(entries),
            year_known=not stamps or dated is not None,
            unparsed_lines=sum(entry.count for entry in told if _is_unparsed(entry)),
            truncated=self._truncated,
        )

    def _some_dated(self) -> datetime | None:
        """The first time that names its year, to the grain of what was counted."""
        return at_second(min(self._dated.lines)) if self._dated.lines else None


def _line(entry: Entry) -> bytes:
    return entry.text.encode("utf-8", "replace")


def _moved(trace: Trace, by: int) -> Trace:
    return replace(
        trace,
        first_line=trace.first_line + by,
        last_line=trace.last_line + by,
        root_line=trace.root_line + by,
        last_seen_line=trace.last_seen_line + by,
        frame_line=None if trace.frame_line is None else trace.frame_line + by,
    )


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


def template_of(entry: Entry, placed: Placing) -> Template:
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
