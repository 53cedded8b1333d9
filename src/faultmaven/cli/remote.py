"""`faultmaven ask --server`: the same question, put to a running server, which keeps the case."""

from __future__ import annotations

import argparse
import os
import platform
import stat
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from faultmaven.cli.address import Address, address_of
from faultmaven.cli.arguments import LOCAL_SERVER
from faultmaven.cli.connection import accepted, connected, prove, token_for
from faultmaven.cli.failures import ANSWERED, INTERNAL, NO_SERVER, Failure
from faultmaven.cli.inputs import paths_of, readable, shrunk
from faultmaven.cli.naming import STDIN, distinct_names
from faultmaven.cli.place import address_in, settings_of
from faultmaven.cli.progress import Progress, progress_over
from faultmaven.cli.show import show
from faultmaven.cli.terminal import write_json
from faultmaven.diagnosis.report import Report
from faultmaven.settings import Settings

_PIECE = 1 << 20
_FINISHED = ("completed", "failed", "cancelled")
# A cut connection loses nothing: the same key finds the same question again.
_ATTEMPTS = 5


def ask(question: str, options: argparse.Namespace) -> int:
    settings = settings_of(options)
    token = token_for(options.token_file, os.environ.get("FAULTMAVEN_TOKEN"), settings)
    trusting = settings.local_auth == "off"
    paths = paths_of(options.files)
    for path in paths:
        _look_at(path)
    with connected(prove(_address(options.server, settings), token, trusting)) as client:
        answer = _asked(client, question, paths, optional=not options.files)
    _show(answer, options)
    return ANSWERED


def _address(typed: str, settings: Settings) -> Address:
    return address_of(address_in(settings) if typed == LOCAL_SERVER else typed)


def _look_at(path: str) -> None:
    """A file that cannot be read is told before a case is opened for it."""
    if path != STDIN and not Path(path).is_fifo():
        readable(path, lambda _: None)


def _asked(client: httpx.Client, question: str, paths: Sequence[str], optional: bool) -> httpx.Response:
    opening = {"client_id": f"cli@{platform.node() or 'unknown'}"}
    session = accepted(client.post("/api/v1/sessions", json=opening)).json()["session_id"]
    case = accepted(client.post("/api/v1/cases", json={})).json()["case_id"]
    evidence = _sent(client, case, paths, optional)
    asking = {"session_id": session, "case_id": case, "query": question}
    return _finished(client, asking | ({"evidence_ids": evidence} if evidence else {}))


def _sent(client: httpx.Client, case: str, paths: Sequence[str], optional: bool) -> list[str]:
    progress = progress_over([_length(path) for path in paths])
    ids = []
    for path, name in zip(paths, distinct_names(paths), strict=True):
        if path == STDIN and optional and _is_empty(sys.stdin.buffer):
            continue
        ids.append(_send(client, case, path, name, progress))
    progress.clear()
    return list(dict.fromkeys(ids))


def _is_empty(piped: BinaryIO) -> bool:
    return isinstance(piped, BufferedReader) and not piped.peek(1)


def _send(client: httpx.Client, case: str, path: str, name: str, progress: Progress) -> str:
    def post(file: BinaryIO) -> str:
        length = _length(path)
        headers = {"Content-Type": "application/octet-stream"} | ({"Content-Length": str(length)} if length else {})
        body = _pieces(path, file, length, progress)
        url = f"/api/v1/cases/{case}/evidence"
        response = accepted(client.post(url, params={"name": name}, headers=headers, content=body))
        return str(response.json()["evidence_id"])

    return post(sys.stdin.buffer) if path == STDIN else readable(path, post)


def _pieces(path: str, file: BinaryIO, length: int, progress: Progress) -> Iterator[bytes]:
    """The file as long as it was when it was announced; 0 means to its end."""
    tell, sent = progress.piece(length), 0
    while piece := file.read(min(_PIECE, length - sent) if length else _PIECE):
        yield piece
        sent += len(piece)
        tell(sent)
    if sent < length:
        raise shrunk(path)


def _length(path: str) -> int:
    if path == STDIN:
        return 0
    status = Path(path).stat()
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _finished(client: httpx.Client, asking: dict[str, Any]) -> httpx.Response:
    """The query at its end, flat, however often the connection was cut meanwhile."""
    headers = {"Idempotency-Key": str(uuid.uuid4()), "Accept": "text/event-stream"}
    for attempt in range(_ATTEMPTS):
        try:
            with client.stream("POST", "/api/v1/query", json=asking, headers=headers) as stream:
                location = accepted(stream).headers["Location"]
                # Its events end with the query; what they said is read at once, when it is complete.
                for _ in stream.iter_raw():
                    pass
            answer = accepted(client.get(location))
            if answer.json()["status"] in _FINISHED:
                return answer
        except httpx.TransportError:
            if attempt + 1 == _ATTEMPTS:
                raise
        time.sleep(0.5 * 2**attempt)
    raise Failure(NO_SERVER, "The server keeps closing the connection before the answer is there; try again shortly.")


def _show(answer: httpx.Response, options: argparse.Namespace) -> None:
    told = answer.json()
    if told["status"] == "failed":
        detail = str(told.get("error", {}).get("detail", "no reason was given")).rstrip(".")
        raise Failure(INTERNAL, f"The server could not answer: {detail} (query {told['query_id']}).")
    if told["status"] == "cancelled":
        raise Failure(NO_SERVER, f"The question was cancelled (query {told['query_id']}).")
    if options.json:
        write_json(answer.text)
    else:
        show(Report.model_validate(told), options.verbose)
