"""Each exhibit is a failure that a system of this kind has really had. It is shown here not to happen.

What its predecessors did is the first line of each; what is right is what the test asserts. Those that need a browser
are in tests/e2e/test_museum.py.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from tests import databases
from tests.following import Frame, follow
from tests.integration.conftest import Start, StartTimed, add_evidence, ask, make_case, open_session
from tests.integration.crowd import at_once
from tests.integration.logs import DISK_FULL, long_log
from tests.integration.problems import SESSIONS, code_of, refused_field
from tests.integration.test_lifecycle import descendants, files_mapped
from tests.integration.test_queries import ask_async, poll
from tests.integration.test_queries_keys import ask_under, new_key, questions
from tests.servers import PATIENCE, Process, Server, wait_until
from tests.users import client_with, revoke, token_for


def test_fifty_opens_of_one_client_at_once_gave_fifty_ids(server: Process) -> None:
    """Looked for a live session and made one in two steps, so that everybody who looked at the same time made one."""
    client = str(uuid.uuid4())
    opened = at_once(server, 50, lambda api, _: open_session(api, client_id=client))
    assert len({one["session_id"] for one in opened}) == 1
    assert [one["session_resumed"] for one in opened].count(False) == 1


def test_a_heartbeat_in_flight_brought_a_deleted_session_back(server: Process, api: httpx.Client) -> None:
    """A heartbeat read the session, the session was deleted, and the heartbeat wrote it back."""
    for _ in range(10):
        opened = open_session(api)
        path, ended = f"{SESSIONS}/{opened['session_id']}", threading.Event()

        def work(own: httpx.Client, number: int, path: str = path, ended: threading.Event = ended) -> list[int]:
            if number == 0:
                own.post(f"{path}/heartbeat")
                assert own.delete(path).status_code == 204
                ended.set()
                return []
            return beat_beyond(own, path, ended)

        for late in at_once(server, 8, work):
            assert set(late) <= {410}
        assert code_of(api.get(path), 410) == "session_ended"
        assert opened["session_id"] not in [one["session_id"] for one in api.get(SESSIONS).json()["sessions"]]
        assert open_session(api, client_id=opened["client_id"])["session_id"] != opened["session_id"]


def beat_beyond(api: httpx.Client, path: str, ended: threading.Event) -> list[int]:
    """Heartbeats until some were sent after the end was acknowledged; what those were answered."""
    late: list[int] = []
    while len(late) < 3:
        was_over = ended.is_set()
        status = api.post(f"{path}/heartbeat").status_code
        if was_over:
            late.append(status)
    return late


def test_of_200_acknowledged_metadata_writes_64_were_lost(server: Process, api: httpx.Client) -> None:
    """Every write read the whole metadata, changed its own key, and wrote all of it back over that of others."""
    path = f"{SESSIONS}/{open_session(api)['session_id']}"

    def write(own: httpx.Client, number: int) -> None:
        for key in range(4 * number, 4 * number + 4):
            assert own.patch(path, json={"metadata": {str(key): key}}).status_code == 200

    at_once(server, 50, write)
    assert api.get(path).json()["metadata"] == {str(key): key for key in range(200)}


def test_a_requested_timeout_silently_became_another(api: httpx.Client) -> None:
    """Values out of range were moved into it, and others replaced by the default, with 200 and without a word."""
    for minutes in (1, 29, 30, 31, 480, 1439, 1440):
        opened = open_session(api, timeout_minutes=minutes)
        assert opened["timeout_minutes"] == minutes
        assert moment(opened, "expires_at") - moment(opened, "last_activity_at") == timedelta(minutes=minutes)
    unheard_of: list[Any] = [0, -1, 1441, 10**9, "60", 1.5, True, [60], {}]
    for refused in unheard_of:
        assert refused_field(api.post(SESSIONS, json={"timeout_minutes": refused})) == "timeout_minutes"
        again = {"client_id": opened["client_id"], "timeout_minutes": refused}
        assert refused_field(api.post(SESSIONS, json=again)) == "timeout_minutes"
    assert api.get(f"{SESSIONS}/{opened['session_id']}").json()["timeout_minutes"] == 1440


def moment(session: dict[str, Any], field: str) -> datetime:
    return datetime.fromisoformat(session[field])


def test_a_metadata_field_overwrote_user_id_and_created_at(api: httpx.Client) -> None:
    """Metadata was merged into the very record that held the session's own fields."""
    lie = {"user_id": "somebody", "created_at": "1970-01-01T00:00:00Z", "session_id": "mine", "status": "expired"}
    opened = open_session(api, metadata=lie, user_id="somebody", created_at="1970-01-01T00:00:00Z")
    path = f"{SESSIONS}/{opened['session_id']}"
    patched = api.patch(path, json={"metadata": lie, "user_id": "somebody"}).json()
    for session in (opened, patched, api.get(path).json()):
        assert session["metadata"] == lie
        assert session["user_id"] != "somebody"
        assert session["created_at"] > "2020"
        assert session["session_id"] == opened["session_id"]
        assert session["status"] == "active"


