"""Servers in every state in which they have to refuse, and live things on them to refuse it about.

Nothing is simulated inside the server: a disk is full because its database says so, a worker is slow because it is
stopped, a database cannot be written because the kernel or the database itself forbids it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import httpx
from tests.integration.conftest import Start, add_evidence, ask, make_case, open_session
from tests.servers import Process, Server, Timed, running, timed
from tests.tampering import execute, fill_up, forbid_writing, take_tables_away
from tests.users import client_with, token_for

LOG = b"2026-01-02T03:04:05Z ERROR db connection refused\n"
BODY_LIMIT = 1024
EVIDENCE_LIMIT = 2000
QUOTA = 2500


@dataclass
class Place:
    """A server and live things on it; `ids` fill the blanks of paths and bodies."""

    server: Server
    client: httpx.Client
    ids: dict[str, str] = field(default_factory=dict)

    def having(self, **ids: str) -> Place:
        return Place(self.server, self.client, self.ids | ids)


class Places:
    """Each is started when it is first needed, and stopped with the stack."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder

    @cached_property
    def plain(self) -> Place:
        return settled(self._running("plain", max_sessions_per_user="10000"))

    @cached_property
    def deleted(self) -> Place:
        """The case of the ids is deleted; the session is live, and has another case open."""
        place = self.plain.having(**things(self.plain.client) | {"session_id": self.plain.ids["session_id"]})
        delete_case(place.client, place.ids["case_id"])
        return place

    @cached_property
    def clock(self) -> Place:
        """Under a clock that can be turned."""
        server = self._stack.enter_context(timed(self._folder / "clock"))
        return Place(server, self._client(server))

    @cached_property
    def small(self) -> Place:
        """With limits that are reached at once, and a quota that is nearly used up. Nothing is ever finished here."""
        limits = {
            "max_body_bytes": BODY_LIMIT,
            "max_evidence_bytes": EVIDENCE_LIMIT,
            "max_total_bytes": QUOTA,
            "max_queued_queries": 1,
            "workers": 1,
        }
        place = settled(self._running("small", **{name: str(value) for name, value in limits.items()}))
        add_evidence(place.client, place.ids["case_id"], b"x" * (EVIDENCE_LIMIT - 100))
        return self._stalled(place)

    @cached_property
    def capped(self) -> Place:
        """Its database can only be read."""
        place = self._stalled(settled(self._running("capped", workers="1")))
        place = place.having(deleted_case_id=gone_case(place.client))
        forbid_writing(place.server)
        return place

    @cached_property
    def full(self) -> Place:
        """The disk has no byte left for the database."""
        with running(self._folder / "full") as first, first.client() as client:
            ids = things(client) | {"deleted_case_id": gone_case(client)}
            waiting = ask(client, ids["session_id"], "Why?", case_id=make_case(client))["query_id"]
            first.stop()
        # As a server leaves it that was killed right after it was asked.
        again = f"UPDATE queries SET status = 'queued', answer = NULL WHERE id = '{waiting}'"
        execute(self._folder / "full", again)
        fill_up(self._folder / "full")
        place = self._running("full")
        return place.having(**ids, running_query_id=waiting)

    @cached_property
    def broken(self) -> Place:
        """Its tables have gone."""
        place = self._stalled(settled(self._running("broken", workers="1")))
        place = place.having(deleted_case_id=gone_case(place.client))
        take_tables_away(place.server.data_dir)
        return place

    @cached_property
    def broken_for_users(self) -> Place:
        """Its tables have gone, and with them everybody's access token."""
        place = self._running("broken_for_users", auth="token")
        client = self._stack.enter_context(client_with(place.server, token_for(place.server, "alice")))
        take_tables_away(place.server.data_dir)
        return Place(place.server, client)

    def _running(self, name: str, **settings: str) -> Place:
        start: Start = partial(running, self._folder / name)
        server = self._stack.enter_context(start(**settings))
        return Place(server, self._client(server))

    def _client(self, server: Server) -> httpx.Client:
        return self._stack.enter_context(server.client())

    def _stalled(self, place: Place) -> Place:
        """Its worker processes stand still; one query is waiting for them."""
        assert isinstance(place.server, Process)
        for child in children(place.server.process.pid):
            os.kill(child, signal.SIGSTOP)
        body = {"session_id": place.ids["session_id"], "query": "Why?", "case_id": make_case(place.client)}
        answer = place.client.post("/api/v1/query", json=body, headers={"Prefer": "respond-async"})
        assert answer.status_code == 202, answer.text
        asked = answer.json()
        return place.having(running_query_id=asked["query_id"], busy_case_id=asked["case_id"])


def settled(place: Place) -> Place:
    return place.having(**things(place.client))


def things(client: httpx.Client) -> dict[str, str]:
    """One of each, live and finished."""
    session = open_session(client)["session_id"]
    case = make_case(client)
    evidence = add_evidence(client, case, LOG)
    query = ask(client, session, "Why does it fail?", case_id=case)["query_id"]
    return {"session_id": session, "case_id": case, "evidence_id": evidence, "query_id": query}


def gone_case(client: httpx.Client) -> str:
    case = make_case(client)
    delete_case(client, case)
    return case


def delete_case(client: httpx.Client, case_id: str) -> None:
    assert client.delete(f"/api/v1/cases/{case_id}").status_code == 200


def children(parent: int) -> Iterator[int]:
    for found in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = found.read_text()
        except OSError:  # it has ended meanwhile
            continue
        if int(told.rpartition(")")[2].split()[1]) == parent:
            yield int(found.parent.name)


def closed_session(place: Place) -> str:
    session: str = open_session(place.client)["session_id"]
    assert place.client.delete(f"/api/v1/sessions/{session}").status_code == 204
    return session


def expired_session(place: Place) -> str:
    assert isinstance(place.server, Timed)
    session: dict[str, Any] = open_session(place.client, timeout_minutes=1)
    place.server.advance(minutes=2)
    return str(session["session_id"])
