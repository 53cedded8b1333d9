"""Things counted and listed from what manifests, listings and descriptions state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from faultmaven.diagnosis.asked.direct import Direct, Point
from faultmaven.diagnosis.asked.subject import State, Subject
from faultmaven.diagnosis.facts import Node, Object
from faultmaven.diagnosis.inspections.states import Pod, pods
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted

MOST_NAMED = 12

_POD_STATES: Mapping[State, Callable[[Pod], bool]] = {
    "well": lambda pod: pod.is_well,
    "not well": lambda pod: not pod.is_well,
    "running": lambda pod: pod.phase == "Running" and not pod.reason,
    "pending": lambda pod: pod.phase == "Pending" or pod.reason in ("Pending", "ContainerCreating", "PodInitializing"),
    "failed": lambda pod: pod.phase == "Failed" or (not pod.is_well and bool(pod.reason)),
    "crashing": lambda pod: "CrashLoop" in pod.reason or any("CrashLoop" in one.reason for one in pod.containers),
    "done": lambda pod: pod.phase in ("Succeeded", "Completed"),
    "restarted": lambda pod: pod.restarts > 0,
}


def listed_objects(subject: Subject, world: World) -> Direct | None:
    shown = {(one.fact.namespace, one.fact.name): one for one in world.objects(subject.kind) if one.fact.name}
    if not shown:
        return None
    meant = [one for one in shown.values() if _is_meant(subject, one.fact)]
    if subject.state and subject.kind == "Pod":
        is_so = _POD_STATES[subject.state]
        states = {(pod.stated.fact.namespace, pod.name): is_so(pod) for pod in pods(world)}
        meant = [one for one in meant if states.get((one.fact.namespace, one.fact.name))]
    elif subject.state:
        return None  # what makes such a thing well or not is not known here
    if subject.terms and not meant:
        return None  # the words may have meant something else
    several = len({one.fact.namespace for one in meant}) > 1
    counted = f"{len(meant):,} of the {len(shown):,}" if len(meant) < len(shown) else f"{len(meant):,}"
    headline: Phrase = (f"{counted} {subject.kind}s shown{_how(subject)}",)
    if meant and subject.lists:
        headline = (f"{len(meant):,} {subject.kind}{'s' if len(meant) > 1 else ''}: ", *_names(meant))
    points = [Point(_told(one, several), ((one.source, one.span),)) for one in meant[:MOST_NAMED]]
    if not points:
        looked_at = [(one.source, one.span) for one in list(shown.values())[:2]]
        points = [Point((f"None of the {len(shown):,} {subject.kind}s shown is such",), tuple(looked_at))]
    if len(meant) > MOST_NAMED:
        points.append(Point((f"and {len(meant) - MOST_NAMED:,} more",), ()))
    return Direct(headline, points)


def _how(subject: Subject) -> str:
    return f" {'are' if subject.state != 'restarted' else 'have'} {subject.state}" if subject.state else ""


def _names(meant: Sequence[Stated[Object]]) -> Phrase:
    said: Phrase = ()
    for number, one in enumerate(meant[:6]):
        said += (", " if number else "", Quoted(one.fact.name, 60, bare=True))
    return said


def _is_meant(subject: Subject, one: Object) -> bool:
    if subject.namespace and (one.namespace or subject.namespace) != subject.namespace:
        return False
    labels = _labels(one.node)
    paired = all(labels.get(key, labels.get(key.rsplit("/", 1)[-1])) == value for key, value in subject.pairs)
    return paired and all(_mentions(one.node, term) for term in subject.terms)


def _labels(node: Node) -> dict[str, str]:
    """Labels and annotations, in lower case, also by the last part of their key."""
    found: dict[str, str] = {}
    for place in ("labels", "annotations"):
        holder = node.at("metadata", place) or node.at(place)
        for key in holder.members if holder else ():
            value = holder.text(key).lower() if holder else ""
            found[key.lower()] = value
            found.setdefault(key.lower().rsplit("/", 1)[-1], value)
    return found


def _mentions(node: Node, term: str) -> bool:
    return any(term in str(inner.scalar).lower() for _, inner in node.walk() if inner.scalar is not None)


def _told(one: Stated[Object], several: bool) -> Phrase:
    said: Phrase = (Quoted(one.fact.name, 80, bare=True),)
    if several and one.fact.namespace:
        said += (" in namespace ", Quoted(one.fact.namespace, 60, bare=True))
    detail = _detail(one.fact)
    return (*said, " (", Quoted(detail, 60, bare=True), ")") if detail else said


def _detail(one: Object) -> str:
    node = one.node
    match one.kind:
        case "PersistentVolumeClaim":
            return node.text("spec", "resources", "requests", "storage") or node.text("capacity")
        case "Pod":
            return node.text("status", "listed", "status") or node.text("status", "phase")
        case "Deployment" | "StatefulSet":
            return f"{node.text('spec', 'replicas')} replicas" if node.text("spec", "replicas") else ""
        case "Service":
            return node.text("spec", "type")
        case _:
            return ""