def test_one_error_of_the_pool_left_the_server_failing_until_it_was_restarted(start: Start) -> None:
    """Connections that had seen an error were never given back, or given back broken."""
    with start() as server, server.client() as api:
        session_id, case_id = open_session(api)["session_id"], make_case(api)
        # More often than any pool has connections, on the way to write, to read, and to read at length.
        with failing_statements(server):
            for _ in range(20):
                assert api.post("/api/v1/cases", json={}).status_code == 500
                assert api.get(f"/api/v1/cases/{case_id}").status_code == 500
                assert api.get("/api/v1/cases").status_code == 500
        assert_serving(api, session_id, case_id)


@contextmanager
def failing_statements(server: Server) -> Iterator[None]:
    """Every statement about cases fails in the database."""
    execute(server, "ALTER TABLE cases RENAME TO cases_out_of_order")
    yield
    execute(server, "ALTER TABLE cases_out_of_order RENAME TO cases")


def execute(server: Server, statement: str) -> None:
    if databases.chosen == "postgresql":
        databases.shared().execute(statement, data_dir=server.data_dir)
    else:
        with closing(
            sqlite3.connect(server.data_dir / "faultmaven.db", timeout=10, isolation_level=None)
        ) as connection:
            # Or SQLite would rename it in the other tables' references, too.
            connection.execute("PRAGMA legacy_alter_table=ON")
            connection.execute(statement)


def assert_serving(api: httpx.Client, session_id: str, case_id: str) -> None:
    for _ in range(20):
        assert api.post("/api/v1/cases", json={}).status_code == 201
        assert api.get(f"/api/v1/cases/{case_id}").status_code == 200
        assert api.get("/api/v1/cases").status_code == 200
    assert api.get(f"{SESSIONS}/{session_id}").status_code == 200
    assert ask(api, session_id, "what does ENOSPC mean?", case_id=case_id)["status"] == "completed"
    assert api.get("/readyz").status_code == 200


@pytest.mark.only_on("postgresql", "an embedded database has no connections that somebody could cut")
def test_connections_that_were_cut_left_the_server_failing_until_it_was_restarted(start: Start) -> None:
    """The pool went on handing out connections that the database had closed long ago."""
    with start() as server, server.client() as api:
        session_id, case_id = open_session(api)["session_id"], make_case(api)
        for _ in range(3):
            databases.shared().execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()",
                data_dir=server.data_dir,
            )
            wait_until(server, "/readyz")
            assert_serving(api, session_id, case_id)


def test_an_expired_client_id_blocked_its_own_return(start_timed: StartTimed) -> None:
    """The expired row still held the client's place, and whoever came back was told that it was taken."""
    with start_timed() as server, server.client() as api:
        expired = open_session(api, client_id="laptop", timeout_minutes=1)
        server.advance(minutes=1)
        opened = at_once(server, 20, lambda own, _: open_session(own, client_id="laptop"))
        assert len({one["session_id"] for one in opened}) == 1
        assert {one["previous_session_id"] for one in opened} == {expired["session_id"]}
        assert code_of(api.get(f"{SESSIONS}/{expired['session_id']}"), 410) == "session_expired"


def test_a_cap_of_50_became_1200(start: Start) -> None:
    """The cap was checked before the insert and not with it, so that a crowd walked past it."""
    with start(max_sessions_per_user="50") as server, server.client() as api:
        # Almost full, so that everybody finds room, and not for all.
        opened = {open_session(api)["session_id"] for _ in range(45)}
        seen: list[int] = []

        def crowd(own: httpx.Client, number: int) -> list[str]:
            opened = []
            for at in range(24):
                opened.append(open_session(own, client_id=f"{number}-{at}")["session_id"])
                if at in (0, 1, 2, 3, 8, 16):
                    seen.append(len(own.get(SESSIONS).json()["sessions"]))
            return opened

        opened |= {session_id for ids in at_once(server, 50, crowd) for session_id in ids}
        listed = {one["session_id"] for one in api.get(SESSIONS).json()["sessions"]}
        assert len(opened) == 1245
        assert max(seen) <= 50
        assert len(listed) == 50
        assert listed < opened
        victim = next(iter(opened - listed))
        assert code_of(api.get(f"{SESSIONS}/{victim}"), 410) == "session_ended"


