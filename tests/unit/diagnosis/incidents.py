"""Incidents of many kinds, each in its program's own format, to be changed in ways that must not change the answer.

An incident is healthy traffic with real fault lines in it, as text: bytes come of it by `content`. What other people
may write into such a log (a search, a user name) is put there by `remark`, in the way that format would carry it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2026, 2, 11, 6, 30, tzinfo=UTC)

Write = Callable[[datetime, str, str], str]


def plain(at: datetime, level: str, said: str) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03d} {level:<8} warehouse.intake: {said}"


def logback(at: datetime, level: str, said: str) -> str:
    head = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
    return f"{head} {level:>5} 1 --- [exec-4] c.nordwind.freight.Intake : {said}"


def json_line(at: datetime, level: str, said: str) -> str:
    return json.dumps({"time": f"{at:%Y-%m-%dT%H:%M:%S}Z", "level": level.lower(), "msg": said, "service": "tariffs"})


def logfmt(at: datetime, level: str, said: str) -> str:
    return f"ts={at:%Y-%m-%dT%H:%M:%S}Z level={level.lower()} caller=main.go:71 msg={json.dumps(said)}"


def syslog(at: datetime, _: str, said: str) -> str:
    program, _, rest = said.partition("|") if "|" in said[:24] else ("intaked[733]", "", said)
    return f"{at:%b} {at.day:2d} {at:%H:%M:%S} quay-7 {program}: {rest}"


def klog(at: datetime, level: str, said: str) -> str:
    letter = {"INFO": "I", "WARN": "W", "ERROR": "E", "FATAL": "F"}[level]
    return f"{letter}{at:%m%d %H:%M:%S}.{at.microsecond:06d}    1811 kuberuntime.go:512] {said}"


def postgres(at: datetime, level: str, said: str) -> str:
    named = {"INFO": "LOG", "WARN": "WARNING"}.get(level, level)
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d} UTC [4410] intake@ledger {named}:  {said}"


def nginx(at: datetime, level: str, said: str) -> str:
    named = {"INFO": "notice", "FATAL": "emerg"}.get(level, level.lower())
    return f"{at:%Y/%m/%d %H:%M:%S} [{named}] 31#31: {said}"


def docker(at: datetime, level: str, said: str) -> str:
    return f"intake-1  | {at:%Y-%m-%dT%H:%M:%S}Z {level} {said}"


def actions(at: datetime, level: str, said: str) -> str:
    mark = "##[error]" if level in ("ERROR", "FATAL") else ""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}0Z {mark}{said}"


def redis(at: datetime, level: str, said: str) -> str:
    mark = {"INFO": "*", "WARN": "#", "ERROR": "#", "FATAL": "#"}[level]
    return f"1:M {at:%d %b %Y %H:%M:%S}.{at.microsecond // 1000:03d} {mark} {said}"


def kafka(at: datetime, level: str, said: str) -> str:
    return f"[{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03d}] {level} {said} (kafka.server.Intake)"


@dataclass(frozen=True)
class Incident:
    """`failing` are (level, words) told `times` over, five seconds apart, with healthy lines around and between; the
    `tail` of a failing entry (a trace, say) follows it as bare lines."""

    fault: str
    write: Write
    failing: Sequence[tuple[str, str]]
    times: int = 4
    healthy: Sequence[str] = ("parcel {n} taken in at gate 4", "label {n} printed", "rack {n} counted, 12 pallets")
    tail: tuple[str, ...] = ()

    def remark(self, at: datetime, said: str) -> str:
        """What somebody else wrote, as this program logs it."""
        return self.write(at, "INFO", f'searched for "{said}", 3 parcels found')

    def lines(self, remarks: Sequence[str] = (), bare: Sequence[str] = (), start: datetime = START) -> list[str]:
        """`remarks` are written as the program writes what its users typed, `bare` lines stand there as they are: all
        of them before the trouble, in the midst of it and behind it."""
        shown: list[str] = []
        at = start

        def spend(number: int) -> None:
            nonlocal at
            for n in range(number):
                at += timedelta(seconds=3, milliseconds=137 * (n % 5))
                shown.append(self.write(at, "INFO", self.healthy[n % len(self.healthy)].format(n=1000 + 7 * n)))

        def interject() -> None:
            nonlocal at
            for said in remarks:
                at += timedelta(milliseconds=200)
                shown.append(self.remark(at, said))
            shown.extend(bare)

        spend(18)
        interject()
        spend(4)
        for turn in range(self.times):
            for level, words in self.failing:
                at += timedelta(seconds=5)
                shown.append(self.write(at, level, words))
            shown.extend(self.tail)
            if turn == self.times // 2:
                interject()
            spend(2)
        interject()
        return shown

    def content(self, remarks: Sequence[str] = (), bare: Sequence[str] = ()) -> bytes:
        return ("\n".join(self.lines(remarks, bare)) + "\n").encode("utf-8", "surrogatepass")


PYTHON_TAIL = (
    "Traceback (most recent call last):",
    '  File "/srv/nordwind/intake/weigh.py", line 88, in weigh',
    '    tare = scales["tare_kg"]',
    "KeyError: 'tare_kg'",
)
JAVA_TAIL = (
    'java.lang.NullPointerException: Cannot invoke "io.nordwind.Pallet.owner()" because "pallet" is null',
    "\tat io.nordwind.freight.Loader.assign(Loader.java:131)",
    "\tat io.nordwind.freight.Intake.take(Intake.java:64)",
    "\tat java.base/java.lang.Thread.run(Thread.java:840)",
)
GO_TAIL = (
    "panic: runtime error: invalid memory address or nil pointer dereference",
    "[signal SIGSEGV: segmentation violation code=0x1 addr=0x8 pc=0x6b2f40]",
    "",
    "goroutine 71 [running]:",
    "main.(*Gate).Open(0x0)",
    "\t/src/gate/gate.go:44 +0x20",
    "main.main()",
    "\t/src/gate/main.go:19 +0x85",
)
NODE_TAIL = (
    "TypeError: Cannot read properties of undefined (reading 'weight')",
    "    at sortParcels (/app/src/sorting.js:52:19)",
    "    at /app/src/server.js:18:5",
)

INCIDENTS: Mapping[str, Incident] = {
    "disk": Incident("disk_full", plain, [("ERROR", "write /data/spool/batch.tmp: No space left on device")]),
    "oom": Incident(
        "out_of_memory_killed",
        syslog,
        [("ERROR", "kernel|[81223.11] Memory cgroup out of memory: Killed process 6120 (sorter) anon-rss:3987654kB")],
        times=2,
    ),
    "pg_clients": Incident(
        "database_connections_exhausted", postgres, [("FATAL", "sorry, too many clients already")], times=6
    ),
    "port": Incident("port_in_use", json_line, [("ERROR", "listen tcp :7300: bind: address already in use")], times=3),
    "certificate": Incident(
        "certificate_not_valid_now",
        json_line,
        [("ERROR", 'Post "https://customs.nordwind.example/v2": x509: certificate has expired or is not yet valid')],
    ),
    "name": Incident(
        "dns_name_not_found",
        logfmt,
        [("ERROR", "dial tcp: lookup tariffs.nordwind.example on 10.96.0.10:53: no such host")],
    ),
    "refused": Incident(
        "connection_refused", plain, [("ERROR", "cannot reach scales-2:9400: Connection refused")], times=6
    ),
    "upstream": Incident(
        "http_upstream_failed",
        nginx,
        [
            (
                "ERROR",
                "*811 connect() failed (111: Connection refused) while connecting to upstream, client: 10.4.0.9,"
                ' server: quay, request: "GET /gates HTTP/1.1", upstream: "http://10.4.2.7:8100/gates", host: "quay"',
            )
        ],
        times=5,
    ),
    "image": Incident(
        "image_pull_failed",
        klog,
        [("ERROR", 'Failed to pull image "harbor.nordwind.example/sorter:4.2.0": manifest unknown')],
    ),
    "java_heap": Incident(
        "java_heap_exhausted",
        logback,
        [("ERROR", "Handler dispatch failed: java.lang.OutOfMemoryError: Java heap space")],
    ),
    "java_null": Incident("java_null_pointer", logback, [("ERROR", "intake of pallet failed")], tail=JAVA_TAIL),
    "go_nil": Incident("go_nil_pointer", json_line, [("INFO", "opening gate 7")], times=2, tail=GO_TAIL),
    "python_key": Incident("python_key_error", plain, [("ERROR", "weighing failed")], tail=PYTHON_TAIL),
    "javascript": Incident("javascript_property_of_undefined", docker, [("ERROR", "request failed")], tail=NODE_TAIL),
    "redis_full": Incident(
        "redis_memory_full",
        plain,
        [("ERROR", "redis.exceptions.ResponseError: OOM command not allowed when used memory > 'maxmemory'.")],
    ),
    "redis_snapshot": Incident(
        "redis_snapshot_failed",
        redis,
        [("WARN", "MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist on disk.")],
    ),
    "kafka": Incident(
        "kafka_broker_unavailable",
        kafka,
        [
            (
                "WARN",
                "[Producer clientId=intake] Connection to node -1 (broker-1/10.2.0.9:9092) could not be established."
                " Broker may not be available.",
            )
        ],
        times=6,
    ),
    "rabbit": Incident(
        "rabbitmq_alarm",
        lambda at, level, said: f"{at:%Y-%m-%d %H:%M:%S}.112000+00:00 [{level.lower()}] <0.311.0> {said}",
        [("WARN", "disk resource limit alarm set on node rabbit@quay-mq1.")],
    ),
    "elastic": Incident(
        "elasticsearch_read_only",
        lambda at, level, said: (
            f"[{at:%Y-%m-%dT%H:%M:%S},{at.microsecond // 1000:03d}][{level:<5}][o.e.c.r.a.DiskThr] [es-2] {said}"
        ),
        [
            (
                "WARN",
                "flood stage disk watermark [95%] exceeded on [k1][es-2][/data] free: 3.1gb[3%], all indices on this"
                " node will be marked read-only",
            )
        ],
    ),
    "deadlock": Incident("database_deadlock", postgres, [("ERROR", "deadlock detected")], times=3),
    "mysql": Incident(
        "mysql_connections_exhausted",
        plain,
        [("ERROR", "pymysql.err.OperationalError: (1040, 'Too many connections')")],
    ),
    "files": Incident("too_many_open_files", json_line, [("ERROR", "accept4: too many open files (EMFILE)")]),
    "permission": Incident(
        "permission_denied", docker, [("FATAL", "open /var/lib/intake/state.db: permission denied")], times=2
    ),
    "variable": Incident(
        "environment_variable_missing",
        actions,
        [("ERROR", "RuntimeError: environment variable QUAY_SIGNING_KEY is not set")],
        times=1,
    ),
    "nginx_conf": Incident(
        "web_config_invalid",
        syslog,
        [("ERROR", 'nginx[901]|nginx: [emerg] unknown directive "proxi_pass" in /etc/nginx/conf.d/quay.conf:12')],
        times=2,
    ),
    "program": Incident(
        "command_not_found",
        actions,
        [("ERROR", "/home/runner/work/_temp/pack.sh: line 4: zstdmt: command not found")],
        times=1,
    ),
    "architecture": Incident(
        "exec_format_error", docker, [("ERROR", "exec /usr/local/bin/sorter: exec format error")], times=2
    ),
    "scheduling": Incident(
        "pod_unschedulable",
        klog,
        [("ERROR", "0/4 nodes are available: 1 node(s) had untolerated taint {lane: cold}, 3 Insufficient cpu.")],
    ),
    "probe": Incident(
        "probe_failed",
        klog,
        [("WARN", 'Liveness probe failed: Get "http://10.8.3.4:7300/live": context deadline exceeded')],
        times=6,
    ),
    "access": Incident(
        "cloud_access_denied",
        json_line,
        [("ERROR", "An error occurred (AccessDenied) when calling the PutObject operation: Access Denied")],
    ),
    "throttled": Incident(
        "cloud_throttled",
        logfmt,
        [("ERROR", "An error occurred (ThrottlingException) when calling the GetItem operation: Rate exceeded")],
    ),
    "token": Incident("token_expired", json_line, [("ERROR", "TokenExpiredError: jwt expired")]),
    "conntrack": Incident(
        "conntrack_table_full", syslog, [("ERROR", "kernel|nf_conntrack: nf_conntrack: table full, dropping packet")]
    ),
    "hung": Incident(
        "kernel_trouble",
        syslog,
        [("ERROR", "kernel|INFO: task jbd2/vdb-8:311 blocked for more than 120 seconds.")],
        times=3,
    ),
    "read_only": Incident(
        "file_system_read_only", plain, [("ERROR", "cannot create '/data/spool/index': Read-only file system")]
    ),
    "segfault": Incident(
        "segmentation_fault",
        syslog,
        [
            (
                "ERROR",
                "kernel|sorter[4411]: segfault at 18 ip 00007f2a1c0 sp 00007ffd error 4 in libweigh.so[7f2a1b+9000]",
            )
        ],
        times=2,
    ),
    "relation": Incident("database_relation_missing", postgres, [("ERROR", 'relation "pallets" does not exist')]),
    "password": Incident(
        "database_authentication_failed", postgres, [("FATAL", 'password authentication failed for user "intake"')]
    ),
    "redis_password": Incident(
        "redis_authentication_failed",
        logfmt,
        [("ERROR", "NOAUTH Authentication required.")],
    ),
    "clock": Incident(
        "clock_skew",
        json_line,
        [
            (
                "ERROR",
                "An error occurred (RequestTimeTooSkewed): The difference between the request time and the current time"
                " is too large.",
            )
        ],
    ),
    "volume": Incident(
        "volume_mount_failed",
        klog,
        [("ERROR", 'MountVolume.SetUp failed for volume "spool" : mount failed: exit status 32')],
    ),
    "module": Incident(
        "python_module_missing", docker, [("ERROR", "ModuleNotFoundError: No module named 'nordscale'")], times=2
    ),
    "io_error": Incident(
        "storage_io_error",
        syslog,
        [("ERROR", "kernel|blk_update_request: I/O error, dev vdb, sector 88123904 op 0x0:(READ) flags 0x0")],
    ),
    "rate": Incident(
        "rate_limited", logback, [("ERROR", "429 Too Many Requests: you are sending requests too quickly")], times=5
    ),
    "inodes": Incident(
        "inodes_exhausted", syslog, [("ERROR", "kernel|EXT4-fs (vdb1): ext4_new_inode: out of inodes")], times=2
    ),
    "forbidden": Incident(
        "kubernetes_forbidden",
        klog,
        [
            (
                "ERROR",
                'leases.coordination.k8s.io is forbidden: User "system:serviceaccount:quay:sorter" cannot create'
                ' resource "leases" in API group "coordination.k8s.io" in the namespace "quay"',
            )
        ],
    ),
}
