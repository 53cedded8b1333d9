"""Changes that must not change the answer: what does not matter is altered, and verdict and top cause stay.

The samples are the corpus and incidents of many formats. A relation that needs what a sample does not have (several
files, times, names of machines) leaves it as it is and is then not tried on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache

import pytest
from tests.corpus import regenerate
from tests.unit.diagnosis.incidents import INCIDENTS

from faultmaven.diagnosis.diagnose import diagnose
from faultmaven.diagnosis.report import Report

Files = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class Sample:
    question: str
    files: Files

    def answered(self, files: Files) -> Report:
        return diagnose(self.question, [regenerate.source(name, content) for name, content in files])


# What one program says of itself, and what another says of it.
TOGETHER = (
    ("pg_clients", "refused"),
    ("disk", "upstream"),
    ("java_heap", "upstream"),
    ("certificate", "upstream"),
    ("oom", "refused"),
    ("redis_full", "upstream"),
    ("name", "refused"),
    ("files", "upstream"),
)


def _samples() -> Iterator[tuple[str, Sample]]:
    for name in regenerate.names():
        folder = regenerate.CORPUS / name / "evidence"
        files = tuple((path.name, path.read_bytes()) for path in sorted(folder.glob("*")))
        if files:
            yield name, Sample(regenerate.question_of(name), files)
    for name, incident in INCIDENTS.items():
        yield f"incident-{name}", Sample("What is wrong?", (("intake.log", incident.content()),))
    for cause, symptom in TOGETHER:
        files = (("first.log", INCIDENTS[cause].content()), ("second.log", INCIDENTS[symptom].content()))
        yield f"{cause}-with-{symptom}", Sample("What is wrong?", files)


SAMPLES = dict(_samples())


def outcome(report: Report) -> tuple[str, str | None]:
    """Verdict and top cause; an error that no fault is known for goes by the kind of thing it is."""
    standing = next((one for one in report.hypotheses if not one.ruled_out), None)
    if report.verdict in ("no_fault_found", "not_enough_evidence") or standing is None:
        return report.verdict, None
    return report.verdict, standing.fault_id or standing.category


@cache
def expected(name: str) -> tuple[str, str | None]:
    return outcome(SAMPLES[name].answered(SAMPLES[name].files))


Relation = Callable[[Files], Files]
_ISO = re.compile(rb"(?<!\d)(\d{4})([-/])(\d\d)[-/](\d\d)([T ])(\d\d):(\d\d):(\d\d)")
_ISO_UTC = re.compile(rb"(?<!\d)(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)((?:\.\d+)?)Z")
_ACCESS = re.compile(rb"\[(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d{4})\]")
_NO_YEAR = re.compile(rb"^([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)", re.MULTILINE)
_DAY_FIRST = re.compile(rb"(?<!\d)(\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d)")
_KLOG = re.compile(rb"^([IWEF])(\d\d)(\d\d) (\d\d):(\d\d):(\d\d)", re.MULTILINE)
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def moment(told: Iterable[bytes | int], zone: tzinfo = UTC) -> datetime:
    """The time of year, month, day, hour, minute and second."""
    year, month, day, hour, minute, second = map(int, told)
    return datetime(year, month, day, hour, minute, second, tzinfo=zone)


def each(change: Callable[[bytes], bytes]) -> Relation:
    return lambda files: tuple((name, change(content)) for name, content in files)


def by_line(change: Callable[[bytes], bytes]) -> Relation:
    def changed(content: bytes) -> bytes:
        ends = b"\n" if content.endswith(b"\n") else b""
        return b"\n".join(change(line) for line in content.removesuffix(b"\n").split(b"\n")) + ends

    return each(lambda content: changed(content) if is_text(content) else content)


def is_text(content: bytes) -> bool:
    return b"\0" not in content and bool(content)


def is_log(content: bytes) -> bool:
    """Most of its lines bear a time."""
    lines = content.split(b"\n")
    timed = sum(bool(re.search(rb"\d\d:\d\d:\d\d", line[:60])) for line in lines)
    return is_text(content) and timed > 0.6 * len(lines)


def shifted(content: bytes, by: timedelta) -> bytes:
    """All times later by so much, each written as it was."""

    def iso(match: re.Match[bytes]) -> bytes:
        year, dash, month, day, joint, *clock = match.groups()
        at = moment((year, month, day, *clock)) + by
        return at.strftime(f"%Y{dash.decode()}%m{dash.decode()}%d{joint.decode()}%H:%M:%S").encode()

    def access(match: re.Match[bytes]) -> bytes:
        day, month, year, *clock, zone = match.groups()
        told = (year, _MONTHS.index(month.decode()) + 1, day, *clock)
        return (moment(told) + by).strftime("[%d/%b/%Y:%H:%M:%S ").encode() + zone + b"]"

    def no_year(match: re.Match[bytes]) -> bytes:
        month, day, *clock = match.groups()
        at = moment((2028, _MONTHS.index(month.decode()) + 1, int(day), *clock)) + by
        return f"{at:%b} {at.day:2d} {at:%H:%M:%S}".encode()

    def day_first(match: re.Match[bytes]) -> bytes:
        day, month, year, *clock = match.groups()
        told = (year, _MONTHS.index(month.decode()) + 1, day, *clock)
        return (moment(told) + by).strftime("%d %b %Y %H:%M:%S").encode()

    def klog(match: re.Match[bytes]) -> bytes:
        letter, month, day, *clock = match.groups()
        return letter + (moment((2028, month, day, *clock)) + by).strftime("%m%d %H:%M:%S").encode()

    for pattern, later in ((_ISO, iso), (_ACCESS, access), (_NO_YEAR, no_year), (_DAY_FIRST, day_first), (_KLOG, klog)):
        content = pattern.sub(later, content)
    return content


def in_zone(content: bytes, hours: float) -> bytes:
    """The same instants, written in another zone where the log names its own."""
    zone = timezone(timedelta(hours=hours))

    def iso(match: re.Match[bytes]) -> bytes:
        *told, fraction = match.groups()
        at = moment(told).astimezone(zone)
        offset = f"{at:%z}"
        return at.strftime("%Y-%m-%dT%H:%M:%S").encode() + fraction + f"{offset[:3]}:{offset[3:]}".encode()

    def access(match: re.Match[bytes]) -> bytes:
        day, month, year, *clock, own = match.groups()
        told = (year, _MONTHS.index(month.decode()) + 1, day, *clock)
        before = timedelta(hours=int(own[:3]), minutes=int(own[:1] + own[3:]))
        return moment(told, zone=timezone(before)).astimezone(zone).strftime("[%d/%b/%Y:%H:%M:%S %z]").encode()

    return _ACCESS.sub(access, _ISO_UTC.sub(iso, content))


def twice(line: bytes) -> bytes:
    return line + b"\n" + line


def doubled(files: Files) -> Files:
    """Records twice over; a trace and its lines stay together."""
    return tuple((name, _doubled(content) if is_log(content) else content) for name, content in files)


def _doubled(content: bytes) -> bytes:
    records: list[list[bytes]] = []
    for line in content.removesuffix(b"\n").split(b"\n"):
        if records and not re.search(rb"\d\d:\d\d:\d\d", line[:60]):
            records[-1].append(line)
        else:
            records.append([line])
    return b"\n".join(line for record in records for line in (*record, *record)) + b"\n"


def cut_in_two(files: Files) -> Files:
    """As two pieces of evidence, cut between two records near the middle."""
    return tuple(piece for name, content in files for piece in _cut(name, content))


def _cut(name: str, content: bytes) -> Files:
    lines = content.removesuffix(b"\n").split(b"\n")
    if not is_log(content) or len(lines) < 10:
        return ((name, content),)
    timed = [n for n in range(len(lines) // 2, len(lines)) if re.search(rb"\d\d:\d\d:\d\d", lines[n][:60])]
    middle = timed[0] if timed else len(lines) // 2
    stem, dot, ending = name.partition(".")
    return (
        (f"{stem}-1{dot}{ending}", b"\n".join(lines[:middle]) + b"\n"),
        (f"{stem}-2{dot}{ending}", b"\n".join(lines[middle:]) + b"\n"),
    )


NOISE = (
    "session of client {n} opened",
    "cache warm, {n} entries",
    "heartbeat of peer {n} answered in 3 ms",
    "report {n} written, 41 pages",
)


def _times(files: Files) -> list[datetime]:
    return [
        moment(match.group(1, 3, 4, 6, 7, 8))
        for _, content in files
        for match in _ISO.finditer(content)
        if 1990 < int(match[1]) < 2090
    ]


def quiet_beside(files: Files) -> Files:
    """Another program's log of the same time, in which all is well."""
    times = _times(files)
    if not times:
        return files
    first, span = min(times), max(times) - min(times)
    told = [
        f"{first + n * span / 120:%Y-%m-%dT%H:%M:%S}Z INFO portal: {NOISE[n % len(NOISE)].format(n=n)}\n"
        for n in range(120)
    ]
    return (*files, ("portal.log", "".join(told).encode()))


