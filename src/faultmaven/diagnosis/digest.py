"""What one piece of evidence says, boiled down: small, comparable, and enough to reason from without the text.

    content ──readers──▶ Digest(templates, traces, buckets, …) ──diagnose──▶ Report

A digest holds line numbers, never offsets, and at most a few hundred templates whatever the size of the evidence, so
that it can be kept beside the evidence and used again by every later question. Lines are those of `lines.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from faultmaven.diagnosis.facts import Facts, Level

__all__ = ["Bucket", "Digest", "Kind", "Language", "Level", "Template", "Trace", "Zone"]

Kind = Literal["log", "json_lines", "logfmt", "syslog", "access_log", "trace", "text", "empty", "binary"]
Zone = Literal["explicit", "assumed", "none"]
# `node` is JavaScript on a server, `browser` the same in a page.
Language = Literal["python", "java", "node", "browser", "go", "rust", "dotnet", "ruby", "php"]


@dataclass(frozen=True, slots=True)
class Template:
    """Lines that differ only in their variable parts. `text` shows those parts as `<*>`.

    `lines` are up to five line numbers in ascending order: always the first and the last, then some between.
    `sample` is the text of the first line, cut at 4,000 characters, without colour codes. Where trouble stands further
    right than that, the line has another template for it, whose sample begins at `column`, in characters.
    `component` is what the line names as its speaker (logger, program, pod); `status` the HTTP status of an access log.
    """

    text: str
    count: int
    level: Level
    lines: tuple[int, ...]
    sample: str
    component: str | None = None
    status: int | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    column: int = 0

    @property
    def columns(self) -> tuple[int, int] | None:
        """The part of the line that the sample is, half open; None where the sample is the line's beginning."""
        return (self.column, self.column + len(self.sample)) if self.column else None

    @property
    def is_error(self) -> bool:
        return self.level in ("error", "fatal")


@dataclass(frozen=True, slots=True)
class Trace:
    """A stack trace, its repetitions counted. `root_*` is the exception that started it (the innermost cause).

    `frame` is the first frame of the user's own code, as the trace prints it; `root_line` the line that names the root
    exception. `fingerprint` is versioned: `v1:` and a hash of language, root type and own-code frames without line
    numbers. `at` is when it was first seen, `last_at` when last; a trace without a time of its own takes that of the
    nearest line before it that has one.
    """

    language: Language
    root_type: str
    root_message: str
    first_line: int
    last_line: int
    root_line: int
    fingerprint: str
    count: int = 1
    last_seen_line: int = 0
    frame: str | None = None
    frame_line: int | None = None
    at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """One slice of the time span: all lines that carry a time in it, and how many of those are errors."""

    at: datetime
    lines: int
    errors: int


@dataclass(frozen=True, slots=True)
class Digest:
    """See the module. `version` changes whenever the same content would be digested differently.

    Times are aware and in UTC; `zone` says whether the evidence named its zone or UTC was assumed. Evidence that names
    no year (`year_known` false) has its times in a year before 1970: right relative to each other, never to be printed
    as such. `unparsed_lines` counts lines in which neither time nor level was recognised; `truncated` that not
    everything was looked at.
    """

    version: str
    lines: int
    bytes: int
    kinds: tuple[Kind, ...]
    templates: tuple[Template, ...] = ()
    traces: tuple[Trace, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    first_at: datetime | None = None
    last_at: datetime | None = None
    zone: Zone = "none"
    year_known: bool = True
    unparsed_lines: int = 0
    truncated: bool = False
    facts: Facts = field(default_factory=Facts)
