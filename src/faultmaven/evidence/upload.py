"""What arrives in an upload: one raw body, or the parts of a form. Everything goes to disk as it comes."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

import anyio.to_thread
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError

from faultmaven.errors import Malformed, QuotaReached, invalid
from faultmaven.evidence.draft import Draft
from faultmaven.evidence.headers import filename_of, parameters
from faultmaven.evidence.model import CHECK_LIMIT, UNNAMED, file_name, media_type
from faultmaven.evidence.store import Store, Stored, pump, shielded

# What the parser finds wrong is told to the sender; without a handler it would go to stderr as well.
logging.getLogger("python_multipart").addHandler(logging.NullHandler())

FORM = "multipart/form-data"
FILES_LIMIT = 100
# Boundaries and part headers are no evidence; so much of them does not count against the room a user has left.
FORM_OVERHEAD = 1 << 20


@dataclass(frozen=True, slots=True)
class Received:
    """One file, on disk, and what its sender called it."""

    stored: Stored
    name: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Upload:
    files: list[Received]
    answers_check: str | None


async def within(chunks: AsyncIterator[bytes], room: int) -> AsyncIterator[bytes]:
    """Passes on what arrives until it is more than the user has room for. Raises QuotaReached."""
    async for chunk in chunks:
        room -= len(chunk)
        if room < 0:
            raise QuotaReached()
        yield chunk


async def receive_form(store: Store, chunks: AsyncIterator[bytes], content_type: str, limit: int) -> Upload:
    """Raises Malformed, InvalidRequest, TooLarge, StorageFull, or what `chunks` raises; nothing is kept then."""
    form = Form(store, boundary_of(content_type), limit)
    try:
        await pump(chunks, form.write)
        return await anyio.to_thread.run_sync(form.finish)
    except BaseException:  # a cancelled upload, too, leaves nothing
        await shielded(form.drop)
        raise


class Form:
    """Reads multipart/form-data as it comes, split anywhere. It blocks: use it in a thread."""

    def __init__(self, store: Store, boundary: str, limit: int) -> None:
        self._store = store
        self._limit = limit
        self._drafts: list[Draft] = []
        self._files: list[tuple[Draft, str, str]] = []
        self._check: str | None = None
        self._complete = False
        self._header = (bytearray(), bytearray())
        self._part: Part | None = None
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._open,
                    "on_part_data": self._take,
                    "on_part_end": self._end,
                    "on_end": self._end_form,
                },
            )
        except FormParserError as error:
            raise _unreadable(error) from error

    def write(self, data: bytes) -> None:
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _unreadable(error) from error

    def finish(self) -> Upload:
        if not self._complete:
            raise Malformed("The form ends before its closing boundary; send it again in whole.")
        if not self._files:
            raise invalid("file", "the form has no file part; send at least one part with a filename")
        check = checked(self._check)
        # Only now: what has its final name and no row is cleaned up after a while, and a form may take longer.
        return Upload([Received(draft.keep(), name, kind) for draft, name, kind in self._files], check)

    def drop(self) -> None:
        for draft in self._drafts:
            draft.drop()

    def _begin(self) -> None:
        self._part = Part()

    def _end_header(self) -> None:
        name, value = self._header
        self._now.headers[name.decode("latin-1").lower()] = value.decode("utf-8", "replace")
        name.clear()
        value.clear()

    def _open(self) -> None:
        part = self._now
        disposition = part.headers.get("content-disposition", "")
        part.field, part.filename = parameters(disposition).get("name"), filename_of(disposition)
        if part.filename is None:
            return
        if len(self._drafts) == FILES_LIMIT:
            raise invalid("file", f"a form may have at most {FILES_LIMIT} files")
        part.draft = self._store.arriving(self._limit)
        self._drafts.append(part.draft)

    def _take(self, data: bytes, start: int, end: int) -> None:
        part = self._now
        if part.draft is not None:
            part.draft.write(data[start:end])
        elif part.field == "answers_check" and len(part.text) <= 4 * CHECK_LIMIT:
            part.text += data[start:end]

    def _end(self) -> None:
        part = self._now
        if part.draft is None:
            if part.field == "answers_check":
                self._check = part.text.decode("utf-8", "replace")
        elif part.draft.size or part.filename:
            kind = media_type(part.headers.get("content-type"))
            self._files.append((part.draft, file_name(part.filename or UNNAMED), kind))
        else:
            # What a browser sends for a file field that was left empty.
            part.draft.drop()
        self._part = None

    def _end_form(self) -> None:
        self._complete = True

    @property
    def _now(self) -> Part:
        assert self._part is not None
        return self._part


class Part:
    """The part of a form that is arriving: a file if it has a file name, which may be empty."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.field: str | None = None
        self.filename: str | None = None
        self.draft: Draft | None = None
        self.text = bytearray()


def boundary_of(content_type: str) -> str:
    """Raises Malformed if the header names none."""
    boundary = parameters(content_type).get("boundary", "")
    if not boundary or not boundary.isascii():
        raise Malformed("Content-Type multipart/form-data must name its boundary.")
    return boundary


def checked(answers_check: str | None) -> str | None:
    """The id of a check, or nothing. Raises InvalidRequest."""
    if not answers_check:
        return None
    if len(answers_check) > CHECK_LIMIT or not answers_check.isprintable():
        raise invalid("answers_check", f"must be at most {CHECK_LIMIT} visible characters")
    return answers_check


def _unreadable(error: FormParserError) -> Malformed:
    return Malformed(f"The body is not valid multipart/form-data: {error}.")
