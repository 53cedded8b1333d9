"""A line is as bad as it says, not as bad as the words it contains."""

from __future__ import annotations

import pytest

from faultmaven.diagnosis.digest import Level
from faultmaven.diagnosis.readers.line import read_line


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("2031-01-02 15:04:05,123 ERROR [main] com.acme.Pool - nothing left", "error"),
        ("2031-01-02T15:04:05Z\terror\tserver/main.go:7\tnothing left", "error"),
        ("2031/01/02 15:04:05 [crit] 7#7: nothing left", "fatal"),
        ("[Thu Jan 02 15:04:05 2031] [ssl:warn] [pid 7] soon", "warning"),
        ("W0102 15:04:05.123456       1 watch.go:9] soon", "warning"),
        ("E, [2031-01-02T15:04:05.1 #7] ERROR -- : nothing left", "error"),
        ("[15:04:05 ERR] nothing left", "error"),
        ("fail: Acme.Web[0]", "error"),
        ("<11>Jan  2 15:04:05 web app: nothing left", "error"),
        ("<14>Jan  2 15:04:05 web app: error, said in passing", "info"),
        ('{"level":50,"msg":"nothing left"}', "error"),
        ('{"level":30,"msg":"an error, said in passing"}', "info"),
        ('{"severity":"CRITICAL","message":"nothing left"}', "fatal"),
        (
            '{"log":"2031-01-02 15:04:05 ERROR nothing left\\n","stream":"stdout","time":"2031-01-02T15:04:05Z"}',
            "error",
        ),
        ('ts=2031-01-02T15:04:05Z level=warn msg="soon"', "warning"),
        ('10.0.0.7 - - [02/Jan/2031:15:04:05 +0000] "GET / HTTP/1.1" 503 5', "error"),
        ('10.0.0.7 - - [02/Jan/2031:15:04:05 +0000] "GET / HTTP/1.1" 404 5', "warning"),
        ('10.0.0.7 - - [02/Jan/2031:15:04:05 +0000] "\\x16\\x03\\x01" 400 5 "-" "-"', "warning"),
        ('10.0.0.7 - - [02/Jan/2031:15:04:05 +0000] "GET /error HTTP/1.1" 200 5', "info"),
        ("2031-01-02T15:04:05.123456789Z stderr F ERROR nothing left", "error"),
        ("web-1  | ERROR:root:nothing left", "error"),
    ],
)
def test_a_stated_level_is_taken(line: str, level: Level) -> None:
    assert read_line(line).level == level


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("bash: frobnicate: command not found", "error"),
        ("Error: listen EADDRINUSE: address already in use :::3000", "error"),
        ('FATAL: password authentication failed for user "bob"', "fatal"),
        ("npm ERR! missing script: start", "error"),
        ("main.c:7:3: error: expected ';' before '}' token", "error"),
        ("Segmentation fault (core dumped)", "fatal"),
        ("java.lang.IllegalStateException: closed", "error"),
        ("process exited with code 137", "error"),
        ("error: null pointer", "error"),
        ("warning: unused variable", "warning"),
    ],
)
def test_words_tell_where_nothing_is_stated(line: str, level: Level) -> None:
    assert read_line(line).level == level


@pytest.mark.parametrize(
    "line",
    [
        "INFO retrying after error: connection refused",
        "2031-01-02 15:04:05 INFO request failed, will retry",
        "Found 0 errors. Watching for file changes.",
        "12 passed, 0 failed",
        "errors: 0",
        "error_rate=0.00 p99=12ms",
        '"error": null,',
        "finished without errors",
        "no error",
        "process exited with code 0",
        "error_log /var/log/nginx/error.log;",
        "the terror of mirrors",
        "",
    ],
)
def test_good_news_is_no_error(line: str) -> None:
    assert read_line(line).level in ("unknown", "info")


@pytest.mark.parametrize("value", ['""', "nil", "null", "<nil>", "none", "-", "[]"])
def test_a_field_for_errors_that_is_empty_is_no_error(value: str) -> None:
    assert read_line(f"ts=2031-03-04T05:06:07Z path=/orders error={value} took=3ms").level == "unknown"


@pytest.mark.parametrize("field", ['error="peer went"', "err=gone"])
def test_a_field_for_errors_that_says_something_is_one(field: str) -> None:
    assert read_line(f"path=/orders {field} took=3ms user=7").level == "error"
