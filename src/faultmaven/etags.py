"""Safe edits (RFC 9110): who names what was read is told when somebody else has changed it meanwhile.

A tag covers exactly the values that a caller can edit, so activity elsewhere never makes an edit fail.
"""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Any

import orjson
from fastapi import Header
from pydantic import Field

from faultmaven.errors import Responses, Stale

# `*`, or a list of tags in quotes; the pattern of the second is that of `_TAG`, spelled for JSON Schema.
_TAG = re.compile(r'(W/)?("[!#-~]*")')
_LIST = r'^(\*|(W/)?"[!#-~]*"([ \t]*,[ \t]*(W/)?"[!#-~]*")*)$'

# What a request that does not name any tag is read as.
ANY = "*"
IfMatch = Annotated[
    str,
    Field(max_length=1000, pattern=_LIST),
    Header(description="ETags as they were read, or `*`; else the change is refused"),
]
ETAG: dict[str, Any] = {"ETag": {"required": True, "schema": {"type": "string"}}}
TAGGED: Responses = {200: {"headers": ETAG}}


def etag(*covered: Any) -> str:
    """A strong tag of JSON values: equal values have equal tags, in whatever order their keys are."""
    return f'"{hashlib.sha256(orjson.dumps(covered, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]}"'


def check(if_match: str, tag: str) -> None:
    """Raises Stale unless `tag` is among those named. A weak tag never is: it does not promise the same content."""
    if if_match == ANY:
        return
    if not any(named == tag for weak, named in _TAG.findall(if_match) if not weak):
        raise Stale()
