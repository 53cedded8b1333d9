"""What others write around a program's own line: container runtimes, compose, kubectl, terminals."""

from __future__ import annotations

import re
from dataclasses import dataclass

from faultmaven.diagnosis.timestamps import Stamp, find_stamp

_COLOUR = re.compile(rb"\x1b(?:\[[0-9;?]{0,20}[A-Za-z]|\][^\x07\x1b\n]{0,200}(?:\x07|\x1b\\)?|[()][A-Z0-9])")
_CRI = re.compile(r"^(\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d)) (?:stdout|stderr) [FP] ")
_COMPOSE = re.compile(r"^([\w.-]{1,80}?)\s{0,40}\| ")
_KUBECTL = re.compile(r"^\[pod/([\w.-]{1,253})/[\w.-]{1,63}\] ")
# `pod-name container `: the alphabet of Kubernetes' random suffixes tells it from two ordinary words.
_STERN = re.compile(
    r"^([a-z0-9][a-z0-9.-]{1,200}-[bcdfghjklmnpqrstvwxz2456789]{5}) [a-z0-9][a-z0-9-]{0,62} (?=\S|\s{2}|\t|$)"
)
_RUNTIME_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z ")


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A line taken out of its wrapping: what the program wrote, and what the wrapping told."""

    body: str
    component: str | None = None
    stamp: Stamp | None = None


def without_colours(text: bytes) -> bytes:
    return _COLOUR.sub(b"", text) if b"\x1b" in text else text


def unwrap(text: str) -> Wrapped:
    """Takes off one prefix naming a source, and one of a container runtime."""
    component = None
    for pattern in (_COMPOSE, _KUBECTL, _STERN):
        if match := pattern.match(text):
            component, text = match[1], text[match.end() :]
            break
    if match := _CRI.match(text) or _RUNTIME_TIME.match(text):
        return Wrapped(text[match.end() :], component, find_stamp(match[0]))
    return Wrapped(text, component)
