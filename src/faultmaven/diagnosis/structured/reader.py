"""Reads what structured evidence states: parts of one kind each, and the facts every part's own reader finds in it.

    Text ──parts_of──▶ Part(kind, span, command) ──READERS[kind]──▶ Facts

Evidence that is a log throughout has no such parts and costs next to nothing here. What cannot be understood is left
to the readers of lines; no input makes this fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from faultmaven.diagnosis.facts import Facts, Part
from faultmaven.diagnosis.structured.descriptions import read_description
from faultmaven.diagnosis.structured.dns_answers import read_dns
from faultmaven.diagnosis.structured.dockerfiles import read_dockerfile
from faultmaven.diagnosis.structured.documents import read_json, read_yaml
from faultmaven.diagnosis.structured.http_exchanges import read_http
from faultmaven.diagnosis.structured.joining import joined
from faultmaven.diagnosis.structured.nginx_text import read_nginx
from faultmaven.diagnosis.structured.parts import parts_of
from faultmaven.diagnosis.structured.settings import read_env, read_settings
from faultmaven.diagnosis.structured.tables import read_table
from faultmaven.diagnosis.structured.text import Text
from faultmaven.diagnosis.structured.tls_connections import read_tls
from faultmaven.diagnosis.structured.top_summary import read_top
from faultmaven.diagnosis.structured.units import read_unit_status

# Evidence larger than this is a log or a dump; what it states is found by its lines.
MOST_BYTES = 8 << 20

Read = Callable[[Text, Part], Facts]
READERS: Mapping[str, Read] = {
    "json": read_json,
    "yaml": read_yaml,
    "describe": read_description,
    "table": read_table,
    "ini": read_settings,
    "env": read_env,
    "dockerfile": read_dockerfile,
    "nginx": read_nginx,
    "unit_status": read_unit_status,
    "dns": read_dns,
    "tls": read_tls,
    "http": read_http,
    "top": read_top,
}


def facts_of(content: memoryview) -> Facts:
    """Never raises: a part that its reader cannot read states nothing."""
    if len(content) > MOST_BYTES:
        return Facts(is_whole=False)
    text = Text.of(content)
    parts = parts_of(text)
    return joined((_read(text, part) for part in parts), parts)


def _read(text: Text, part: Part) -> Facts:
    reader = READERS.get(part.kind)
    return reader(text, part) if reader else Facts()
