"""Cases: one investigation each. They belong to a user and outlive every session."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from faultmaven import etags
from faultmaven.cases import log
from faultmaven.cases.events import CaseDeleted, CaseOpened, CaseRestored, CaseStatus, CaseUpdated, Resolution
from faultmaven.cases.model import Case, CaseList, DeletedCase, OpenCase, PatchCase
from faultmaven.cases.tables import cases
from faultmaven.database import Row, Transaction, new_id, rfc3339
from faultmaven.errors import CaseDeleted as CaseDeletedProblem
from faultmaven.errors import CaseNotFound, invalid
from faultmaven.identity.service import User

HOUR = 3_600_000_000
UNTITLED = "New case"
TITLE_LIMIT = 80
SEARCH_LIMIT = 1_000_000
# The `deleted_at` of a case that is being removed: due, whatever the settings become until that is done.
FOR_GOOD = 0

# Without `search_text`: it may be a megabyte, and a case is looked up by every request that names it.
_columns = [column for column in cases.c if column is not cases.c.search_text]
_by_id = sa.select(*_columns).where(cases.c.id == sa.bindparam("of_case"))
_insert = sa.insert(cases)
_change = (
    sa.update(cases)
    .where(cases.c.id == sa.bindparam("of_case"))
    .values(
        title=sa.bindparam("new_title"),
        status=sa.bindparam("new_status"),
        resolution=sa.bindparam("new_resolution"),
        updated_at=sa.bindparam("at"),
    )
)
_touch = sa.update(cases).where(cases.c.id == sa.bindparam("of_case")).values(updated_at=sa.bindparam("at"))
_find_also = (
    sa.update(cases)
    .where(cases.c.id == sa.bindparam("of_case"))
    .values(search_text=sa.func.substr(cases.c.search_text + sa.bindparam("more"), 1, SEARCH_LIMIT))
)
_find_by = sa.update(cases).where(cases.c.id == sa.bindparam("of_case")).values(search_text=sa.bindparam("told"))
_mark_deleted = (
    sa.update(cases)
    .where(cases.c.id == sa.bindparam("of_case"))
    .values(deleted_at=sa.bindparam("at"), updated_at=sa.bindparam("now"))
)
_page = (
    sa.select(*_columns)
    .where(
        cases.c.user_id == sa.bindparam("of_user"),
        cases.c.deleted_at.is_(None),
        sa.or_(sa.bindparam("of_status") == "", cases.c.status == sa.bindparam("of_status")),
        sa.or_(sa.bindparam("like") == "", cases.c.search_text.like(sa.bindparam("like"), escape="\\")),
        sa.or_(
            cases.c.updated_at < sa.bindparam("before"),
            sa.and_(cases.c.updated_at == sa.bindparam("before"), cases.c.id < sa.bindparam("before_id")),
        ),
    )
    .order_by(cases.c.updated_at.desc(), cases.c.id.desc())
    .limit(sa.bindparam("most"))
)
_deleted_before = (
    sa.select(cases.c.id, cases.c.user_id)
    .where(cases.c.deleted_at <= sa.bindparam("before"))
    .limit(sa.bindparam("most"))
)
_idle_before = (
    sa.select(cases.c.id, cases.c.user_id)
    .where(cases.c.updated_at <= sa.bindparam("before"))
    .limit(sa.bindparam("most"))
)
_delete = sa.delete(cases).where(cases.c.id == sa.bindparam("of_case"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page of the list: newest first, `cursor` from the page before."""

    text: str = ""
    status: CaseStatus | None = None
    cursor: str | None = None
    limit: int = 50


def open_case(transaction: Transaction, user: User, body: OpenCase) -> Case:
    case_id = new_id("case")
    title = body.title or UNTITLED
    transaction.execute(
        _insert,
        id=case_id,
        user_id=user.id,
        title=title,
        status="open",
        resolution=None,
        search_text=title.lower(),
        created_at=transaction.now,
        updated_at=transaction.now,
        deleted_at=None,
        next_seq=1,
    )
    log.record(transaction, user.id, CaseOpened(case_id=case_id, title=title, status="open"))
    return get_case(transaction, user, case_id)


def get_case(transaction: Transaction, user: User, case_id: str) -> Case:
    return _case(live_row(transaction, user, case_id))


