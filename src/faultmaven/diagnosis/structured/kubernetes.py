"""Objects of a Kubernetes API, from manifests and from JSON or YAML answers, also where a tool has renamed the keys."""

from __future__ import annotations

from collections.abc import Mapping

from faultmaven.diagnosis.facts import Facts, Level, Node, Object, Occurrence, is_number, plain_key
from faultmaven.diagnosis.timestamps import read_value

# The lists in which tools put objects that do not tell their own kind.
_LISTS: Mapping[str, str] = {
    "pods": "Pod",
    "nodes": "Node",
    "deployments": "Deployment",
    "replicasets": "ReplicaSet",
    "statefulsets": "StatefulSet",
    "daemonsets": "DaemonSet",
    "services": "Service",
    "endpoints": "Endpoints",
    "ingresses": "Ingress",
    "jobs": "Job",
    "cronjobs": "CronJob",
    "configmaps": "ConfigMap",
    "secrets": "Secret",
    "serviceaccounts": "ServiceAccount",
    "namespaces": "Namespace",
    "resourcequotas": "ResourceQuota",
    "quotas": "ResourceQuota",
    "pvcs": "PersistentVolumeClaim",
    "persistentvolumeclaims": "PersistentVolumeClaim",
    "hpas": "HorizontalPodAutoscaler",
    "horizontalpodautoscalers": "HorizontalPodAutoscaler",
    "networkpolicies": "NetworkPolicy",
}


def kubernetes(node: Node, key: str) -> Facts | None:
    """An object that names its kind, an event, or the items of a list that is called by one."""
    if node.form == "list":
        return _listed(node, _LISTS.get(plain_key(key), ""))
    if node.text("kind") and node.text("apiVersion"):
        return _declared(node)
    return None


def _declared(node: Node) -> Facts | None:
    kind = node.text("kind")
    if kind.endswith("List") and node.each("items"):
        inner = kind.removesuffix("List")
        return _listed(node.members["items"], inner) if inner else None
    if kind == "Event":
        return Facts(occurrences=(event(node),))
    return Facts(objects=(as_object(node, kind),))


def _listed(node: Node, kind: str) -> Facts | None:
    items = [item for item in node.items if item.form == "map"]
    if not kind or not items:
        return None
    if kind == "Event":
        return Facts(occurrences=tuple(event(item) for item in items))
    return Facts(objects=tuple(as_object(item, item.text("kind") or kind) for item in items))


def as_object(node: Node, kind: str) -> Object:
    """An object is how things are where somebody has filled in its status; else it is what is wanted."""
    about = node.at("metadata") or node
    status = node.at("status")
    is_live = bool(status and (status.members or status.scalar)) or bool(
        about.text("uid") or about.text("resourceVersion")
    )
    named = about.text("name") or about.text("generateName") or node.text(f"{kind.lower()}_name")
    return Object(
        kind=kind,
        name=named,
        span=node.span,
        node=node,
        namespace=about.text("namespace") or None,
        origin="live" if is_live or not node.at("apiVersion") else "manifest",
    )


def event(node: Node) -> Occurrence:
    involved = node.at("involvedObject") or node.at("regarding") or node
    kind = (involved.text("kind") or "object").lower()
    level: Level = "warning" if node.text("type").lower() == "warning" else "info"
    count = node.text("count")
    times = [node.text(key) for key in ("firstTimestamp", "eventTime", "lastTimestamp", "timestamp")]
    stamps = [stamp.at for text in times if text and (stamp := read_value(text))]
    said = node.at("message") or node.at("note") or node
    return Occurrence(
        text=node.text("message") or node.text("note"),
        span=said.span,
        reason=node.text("reason"),
        level=level,
        count=int(count) if is_number(count) else 1,
        first_at=min(stamps, default=None),
        last_at=max(stamps, default=None),
        about={
            key: value
            for key, value in {kind: involved.text("name"), "namespace": involved.text("namespace")}.items()
            if value
        },
    )
