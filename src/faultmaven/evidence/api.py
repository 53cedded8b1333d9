"""Evidence over HTTP: in as it comes, out by line, by text or as it came."""

from __future__ import annotations

from typing import Annotated, Any

import anyio
import anyio.to_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import Response as Answer
from starlette.requests import ClientDisconnect

from faultmaven.database import Database
from faultmaven.errors import (
    CaseDeleted,
    CaseNotFound,
    EvidenceNotFound,
    InvalidRequest,
    Malformed,
    QuotaReached,
    StorageFull,
    TooLarge,
    documented,
    invalid,
)
from faultmaven.evidence import raw, service, upload, viewing
from faultmaven.evidence.draft import over
from faultmaven.evidence.headers import INERT_HEADERS, INERT_MEDIA, attachment, filename_of
from faultmaven.evidence.model import (
    CHECK_LIMIT,
    UNNAMED,
    Evidence,
    EvidenceList,
    LinePage,
    Matches,
    SentAs,
    file_name,
    media_type,
)
from faultmaven.evidence.service import Forget
from faultmaven.evidence.store import Store
from faultmaven.evidence.upload import Received, Upload
from faultmaven.identity.guards import CurrentUser
from faultmaven.identity.service import User
from faultmaven.settings import Settings

LINES_LIMIT = 1000
TEXT_LIMIT = 1000
SEARCHES_AT_ONCE = 2
LAST = 1 << 53

LineNumber = Annotated[int, Query(alias="from", ge=1, le=LAST, description="First line, counted from 1")]
OF_CASE = (CaseNotFound, CaseDeleted)
NAMED = (EvidenceNotFound, CaseDeleted)

ONE_LINE = Query(
    min_length=1,
    max_length=TEXT_LIMIT,
    description="Literal text within one line",
    json_schema_extra={"pattern": r"^[^\n\r\ufffd]*$"},
)
BINARY = {"type": "string", "format": "binary"}
UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": False,
        "description": "A form with one or more files, or under any other content type the bytes of one, if any.",
        "content": {
            upload.FORM: {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "array", "items": BINARY, "minItems": 1, "maxItems": upload.FILES_LIMIT},
                        "answers_check": {"type": "string", "maxLength": CHECK_LIMIT},
                    },
                }
            },
            "application/octet-stream": {"schema": BINARY},
        },
    }
}
STORED: dict[int | str, dict[str, Any]] = {
    201: {
        "description": "Stored: an EvidenceList for a form, Evidence for a raw body",
        "headers": {"Location": {"schema": {"type": "string"}}},
    }
}
RAW: dict[int | str, dict[str, Any]] = {
    200: {"description": "The bytes that are kept, as an attachment", "content": {"text/plain": {"schema": BINARY}}},
    206: {"description": "The part that Range asked for", "content": {"text/plain": {"schema": BINARY}}},
}


def routes(database: Database, store: Store, settings: Settings, forget: Forget) -> APIRouter:
    """`forget` removes what quotes a piece of evidence, in the transaction that removes the evidence."""
    router = APIRouter(prefix="/api/v1", tags=["evidence"])
    # Reading through a large file keeps a core busy; searches wait for each other rather than slow down all else.
    searching = anyio.CapacityLimiter(SEARCHES_AT_ONCE)

    @router.post(
        "/cases/{case_id}/evidence",
        status_code=201,
        openapi_extra=UPLOAD,
        responses=STORED | documented(*OF_CASE, Malformed, InvalidRequest, TooLarge, QuotaReached),
    )
    async def add_evidence(
        case_id: str,
        request: Request,
        response: Response,
        user: CurrentUser,
        sent_as: Annotated[SentAs, Query()],
    ) -> Evidence | EvidenceList:
        """Goes to disk as it comes; what is answered 201 survives a crash. If anything fails, nothing is kept.

        Kept is readable text: gzip and Zstandard are unpacked, up to the size that evidence may have, UTF-16 becomes
        UTF-8, an HTML page the text it shows, carriage returns that end lines line feeds; `decoded_from` says so.
        """
        room = await database.read(service.room, user, case_id, settings.max_total_bytes)
        limit = settings.max_evidence_bytes
        form = _is_form(request)
        try:
            if form:
                arrived = await _receive_form(request, store, limit, room)
            else:
                arrived = await _receive_raw(request, store, limit, room, sent_as)
        except ClientDisconnect as gone:
            raise Malformed("The upload was cut off before its end; nothing of it was kept.") from gone
        added = await _record(database, store, settings, user, case_id, arrived)
        if form:
            response.headers["Location"] = f"/api/v1/cases/{case_id}/evidence"
            return EvidenceList(evidence=added)
        response.headers["Location"] = f"/api/v1/evidence/{added[0].evidence_id}"
        return added[0]

    @router.get("/cases/{case_id}/evidence", responses=documented(*OF_CASE))
    async def list_evidence(case_id: str, user: CurrentUser) -> EvidenceList:
        """Oldest first."""
        return EvidenceList(evidence=await database.scan(service.of_case, user, case_id))

    @router.get("/evidence/{evidence_id}", responses=documented(*NAMED))
    async def get_evidence(evidence_id: str, user: CurrentUser) -> Evidence:
        return await database.read(service.get, user, evidence_id)

    @router.delete("/evidence/{evidence_id}", status_code=204, responses=documented(*NAMED))
    async def delete_evidence(evidence_id: str, user: CurrentUser) -> None:
        """For good: the file, its name in the log, what was derived from it and the answers that quote it."""
        deleted = await database.write(service.delete, user, evidence_id, forget)
        await anyio.to_thread.run_sync(_discard, store, deleted)

    @router.get("/evidence/{evidence_id}/lines", response_model=LinePage, responses=documented(*NAMED, InvalidRequest))
    async def evidence_lines(
        evidence_id: str,
        user: CurrentUser,
        first: LineNumber = 1,
        to: Annotated[int | None, Query(ge=1, le=LAST, description="Last line; cut at the end")] = None,
        column: Annotated[int, Query(ge=0, le=LAST, description="First character of each line, counted from 0")] = 0,
    ) -> Answer:
        """At most 1,000 lines, at most 4,000 characters of each: longer lines are read on with `column`."""
        last = _last_line(first, to)
        await database.read(service.get, user, evidence_id)
        return _json(await anyio.to_thread.run_sync(_lines, store, evidence_id, first, last, column))

    @router.get("/evidence/{evidence_id}/search", response_model=Matches, responses=documented(*NAMED, InvalidRequest))
    async def search_evidence(
        evidence_id: str,
        user: CurrentUser,
        q: Annotated[str, ONE_LINE],
        first: LineNumber = 1,
        limit: Annotated[int, Query(ge=1, le=viewing.MATCH_LIMIT)] = viewing.MATCH_LIMIT,
    ) -> Answer:
        """The first place in each line that holds `q`; upper and lower case of ASCII letters are alike."""
        _check_searchable(q)
        await database.read(service.get, user, evidence_id)
        found = await anyio.to_thread.run_sync(_search, store, evidence_id, q, first, limit, limiter=searching)
        return _json(found)

    @router.get("/evidence/{evidence_id}/raw", response_class=Answer, responses=RAW | documented(*NAMED))
    async def raw_evidence(evidence_id: str, user: CurrentUser) -> Answer:
        """The bytes that are kept, or with `Range` a part of them; always as an inert attachment."""
        evidence = await database.read(service.get, user, evidence_id)
        headers = INERT_HEADERS | {"Content-Disposition": attachment(evidence.name)}
        return await anyio.to_thread.run_sync(raw.file_response, store.path(evidence_id), headers, INERT_MEDIA)

    return router