def live_row(transaction: Transaction, user: User, case_id: str) -> Row:
    """Raises CaseNotFound, also for another user's case, or CaseDeleted."""
    row = _own_row(transaction, user, case_id)
    if row.deleted_at == FOR_GOOD:
        raise CaseDeletedProblem("This case was deleted for good.")
    if row.deleted_at is not None:
        raise CaseDeletedProblem(f"This case was deleted at {rfc3339(row.deleted_at)}; restore it to use it again.")
    return row


def _own_row(transaction: Transaction, user: User, case_id: str) -> Row:
    row = transaction.first(_by_id, of_case=case_id)
    if row is None or row.user_id != user.id:
        raise CaseNotFound()
    return row


def is_live(transaction: Transaction, user_id: str, case_id: str) -> bool:
    row = transaction.first(_by_id, of_case=case_id)
    return row is not None and row.user_id == user_id and row.deleted_at is None


def list_cases(transaction: Transaction, user: User, wanted: Wanted) -> CaseList:
    before, before_id = _decode_cursor(wanted.cursor)
    rows = transaction.all(
        _page,
        of_user=user.id,
        of_status=wanted.status or "",
        like=_like(wanted.text),
        before=before,
        before_id=before_id,
        most=wanted.limit + 1,
    )
    page = rows[: wanted.limit]
    more = len(rows) > wanted.limit
    return CaseList(cases=[_case(row) for row in page], next_cursor=_encode_cursor(page[-1]) if more else None)


def etag(case: Case) -> str:
    """Changes exactly when title, status or resolution change: what a question or an answer adds is no edit."""
    return etags.etag(case.title, case.status, case.resolution.model_dump() if case.resolution else None)


def patch_case(transaction: Transaction, user: User, case_id: str, body: PatchCase, if_match: str = etags.ANY) -> Case:
    row = live_row(transaction, user, case_id)
    etags.check(if_match, etag(_case(row)))
    given = body.model_fields_set
    title = body.title or row.title
    status = body.status or row.status
    resolution = _encode(body.resolution) if "resolution" in given else row.resolution
    if title != row.title:
        _find_by_also(transaction, row.id, title)
    if "resolution" in given and body.resolution is not None:
        _find_by_also(transaction, row.id, _words(body.resolution))
    if (title, status, resolution) != (row.title, row.status, row.resolution):
        _store(transaction, row, title, status, resolution)
    return get_case(transaction, user, case_id)


def _store(transaction: Transaction, row: Row, title: str, status: CaseStatus, resolution: str | None) -> None:
    transaction.execute(
        _change,
        of_case=row.id,
        new_title=title,
        new_status=status,
        new_resolution=resolution,
        at=transaction.now,
    )
    told = Resolution.model_validate_json(resolution) if resolution else None
    log.record(transaction, row.user_id, CaseUpdated(case_id=row.id, title=title, status=status, resolution=told))


def note_question(transaction: Transaction, row: Row, question: str) -> None:
    """A case without a title takes its first question's first line; its questions are searchable."""
    title = row.title
    if title == UNTITLED:
        title = " ".join(question.strip().split("\n")[0].split())[:TITLE_LIMIT] or UNTITLED
    _find_by_also(transaction, row.id, question)
    if title != row.title:
        _store(transaction, row, title, row.status, row.resolution)
    else:
        touch(transaction, row.id)


def note_answer(transaction: Transaction, case_id: str, headline: str) -> None:
    """What was answered is searchable, and the case is as new as its newest answer."""
    _find_by_also(transaction, case_id, headline)
    touch(transaction, case_id)


def touch(transaction: Transaction, case_id: str) -> None:
    """The case moves to the front of the list, and its time to be kept begins anew."""
    transaction.execute(_touch, of_case=case_id, at=transaction.now)


def find_only_by(transaction: Transaction, row: Row, told: Iterable[str]) -> None:
    """After something was forgotten: a search finds the case by title, resolution and `told`, and nothing else."""
    resolution = [_words(Resolution.model_validate_json(row.resolution))] if row.resolution else []
    words = "\n".join([row.title, *resolution, *told]).lower()
    transaction.execute(_find_by, of_case=row.id, told=words[:SEARCH_LIMIT])


def _find_by_also(transaction: Transaction, case_id: str, text: str) -> None:
    transaction.execute(_find_also, of_case=case_id, more=f"\n{text.lower()}")


