"""Reads what structured evidence states: parts of one kind each, and the facts every part's own reader finds in it.

    Document ──parts_of──▶ Part(kind, span, command) ──READERS[kind]──▶ Facts

Evidence that is a log throughout has no such parts and costs next to nothing here. What cannot be understood is left
to the readers of lines; no input makes this fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from faultmaven.diagnosis.facts import Facts, Part
from faultmaven.diagnosis.lines import Document
from faultmaven.diagnosis.structured.descriptions import read_description
from faultmaven.diagnosis.structured.documents import read_json, read_yaml
from faultmaven.diagnosis.structured.joining import joined
from faultmaven.diagnosis.structured.parts import parts_of
from faultmaven.diagnosis.structured.tables import read_table

# Evidence larger than this is a log or a dump; what it states is found by its lines.
MOST_BYTES = 8 << 20

Read = Callable[[Document, Part], Facts]
READERS: Mapping[str, Read] = {
    "json": read_json,
    "yaml": read_yaml,
    "describe": read_description,
    "table": read_table,
}


def facts_of(document: Document, size: int) -> Facts:
    """`size` in bytes. Never raises: a part that its reader cannot read states nothing."""
    if size > MOST_BYTES:
        return Facts(is_whole=False)
    parts = parts_of(document)
    return joined((_read(document, part) for part in parts), parts)


def _read(document: Document, part: Part) -> Facts:
    reader = READERS.get(part.kind)
    return reader(document, part) if reader else Facts()
