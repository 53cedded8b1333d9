"""Pods as descriptions and listings tell them, in the shape in which the API would have answered."""

from __future__ import annotations

import re
from collections.abc import Mapping

from faultmaven.diagnosis.facts import Node, Object, Row, Span, is_number
from faultmaven.diagnosis.structured.making import Told, made

_COUNT = re.compile(r"\d+")
_PHASES = frozenset({"Pending", "Running", "Succeeded", "Failed", "Unknown"})


def described_pod(root: Node) -> Node:
    """From the outline of a description; every node keeps the lines it was told in."""
    containers = _containers(root.at("Containers"))
    initial = _containers(root.at("Init Containers"))
    told: Mapping[str, Told] = {
        "metadata": {
            "name": root.at("Name"),
            "namespace": root.at("Namespace"),
            "labels": _pairs(root.at("Labels")),
            "ownerReferences": _owner(root.text("Controlled By")),
        },
        "spec": {
            "nodeName": root.at("Node"),
            "serviceAccountName": root.at("Service Account"),
            "containers": [_specified(name, node) for name, node in containers],
            "initContainers": [_specified(name, node) for name, node in initial],
            "volumes": root.at("Volumes"),
            "nodeSelector": _pairs(root.at("Node-Selectors")),
        },
        "status": {
            "phase": root.at("Status"),
            "reason": root.at("Reason"),
            "message": root.at("Message"),
            "conditions": _conditions(root.at("Conditions")),
            "containerStatuses": [_status(name, node) for name, node in containers],
            "initContainerStatuses": [_status(name, node) for name, node in initial],
        },
    }
    return made(told, root.span)


def _containers(node: Node | None) -> list[tuple[str, Node]]:
    return [(name, inner) for name, inner in node.members.items() if inner.members] if node else []


def _specified(name: str, node: Node) -> Node:
    resources: Told = {"limits": node.at("Limits"), "requests": node.at("Requests")}
    keys = {"image": "Image", "command": "Command", "args": "Args", "livenessProbe": "Liveness", "ports": "Port"}
    keys |= {"readinessProbe": "Readiness", "startupProbe": "Startup", "env": "Environment", "volumeMounts": "Mounts"}
    return made(
        {"name": name, "resources": resources} | {key: node.at(title) for key, title in keys.items()}, node.span
    )


def _status(name: str, node: Node) -> Node:
    told: Mapping[str, Told] = {
        "name": name,
        "image": node.at("Image"),
        "ready": node.text("Ready") == "True",
        "restartCount": _number(node.at("Restart Count")),
        "state": _state(node.at("State")),
        "lastState": _state(node.at("Last State")),
    }
    return made(told, node.span)


def _state(node: Node | None) -> Node | None:
    if node is None or not node.scalar:
        return None
    keys = {"reason": "Reason", "message": "Message", "startedAt": "Started", "finishedAt": "Finished"}
    told: dict[str, Told] = {key: node.at(title) for key, title in keys.items()}
    told["exitCode"] = _number(node.at("Exit Code"))
    return made({str(node.scalar).lower(): made(told, node.span)}, node.span)


def _number(node: Node | None) -> Node | None:
    found = _COUNT.match(str(node.scalar)) if node else None
    return Node(node.span, scalar=int(found[0])) if node and found else None


def _pairs(node: Node | None) -> Told:
    """`app=web`, one a line."""
    if node is None:
        return {}
    lines = [(node.span.first, str(node.scalar or "")), *((i.span.first, str(i.scalar)) for i in node.items)]
    pairs = [(number, *text.strip().partition("=")) for number, text in lines]
    return {key: Node(Span(number, number), scalar=value) for number, key, sign, value in pairs if sign}


def _owner(controlled_by: str) -> Told:
    kind, _, name = controlled_by.partition("/")
    return [{"kind": kind, "name": name}] if name else []


def _conditions(node: Node | None) -> Told:
    rows = [(item.span, str(item.scalar).split()) for item in node.items[1:]] if node else []
    return [made({"type": words[0], "status": words[1]}, span) for span, words in rows if len(words) >= 2]


def listed_pod(row: Row, namespace: str | None) -> Object:
    """A row of `kubectl get pods`. STATUS is the phase, or the reason for which a container waits or has ended."""
    cells = row.cells
    ready, _, wanted = cells.get("ready", "").partition("/")
    status = cells.get("status", "")
    restarts = _COUNT.match(cells.get("restarts", ""))
    told: Mapping[str, Told] = {
        "metadata": {"name": cells.get("name", ""), "namespace": cells.get("namespace") or namespace},
        "spec": {"nodeName": cells.get("node", "").replace("<none>", "")},
        "status": {
            "phase": status if status in _PHASES else "",
            "reason": "" if status in _PHASES else status,
            "listed": {
                "status": status,
                "ready": int(ready) if is_number(ready) else None,
                "containers": int(wanted) if is_number(wanted) else None,
                "restarts": int(restarts[0]) if restarts else None,
                "age": cells.get("age", ""),
            },
        },
    }
    where = cells.get("namespace") or namespace
    return Object("Pod", cells.get("name", "").removeprefix("pod/"), row.span, made(told, row.span), where, "live")
