"""Containers as `docker inspect` answers, and services as a compose file wants them."""

from __future__ import annotations

from faultmaven.diagnosis.facts import Facts, Node, Object

_SERVICE_KEYS = ("image", "build", "extends", "command", "ports", "depends_on", "environment")


def container(node: Node, _key: str) -> Facts | None:
    """One container as the Docker API describes it."""
    if "OOMKilled" in node.members and "ExitCode" in node.members:
        # Only the state was asked for.
        whole = Node(node.span, "map", members={"State": node})
        return Facts(objects=(Object("Container", "", node.span, whole, None, "live"),))
    state = node.at("State")
    if state is None or state.form != "map" or "ExitCode" not in state.members or "Status" not in state.members:
        return None
    name = node.text("Name").removeprefix("/") or node.text("Id")[:12]
    return Facts(objects=(Object("Container", name, node.span, node, None, "live"),))


def compose(node: Node, _key: str) -> Facts | None:
    """A compose file, as a whole and service by service."""
    services = node.at("services")
    if services is None or services.form != "map" or not services.members or node.at("apiVersion"):
        return None
    told = [one for one in services.members.values() if any(key in one.members for key in _SERVICE_KEYS)]
    if 2 * len(told) < len(services.members) or not told:
        return None
    whole = Object("Compose", node.text("name"), node.span, node, None, "manifest")
    each = (Object("ComposeService", name, one.span, one, None, "manifest") for name, one in services.members.items())
    return Facts(objects=(whole, *each))
