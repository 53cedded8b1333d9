"""Objects that contradict each other: what refers to nothing, asks for too much, or keeps out whom it should let in."""

from __future__ import annotations

import pytest
from tests.unit.diagnosis.inspections.stated import answered, faults, top

WORKLOAD = """
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: tidewatch
      namespace: harbour
    spec:
      replicas: 4
      template:
        metadata:
          labels:
            app: tidewatch
            role: reader
        spec:
          containers:
            - name: gauge
              image: registry.example/gauge:3
              ports:
                - containerPort: 9100
              {more}
"""


def workload(more: str = "") -> str:
    return WORKLOAD.replace("{more}", more)


CONFIG = """
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: tidewatch-settings
      namespace: harbour
    data:
      interval: "30"
"""
FROM_CONFIG = "env: [{name: EVERY, valueFrom: {configMapKeyRef: {name: NAME, key: KEY}}}]"


def from_config(name: str, key: str = "interval") -> str:
    return workload(FROM_CONFIG.replace("NAME", name).replace("KEY", key)) + CONFIG


def test_a_config_map_that_is_not_there_is_named_with_the_one_that_is_like_it() -> None:
    report = answered(from_config("tidewatch-setting"))
    assert report.verdict == "cause_found"
    assert top(report).fault_id == "config_object_missing"
    assert "tidewatch-setting" in report.summary
    assert "there is a ConfigMap tidewatch-settings" in report.summary


def test_a_key_that_is_not_in_the_config_map_is_named() -> None:
    report = answered(from_config("tidewatch-settings", "intervall"))
    assert top(report).fault_id == "config_object_missing"
    assert "no such key; it has interval" in report.summary


def test_a_reference_that_resolves_is_no_fault() -> None:
    assert faults(answered(from_config("tidewatch-settings"))) == set()


def test_an_optional_reference_may_be_missing() -> None:
    optional = FROM_CONFIG.replace("NAME", "elsewhere").replace("key: KEY", "key: a, optional: true")
    assert faults(answered(workload(optional) + CONFIG)) == set()


def test_where_no_object_of_the_kind_is_shown_it_may_exist_elsewhere() -> None:
    report = answered(workload("envFrom: [{secretRef: {name: tide-keys}}]"))
    assert faults(report) == set()


def test_a_claim_that_does_not_exist() -> None:
    claimed = workload().rstrip() + "\n          volumes: [{name: d, persistentVolumeClaim: {claimName: tide-data}}]\n"
    other = """
    ---
    apiVersion: v1
    kind: PersistentVolumeClaim
    metadata: {name: tide-archive, namespace: harbour}
    """
    report = answered(claimed + other)
    assert top(report).fault_id == "reference_dangling"
    assert "tide-data" in report.summary


QUOTA = """
    ---
    apiVersion: v1
    kind: ResourceQuota
    metadata: {name: berth, namespace: harbour}
    spec:
      hard:
        {hard}
"""


@pytest.mark.parametrize(
    ("resources", "hard", "fault", "words"),
    [
        ("", "limits.memory: 2Gi", "quota_needs_resources", "sets no memory limit"),
        ("resources: {requests: {cpu: 300m}}", "requests.cpu: '1'", "quota_exceeded", "4 × 300m = 1200m"),
        ("", "pods: '3'", "quota_exceeded", "asks for 4 × 1 = 4 of pods"),
    ],
)
def test_a_quota_that_the_pods_do_not_fit_in(resources: str, hard: str, fault: str, words: str) -> None:
    report = answered(workload(resources) + QUOTA.replace("{hard}", hard))
    assert top(report).fault_id == fault
    assert words in report.summary


@pytest.mark.parametrize("hard", ["requests.cpu: '2'", "pods: '4'"])
def test_a_quota_with_room_is_no_fault(hard: str) -> None:
    assert faults(answered(workload("resources: {requests: {cpu: 300m}}") + QUOTA.replace("{hard}", hard))) == set()


def test_defaults_of_the_namespace_stand_for_what_is_not_said() -> None:
    defaults = "\n    ---\n    apiVersion: v1\n    kind: LimitRange\n    metadata: {name: d, namespace: harbour}\n"
    assert faults(answered(workload() + QUOTA.replace("{hard}", "limits.memory: 2Gi") + defaults)) == set()


APART = """
          affinity:
            podAntiAffinity:
              requiredDuringSchedulingIgnoredDuringExecution:
                - labelSelector: {matchLabels: {app: tidewatch}}
                  topologyKey: kubernetes.io/hostname
"""
NODES = "".join(
    f"""
    ---
    apiVersion: v1
    kind: Node
    metadata: {{name: quay-{n}, labels: {{zone: north}}}}
    status: {{conditions: [{{type: Ready, status: "True"}}]}}
"""
    for n in range(3)
)


def test_replicas_that_must_not_share_a_node_need_as_many_nodes() -> None:
    report = answered(workload().rstrip() + APART + NODES)
    assert top(report).fault_id == "anti_affinity_unsatisfiable"
    assert "4 replicas" in report.summary
    assert "with the 3 nodes shown no more than 3 can run" in report.summary


def test_a_node_label_that_no_node_has() -> None:
    report = answered(workload().rstrip() + "\n          nodeSelector: {zone: south}\n" + NODES)
    assert top(report).fault_id == "pod_unschedulable"
    assert "zone=south" in report.summary


