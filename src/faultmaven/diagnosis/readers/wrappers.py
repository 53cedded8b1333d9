"""What others write around a program's own line: container runtimes, compose, kubectl, terminals, build servers, log
stores."""

from __future__ import annotations

import re
from dataclasses import dataclass

import orjson

from faultmaven.diagnosis.timestamps import Stamp, find_stamp, read_value

_COLOUR = re.compile(rb"\x1b(?:\[[0-9;?]{0,20}[A-Za-z]|\][^\x07\x1b\n]{0,200}(?:\x07|\x1b\\)?|[()][A-Z0-9])")
_TIME = r"\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:?\d\d)"
_CRI = re.compile(rf"^({_TIME}) (?:stdout|stderr) [FP] ")
_COMPOSE = re.compile(r"^([\w.-]{1,80}?)\s{0,40}\| ")
_KUBECTL = re.compile(r"^\[pod/([\w.-]{1,253})/[\w.-]{1,63}\] ")
# `pod-name container `: the alphabet of Kubernetes' random suffixes tells it from two ordinary words.
_STERN = re.compile(r"^([a-z0-9][a-z0-9.-]{1,200}-[bcdfghjklmnpqrstvwxz2456789]{5}) [a-z0-9][a-z0-9-]{0,62} ")
# `gh run view --log` puts the job and the step before the time.
_STEP = re.compile(rf"^([^\t]{{1,100}}\t[^\t]{{1,200}})\t(?={_TIME} )")
_NAMING = (_COMPOSE, _KUBECTL, _STERN, _STEP)
_RUNTIME_TIME = re.compile(
    r"^(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.(?:\d{9}|\d{7})Z |\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\] )"
)
_GITLAB = re.compile(rf"^({_TIME}) [0-9a-f]{{2}}[OE](?:[ +]|$)")
_HEROKU = re.compile(rf"^({_TIME}) (?:app|heroku)\[([\w.-]{{1,80}})\]: ?")
# `aws logs tail`: the stream's name ends in the id of a task, a container, an instance or a Lambda environment.
_LOG_STREAM = re.compile(
    rf"^({_TIME}) ([\w./$\[\]-]{{0,400}}?)[/\]_-](?:[0-9a-f]{{32}}|[0-9a-f]{{64}}|i-[0-9a-f]{{8,17}}) ?"
)
_STAMPING = (_GITLAB, _HEROKU, _LOG_STREAM)
_SECTION = re.compile(r"^section_(?:start|end):\d{1,12}:[\w.\[\]=,-]{0,200}\r?")


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A line taken out of its wrapping: what the program wrote, and what the wrapping told."""

    body: str
    component: str | None = None
    stamp: Stamp | None = None


def without_colours(text: bytes) -> bytes:
    return _COLOUR.sub(b"", text) if b"\x1b" in text else text


def unwrap(text: str) -> Wrapped:
    """Takes off one prefix naming a source, and one of a container runtime or of what collected the line."""
    component = None
    for pattern in _NAMING:
        if match := pattern.match(text):
            component, text = match[1].replace("\t", " / "), text[match.end() :]
            break
    if text[:1] in "2[":
        if match := _CRI.match(text) or _RUNTIME_TIME.match(text):
            return Wrapped(text[match.end() :], component, find_stamp(match[0]))
        for pattern in _STAMPING:
            if match := pattern.match(text):
                named = match[2] if pattern.groups > 1 else None
                return Wrapped(text[match.end() :], component or named, find_stamp(match[1]))
    elif text.startswith("section_"):
        text = _SECTION.sub("", text)
    return Wrapped(text, component)


def out_of_object(text: str) -> Wrapped | None:
    """A line out of one of the objects that Docker's own files and what Fluent Bit ships consist of; None for any other
    text."""
    if text[:1] != "{" or '"log"' not in text or '"stream"' not in text:
        return None
    try:
        fields = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    said = fields.get("log")
    if not isinstance(said, str) or not isinstance(fields.get("stream"), str):
        return None
    pod = fields.get("kubernetes")
    named = pod.get("pod_name") if isinstance(pod, dict) else None
    component = named if isinstance(named, str) and named else None
    return Wrapped(said.rstrip("\r\n"), component, read_value(fields.get("time")))
