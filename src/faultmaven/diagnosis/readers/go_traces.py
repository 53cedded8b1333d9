"""Panics and goroutine dumps of Go."""

from __future__ import annotations

import re

from faultmaven.diagnosis.readers.frames import LONGEST, LOOK_BACK, Found, Frame, Lines, Named, Section

START = re.compile(r"(?:^|\s)(panic|fatal error): (.*)$")
ROUTINE = re.compile(r"(?:^|\s)goroutine \d+(?: gp=\S+ m=\S+(?: mp=\S+)?)? \[([^\]]{1,200})\]:")
_GO_CALL = re.compile(r"^(?:created by )?[\w./*()%~\[\]{},· -]{1,400}(?:\(.*\)|\.\w+|in goroutine \d+)\s*$")
_GO_FILE = re.compile(r"^\s+\S.*\.(?:go|s):\d+")


def go_trace(lines: Lines, at: int) -> Found | None:
    start, routine = START.search(lines[at]), ROUTINE.search(lines[at])
    named = Named(start[1], start[2].strip(), at) if start else Named("goroutine", routine[1] if routine else "", at)
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
        elif (
            line.strip()
            and not line.startswith(("\t", "[signal ", "panic: ", "exit status"))
            and not _GO_CALL.match(line)
        ):
            break
        last = index if line.strip() else last
    if not frames:
        return None
    return Found("go", at, last, (Section(named, tuple(frames)),))
