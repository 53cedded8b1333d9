"""What answers of other cases say about a case goes with it: `seen_before` may quote its resolution."""

from __future__ import annotations

import orjson
import sqlalchemy as sa

from faultmaven.answers.tables import queries
from faultmaven.cases import log
from faultmaven.database import Transaction

_quoting = sa.select(queries.c.id).where(
    queries.c.user_id == sa.bindparam("of_user"),
    queries.c.case_id != sa.bindparam("of_case"),
    queries.c.answer.like(sa.bindparam("names_it")),
)
_answer = sa.select(queries.c.answer).where(queries.c.id == sa.bindparam("of_query"), queries.c.answer.is_not(None))
_rewrite = sa.update(queries).where(queries.c.id == sa.bindparam("of_query")).values(answer=sa.bindparam("without"))


def quoting(transaction: Transaction, user_id: str, case_id: str) -> list[str]:
    """Queries of other cases whose answers name this one. It looks through all answers of the user."""
    found = transaction.all(_quoting, of_user=user_id, of_case=case_id, names_it=f"%{case_id}%")
    return [query_id for (query_id,) in found]


def forget_quotes(transaction: Transaction, user_id: str, case_id: str, query_ids: list[str]) -> None:
    """In these answers, as they are stored and as they stand in the log, the case was never seen before."""
    for query_id in query_ids:
        row = transaction.first(_answer, of_query=query_id)
        if row is not None:  # else it went with its own evidence or case meanwhile
            transaction.execute(_rewrite, of_query=query_id, without=_without(case_id, row.answer))
            log.rewrite_answer(transaction, user_id, query_id, lambda body: _without(case_id, body))


def _without(case_id: str, body: str) -> str:
    """A report, or the event that told it, without its mention of a case."""
    told = orjson.loads(body)
    report = told.get("answer", told)
    report["seen_before"] = [seen for seen in report["seen_before"] if seen["case_id"] != case_id]
    return orjson.dumps(told).decode()
