"""Stack traces: found in whatever wraps them, counted once each, blamed on their root."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from faultmaven.diagnosis.digest import Trace
from faultmaven.diagnosis.read import read

PYTHON_CHAIN = """\
Traceback (most recent call last):
  File "/usr/lib/python3.12/site-packages/driver/pool.py", line 31, in take
    raise KeyError(name)
  File "/srv/shop/stock.py", line 9, in fetch
    row = pool.take(name)
          ^^^^^^^^^^^^^^^
KeyError: 'shelf-7'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/shop/main.py", line 3, in <module>
    fetch()
shop.errors.StockGone: nothing on the shelf
"""

JAVA_CAUSES = """\
com.acme.shop.CheckoutFailed: could not charge
; the order is kept
\tat com.acme.shop.Checkout.charge(Checkout.java:44)
\tat java.base/java.lang.Thread.run(Thread.java:1583)
\tSuppressed: java.io.IOException: close
\t\tat com.acme.shop.Till.close(Till.java:9)
Caused by: java.net.SocketTimeoutException: Read timed out
\tat java.base/java.net.Socket.read(Socket.java:100)
\tat org.apache.http.Client.send(Client.java:12)
\tat com.acme.shop.Bank.pay(Bank.java:71)
\t... 2 more
"""

NODE_MISSING = """\
node:internal/modules/cjs/loader:1080
  throw err;
  ^

Error: Cannot find module 'left-shelf'
Require stack:
- /srv/shop/server.js
    at Module._resolveFilename (node:internal/modules/cjs/loader:1077:15)
    at Object.<anonymous> (/srv/shop/server.js:4:17) {
  code: 'MODULE_NOT_FOUND'
}

Node.js v22.1.0
"""

GO_PANIC = """\
panic: runtime error: index out of range [7] with length 3

