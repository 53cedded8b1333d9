"""What a question counts or lists: a kind of thing, and what is said to tell which of them are meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from faultmaven.diagnosis.questions import focus_of

State = Literal["well", "not well", "running", "pending", "failed", "crashing", "done", "restarted"]

# Kinds as people name them, in the singular; the plural is one more letter or two.
_KINDS: Mapping[str, str] = {
    r"pods?": "Pod",
    r"(?:worker )?nodes?": "Node",
    r"deployments?": "Deployment",
    r"statefulsets?|stateful sets?": "StatefulSet",
    r"daemonsets?|daemon sets?": "DaemonSet",
    r"replicasets?|replica sets?": "ReplicaSet",
    r"cron ?jobs?": "CronJob",
    r"jobs?": "Job",
    r"pvcs?|persistent ?volume ?claims?|volume claims?": "PersistentVolumeClaim",
    r"pvs?|persistent ?volumes?": "PersistentVolume",
    r"storage ?class(?:es)?": "StorageClass",
    r"ingress(?:es)?": "Ingress",
    r"config ?maps?": "ConfigMap",
    r"secrets?": "Secret",
    r"service ?accounts?": "ServiceAccount",
    r"network ?polic(?:y|ies)": "NetworkPolicy",
    r"hpas?|(?:horizontal )?pod ?autoscalers?": "HorizontalPodAutoscaler",
    r"namespaces?": "Namespace",
    r"services?|svcs?": "Service",
    r"alerts?": "Alert",
    r"events?": "Event",
    r"(?:error|failure|exception)s?(?: (?:lines?|messages?|logs?|entries))?": "Error",
    r"warnings?(?: (?:lines?|messages?))?": "Warning",
    r"(?:log )?(?:lines?|entries|messages?)": "Line",
}
_GIVEN = r"(?:kubernetes |k8s |cluster )?(?:pods|nodes|pvcs|services|events|deployments|alerts)\b"
_ASKED = (
    r"how many|number of|count(?: of)?(?: the)?|which|list(?: all| me)?(?: the)?"
    r"|(?:find|show|get|give|name|tell)(?: me)? (?:all|every|each)(?: of)?(?: the| my)?|name(?: me)?(?: the)?"
    rf"|what (?:are|were) (?:all )?(?:the|my)|what(?= {_GIVEN})"
)
_SUBJECT = re.compile(
    rf"\b(?P<asks>{_ASKED})\s+(?:[\w-]+\s+){{0,3}}?(?:"
    + "|".join(f"(?P<k{number}>{words})" for number, words in enumerate(_KINDS))
    + r")\b",
    re.IGNORECASE,
)
_NAMESPACE = re.compile(
    r"\bnamespaces?\s{0,2}[:=]?\s{0,2}[\"'`]?(?P<after>[a-z0-9][a-z0-9-]{0,61}[a-z0-9])\b"
    r"|\b(?:in|of|from|within) (?:the )?[\"'`]?(?P<before>[a-z0-9][a-z0-9-]{0,61}[a-z0-9])[\"'`]? namespace\b"
    r"|(?:^|\s)-n[ =](?P<flag>[a-z0-9-]{1,63})"
)
_NO_WORDS = "the this that which what each every all any my our and are is with has have same default"
_NO_NAMES = frozenset(_NO_WORDS.split())
_PAIR = re.compile(r"(?<![\w/])([A-Za-z][\w./-]{0,100})\s?(?:=|==)\s?[\"'`]?([\w.:-]{1,100})")
_STATES: tuple[tuple[str, State], ...] = (
    (r"not (?:running|ready|healthy|ok|up)|unhealthy|unready|n't (?:running|ready)|problem|broken|wrong", "not well"),
    (r"crash\w*|crashloop\w*", "crashing"),
    (r"fail(?:ed|ing|s)?|error(?:ed|ing)?", "failed"),
    (r"pending|waiting|stuck|unscheduled", "pending"),
    (r"restart\w*", "restarted"),
    (r"completed|succeeded|finished", "done"),
    (r"running|alive|up", "running"),
    (r"ready|healthy|well", "well"),
)


@dataclass(frozen=True, slots=True)
class Subject:
    """`pairs` are labels or annotations; `terms` stand anywhere in what is meant. All of it in lower case but kinds."""

    kind: str
    noun: str
    lists: bool
    namespace: str | None
    pairs: tuple[tuple[str, str], ...]
    terms: tuple[str, ...]
    state: State | None


def subject_of(question: str) -> Subject | None:
    """None where a question neither counts nor lists."""
    text = question[:2000]
    found = _SUBJECT.search(text)
    if found is None:
        return None
    kind, noun = next((kind, found[f"k{number}"]) for number, kind in enumerate(_KINDS.values()) if found[f"k{number}"])
    lower = text.lower()
    namespace = _namespace(lower)
    pairs = tuple((key, value) for key, value in _PAIR.findall(lower))
    known = {namespace, *(part for pair in pairs for part in (*pair, "=".join(pair)))}
    focus = focus_of(question)
    terms = tuple(term for term in (*focus.quoted, *focus.identifiers) if not _is_part(term, known))
    rest = text[found.end() :] + " " + text[found.start("asks") : found.end()]
    lists = not re.match(r"how many|number|count", found["asks"], re.IGNORECASE)
    return Subject(kind, noun.lower(), lists, namespace, pairs, terms, _state(rest) if kind != "Error" else None)


def _namespace(text: str) -> str | None:
    for found in _NAMESPACE.finditer(text):
        name = found["before"] or found["after"] or found["flag"]
        if name not in _NO_NAMES:
            return name
    return None


def _is_part(term: str, known: set[str | None]) -> bool:
    return any(one and (term in one or one in term) for one in known)


def _state(text: str) -> State | None:
    return next((state for words, state in _STATES if re.search(rf"\b(?:{words})\b", text, re.IGNORECASE)), None)
