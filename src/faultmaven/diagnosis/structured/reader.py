"""Reads what structured evidence states: parts of one kind each, and the facts every part's own reader finds in it.

    Text ──parts_of──▶ Part(kind, span, command) ──READERS[kind]──▶ Facts

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
from faultmaven.diagnosis.structured.text import Text

# Evidence larger than this is a log or a dump; what it states is found by its lines.
MOST_BYTES = 8 << 20

Read = Callable[[Text, Part], Facts]
READERS: Mapping[str, Read] = {
    "json": read_json,
    "yaml": read_yaml,
    "describe": read_description,
    "table": read_table,
}


def facts_of(content: memoryview) -> Facts:
    """Never raises: a part that its reader cannot read states nothing."""
    if len(content) > MOST_BYTES:
        return Facts(is_whole=False)
    text = Text.of(Document(content))
    parts = parts_of(text)
    return joined((_read(text, part) for part in parts), parts)


def _read(text: Text, part: Part) -> Facts:
    reader = READERS.get(part.kind)
    return reader(text, part) if reader else Facts()
