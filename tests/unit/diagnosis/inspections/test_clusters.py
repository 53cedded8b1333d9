"""What clusters, nodes, ingresses and roles state about themselves."""

from __future__ import annotations

import json

import pytest
from tests.unit.diagnosis.inspections.stated import answered, faults, top


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        ({"nodes": [{"node": "kelp-1", "running": False}], "name": "kelp"}, "member_down"),
        ({"network_partitions_detected": True, "nodes": []}, "cluster_partitioned"),
        ({"name": "kelp-2", "partitions": ["kelp-0"]}, "cluster_partitioned"),
        ({"node": "kelp-1", "mem_alarm": True}, "component_alarm"),
        ({"cluster_name": "kelp", "status": "red", "number_of_nodes": 2}, "component_unhealthy"),
    ],
)
def test_a_component_that_says_it_is_not_well_is_believed(status: dict[str, object], fault: str) -> None:
    report = answered(json.dumps(status, indent=1), question="Is kelp healthy?")
    assert top(report).fault_id == fault


@pytest.mark.parametrize(
    "status",
    [
        {"nodes": [{"node": "kelp-1", "running": True}], "partitions": [], "mem_alarm": False, "status": "green"},
        {"config": {"running": False, "status": "down"}},
        {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "x"}, "healthy": False},
    ],
    ids=["well", "configuration", "manifest"],
)
def test_what_is_well_or_merely_set_is_no_fault(status: dict[str, object]) -> None:
    assert faults(answered(json.dumps(status, indent=1))) == set()


NODE = """
    Name:               shoal-3
    Roles:              <none>
    Capacity:
      cpu:                2
      pods:               {most}
    Allocatable:
      cpu:                1930m
      pods:               {most}
    Non-terminated Pods:          ({running} in total)
      Namespace   Name     CPU Requests
      default     a        100m
    Events:              <none>
"""


def test_a_node_that_runs_as_many_pods_as_it_may() -> None:
    report = answered(NODE.format(most=29, running=29))
    assert top(report).fault_id == "node_full_of_pods"
    assert "runs 29 pods of at most 29" in report.summary
    assert "node_full_of_pods" not in faults(answered(NODE.format(most=29, running=11)))


INGRESS = """
    $ kubectl get ingress -n lagoon
    NAME    CLASS     HOSTS             ADDRESS       PORTS   AGE
    spray   {given}   spray.example     {address}     80      9d
    $ kubectl get ingressclass
    NAME     CONTROLLER             PARAMETERS   AGE
    tidal    example/controller     <none>       9d
"""


def test_an_ingress_of_a_class_that_is_not_there() -> None:
    report = answered(INGRESS.format(given="coral", address="         "))
    assert top(report).fault_id == "ingress_class_missing"
    assert "coral" in report.summary
    assert faults(answered(INGRESS.format(given="tidal", address="10.0.0.7 "))) == set()


ROLES = """
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata: {{name: watcher, namespace: lagoon}}
    rules:
      - apiGroups: [""]
        resources: [pods]
        verbs: [{verbs}]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata: {{name: watcher, namespace: lagoon}}
    roleRef: {{kind: Role, name: watcher, apiGroup: rbac.authorization.k8s.io}}
    subjects:
      - {{kind: ServiceAccount, name: heron, namespace: lagoon}}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {{name: heron, namespace: lagoon}}
    spec:
      template:
        metadata: {{labels: {{app: heron}}}}
        spec:
          serviceAccountName: heron
          containers:
            - name: main
              image: registry.example/heron:1
              command: [sh, -c, "{command}"]
"""


@pytest.mark.parametrize(
    ("verbs", "command", "lacks"),
    [
        ("get", "kubectl get pods -n lagoon", "list pods"),
        ("get, list", "kubectl delete pod heron-1", "delete pods"),
        ("get, list", "kubectl logs heron-1", "get pods/log"),
        ("get, list", "kubectl get pods -n lagoon", ""),
        ('"*"', "kubectl delete pod heron-1", ""),
    ],
)
def test_a_role_that_lacks_what_the_workload_does(verbs: str, command: str, lacks: str) -> None:
    report = answered(ROLES.format(verbs=verbs, command=command))
    assert ("kubernetes_forbidden" in faults(report)) is bool(lacks)
    if lacks:
        assert f"has to {lacks}" in report.summary