def _like(content: bytes, number: int) -> list[bytes]:
    """Healthy lines as this program writes them: copies of a routine line of its own with another number in it."""
    routine = re.compile(rb"\bINFO\b|\blevel=info\b|\"level\":\s?\"info\"|\bLOG:|\[notice\]")
    trouble = re.compile(rb"(?i)fail|error|refus|unable|cannot|exception|deploy|releas|start|config|recover|warn|retry")
    own = [line for line in content.split(b"\n") if routine.search(line) and not trouble.search(line)]
    return [own[n % len(own)] for n in range(number)] if own else []


def noise_before(files: Files) -> Files:
    return each(lambda content: _joined(content, before=True))(files)


def noise_after(files: Files) -> Files:
    return each(lambda content: _joined(content, before=False))(files)


def _joined(content: bytes, before: bool) -> bytes:
    """Routine of its own from before its first line or, as short a stretch, from after its last."""
    lines = _like(content, 60 if before else 2)
    times = _times((("", content),))
    if not is_log(content) or not lines or not times:
        return content
    edge = min(times) - timedelta(minutes=5) if before else max(times)
    told = [_ISO.sub(_at(edge + timedelta(seconds=n + 1)), line, count=1) for n, line in enumerate(lines)]
    ends = content if content.endswith(b"\n") else content + b"\n"
    block = b"\n".join(told) + b"\n"
    return block + ends if before else ends + block


