"""Panics, goroutine dumps and races of Go, and the stacks that its loggers print below an error."""

from __future__ import annotations

import re

from faultmaven.diagnosis.readers.frames import LONGEST, LOOK_BACK, Found, Frame, Lines, Named, Section
from faultmaven.diagnosis.readers.line import read_line

START = re.compile(r"(?:^|\s)(panic|fatal error)(?: serving \S{1,100})?: (.*)$")
ROUTINE = re.compile(r"(?:^|\s)goroutine \d+(?: gp=\S+ m=\S+(?: mp=\S+)?)? \[([^\]]{1,200})\]:")
RACE = "WARNING: DATA RACE"
_GO_CALL = re.compile(r"^(?:created by )?[\w./*()%~\[\]{},· -]{1,400}(?:\(.*\)|\.\w+|in goroutine \d+)\s*$")
_GO_FILE = re.compile(r"^\s+\S.*\.(?:go|s):\d+")
_BARE_CALL = re.compile(r"^[\w.-]{1,100}(?:/[\w.-]{1,100}){0,12}\.[\w.()*\[\]·-]{1,200}$")
STACK_FILE = re.compile(r"^\t/\S{1,500}\.go:\d+$")
_BETWEEN = ("\t", "[signal ", "panic: ", "exit status", "runtime stack:")
_RECOVERED = re.compile(r" \[recovered(?:, \w+)?\]$")
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def go_trace(lines: Lines, at: int) -> Found | None:
    start, routine = START.search(lines[at]), ROUTINE.search(lines[at])
    if start:
        named = Named(start[1], _RECOVERED.sub("", start[2].strip()), at)
    else:
        named = Named("goroutine", routine[1] if routine else "", at)
    frames: list[Frame] = []
    last, routines = at, int(bool(routine))
    for index in range(at + 1, min(len(lines), at + LONGEST)):
        line = lines[index]
        if not frames and index - at > LOOK_BACK:
            break
        if ROUTINE.search(line):
            routines += 1
        elif _GO_FILE.match(line):
            if routines == 1:
                frames.append(Frame(line.strip().partition(" +0x")[0], index))
        elif line.strip() and not line.startswith(_BETWEEN) and not _GO_CALL.match(line):
            break
        last = index if line.strip() else last
    if not frames:
        return None
    return Found("go", at, last, (Section(named, tuple(frames)),))


def race_report(lines: Lines, at: int) -> Found | None:
    """What the race detector says: the first of the two accesses names it."""
    frames: list[Frame] = []
    last, is_first = at, True
    for index in range(at + 1, min(len(lines), at + LONGEST)):
        line = lines[index]
        if line.startswith("====") or (line.strip() and line[:1] != " " and not line.rstrip().endswith(":")):
            break
        if _GO_FILE.match(line) and is_first:
            frames.append(Frame(line.strip().partition(" +0x")[0], index))
        is_first = is_first and bool(line.strip())
        last = index if line.strip() else last
    if not frames:
        return None
    said = _ADDRESS.sub("", lines[at + 1].strip().removesuffix(":"))
    return Found("go", at, last, (Section(Named("data race", said, at), tuple(frames)),))


def logged_stack(lines: Lines, at: int) -> Found | None:
    """Functions and their places in turn, below the line that a logger wrote or that an error's text is."""
    if at < 2 or not _BARE_CALL.match(lines[at - 1]) or _BARE_CALL.match(lines[at - 2]) or not lines[at - 2].strip():
        return None
    frames = []
    index = at
    while index < min(len(lines), at + LONGEST) and STACK_FILE.match(lines[index]):
        frames.append(Frame(lines[index].strip(), index))
        if index + 1 >= len(lines) or not _BARE_CALL.match(lines[index + 1]):
            break
        index += 2
    named = Named("error", read_line(lines[at - 2]).said.strip(), at - 2)
    return Found("go", at - 2, frames[-1].index, (Section(named, tuple(frames)),)) if frames else None