async def _receive_form(request: Request, store: Store, limit: int, room: int) -> Upload:
    allowed = room + upload.FORM_OVERHEAD
    if _declared(request) > allowed:
        raise QuotaReached()
    return await upload.receive_form(store, upload.within(request.stream(), allowed), _content_type(request), limit)


async def _receive_raw(request: Request, store: Store, limit: int, room: int, sent_as: SentAs) -> Upload:
    check = upload.checked(sent_as.answers_check)
    if _declared(request) > limit:
        raise over(limit)
    if _declared(request) > room:
        raise QuotaReached()
    stored = await store.receive(upload.within(request.stream(), room), limit)
    name = file_name(sent_as.name or _sent_name(request) or UNNAMED)
    return Upload([Received(stored, name, media_type(_content_type(request)))], check)


async def _record(
    database: Database, store: Store, settings: Settings, user: User, case_id: str, arrived: Upload
) -> list[Evidence]:
    """All rows or none. A row that may exist keeps its file: what is in doubt is left to the clean-up at start."""
    try:
        return await database.write(service.add_all, user, case_id, arrived, settings.max_total_bytes)
    except (CaseNotFound, CaseDeleted, QuotaReached, StorageFull):
        await anyio.to_thread.run_sync(_take_back, store, arrived)
        raise


def _take_back(store: Store, arrived: Upload) -> None:
    for file in arrived.files:
        store.discard(file.stored.evidence_id)


def _discard(store: Store, deleted: service.Deleted) -> None:
    store.discard(deleted.evidence.evidence_id)
    if deleted.content_unused:
        store.forget_analysis(deleted.evidence.sha256)


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "")


def _is_form(request: Request) -> bool:
    return _content_type(request).partition(";")[0].strip().lower() == upload.FORM


def _sent_name(request: Request) -> str | None:
    return filename_of(request.headers.get("content-disposition", "").encode("latin-1").decode("utf-8", "replace"))


def _declared(request: Request) -> int:
    """What is known to be too much is refused before it is sent; what really arrives is counted all the same."""
    declared = request.headers.get("content-length", "")
    return int(declared) if declared.isascii() and declared.isdigit() and len(declared) < 20 else 0


def _last_line(first: int, to: int | None) -> int:
    last = first + LINES_LIMIT - 1 if to is None else to
    if last < first:
        raise invalid("to", "must not be before `from`")
    if last - first >= LINES_LIMIT:
        raise invalid(
            "to", f"at most {LINES_LIMIT:,} lines are given at once; ask for `to` = {first + LINES_LIMIT - 1}"
        )
    return last


def _lines(store: Store, evidence_id: str, first: int, last: int, column: int) -> str:
    view = _opened(store, evidence_id)
    if first > max(view.total, 1):
        raise invalid("from", f"is behind the last line, {view.total}")
    last = min(last, view.total)
    page = LinePage(
        evidence_id=evidence_id, first=first, to=last, total=view.total, lines=view.lines(first, last, column)
    )
    return page.model_dump_json(by_alias=True)


def _search(store: Store, evidence_id: str, text: str, first: int, most: int) -> str:
    matches, next_from = _opened(store, evidence_id).search(text, first, most)
    return Matches(matches=matches, next_from=next_from).model_dump_json()


def _opened(store: Store, evidence_id: str) -> viewing.View:
    return viewing.opened(store.path(evidence_id), store.index_path(evidence_id))


def _check_searchable(text: str) -> None:
    if "\n" in text or "\r" in text:
        raise invalid("q", "must be one line; matches never reach over the end of a line")
    if "\ufffd" in text:
        raise invalid("q", "must not hold U+FFFD, which stands for bytes that are not text")


def _json(body: str) -> Answer:
    return Answer(body, media_type="application/json")
