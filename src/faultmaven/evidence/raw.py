"""Sending a file as it came, whole or in part, without letting anything else decide how it is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from faultmaven.errors import EvidenceNotFound

_ONE_RANGE = re.compile(rb"bytes=(\d{1,18})-(\d{0,18})")


class InertFile(FileResponse):
    """Range is honoured for one range that exists. Any other is ignored, as RFC 9110 allows: the answers to those would
    be multipart, or errors in another shape than ours, and without our headers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.stat_result is not None
        if not _servable(scope, self.stat_result.st_size):
            scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"range"]}
        await super().__call__(scope, receive, send)


def file_response(path: Path, headers: Mapping[str, str], media_type: str) -> InertFile:
    """Raises EvidenceNotFound if the file is gone."""
    try:
        facts = path.stat()
    except FileNotFoundError as error:
        raise EvidenceNotFound("The file of this evidence is not in the data folder any more.") from error
    return InertFile(path, headers=headers, media_type=media_type, stat_result=facts)


def _servable(scope: Scope, size: int) -> bool:
    asked = [value for name, value in scope["headers"] if name == b"range"]
    wanted = _ONE_RANGE.fullmatch(asked[0]) if len(asked) == 1 else None
    if wanted is None:
        return False
    first, last = int(wanted[1]), wanted[2]
    return first < size and (not last or int(last) >= first)
