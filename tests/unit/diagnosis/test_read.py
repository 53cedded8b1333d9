"""One piece of evidence, read as a whole."""

from __future__ import annotations

import mmap
from datetime import UTC, datetime
from pathlib import Path

import pytest

from faultmaven.diagnosis.digest import Kind
from faultmaven.diagnosis.read import READER_VERSION, read


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        (b"", ("empty",)),
        (b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 20, ("binary",)),
        (b"hello there\n", ("text",)),
        (b"Error: listen EADDRINUSE: address already in use :::3000\n", ("text",)),
        (b"2031-01-02 15:04:05 INFO hello\n", ("log",)),
        (b'{"level":"info","msg":"hello"}\n', ("json_lines",)),
        (b"ts=2031-01-02T15:04:05Z level=info msg=hello\n", ("logfmt",)),
        (b"Jan  2 15:04:05 web sshd[7]: hello\n", ("syslog",)),
        (b'::1 - - [02/Jan/2031:15:04:05 +0000] "GET / HTTP/1.1" 200 5\n', ("access_log",)),
        (
            b'2031-01-02 15:04:05 INFO a\n2031-01-02 15:04:05 INFO b\n{"level":"info","msg":"c"}\n',
            ("log", "json_lines"),
        ),
        ("2031-01-02 15:04:05 ОШИБКА всё пропало\n".encode(), ("log",)),
    ],
)
def test_kinds(content: bytes, kinds: tuple[Kind, ...]) -> None:
    assert read(content).kinds == kinds


def test_binary_is_counted_but_not_read() -> None:
    digest = read(b"\x00\x01ERROR\n" * 1000)
    assert (digest.kinds, digest.lines, digest.templates) == (("binary",), 1000, ())


def test_a_log_with_some_nulls_is_still_a_log() -> None:
    line = b"2031-01-02 15:04:05 ERROR the disk went away\n"
    digest = read(line * 9000 + b"\x00" * 4096 + line * 100)
    assert digest.kinds == ("log",)
    assert sum(template.count for template in digest.templates if not template.column) == 9100


def test_what_is_known_of_the_whole() -> None:
    content = b"2031-01-02T15:04:05Z INFO one\n\nwhat is this\n2031-01-02T15:06:05Z ERROR two\n"
    digest = read(content)
    assert (digest.version, digest.lines, digest.bytes) == (READER_VERSION, 4, len(content))
    assert digest.first_at == datetime(2031, 1, 2, 15, 4, 5, tzinfo=UTC)
    assert digest.last_at == datetime(2031, 1, 2, 15, 6, 5, tzinfo=UTC)
    assert (digest.zone, digest.year_known, digest.unparsed_lines, digest.truncated) == ("explicit", True, 1, False)


def test_an_unnamed_zone_is_marked_assumed() -> None:
    assert read(b"2031-01-02 15:04:05 INFO one\n").zone == "assumed"
    assert read(b"nothing\n").zone == "none"


def test_an_unknown_year_says_so() -> None:
    digest = read(b"Jan  2 15:04:05 web app: one\nJan  2 15:05:05 web app: two\n")
    assert not digest.year_known
    assert digest.first_at is not None
    assert digest.last_at is not None
    assert digest.first_at.year < 1970
    assert (digest.last_at - digest.first_at).total_seconds() == 60


def test_a_dated_line_gives_the_others_their_year() -> None:
    digest = read(b"Dec 31 23:59:59 web app: one\nJan  1 00:00:01 web app: two\n2031-01-01 00:00:02 INFO three\n")
    assert digest.year_known
    assert digest.first_at == datetime(2030, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert digest.buckets[0].at == digest.first_at


def test_a_message_of_two_words_is_no_syslog_header() -> None:
    digest = read(b"2031-01-02 15:04:05 Connection failed: no route\n")
    assert (digest.kinds, digest.templates[0].text) == (("log",), "Connection failed: no route")
    assert digest.templates[0].is_error


def test_buckets_show_the_burst() -> None:
    calm = [f"2031-01-02T15:{n // 60:02}:{n % 60:02}Z INFO step {n}\n" for n in range(1200)]
    burst = ["2031-01-02T15:10:00Z ERROR lost\n"] * 50
    digest = read("".join(calm[:600] + burst + calm[600:]).encode())
    assert len(digest.buckets) == 120
    assert {bucket.lines for bucket in digest.buckets} == {10, 60}
    assert [bucket.errors for bucket in digest.buckets].count(50) == 1
    assert digest.buckets[60].errors == 50
    assert digest.buckets[60].at == datetime(2031, 1, 2, 15, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    [
        "{at} INFO step",
        "{at}.123Z stdout F INFO step",
        '{{"time":"{at}Z","level":"info","msg":"step"}}',
        '{{"level":"info","msg":"step","time":"{at}Z"}}',
        "level=info ts={at}Z msg=step",
        "web-1 | {at} INFO step",
        "INFO worker-{n} {at} step",
    ],
)
def test_every_line_with_a_time_is_in_a_bucket(line: str) -> None:
    times = [f"2031-01-02T15:{n // 60:02}:{n % 60:02}" for n in range(900)]
    digest = read("".join(line.format(at=at, n=n) + "\n" for n, at in enumerate(times)).encode())
    assert sum(bucket.lines for bucket in digest.buckets) == 900
    assert digest.buckets[0].at == datetime(2031, 1, 2, 15, 0, tzinfo=UTC)


def test_epochs_in_json_are_times() -> None:
    digest = read(b'{"ts":1925132645.25,"level":"info","msg":"a"}\n{"ts":1925132705.5,"level":"error","msg":"b"}\n')
    assert digest.first_at == datetime(2031, 1, 2, 15, 4, 5, 250000, tzinfo=UTC)
    assert [bucket.errors for bucket in digest.buckets if bucket.lines] == [0, 1]


def test_one_enormous_line() -> None:
    content = b"2031-01-02 15:04:05 ERROR " + b"x1 " * 3_000_000
    (template,) = read(content).templates
    assert (template.level, len(template.sample)) == ("error", 4000)
    assert len(template.text) <= 4000


def test_samples_are_the_lines_without_colours() -> None:
    digest = read(b"\x1b[31m2031-01-02 15:04:05 ERROR\x1b[0m lost \xff\r\n")
    assert digest.templates[0].sample == "2031-01-02 15:04:05 ERROR lost \ufffd"


def test_a_mapped_file_can_be_closed_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "evidence"
    path.write_bytes(b"2031-01-02 15:04:05 ERROR lost\n")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert read(mapped).lines == 1


def test_progress_ends_at_the_size() -> None:
    told: list[int] = []
    content = b"hello\n" * 1000
    read(content, told.append, block_size=1000)
    assert told == sorted(told)
    assert told[-1] == len(content)


def test_among_lines_that_are_all_different_trouble_is_not_lost() -> None:
    names = [f"{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}" * 2 for n in range(6000)]
    lines = [f"2031-01-02 15:04:05 INFO {name} {name[::-1]} went {name}" for name in names]
    lines[5000] = "2031-01-02 15:04:05 INFO write failed: No space left on device"
    digest = read("\n".join(lines).encode())
    assert [template.lines for template in digest.templates if "No space left" in template.sample] == [(5001,)]
    assert sum(template.count for template in digest.templates) <= 6000
