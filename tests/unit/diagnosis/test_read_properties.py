"""What holds for any bytes whatsoever."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultmaven.diagnosis.digest import Digest
from faultmaven.diagnosis.lines import Document
from faultmaven.diagnosis.read import read

PIECES = [
    *(b"2031-01-02 15:04:05 ERROR lost ", b"2031-01-02T15:04:06Z INFO found ", b"Jan  2 15:04:05 web app[7]: "),
    *(b"E0102 15:04:05.000000 ", b"Feb 29 23:59:60 ", b"<11>", b"0 errors ", b"3 errors ", b"level=error msg=x "),
    *(b'{"level":50,"time":', b'"msg":"no"}\n', b"1925132645123,", b'"GET / HTTP/1.1" 502 7\n'),
    *(b"java.io.IOException: no\n", b"\tat com.acme.A.b(A.java:7)\n", b"Caused by: java.lang.Error: deep\n"),
    *(b"Traceback (most recent call last):\n", b'  File "/srv/a.py", line 7, in b\n', b"ValueError: no\n"),
    b"During handling of the above exception, another exception occurred:\n",
    *(b"Error: no\n", b"    at b (/srv/a.js:7:7)\n", b"panic: no\n", b"goroutine 7 [running]:\n", b"main.main()\n"),
    *(b"thread 'main' panicked at src/a.rs:7:7:\n", b"stack backtrace:\n", b"   0: a::b\n", b"      at ./src/a.rs:7\n"),
    *(
        b"System.Exception: no\n",
        b" ---> A.Gone: no\n",
        b"   at A.B() in /a.cs:line 7\n",
        b"/srv/a.rb:7:in 'b': no (Gone)\n",
    ),
    *(
        b"\tfrom /srv/a.rb:7:in 'b'\n",
        b"PHP Fatal error:  Uncaught Gone: no in /srv/a.php:7\n",
        b"#0 /srv/a.php(7): b()\n",
    ),
    *(b"  + Exception Group Traceback (most recent call last):\n", b"  | Gone: no\n", b"  +-+-------- 1 --------\n"),
    *(b"b@https://a.example/a.js:7:7\n", b"Uncaught ", b"WARNING: DATA RACE\n", b"main.b\n\t/srv/a.go:7\n"),
    *(b'{"log":"', b'\\n","stream":"stderr"}\n', b"2/1/2031 3:04:05 PM ", b"[2031-01-02T15:04:05.000Z] "),
    *(
        b"\t/srv/a.go:7 +0x7\n",
        b"\n",
        b"\n",
        b"\r\n",
        b"    ",
        b"\x1b[31m",
        b"\xff\xfe",
        b"\x00",
        b"\xef\xbb\xbf",
        b"x" * 300,
        b"\xc3\xa9" * 1100,
        b"disk failed: no space left on device",
    ),
    "\u2028é²".encode(),
]
evidence = st.one_of(
    st.binary(max_size=400),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join),
)


def check(content: bytes, digest: Digest) -> None:
    document = Document(content)
    assert digest.lines == document.count
    assert digest.bytes == len(content)
    assert sum(template.count for template in digest.templates if not template.column) <= digest.lines
    assert sum(bucket.lines for bucket in digest.buckets) <= digest.lines
    assert 0 <= digest.unparsed_lines <= digest.lines
    assert len(digest.buckets) <= 120
    for template in digest.templates:
        assert list(template.lines) == sorted(set(template.lines))
        assert 1 <= len(template.lines) <= min(5, template.count)
        assert 1 <= template.lines[0] <= template.lines[-1] <= digest.lines
        if b"\x1b" not in content:
            start, end = template.columns or (0, 4000)
            assert template.sample == document.text(template.lines[0])[start:end]
    for trace in digest.traces:
        assert 1 <= trace.first_line <= trace.root_line <= trace.last_line <= digest.lines
        assert trace.first_line <= trace.last_seen_line <= digest.lines
    for bucket in digest.buckets:
        assert 0 <= bucket.errors <= bucket.lines
        assert bucket.at.tzinfo is not None


@settings(max_examples=300, deadline=None)
@given(evidence)
def test_any_bytes_give_a_digest_that_adds_up(content: bytes) -> None:
    check(content, read(content))


@settings(max_examples=200, deadline=None)
@given(evidence, st.integers(1, 200))
def test_neither_repetition_nor_block_size_changes_it(content: bytes, size: int) -> None:
    assert read(content) == read(content) == read(memoryview(content), block_size=size)


@pytest.mark.parametrize("seed", range(4))
def test_long_mixtures_do_not_depend_on_blocks_either(seed: int) -> None:
    rng = random.Random(seed)
    content = b"".join(rng.choices(PIECES, k=6000))
    whole = read(content)
    check(content, whole)
    assert all(read(content, block_size=size) == whole for size in (777, 20_000, 100_000))


@pytest.mark.parametrize(
    "unit",
    [b"a.", b"a:", b"((", b'"', b"[", b"at ", b"0 ", b"error ", b"=", b"-", b"x=\\", b"{", b"/1", b"12:", b"  ", b"\t"],
)
@pytest.mark.parametrize(
    "prefix", [b"", b"2031-01-02 15:04:05 ", b"{", b"<1>1 ", b"    at ", b"Error: ", b"a=", b'"GET ']
)
def test_hostile_lines_take_no_time(unit: bytes, prefix: bytes) -> None:
    line = prefix + unit * (16_000 // len(unit))
    content = (line + b"\n") * 3 + b"\tat x\n    at y (z:1:1)\n" + line
    assert read(content).lines == 6