def test_of_1510_event_ids_of_a_stream_754_were_repeated(start: Start) -> None:
    """Ids were counted per source and per connection, so that a reader could not go on from any of them."""
    with start() as server, server.client() as api:
        opened = open_session(api)
        writers, each = 10, 150

        def write(own: httpx.Client, number: int) -> None:
            case_id = make_case(own)
            for at in range(each - 1):
                assert own.patch(f"/api/v1/cases/{case_id}", json={"title": f"{number}.{at}"}).status_code == 200

        last = writers * each + 1
        frames: list[list[Frame]] = [[], []]
        readers = [
            threading.Thread(target=read, args=(server, opened, last, seen, cut), daemon=True)
            for seen, cut in zip(frames, (100, last), strict=True)
        ]
        for reader in readers:
            reader.start()
        at_once(server, writers, write)
        for reader in readers:
            reader.join(3 * PATIENCE)
        for seen in frames:
            assert [frame.id for frame in seen] == list(range(1, last + 1))
            assert [frame.data["cursor"] for frame in seen] == list(range(1, last + 1))


def read(server: Server, opened: dict[str, Any], count: int, seen: list[Frame], cut: int) -> None:
    """So many events of the user's stream; every `cut` events the connection is lost and taken up again."""
    with server.client() as api:
        while len(seen) < count:
            after = {"after": seen[-1].id if seen else 0}
            with follow(api, f"{SESSIONS}/{opened['session_id']}/events", params=after, timeout=60) as stream:
                for frame in stream:
                    seen.append(frame)
                    if len(seen) == count or len(seen) % cut == 0:
                        break


def test_five_posts_with_one_key_made_five_runs(server: Process, api: httpx.Client) -> None:
    """The key was looked up in a cache before the question was stored, and stored there after it."""
    for _ in range(5):
        session_id, key = open_session(api)["session_id"], new_key()
        context = {"text_data": f"ERROR No space left on device {key}\n"}

        def post(own: httpx.Client, _: int, session: str = session_id, key: str = key, context: Any = context) -> Any:
            return ask_under(key, own, session, context=context).json()

        answers = at_once(server, 5, post)
        assert len({answer["query_id"] for answer in answers}) == 1
        assert len({answer["headline"] for answer in answers}) == 1
        case_id = answers[0]["case_id"]
        assert questions(api, case_id) == ["question.asked", "answer.started"]
        assert len(api.get(f"/api/v1/cases/{case_id}/evidence").json()["evidence"]) == 1


@pytest.mark.parametrize("by", ["its own client", "another device", "the limit"])
def test_a_stream_outlived_its_ended_session(start: Start, by: str) -> None:
    """A stream checked the session when it was opened, and never again."""
    with start(max_sessions_per_user="2") as server, server.client() as api:
        opened = open_session(api)
        path = f"{SESSIONS}/{opened['session_id']}"
        with follow(api, f"{path}/events", params={"after": opened["cursor"]}) as stream:
            match by:
                case "its own client":
                    api.delete(path)
                case "another device":
                    api.post(f"{SESSIONS}/{open_session(api)['session_id']}/end-others")
                case "the limit":
                    open_session(api), open_session(api)
            frames = list(stream)
        make_case(api, "For those who may see it")
        assert (frames[-1].event, frames[-1].data["code"]) == ("stream.closed", "session_ended")
        assert opened["session_id"] in [frame.data["session_id"] for frame in frames if frame.event == "session.ended"]


def test_a_stream_outlived_its_revoked_access(start: Start) -> None:
    """Who had been thrown out went on reading for as long as the connection held."""
    with (
        start(auth="token") as server,
        client_with(server, token_for(server, "alice")) as api,
        ExitStack() as open_streams,
    ):
        opened, case_id = open_session(api), make_case(api)
        query_id = ask_async(api, opened["session_id"], "What is wrong?", case_id=case_id)["query_id"]
        poll(api, query_id)
        paths = [f"{SESSIONS}/{opened['session_id']}/events", f"/api/v1/cases/{case_id}/events"]
        streams = [open_streams.enter_context(follow(api, path)) for path in paths]
        for stream in streams:
            stream.until("answer.completed")
        revoke(server, "alice")
        for stream in streams:
            *_, last = stream
            assert (last.event, last.data["code"]) == ("stream.closed", "unauthenticated")
        assert code_of(api.get(SESSIONS), 401) == "unauthenticated"


