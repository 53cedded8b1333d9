"""What one line says of itself, whatever form it is written in."""

from __future__ import annotations

from dataclasses import dataclass, replace

from faultmaven.diagnosis.digest import Kind, Level
from faultmaven.diagnosis.timestamps import Stamp


@dataclass(frozen=True, slots=True)
class Record:
    """`said` is the message without the parts that are named beside it: time, level, component.

    `stack` is a stack trace carried inside the line, its line ends real ones. `indented` says that the line, apart from
    a container's prefix, starts with white space: it may belong to the record before it.
    """

    kind: Kind
    said: str
    level: Level = "unknown"
    stamp: Stamp | None = None
    component: str | None = None
    status: int | None = None
    stack: str | None = None
    indented: bool = False

    def with_time(self, stamp: Stamp | None) -> Record:
        return self if self.stamp or not stamp else replace(self, stamp=stamp)

    def within(self, name: str | None) -> Record:
        """As said by what wraps it: a service or pod tells more than the logger of a plain line, not than a field."""
        if not name or (self.component and self.kind not in ("log", "text")):
            return self
        return replace(self, component=name)