def test_a_node_label_that_a_node_has() -> None:
    assert faults(answered(workload().rstrip() + "\n          nodeSelector: {zone: north}\n" + NODES)) == set()


def service(selector: str, port: int = 9100) -> str:
    return f"""
    ---
    apiVersion: v1
    kind: Service
    metadata: {{name: tides, namespace: harbour}}
    spec:
      selector: {{{selector}}}
      ports: [{{port: 80, targetPort: {port}}}]
"""


def test_a_service_that_selects_nothing() -> None:
    report = answered(workload() + service("app: tide-watch"))
    assert top(report).fault_id == "service_selects_nothing"
    assert "app=tide-watch" in report.summary


def test_a_service_that_sends_to_another_port() -> None:
    report = answered(workload() + service("app: tidewatch", 8080))
    assert top(report).fault_id == "service_port_mismatch"
    assert "8080" in report.summary


def test_a_service_that_fits() -> None:
    assert faults(answered(workload() + service("app: tidewatch"))) == set()


def test_a_probe_that_asks_another_port() -> None:
    report = answered(workload("livenessProbe: {httpGet: {path: /live, port: 9200}}"))
    assert top(report).fault_id == "probe_port_mismatch"
    assert "9200" in report.summary


POLICY = """
    ---
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: reef, namespace: harbour}
    spec:
      podSelector: {matchLabels: {app: tidewatch}}
      ingress:
        - from: [{podSelector: {matchLabels: {role: ROLE}}}]
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: pilot, namespace: harbour}
    spec:
      template:
        metadata: {labels: {app: pilot, role: navigator}}
        spec:
          containers: [{name: pilot, image: p, args: ["--from=http://tides/now"]}]
"""


def test_a_policy_that_keeps_a_client_out() -> None:
    report = answered(workload() + service("app: tidewatch") + POLICY.replace("ROLE", "captain"))
    assert top(report).fault_id == "network_policy_blocks"
    assert "role=captain" in report.summary
    assert "role=navigator" in report.summary


def test_a_policy_that_lets_it_in() -> None:
    assert faults(answered(workload() + service("app: tidewatch") + POLICY.replace("ROLE", "navigator"))) == set()


ALSO = """
    ---
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: shoal, namespace: harbour}
    spec:
      podSelector: SELECTOR
      policyTypes: [TYPE]
      RULES
"""
MATCHING = "{matchLabels: {app: tidewatch}}"
EXPRESSION = "{matchExpressions: [{key: role, operator: NotIn, values: [stowaway]}]}"


def also(rules: str = "", selector: str = MATCHING, sort: str = "Ingress") -> str:
    """Beside the policy that lets captains in only."""
    another = ALSO.replace("SELECTOR", selector).replace("TYPE", sort).replace("RULES", rules)
    return workload() + service("app: tidewatch") + POLICY.replace("ROLE", "captain") + another


@pytest.mark.parametrize(
    "evidence",
    [
        also("ingress: [{from: [{podSelector: {matchLabels: {role: navigator}}}]}]"),
        also(f"ingress: [{{from: [{{podSelector: {EXPRESSION}}}]}}]"),
        also("ingress: [{from: [{podSelector: {matchLabels: {role: navigator}}}]}]", selector=EXPRESSION),
        also("ingress: [{}]"),
    ],
    ids=["named there", "let in by an expression", "perhaps selected", "everyone"],
)
def test_what_another_policy_of_the_pod_may_let_in_is_not_kept_out(evidence: str) -> None:
    assert faults(answered(evidence)) == set()


def test_policies_none_of_which_lets_it_in_are_named_together() -> None:
    report = answered(also("ingress: [{from: [{podSelector: {matchLabels: {role: purser}}}]}]"))
    assert top(report).fault_id == "network_policy_blocks"
    assert "NetworkPolicies reef, shoal let only pods labelled role=captain or role=purser" in report.summary


@pytest.mark.parametrize("sort", ["Egress", "Ingress"])
def test_a_policy_for_egress_keeps_nobody_out(sort: str) -> None:
    alone = ALSO.replace("SELECTOR", MATCHING).replace("TYPE", sort).replace("RULES", "egress: []")
    client = POLICY[POLICY.rindex("    ---") :]
    report = answered(workload() + service("app: tidewatch") + alone + client)
    assert faults(report) == ({"network_policy_blocks"} if sort == "Ingress" else set())


def test_a_selector_of_expressions_alone_is_not_taken_for_one_of_all_pods() -> None:
    alone = ALSO.replace("SELECTOR", EXPRESSION).replace("TYPE", "Ingress").replace("RULES", "ingress: []")
    client = POLICY[POLICY.rindex("    ---") :]
    assert faults(answered(workload() + service("app: tidewatch") + alone + client)) == set()


def test_what_was_not_shown_is_not_said_to_be_missing_from_the_cluster() -> None:
    reports = [answered(from_config("tidewatch-setting")), answered(workload() + service("app: tide-watch"))]
    said = " ".join(report.summary for report in reports)
    assert "none of that name was shown in namespace harbour" in said
    assert "matches no pod that was shown" in said
    assert "exist" not in said
    assert "endpoints" not in said
