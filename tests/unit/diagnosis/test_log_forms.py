"""Each logger's way of writing a line gives up its time, level, speaker and message."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultmaven.diagnosis.digest import Level
from faultmaven.diagnosis.read import read
from faultmaven.diagnosis.readers.line import bare_line, read_line

AT = datetime(2031, 1, 2, 15, 4, 5, tzinfo=UTC)
REQUEST = "6f1c2b0e-1111-4222-8333-944445555666"

# Line, level, component, message.
FORMS: dict[str, tuple[str, Level, str | None, str]] = {
    "klog": (
        'E0102 15:04:05.000000       1 reconciler.go:123] "Reconciler error" err="no such shelf"',
        *("error", "reconciler.go", '"Reconciler error" err="no such shelf"'),
    ),
    "klog in the journal": (
        "Jan 02 15:04:05 node-3 kubelet[812]: W0102 15:04:05.000000     812 pod_workers.go:190] soon",
        *("warning", "kubelet", "soon"),
    ),
    "journald, long": ("Thu 2031-01-02 16:04:05 CET node-3 depot[7]: door open", "unknown", "depot", "door open"),
    "dmesg": (
        "[12345.678901] Out of memory: Killed process 812 (java)",
        "fatal",
        None,
        "Out of memory: Killed process 812 (java)",
    ),
    "syslog with data": (
        r'<163>1 2031-01-02T15:04:05Z web-1 depot 7 ID47 [ex@32473 iut="3" src="a ] \" b"][x y="1"] door open',
        *("error", "depot", "door open"),
    ),
    "github": (
        "2031-01-02T15:04:05.0000000Z ##[error]Process completed with exit code 1.",
        "error",
        None,
        "Process completed with exit code 1.",
    ),
    "github, from gh": (
        "weigh\tRun tests\t2031-01-02T15:04:05.0000000Z ##[warning]old",
        "warning",
        "weigh / Run tests",
        "old",
    ),
    "gitlab": ("2031-01-02T15:04:05.000000Z 01E ERROR: Job failed", "error", None, "Job failed"),
    "jenkins": (
        "[2031-01-02T15:04:05.000Z] ERROR: script returned exit code 2",
        "error",
        None,
        "script returned exit code 2",
    ),
    "heroku": ("2031-01-02T15:04:05.000000+00:00 app[web.1]: ERROR no shelf", "error", "web.1", "no shelf"),
    "heroku's router": (
        '2031-01-02T15:04:05.000000+00:00 heroku[router]: at=error code=H12 desc="Request timeout" method=GET path="/"'
        " dyno=web.1 connect=0ms service=30000ms status=503 bytes=0",
        *("error", "router", "Request timeout"),
    ),
    "aws logs tail": (
        f"2031-01-02T15:04:05.000000+00:00 depot/web/{'0a' * 16} ERROR no shelf",
        *("error", "depot/web", "no shelf"),
    ),
    "lambda, node": (f"2031-01-02T15:04:05.000Z\t{REQUEST}\tERROR\tno shelf", "error", None, "no shelf"),
    "lambda, python": (f"[ERROR]\t2031-01-02T15:04:05.000Z\t{REQUEST}\tno shelf", "error", None, "no shelf"),
    "nginx": (
        "2031/01/02 15:04:05 [error] 31#31: *1042 connect() failed (111: Connection refused)",
        *("error", None, "connect() failed (111: Connection refused)"),
    ),
    "apache": (
        "[Thu Jan 02 15:04:05.000000 2031] [proxy:error] [pid 31:tid 140] [client 10.0.0.7:1] AH00957: failed",
        *("error", "proxy", "AH00957: failed"),
    ),
    "postgresql": (
        '2031-01-02 15:04:05.000 UTC [812] depot@shelf ERROR:  relation "parcel" does not exist',
        *("error", None, 'relation "parcel" does not exist'),
    ),
    "postgresql, more": (
        "2031-01-02 15:04:05.000 UTC [812] depot@shelf STATEMENT:  SELECT * FROM parcel",
        *("info", None, "STATEMENT:  SELECT * FROM parcel"),
    ),
    "mysql": (
        "2031-01-02T15:04:05.000000Z 8 [Warning] [MY-010055] [Server] slow name",
        *("warning", None, "[MY-010055] [Server] slow name"),
    ),
    "mariadb": ("2031-01-02 15:04:05 139 [Note] InnoDB: ready", "info", None, "InnoDB: ready"),
    "redis": (
        "1:M 02 Jan 2031 15:04:05.000 * Ready to accept connections",
        "info",
        None,
        "Ready to accept connections",
    ),
    "redis, bad": (
        "1:M 02 Jan 2031 15:04:05.000 # Can't save in background: fork: Cannot allocate memory",
        *("error", None, "Can't save in background: fork: Cannot allocate memory"),
    ),
    "redis, warning": (
        "1:M 02 Jan 2031 15:04:05.000 # overcommit_memory is set to 0!",
        "warning",
        None,
        "overcommit_memory is set to 0!",
    ),
    "mongodb, old": (
        "2031-01-02T15:04:05.000+0000 E STORAGE  [conn7] disk is gone",
        *("error", "STORAGE", "disk is gone"),
    ),
    "clickhouse": (
        "2031.01.02 15:04:05.000000 [ 812 ] {a-b} <Error> executeQuery: Code: 60. no table",
        *("error", "executeQuery", "Code: 60. no table"),
    ),
    "elasticsearch": (
        "[2031-01-02T15:04:05,000][WARN ][o.e.c.Coordinator        ] [node-1] master not discovered",
        *("warning", "o.e.c.Coordinator", "[node-1] master not discovered"),
    ),
    "kafka": (
        "[2031-01-02 15:04:05,000] ERROR [KafkaServer id=1] Fatal error during startup (kafka.server.KafkaServer)",
        *("error", "kafka.server.KafkaServer", "[KafkaServer id=1] Fatal error during startup"),
    ),
    "python": ("2031-01-02 15:04:05,000 - depot.shelf - ERROR - no shelf", "error", "depot.shelf", "no shelf"),
    "python, basic": ("WARNING:depot.shelf:soon empty", "warning", "depot.shelf", "soon empty"),
    "loguru": (
        "2031-01-02 15:04:05.000 | ERROR    | depot.shelf:take:12 - no shelf",
        *("error", "depot.shelf", "no shelf"),
    ),
    "gunicorn": (
        "[2031-01-02 15:04:05 +0000] [7] [CRITICAL] WORKER TIMEOUT (pid:12)",
        "fatal",
        None,
        "WORKER TIMEOUT (pid:12)",
    ),
    "airflow": (
        "[2031-01-02T15:04:05.000+0000] {taskinstance.py:1824} ERROR - Task failed",
        *("error", "taskinstance.py", "Task failed"),
    ),
    "celery": ("[2031-01-02 15:04:05,000: ERROR/ForkPoolWorker-1] Task failed", "error", None, "Task failed"),
    "ruby": ("E, [2031-01-02T15:04:05.000000 #71] ERROR -- shelf: no shelf", "error", "shelf", "no shelf"),
    "rails": (
        "Completed 500 Internal Server Error in 12ms (ActiveRecord: 1.2ms)",
        "error",
        None,
        "Completed 500 Internal Server Error",
    ),
    "serilog": ("2031-01-02 16:04:05.000 +01:00 [ERR] no shelf", "error", None, "no shelf"),
    "serilog, console": ("[15:04:05 ERR] no shelf", "error", None, "no shelf"),
    "logback": (
        "2031-01-02 15:04:05,000 [main] ERROR org.depot.Shelf - no shelf",
        *("error", "org.depot.Shelf", "no shelf"),
    ),
    "logback without a date": (
        "15:04:05.123 [main] ERROR org.depot.Shelf -- no shelf",
        "error",
        "org.depot.Shelf",
        "no shelf",
    ),
    "spring": (
        "2031-01-02T15:04:05.000Z ERROR 1 --- [depot] [nio-8080-exec-1] o.d.shelf.ShelfController     : no shelf",
        *("error", "o.d.shelf.ShelfController", "no shelf"),
    ),
    "zap": ("2031-01-02T15:04:05.000Z\tERROR\tshelf\tshelf/x.go:44\tno shelf", "error", "shelf", "no shelf"),
    "istio": (
        "2031-01-02T15:04:05.000000Z\twarn\tenvoy config external/envoy/source/x.cc:12\tstream closed",
        *("warning", None, "stream closed"),
    ),
    "envoy": (
        "[2031-01-02 15:04:05.000][7][warning][upstream] [source/common/x.cc:12] soon",
        *("warning", "upstream", "soon"),
    ),
    "zerolog": ("3:04PM ERR no shelf", "error", None, "no shelf"),
    "pino-pretty": ("[2031-01-02 15:04:05.000 +0000] WARN (depot/7 on web): soon", "warning", "depot", "soon"),
    "nest": ("[Nest] 7  - 01/02/2031, 3:04:05 PM   ERROR [ShelfModule] no shelf", "error", "ShelfModule", "no shelf"),
    "env_logger": ("[2031-01-02T15:04:05Z ERROR depot::shelf] no shelf", "error", "depot::shelf", "no shelf"),
    "android": ("01-02 15:04:05.000  1234  1250 E ShelfService: no shelf", "error", "ShelfService", "no shelf"),
    "logfmt": (r'ts=2031-01-02T15:04:05Z level=error msg="no shelf" component=api', "error", "api", "no shelf"),
}

FIELDS: dict[str, tuple[dict[str, object], Level, str | None, str]] = {
    "journald": (
        {
            "__REALTIME_TIMESTAMP": "1925132645000000",
            "PRIORITY": "3",
            "SYSLOG_IDENTIFIER": "depot",
            "MESSAGE": "door open",
        },
        *("error", "depot", "door open"),
    ),
    "fluent bit": (
        {
            "time": "2031-01-02T15:04:05Z",
            "stream": "stdout",
            "_p": "F",
            "log": "ERROR no shelf",
            "kubernetes": {"pod_name": "depot-1", "namespace_name": "goods"},
        },
        *("error", "depot-1", "no shelf"),
    ),
    "gelf": ({"version": "1.1", "short_message": "no", "level": 4, "timestamp": 1925132645.0}, "warning", None, "no"),
    "bunyan": (
        {
            "name": "depot",
            "hostname": "web",
            "pid": 7,
            "level": 60,
            "msg": "no",
            "time": "2031-01-02T15:04:05Z",
            "v": 0,
        },
        *("fatal", "depot", "no"),
    ),
    "zap": (
        {"level": "warn", "ts": 1925132645.0, "caller": "shelf/x.go:12", "msg": "soon"},
        *("warning", "shelf/x.go", "soon"),
    ),
    ".NET": (
        {"Timestamp": "2031-01-02T15:04:05Z", "LogLevel": "Error", "Category": "Depot.Shelf", "Message": "no"},
        *("error", "Depot.Shelf", "no"),
    ),
    "serilog": (
        {"Timestamp": "2031-01-02T15:04:05Z", "Level": "Fatal", "MessageTemplate": "no {Shelf}"},
        *("fatal", None, "no {Shelf}"),
    ),
    "log4j": (
        {
            "instant": {"epochSecond": 1925132645, "nanoOfSecond": 0},
            "level": "ERROR",
            "loggerName": "o.d.S",
            "message": "no",
        },
        *("error", "o.d.S", "no"),
    ),
    "rust tracing": (
        {"timestamp": "2031-01-02T15:04:05Z", "level": "ERROR", "fields": {"message": "no"}, "target": "depot::shelf"},
        *("error", "depot::shelf", "no"),
    ),
    "ecs": (
        {"@timestamp": "2031-01-02T15:04:05Z", "log": {"level": "error", "logger": "o.d.S"}, "message": "no"},
        *("error", "o.d.S", "no"),
    ),
    "envoy": (
        {
            "start_time": "2031-01-02T15:04:05Z",
            "method": "GET",
            "path": "/p?q=1",
            "response_code": 503,
            "response_flags": "UF",
        },
        *("error", None, '"GET /p" 503 UF'),
    ),
}

ACCESS: dict[str, tuple[str, Level, int | None, str | None, str]] = {
    "nginx": (
        '10.0.0.7 - - [02/Jan/2031:15:04:05 +0000] "GET /p?q=1 HTTP/1.1" 502 157',
        "error",
        502,
        None,
        '"GET /p" 502',
    ),
    "envoy": (
        '[2031-01-02T15:04:05.000Z] "GET /p HTTP/1.1" 503 UF,URX upstream_reset{failure} - "-" 0 91 12 - "-"',
        *("error", 503, None, '"GET /p" 503 UF,URX upstream_reset{failure}'),
    ),
    "envoy, fine": (
        '[2031-01-02T15:04:05.000Z] "GET /p HTTP/2" 200 - via_upstream - "-" 0 91 12 11 "-"',
        "info",
        200,
        None,
        '"GET /p" 200',
    ),
    "envoy, nobody there": (
        '[2031-01-02T15:04:05.000Z] "- - -" 0 UH - - "-" 0 0 0 - "-"',
        "error",
        None,
        None,
        '"- - -" 0 UH',
    ),
    "envoy, client left": (
        '[2031-01-02T15:04:05.000Z] "GET /p HTTP/1.1" 0 DC downstream - "-" 0 0 0 - "-"',
        "warning",
        None,
        None,
        '"GET /p HTTP/1.1" 0 DC',
    ),
    "alb": (
        "h2 2031-01-02T15:04:05.000000Z app/depot/50dc 10.0.0.7:2817 10.7.0.9:80 0.000 0.001 -1 502 - 34 366"
        ' "GET https://depot.example:443/p?q=1 HTTP/2.0" "curl/8" - - arn:aws:x "Root=1-5833"',
        *("error", 502, "app/depot", '"GET /p" 502 target -'),
    ),
    "alb, the target's own": (
        "https 2031-01-02T15:04:05.000000Z app/depot/50dc 10.0.0.7:2817 10.7.0.9:80 0.000 0.001 0.000 500 500 34 366"
        ' "GET https://depot.example:443/p HTTP/1.1" "curl/8"',
        *("error", 500, "app/depot", '"GET /p" 500 target 500'),
    ),
    "elb": (
        '2031-01-02T15:04:05.000000Z depot-elb 10.0.0.7:28 - -1 -1 -1 503 0 0 0 "GET http://depot.test:80/ HTTP/1.1"',
        *("error", 503, "depot-elb", '"GET /" 503 target -'),
    ),
    "haproxy": (
        "Jan  2 15:04:05 lb haproxy[143]: 10.0.1.2:33317 [02/Jan/2031:15:04:05.000] http-in shelf/<NOSRV> 0/-1/-1/-1/0"
        ' 503 212 - - SC-- 1/1/1/1/0 0/0 "GET /p HTTP/1.1"',
        *("error", 503, "shelf", '"GET /p" 503 shelf/<NOSRV> SC--'),
    ),
}


@pytest.mark.parametrize(("line", "level", "component", "said"), FORMS.values(), ids=FORMS)
def test_lines(line: str, level: Level, component: str | None, said: str) -> None:
    record = read_line(line)
    assert (record.level, record.component, record.said) == (level, component, said)
    if record.stamp:
        assert record.stamp.at.replace(year=2031) == AT
    else:
        assert not any(year in line for year in ("2031", "Jan"))


@pytest.mark.parametrize(("fields", "level", "component", "said"), FIELDS.values(), ids=FIELDS)
def test_fields(fields: dict[str, object], level: Level, component: str | None, said: str) -> None:
    record = read_line(json.dumps(fields))
    assert (record.level, record.component, record.said) == (level, component, said)
    assert record.stamp is not None
    assert record.stamp.at == AT


@pytest.mark.parametrize(("line", "level", "status", "component", "said"), ACCESS.values(), ids=ACCESS)
def test_requests(line: str, level: Level, status: int | None, component: str | None, said: str) -> None:
    record = read_line(line)
    assert (record.kind, record.level, record.status, record.component, record.said) == (
        *("access_log", level, status, component, said),
    )
    assert record.stamp is not None
    assert record.stamp.at.replace(year=2031) == AT


@pytest.mark.parametrize("name", ["alb", "haproxy", "nginx", "envoy"])
def test_statuses_are_told_apart(name: str) -> None:
    line, _, status, *_ = ACCESS[name]
    fine = line.replace(f" {status} ", " 200 ")
    digest = read("\n".join([fine, line, fine, fine, line, fine]).encode())
    assert sorted((template.status, template.count) for template in digest.templates) == [(200, 4), (status, 2)]


def test_a_log_in_another_zone_by_name_has_its_times_in_utc() -> None:
    log = "".join(f"2031-01-02 16:04:{n:02} CET [812] depot@shelf ERROR:  no\n" for n in range(50))
    digest = read(log.encode())
    assert (digest.first_at, digest.zone) == (AT.replace(second=0), "explicit")
    assert sum(bucket.lines for bucket in digest.buckets) == 50
    assert digest.buckets[0].at == AT.replace(second=0)


def test_numbered_dates_are_read_as_the_whole_log_demands() -> None:
    """What stands first is the month in one log and the day in the other."""
    month_first = "02/11/2031 15:04:05 INFO a\n02/12/2031 15:04:05 INFO b\n02/13/2031 15:04:05 INFO c\n"
    day_first = "11/02/2031 15:04:05 INFO a\n12/02/2031 15:04:05 INFO b\n13/02/2031 15:04:05 INFO c\n"
    for log in (month_first, day_first):
        digest = read(log.encode())
        assert (digest.first_at, digest.last_at) == (AT.replace(month=2, day=11), AT.replace(month=2, day=13))
    assert not read(b"02/11/2031 15:04:05 INFO a\n02/12/2031 15:04:05 INFO b\n").year_known


@pytest.mark.parametrize(
    ("line", "component"),
    [
        ("depot-1  | 2031-01-02 15:04:05,000 [main] ERROR org.depot.Shelf - no shelf", "depot-1"),
        ("[pod/depot-7d9c/web] ERROR:depot.shelf:no shelf", "depot-7d9c"),
        ('depot-1  | {"level":"error","msg":"no shelf","service":"shelf"}', "shelf"),
        ("depot-1  | no shelf", "depot-1"),
    ],
)
def test_the_service_around_a_line_speaks_rather_than_its_logger(line: str, component: str) -> None:
    assert read_line(line).component == component


LINES = [line for line, *_ in (*FORMS.values(), *ACCESS.values())] + [
    json.dumps(fields) for fields, *_ in FIELDS.values()
]


@given(
    st.lists(st.tuples(st.sampled_from(LINES), st.integers(0, 300), st.integers(0, 300)), max_size=4),
    st.text(max_size=40),
)
def test_any_pieces_of_lines_are_read(pieces: list[tuple[str, int, int]], end: str) -> None:
    text = "".join(line[start : start + length] for line, start, length in pieces) + end
    record = read_line(text)
    assert record.status is None or 100 <= record.status <= 599
    assert len(bare_line(text)) <= len(text)