def _at(at: datetime) -> Callable[[re.Match[bytes]], bytes]:
    def write(match: re.Match[bytes]) -> bytes:
        dash, joint = match[2].decode(), match[5].decode()
        return at.strftime(f"%Y{dash}%m{dash}%d{joint}%H:%M:%S").encode()

    return write


def noise_between(files: Files) -> Files:
    """Routine lines of the program's own between its records, each of the time of the record it follows."""

    def mixed(content: bytes) -> bytes:
        routine = _like(content, 400)
        if not is_log(content) or not routine:
            return content
        shown: list[bytes] = []
        lines = content.removesuffix(b"\n").split(b"\n")
        for number, line in enumerate(lines):
            begins = _ISO.search(line[:60])
            if begins and number % 3 == 0:
                year, _, month, day, _, *clock = begins.groups()
                at = moment((year, month, day, *clock))
                shown.append(_ISO.sub(_at(at), routine[number % len(routine)], count=1))
            shown.append(line)
        return b"\n".join(shown) + b"\n"

    return each(mixed)(files)


def renamed(files: Files) -> Files:
    """Machines, pods and services by other names, the same everywhere."""
    names = re.compile(
        rb"\b(?:db-\d|cache-\d|ledger|orders?|worker|billing|catalog|invoices?|shop|scales|quay|intake|nordwind)\b"
    )
    other = {name: b"kestrel%d" % n for n, name in enumerate(sorted({n for _, c in files for n in names.findall(c)}))}
    return each(lambda content: names.sub(lambda found: other[found[0]], content))(files)


RELATIONS: Mapping[str, Relation] = {
    "files_in_another_order": lambda files: files[::-1],
    "lines_end_as_on_windows": each(lambda c: re.sub(rb"(?<!\r)\n", b"\r\n", c) if is_text(c) else c),
    "an_hour_later": each(lambda content: shifted(content, timedelta(hours=1, minutes=7))),
    "months_earlier": each(lambda content: shifted(content, timedelta(days=-37, hours=-5))),
    "in_indian_time": each(lambda content: in_zone(content, 5.5)),
    "in_pacific_time": each(lambda content: in_zone(content, -8)),
    "records_twice": doubled,
    "cut_in_two": cut_in_two,
    "behind_compose": by_line(lambda line: b"app-1  | " + line),
    "behind_kubectl": by_line(lambda line: b"[pod/harbour-6d5f4c7b9-x2x8k/app] " + line),
    "quiet_program_beside": quiet_beside,
    "noise_before": noise_before,
    "noise_after": noise_after,
    "noise_between": noise_between,
    "renamed": renamed,
}
PAIRS = [
    (relation, name)
    for relation in RELATIONS
    for name in SAMPLES
    if RELATIONS[relation](SAMPLES[name].files) != SAMPLES[name].files
]


@pytest.mark.parametrize(("relation", "name"), PAIRS)
def test_what_does_not_matter_leaves_the_answer(relation: str, name: str) -> None:
    changed = RELATIONS[relation](SAMPLES[name].files)
    assert outcome(SAMPLES[name].answered(changed)) == expected(name)


def test_every_relation_is_tried_on_many() -> None:
    for relation in RELATIONS:
        least = len(TOGETHER) if relation == "files_in_another_order" else 15
        assert sum(tried == relation for tried, _ in PAIRS) >= least, relation
