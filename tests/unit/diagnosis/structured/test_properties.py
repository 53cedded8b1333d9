"""What holds of every structured evidence: it is always read, states nothing outside itself, and costs its size."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from tests.corpus.regenerate import source
from tests.unit.diagnosis.test_diagnose import assert_sound

from faultmaven.diagnosis.diagnose import diagnose
from faultmaven.diagnosis.digest import Digest
from faultmaven.diagnosis.facts import Facts, Node, Span
from faultmaven.diagnosis.lines import Document
from faultmaven.diagnosis.questions import told
from faultmaven.diagnosis.read import read

DIGEST = TypeAdapter(Digest)
ODD = ["²", "٣", "9" * 5000, "-1", "1e999", "NaN", "<none>", "<unknown>", "0/0", "1/", "{}", "[]", "null", "~"]
ODD += ["*a", "&a x", "!!python/x y"]
ODD += [
    "2026-02-11T06:30:00Z",
    "0000-00-00T00:00:00Z",
    "9999-12-31T23:59:59+23:59",
    "5m",
    "7 (3m ago)",
    "\u202e",
    "a: b",
]
NAMES = st.sampled_from(["web", "web-5d9c7b6f4-x2x8k", "quay", "team-a", "db_1", "$(reboot)", "--all", "é", "", "a b"])
WORDS = st.one_of(st.sampled_from(ODD), NAMES, st.text(max_size=12), st.integers().map(str))

KEYS = st.sampled_from(
    """
    apiVersion kind metadata name namespace labels spec template containers image resources requests limits
    cpu memory status phase conditions type reason message containerStatuses restartCount state lastState
    waiting terminated exitCode startedAt items replicas selector matchLabels ports containerPort targetPort
    port volumes configMap secret envFrom env valueFrom configMapKeyRef key readinessProbe httpGet hard
    ingress from podSelector affinity podAntiAffinity data value values timestamp alerts startsAt events count
    lastTimestamp involvedObject services depends_on healthcheck test query metrics datapoints Average unit
    labels level time msg error monitors overall_state result metric series log entries
    """.split()  # noqa: SIM905
)
KINDS = st.sampled_from(
    """
    Pod Deployment Service ConfigMap Secret ResourceQuota NetworkPolicy Node Event List Ingress Job CronJob
    HorizontalPodAutoscaler Role
    """.split()  # noqa: SIM905
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(allow_nan=False), WORDS, KINDS)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=25,
)
OBJECTS = st.fixed_dictionaries(
    {"apiVersion": st.just("v1"), "kind": KINDS, "metadata": st.fixed_dictionaries({"name": NAMES})},
    optional={"spec": TREES, "status": TREES, "data": TREES, "items": TREES},
)


def _table(head: str, rows: list[list[str]]) -> str:
    return "\n".join([head, *("   ".join(" ".join(cell.split("\n")) for cell in row) for row in rows)])


TABLES = st.builds(
    _table,
    st.sampled_from(
        [
            "NAME   READY   STATUS    RESTARTS   AGE",
            "NAMESPACE   NAME   READY   STATUS   RESTARTS   AGE   IP   NODE",
            "NAME   STATUS   ROLES   AGE   VERSION",
            "LAST SEEN   TYPE      REASON    OBJECT    MESSAGE",
            "NAME   REFERENCE   TARGETS   MINPODS   MAXPODS   REPLICAS   AGE",
            "CONTAINER ID   IMAGE   COMMAND   CREATED   STATUS   PORTS   NAMES",
            "Filesystem      Size  Used Avail Use% Mounted on",
            "Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process",
            "               total        used        free      shared  buff/cache   available",
            "    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND",
            " pid | state | wait_event\n-----+-------+-----------",
            "  UNIT LOAD ACTIVE SUB DESCRIPTION",
        ]
    ),
    st.lists(st.lists(WORDS, min_size=1, max_size=9), max_size=8),
)
DESCRIBED = st.builds(
    lambda name, pairs, rows: "\n".join(
        [
            f"Name:             {name}",
            "Namespace:        quay",
            *("  " * depth + f"{key.capitalize()}:   {value}" for depth, key, value in pairs),
            "Events:",
            "  Type     Reason   Age   From   Message",
            "  ----     ------   ----  ----   -------",
            *("  " + "  ".join(row) for row in rows),
        ]
    ),
    NAMES,
    st.lists(st.tuples(st.integers(0, 4), KEYS, WORDS), max_size=12),
    st.lists(st.lists(WORDS, min_size=1, max_size=6), max_size=5),
)
OTHERS = st.builds(
    lambda head, lines: "\n".join([head, *lines]),
    st.sampled_from(
        [
            "$ kubectl get pods -n quay",
            "● sorter.service - Sorts",
            "; <<>> DiG 9.18 <<>> quay.example",
            "CONNECTED(00000003)",
            "* Trying 10.0.0.1:80...",
            "FROM python:3.11",
            "server {",
            "[Service]",
            "QUAY_KEY=1",
            "---",
            "services:",
            "top - 10:00:00 up 1 day",
        ]
    ),
    st.lists(
        st.one_of(st.tuples(KEYS, WORDS).map(": ".join), st.tuples(KEYS, WORDS).map("=".join), WORDS), max_size=12
    ),
)
STRUCTURED = st.one_of(
    OBJECTS.map(json.dumps),
    OBJECTS.map(lambda told: json.dumps(told, indent=2)),
    TREES.map(lambda told: json.dumps(told, indent=1)),
    OBJECTS.map(lambda told: yaml.safe_dump(told, allow_unicode=True)),
    st.lists(OBJECTS, max_size=3).map(lambda told: "---\n".join(map(yaml.safe_dump, told))),
    TABLES,
    DESCRIBED,
    OTHERS,
    st.text(max_size=300),
)
EVIDENCE = st.one_of(STRUCTURED, st.lists(STRUCTURED, min_size=2, max_size=3).map("\n\n".join)).map(
    lambda text: text.encode("utf-8", "surrogatepass")
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(EVIDENCE)
def test_whatever_is_stated_stands_in_the_evidence(content: bytes) -> None:
    digest = read(content)
    document = Document(content)
    for span in spans(digest.facts):
        assert 1 <= span.first <= span.last <= document.count
        if span.columns:
            assert 0 <= span.columns[0] <= span.columns[1] <= len(document.text(span.first))
    assert DIGEST.validate_json(DIGEST.dump_json(digest)) == digest


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(EVIDENCE, st.sampled_from(["What is wrong?", "why does web crash?", "is it healthy?", "since when?", ""]))
def test_every_claim_about_it_holds(content: bytes, question: str) -> None:
    sources = [source("evidence.txt", content)]
    assert_sound(diagnose(question, sources), [*sources, *told(question, [])])


def spans(value: object) -> Iterator[Span]:
    """Every span that is stated anywhere."""
    if isinstance(value, Span):
        yield value
    elif isinstance(value, Facts | Node) or (is_dataclass(value) and not isinstance(value, type)):
        for one in fields(value):
            yield from spans(getattr(value, one.name))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from spans(inner)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from spans(inner)


def _manifest(n: int) -> str:
    return "".join(
        f"apiVersion: v1\nkind: Pod\nmetadata:\n  name: s{i}\nspec:\n  containers:\n  - name: a\n    image: b:1\n---\n"
        for i in range(n)
    )


def _pods(n: int) -> str:
    rows = (f"sorter-{i}   1/1   Running   {i % 3}   5d" for i in range(n))
    return "\n".join(["NAME   READY   STATUS   RESTARTS   AGE", *rows])


def _listed(n: int) -> str:
    return json.dumps({"kind": "List", "items": [{"kind": "Pod", "metadata": {"name": f"p{i}"}} for i in range(n)]})


GROWING: dict[str, Callable[[int], str]] = {
    "manifests": _manifest,
    "listing": _pods,
    "listings": lambda n: (_pods(3) + "\n\n") * (n // 3),
    "json": _listed,
    "indented_json": lambda n: json.dumps(json.loads(_listed(n)), indent=2),
    "described": lambda n: (
        "Name:         sorter\nStatus:       Running\n" + "".join(f"  Key{i}:   {i}\n" for i in range(n))
    ),
    "blank_lines": lambda n: "NAME   READY   STATUS\n" + "\n" * 8 * n + "x",
    "blanks": lambda n: "NAME   READY   STATUS\nkey:" + " " * 30 * n + "x\n",
    "open_brackets": lambda n: "[" * 10 * n,
    "open_maps": lambda n: '{"a":' * 5 * n,
    "many_objects": lambda n: '{"a": 1}\n\n' * n,
    "broken_objects": lambda n: '{"a": \n\n' * n,
    "nested_yaml": lambda n: "a:\n" + "".join("  " * (i % 60) + f"k{i}:\n" for i in range(3 * n)),
    "yaml_list": lambda n: "items:\n" + "- a\n" * 5 * n,
    "headings": lambda n: "NAME   READY\n" * 3 * n,
    "commands": lambda n: "$ kubectl get pods\nNo resources found\n" * n,
    "sections": lambda n: "[a]\nb = 1\n" * 2 * n,
    "settings": lambda n: "".join(f"QUAY_{i}={i}\n" for i in range(4 * n)),
    "blocks": lambda n: "server {\n" * 2 * n,
    "layers": lambda n: "FROM a:1\nRUN x \\\n y\n" * n,
}


@pytest.mark.parametrize("name", GROWING)
def test_four_times_as_much_takes_four_times_as_long(name: str) -> None:
    small, large = (GROWING[name](n).encode() for n in (500, 2000))
    read(small)
    assert spent(large) < 2.5 * 4 * max(spent(small), 0.003)


def spent(content: bytes) -> float:
    """The least CPU time of a few readings, in seconds."""
    least = float("inf")
    for _ in range(3):
        began = time.process_time()
        read(content)
        least = min(least, time.process_time() - began)
    return least