goroutine 18 [running]:
net/http.(*conn).serve(0xc000012345)
\t/usr/local/go/src/net/http/server.go:1801 +0x147
main.(*Shop).Shelf(...)
\t/srv/shop/shelf.go:21
main.main()
\t/srv/shop/main.go:9 +0x1d
exit status 2
"""


def only_trace(text: str) -> Trace:
    (trace,) = read(text.encode()).traces
    return trace


@pytest.mark.parametrize(
    ("text", "language", "root", "message", "frame"),
    [
        (PYTHON_CHAIN, "python", "KeyError", "'shelf-7'", 'File "/srv/shop/stock.py", line 9, in fetch'),
        (
            JAVA_CAUSES,
            "java",
            "java.net.SocketTimeoutException",
            "Read timed out",
            "at com.acme.shop.Bank.pay(Bank.java:71)",
        ),
        (
            NODE_MISSING,
            "node",
            "Error",
            "Cannot find module 'left-shelf'",
            "at Object.<anonymous> (/srv/shop/server.js:4:17)",
        ),
        (GO_PANIC, "go", "panic", "runtime error: index out of range [7] with length 3", "/srv/shop/shelf.go:21"),
    ],
)
def test_root_and_own_frame(text: str, language: str, root: str, message: str, frame: str) -> None:
    trace = only_trace(text)
    assert (trace.language, trace.root_type, trace.root_message, trace.frame) == (language, root, message, frame)
    lines = text.split("\n")
    assert root in lines[trace.root_line - 1]
    assert lines[(trace.frame_line or 0) - 1].strip().startswith(frame)


@pytest.mark.parametrize("text", [PYTHON_CHAIN, JAVA_CAUSES, GO_PANIC])
def test_the_whole_trace_is_spanned(text: str) -> None:
    padded = f"2031-01-02 15:04:05 INFO before\n{text}2031-01-02 15:04:06 INFO after\n"
    trace = only_trace(padded)
    assert trace.first_line == 2
    assert trace.last_line == text.count("\n") + 1 or text == GO_PANIC
    assert trace.at is not None


@pytest.mark.parametrize(
    "prefix",
    [
        "2031-01-02T15:04:05.123456789Z stderr F ",
        "web-1  | ",
        "[pod/shop-7d9c/web] ",
        "shop-7d9cdb8f4-x2k4q web ",
        "Jan  2 15:04:05 host shop[7]: ",
        "2031-01-02T15:04:05.123Z ",
        "\x1b[31m",
    ],
)
@pytest.mark.parametrize("text", [PYTHON_CHAIN, JAVA_CAUSES, NODE_MISSING, GO_PANIC])
def test_prefixes_change_nothing(prefix: str, text: str) -> None:
    bare, wrapped = only_trace(text), only_trace("".join(f"{prefix}{line}\n" for line in text.rstrip("\n").split("\n")))
    assert wrapped.fingerprint == bare.fingerprint
    assert (wrapped.root_message, wrapped.root_line) == (bare.root_message, bare.root_line)


def test_a_trace_in_a_field_is_found_where_its_line_is() -> None:
    line = json.dumps({"level": "error", "msg": "charge", "err": {"message": "x", "stack": JAVA_CAUSES}})
    (trace,) = read(f'{{"msg":"start"}}\n{line}\n{line}\n'.encode()).traces
    assert (trace.root_type, trace.count) == ("java.net.SocketTimeoutException", 2)
    assert (trace.first_line, trace.root_line, trace.frame_line, trace.last_seen_line) == (2, 2, 2, 3)


def test_repetitions_are_one_trace_counted() -> None:
    moved = PYTHON_CHAIN.replace("line 9", "line 12")
    (trace,) = read((PYTHON_CHAIN + "noise\n" + moved + PYTHON_CHAIN).encode()).traces
    size = PYTHON_CHAIN.count("\n")
    assert (trace.count, trace.first_line, trace.last_seen_line) == (3, 1, 2 * size + 2)


def test_another_cause_is_another_trace() -> None:
    other = PYTHON_CHAIN.replace("KeyError", "IndexError")
    assert len({trace.fingerprint for trace in read((PYTHON_CHAIN + other).encode()).traces}) == 2


def test_only_lines_that_name_an_exception_are_messages() -> None:
    digest = read(f"2031-01-02 15:04:05 ERROR checkout\n{PYTHON_CHAIN}2031-01-02 15:04:06 INFO go on\n".encode())
    assert [(template.level, template.lines[0]) for template in digest.templates] == [
        ("error", 1),
        ("error", 8),
        ("error", 15),
        ("info", 16),
    ]
    assert digest.unparsed_lines == 0
    assert "trace" in digest.kinds


def test_frames_of_unknown_languages_are_no_trace() -> None:
    digest = read(b"Shop.Closed: error\n   at line 7 of shop, in the till\n")
    assert digest.traces == ()
    assert digest.templates[0].level == "error"


def test_frames_without_an_exception_are_no_trace() -> None:
    assert read(b"\tat com.acme.Shop.open(Shop.java:7)\n" * 50).traces == ()


def test_an_indented_trace_is_one_too() -> None:
    indented = "2031-01-02 15:04:05 ERROR checkout\n" + "".join(f"      {line}\n" for line in PYTHON_CHAIN.split("\n"))
    assert only_trace(indented).root_type == "KeyError"


def test_a_bare_crash_takes_the_time_of_the_nearest_line_before_it() -> None:
    log = "2031-03-04T05:06:07Z INFO listening\nsome words\nmore words\nand more\n" + NODE_MISSING
    (trace,) = read(log.encode()).traces
    assert trace.at == datetime(2031, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert [read(log.encode(), block_size=size).traces for size in (9, 300)] == [(trace,)] * 2


def test_a_repeated_trace_knows_when_it_was_last_seen() -> None:
    log = "".join(f"2031-03-04 05:06:{second:02} ERROR shop: went wrong\n{PYTHON_CHAIN}" for second in (1, 5, 9))
    (trace,) = read(log.encode()).traces
    assert (trace.count, trace.at, trace.last_at) == (
        3,
        datetime(2031, 3, 4, 5, 6, 1, tzinfo=UTC),
        datetime(2031, 3, 4, 5, 6, 9, tzinfo=UTC),
    )
