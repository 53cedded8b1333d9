"""Which faults a line shows: for every fault a line that does and one that nearly does, and what hostile text costs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from faultmaven.diagnosis.catalogue import load

EXAMPLES: dict[str, dict[str, str]] = yaml.safe_load(
    (Path(__file__).parent / "test_matcher_examples.yaml").read_text(encoding="utf-8")
)

HEALTHY = """
INFO  Started ShopApplication in 4.113 seconds (process running for 4.7)
10.0.0.7 - - [02/May/2024:10:00:01 +0000] "GET /orders/137 HTTP/1.1" 200 137 "-" "curl/8.0"
10.0.0.7 - - [02/May/2024:10:00:01 +0000] "GET /orders/139 HTTP/1.1" 200 139 "-" "Mozilla/5.0"
INFO health: errors=0 timeouts=0 deadlocks=0 oom_kills=0 refused=0 reset=0
INFO deadlock detection enabled, interval 1s
INFO connection refused: 0
INFO no errors found; no out of memory events
LOG:  checkpoint complete: wrote 812 buffers (5.0%); 0 WAL file(s) added
systemd[1]: Started Daily apt download activities.
kubelet: Successfully pulled image "nginx:1.25" in 812ms
{"level":"info","msg":"request","status":200,"bytes":502,"path":"/v1/items/404"}
DEBUG retry policy: retries on ECONN errors disabled
certbot: Certificate not yet due for renewal
INFO token refreshed, expires in 3600 s
INFO limits: max_connections = 200, worker_connections 1024, open files 65536
INFO 429 items indexed, 503 skipped, 0 failed
{"level":"info","msg":"request finished","status":200,"ms":135,"bytes":137,"user":42703}
INFO Order 52008 accepted for customer 65139 in 42703 ms
INFO worker exited with code 0 after 137 s
INFO user 401 logged in from 10.0.0.9
""".strip().split("\n")


def faults_in(line: str) -> list[str]:
    return [match.fault.id for match in load().match(line)]


def names_in(line: str, fault_id: str) -> dict[str, str]:
    return next(match.names for match in load().match(line) if match.fault.id == fault_id)


def test_every_fault_has_its_examples() -> None:
    assert set(EXAMPLES) == {fault.id for fault in load().faults if fault.patterns}


@pytest.mark.parametrize("fault_id", EXAMPLES)
def test_a_fault_is_seen_where_it_shows(fault_id: str) -> None:
    assert fault_id in faults_in(EXAMPLES[fault_id]["seen"])


@pytest.mark.parametrize("fault_id", EXAMPLES)
def test_nothing_is_seen_in_a_line_that_only_comes_close(fault_id: str) -> None:
    assert faults_in(EXAMPLES[fault_id]["unseen"]) == []


@pytest.mark.parametrize("line", HEALTHY)
def test_healthy_lines_show_no_fault(line: str) -> None:
    assert faults_in(line) == []


@pytest.mark.parametrize(
    ("line", "only"),
    [
        (EXAMPLES["http_upstream_failed"]["seen"], "http_upstream_failed"),
        (EXAMPLES["file_watchers_exhausted"]["seen"], "file_watchers_exhausted"),
        (EXAMPLES["go_nil_pointer"]["seen"], "go_nil_pointer"),
        (EXAMPLES["ssh_key_refused"]["seen"], "ssh_key_refused"),
        (EXAMPLES["go_all_asleep"]["seen"], "go_all_asleep"),
        (EXAMPLES["connection_pool_timeout"]["seen"], "connection_pool_timeout"),
        (EXAMPLES["dns_unavailable"]["seen"], "dns_unavailable"),
        (EXAMPLES["java_native_memory_exhausted"]["seen"], "java_native_memory_exhausted"),
        ("KeyError: 'DATABASE_URL'", "environment_variable_missing"),
    ],
)
def test_the_more_telling_fault_stands_alone(line: str, only: str) -> None:
    assert faults_in(line) == [only]


@pytest.mark.parametrize(
    ("line", "fault_id", "names"),
    [
        (EXAMPLES["connection_refused"]["seen"], "connection_refused", {"host": "10.0.0.5", "port": "5432"}),
        (EXAMPLES["http_upstream_failed"]["seen"], "http_upstream_failed", {"host": "127.0.0.1", "port": "8080"}),
        (EXAMPLES["port_in_use"]["seen"], "port_in_use", {"port": "3000"}),
        (EXAMPLES["disk_full"]["seen"], "disk_full", {"file": "/var/lib/app/upload.tmp"}),
        (EXAMPLES["out_of_memory_killed"]["seen"], "out_of_memory_killed", {"pid": "21877", "process": "java"}),
        (EXAMPLES["python_module_missing"]["seen"], "python_module_missing", {"module": "yaml"}),
        (EXAMPLES["config_object_missing"]["seen"], "config_object_missing", {"configmap": "web-settings"}),
        (EXAMPLES["database_column_missing"]["seen"], "database_column_missing", {"column": "vat_rate"}),
        (EXAMPLES["dns_name_not_found"]["seen"], "dns_name_not_found", {"host": "db.internal.example"}),
    ],
)
def test_names_are_read_from_the_line(line: str, fault_id: str, names: dict[str, str]) -> None:
    assert names.items() <= names_in(line, fault_id).items()


def test_quotes_escaped_inside_json_do_not_hide_a_fault() -> None:
    line = r'{"level":"error","msg":"column \"vat_rate\" of relation \"invoices\" does not exist"}'
    assert names_in(line, "database_column_missing") == {"column": "vat_rate", "table": "invoices"}


@pytest.mark.parametrize(
    ("line", "fault_id"),
    [
        ("    Exit Code:    137", "process_killed"),
        ("web exited with code 137", "process_killed"),
        ('{"reason":"Error","exitCode":139}', "segmentation_fault"),
        ("command terminated with exit code 127", "command_not_found"),
        ("web.service: Main process exited, code=exited, status=127/n/a", "command_not_found"),
    ],
)
def test_exit_codes_are_read_where_they_are_exit_codes(line: str, fault_id: str) -> None:
    assert fault_id in faults_in(line)


@pytest.mark.parametrize(
    "line",
    [
        "    Exit Code:    137",
        "web exited with code 137",
        "[2031-03-04 05:06:07 +0000] [7] [ERROR] Worker (pid:41) was sent SIGKILL! Perhaps out of memory?",
        "systemd[1]: lantern.service: Main process exited, code=killed, status=9/KILL",
    ],
)
def test_a_kill_that_names_no_reason_is_not_laid_to_memory(line: str) -> None:
    assert "process_killed" in faults_in(line)
    assert "out_of_memory_killed" not in faults_in(line)


@pytest.mark.parametrize(
    ("line", "only"),
    [
        ("x509: certificate has expired or is not yet valid: current time 2031-03-04 is before 2031-04-01", "now"),
        ("Get https://quay.example: x509: certificate has expired or is not yet valid", "now"),
        ('"x509: certificate has expired or is not yet valid","caller":"dial.go"', "now"),
        ("SSL certificate problem: certificate is not yet valid", "now"),
        ("SSL certificate problem: certificate has expired", "expired"),
        ("x509: certificate has expired or is not yet valid: current time 2031-03-04 is after 2031-03-01", "expired"),
    ],
)
def test_a_certificate_is_called_expired_only_where_that_is_said(line: str, only: str) -> None:
    assert faults_in(line) == [{"now": "certificate_not_valid_now", "expired": "certificate_expired"}[only]]


@pytest.mark.parametrize(
    "line",
    [
        "ERROR:  permission denied for table ledger",
        "ERROR:  permission denied for schema quay",
        "psycopg2.errors.InsufficientPrivilege: permission denied for materialized view tides",
        "ERROR 1142 (42000): SELECT command denied to user 'quay'@'10.0.0.7' for table 'ledger'",
        "ERROR 1044 (42000): Access denied for user 'quay'@'%' to database 'ledger'",
    ],
)
def test_a_right_in_the_database_is_no_right_on_a_file_and_no_login(line: str) -> None:
    assert faults_in(line) == ["database_permission_denied"]


def test_the_failing_component_itself_comes_first() -> None:
    line = "FATAL: sorry, too many clients already (connection to server failed: Connection refused)"
    assert faults_in(line)[0] == "database_connections_exhausted"


def test_only_the_first_four_thousand_characters_are_looked_at() -> None:
    assert faults_in(" " * 3995 + "OOMKilled") == []
    assert faults_in(" " * 3900 + "OOMKilled") == ["out_of_memory_killed"]


@given(st.text(max_size=300))
def test_any_text_can_be_matched(text: str) -> None:
    load().match(text + "\ud800")


@pytest.mark.parametrize(
    "filler", ["a", "failed ", "(" * 5, "connection ", "error: ", "['", "\x00", "é", "ECONNREFUSED "]
)
def test_hostile_lines_cost_in_proportion_to_their_length(filler: str) -> None:
    short, long = ((filler * 4000)[:length] for length in (1000, 4000))
    load().match(long)
    # Four times the text costs about four times as much; a backtracking matcher would need sixteen times and more.
    assert _cost(long) < 8 * _cost(short)


def _cost(line: str) -> float:
    """Seconds of the processor, the least of several rounds, since others use it too."""
    rounds = []
    for _ in range(7):
        started = time.process_time()
        for _ in range(5):
            load().match(line)
        rounds.append(time.process_time() - started)
    return min(rounds)


@pytest.mark.parametrize(
    ("line", "fault_id", "names"),
    [
        ("Failed to acquire database connection - pool exhausted", "connection_pool_timeout", {}),
        ("OOM killer triggered (memory usage 98%)", "out_of_memory_killed", {}),
        ("required env var DATABASE_URL is not set", "environment_variable_missing", {"variable": "DATABASE_URL"}),
        (
            'Is the server running on host "db.internal" (10.0.0.9) and accepting TCP/IP connections on port 5432?',
            "database_unreachable",
            {"host": "db.internal", "port": "5432"},
        ),
        (
            'could not translate host name "db-main" to address: Name or service not known',
            "dns_name_not_found",
            {"host": "db-main"},
        ),
        ("An error occurred (Throttling): Rate exceeded", "cloud_throttled", {}),
    ],
)
def test_other_wordings_are_seen_too(line: str, fault_id: str, names: dict[str, str]) -> None:
    assert names_in(line, fault_id) == names


@pytest.mark.parametrize("line", ["checkout error rate exceeded 2%", "orders: rate exceeded 5 per second budget"])
def test_a_rate_of_errors_is_no_throttling(line: str) -> None:
    assert faults_in(line) == []