def _words(resolution: Resolution) -> str:
    return f"{resolution.cause} {resolution.fix}"


def delete_case(
    transaction: Transaction, user: User, case_id: str, undo_hours: int, if_match: str = etags.ANY
) -> DeletedCase:
    row = live_row(transaction, user, case_id)
    etags.check(if_match, etag(_case(row)))
    until = rfc3339(transaction.now + undo_hours * HOUR)
    transaction.execute(_mark_deleted, of_case=row.id, at=transaction.now, now=transaction.now)
    log.record(transaction, user.id, CaseDeleted(case_id=row.id, restorable_until=until))
    return DeletedCase(case_id=row.id, restorable_until=until)


def restore_case(transaction: Transaction, user: User, case_id: str, undo_hours: int) -> Case:
    """Takes a deletion back; on a case that was not deleted it changes nothing. Too late, it is CaseNotFound."""
    row = _own_row(transaction, user, case_id)
    if is_due_for_removal(transaction, case_id, undo_hours, 0):
        raise CaseNotFound("This case was deleted for good.")
    if row.deleted_at is not None:
        transaction.execute(_mark_deleted, of_case=row.id, at=None, now=transaction.now)
        case = _case(row)
        told = CaseRestored(case_id=row.id, title=case.title, status=case.status, resolution=case.resolution)
        log.record(transaction, user.id, told)
    return get_case(transaction, user, case_id)


def due_for_removal(transaction: Transaction, undo_hours: int, retention_days: int, most: int) -> list[tuple[str, str]]:
    """(case id, user id) of cases whose time to be restored is over, or that nobody has touched for too long."""
    deleted = transaction.all(_deleted_before, before=transaction.now - undo_hours * HOUR, most=most)
    idle = (
        transaction.all(_idle_before, before=transaction.now - retention_days * 24 * HOUR, most=most)
        if retention_days
        else []
    )
    return list(dict.fromkeys((row.id, row.user_id) for row in [*deleted, *idle]))[:most]


def is_due_for_removal(transaction: Transaction, case_id: str, undo_hours: int, retention_days: int) -> bool:
    row = transaction.first(_by_id, of_case=case_id)
    if row is None:
        return False
    if row.deleted_at is not None and row.deleted_at <= transaction.now - undo_hours * HOUR:
        return True
    return bool(retention_days) and row.updated_at <= transaction.now - retention_days * 24 * HOUR


def begin_removal(transaction: Transaction, case_id: str, undo_hours: int, retention_days: int) -> bool:
    """From here on nobody can use or restore it. False: somebody has restored or touched it since it was found due."""
    if not is_due_for_removal(transaction, case_id, undo_hours, retention_days):
        return False
    transaction.execute(_mark_deleted, of_case=case_id, at=FOR_GOOD, now=transaction.now)
    return True


def remove(transaction: Transaction, case_id: str, user_id: str) -> None:
    """For good. Its evidence, its queries and its events in the log must be gone.

    Who follows the user's log or the case is told; after it only the case's id is left there.
    """
    log.record(transaction, user_id, CaseDeleted(case_id=case_id))
    transaction.execute(_delete, of_case=case_id)


def _like(text: str) -> str:
    if not text:
        return ""
    escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _encode_cursor(row: Row) -> str:
    return base64.urlsafe_b64encode(f"{row.updated_at}:{row.id}".encode()).decode().rstrip("=")


def _decode_cursor(cursor: str | None) -> tuple[int, str]:
    if cursor is None:
        return 1 << 62, ""
    try:
        updated_at, _, case_id = base64.urlsafe_b64decode(cursor + "==").decode("ascii").partition(":")
        if not updated_at.isdigit() or len(updated_at) > 18:  # more no database takes
            raise ValueError(updated_at)
        return int(updated_at), case_id
    except (ValueError, binascii.Error) as error:
        raise invalid("cursor", "is not one this server has given out") from error


def _encode(resolution: Resolution | None) -> str | None:
    return resolution.model_dump_json() if resolution is not None else None


def _case(row: Row) -> Case:
    return Case(
        case_id=row.id,
        title=row.title,
        status=row.status,
        resolution=Resolution.model_validate_json(row.resolution) if row.resolution else None,
        created_at=rfc3339(row.created_at),
        updated_at=rfc3339(row.updated_at),
        last_seq=row.next_seq - 1,
    )