def test_a_session_promised_8_hours_died_after_30_minutes(start_timed: StartTimed) -> None:
    """A cache in between forgot every session after its own time, whatever the session had been promised."""
    with start_timed() as server, server.client() as api:
        opened = open_session(api, client_id="laptop", timeout_minutes=480)
        path = f"{SESSIONS}/{opened['session_id']}"
        for minutes in (30, 31, 60, 240, 118.9):
            server.advance(minutes=minutes)
            assert api.get(path).json()["status"] == "active"
    with start_timed(ahead_minutes=479.9) as server, server.client() as api:
        assert api.get(path).json()["expires_at"] == opened["expires_at"]
        # And what was promised holds for a client that comes back without asking for it again.
        again = open_session(api, client_id="laptop")
        assert (again["session_id"], again["timeout_minutes"]) == (opened["session_id"], 480)
        server.advance(minutes=479.9)
        assert api.get(path).json()["status"] == "active"
        server.advance(minutes=0.2)
        assert code_of(api.get(path), 410) == "session_expired"


def test_a_health_check_said_healthy_with_its_dependency_dead(start: Start) -> None:
    """It asked whether a client of the database had been made at start, and not whether the database answers."""
    with start() as server, server.client() as api:
        assert api.get("/readyz").json()["checks"]["database"] == "ok"
        with dead_database(server):
            told = api.get("/readyz")
            assert (told.status_code, told.json()["status"]) == (503, "failing")
            assert told.json()["checks"]["database"] != "ok"
            # Alive it is: to start it again would mend nothing.
            assert api.get("/livez").status_code == 200
        wait_until(server, "/readyz")
        assert_serving(api, open_session(api)["session_id"], make_case(api))


@contextmanager
def dead_database(server: Server) -> Iterator[None]:
    """It lets nobody write."""
    if databases.chosen == "sqlite":
        with closing(sqlite3.connect(server.data_dir / "faultmaven.db", isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")
    else:
        url = databases.settings_for(server.data_dir)["database_url"]
        with psycopg.connect(url) as connection:
            connection.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
            yield
            connection.rollback()


def test_an_answer_was_recorded_three_times(start_timed: StartTimed) -> None:
    """Whoever had worked on an answer or waited for it stored it: the worker given up for dead, the next, a reader."""
    with start_timed(workers=3) as server, server.client() as api:
        session_id, case_id = open_session(api)["session_id"], make_case(api)
        evidence_id = add_evidence(api, case_id, long_log(20) + DISK_FULL)
        query_id = ask_async(api, session_id, "What is wrong?", case_id=case_id)["query_id"]
        first = worker_on(evidence_id)
        os.kill(first, signal.SIGSTOP)
        # Its lease runs out, unless it is just then renewed, and a second worker takes the question over.
        while attempts(api, case_id, "answer.started") == [1]:
            server.advance(minutes=1)
            wait_for(lambda: len(attempts(api, case_id, "answer.started")) > 1)
        with suppress(ProcessLookupError):
            os.kill(first, signal.SIGCONT)
        told = at_once(server, 8, lambda own, _: poll(own, query_id))
        assert {one["status"] for one in told} == {"completed"}
        assert len({one["response"] for one in told}) == 1
        # Nobody is left who could record another.
        assert wait_for(lambda: nobody_on(evidence_id), PATIENCE)
        last = max(attempts(api, case_id, "answer.started"))
        assert last > 1
        assert attempts(api, case_id, "answer.completed") == [last]


def attempts(api: httpx.Client, case_id: str, kind: str) -> list[int]:
    events = api.get(f"/api/v1/cases/{case_id}/events").json()["events"]
    return [event["attempt"] for event in events if event["type"] == kind]


def worker_on(evidence_id: str) -> int:
    """The worker of a server in this process that has this evidence before it."""
    while True:
        for worker in descendants(os.getpid()):
            if evidence_id in files_mapped(worker):
                return worker


def nobody_on(evidence_id: str) -> bool:
    return not any(evidence_id in files_mapped(worker) for worker in descendants(os.getpid()))


def wait_for(condition: Callable[[], bool], seconds: float = 2.0) -> bool:
    deadline = time.monotonic() + seconds
    while not (holds := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds
