"""PostgreSQL goes away under a running server, or a part of it: who was served then is told so, and all the others
never notice. Nothing is broken until a restart, and nothing that was acknowledged is gone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Literal

import httpx
import psycopg
import pytest
from tests.databases import Postgres
from tests.integration.conftest import Start, StartTimed, ask, make_case, open_session
from tests.integration.problems import SESSIONS, code_of
from tests.servers import PATIENCE, running

from faultmaven.postgres_connection import Link

pytestmark = pytest.mark.only_on("postgresql", "the other is no server that could go away")

PASSWORD = "secret-of-the-database"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """Not the one that all the other tests use: it is stopped here."""
    one = Postgres()
    yield one
    one.remove()


@pytest.fixture
def url(postgres: Postgres, tmp_path: Path) -> str:
    return postgres.url_for(tmp_path).replace("postgres@", f"postgres:{PASSWORD}@")


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_while_it_is_down_that_is_said_and_afterwards_all_is_as_before(
    start: Start, postgres: Postgres, url: str, how: Literal["fast", "immediate"]
) -> None:
    with start(database_url=url) as server, server.client() as api:
        session_id, case_id = open_session(api)["session_id"], make_case(api, "Before")
        postgres.stop(how)
        try:
            for answer in (
                api.get(f"{SESSIONS}/{session_id}"),
                api.post(SESSIONS, json={"client_id": "new"}),
                api.get("/api/v1/cases", params={"q": "Before"}),
                api.post("/api/v1/query", json={"session_id": session_id, "query": "Why?"}),
            ):
                assert code_of(answer, 503) == "unavailable"
                assert "PostgreSQL at" in answer.json()["detail"]
                assert "Check that it is running" in answer.json()["detail"]
                assert answer.json()["recovery"] == "retry"
                assert PASSWORD not in answer.text
            ready = api.get("/readyz")
            assert ready.status_code == 503
            assert "PostgreSQL at" in ready.json()["checks"]["database"]
            assert api.get("/livez").status_code == 200
        finally:
            postgres.start()
        # Both at the first try: neither reader nor writer is broken.
        assert api.get(f"/api/v1/cases/{case_id}").json()["title"] == "Before"
        assert api.patch(f"/api/v1/cases/{case_id}", json={"title": "After"}).status_code == 200
        assert api.get("/readyz").status_code == 200
        assert ask(api, session_id, "what does ENOSPC mean?", case_id=case_id)["status"] == "completed"
        assert "database.unreachable" in server.logged()
        assert PASSWORD not in server.logged()


def test_what_was_acknowledged_before_a_crash_is_there_after_it(start: Start, postgres: Postgres, url: str) -> None:
    with start(database_url=url) as server, server.client() as api:
        stopping = Event()

        def open_cases(_: int) -> list[str]:
            opened = []
            with server.client() as own:
                while not stopping.is_set():
                    answer = own.post("/api/v1/cases", json={})
                    if answer.status_code == 201:
                        opened.append(answer.json()["case_id"])
                    else:
                        assert code_of(answer, 503) == "unavailable"
            return opened

        with ThreadPoolExecutor(4) as pool:
            opening = [pool.submit(open_cases, number) for number in range(4)]
            try:
                for _ in range(3):
                    before = len(listed(api))
                    wait_for(lambda before=before: len(listed(api)) > before + 5)
                    postgres.stop("immediate")
                    postgres.start()
            finally:
                stopping.set()
            acknowledged = [case_id for one in opening for case_id in one.result()]
        assert len(acknowledged) > 15
        assert set(acknowledged) <= listed(api)


def test_a_connection_that_was_ended_while_nothing_used_it_is_not_missed(
    start: Start, postgres: Postgres, url: str, tmp_path: Path
) -> None:
    with start(database_url=url) as server, server.client() as api:
        case_id = make_case(api)
        for _ in range(3):
            assert end(postgres, tmp_path) >= 1
            assert api.patch(f"/api/v1/cases/{case_id}", json={"title": "Written"}).status_code == 200
            assert end(postgres, tmp_path) >= 1
            assert api.get(f"/api/v1/cases/{case_id}").status_code == 200
        assert "request.failed" not in server.logged()


def test_a_connection_that_is_ended_under_a_call_fails_no_other(
    start: Start, postgres: Postgres, url: str, tmp_path: Path
) -> None:
    with start(database_url=url) as server, server.client() as api, ThreadPoolExecutor(1) as pool:
        case_id = make_case(api, "Before")
        with locked(url, "SHARE"):
            writing = pool.submit(api.patch, f"/api/v1/cases/{case_id}", json={"title": "During"})
            wait_for(lambda: end(postgres, tmp_path, "AND wait_event_type = 'Lock' AND query LIKE 'UPDATE%'"))
            answer = writing.result()
        assert code_of(answer, 503) == "unavailable"
        assert "nothing was stored" in answer.json()["detail"]
        assert api.get(f"/api/v1/cases/{case_id}").json()["title"] == "Before"
        assert api.patch(f"/api/v1/cases/{case_id}", json={"title": "After"}).status_code == 200


def test_a_read_whose_connection_is_ended_is_simply_done_again(
    start: Start, postgres: Postgres, url: str, tmp_path: Path
) -> None:
    with start(database_url=url) as server, server.client() as api, ThreadPoolExecutor(1) as pool:
        case_id = make_case(api, "Readable")
        api.get(f"/api/v1/cases/{case_id}")
        with locked(url, "ACCESS EXCLUSIVE"):
            reading = pool.submit(api.get, f"/api/v1/cases/{case_id}")
            wait_for(lambda: end(postgres, tmp_path, "AND wait_event_type = 'Lock' AND query LIKE 'SELECT cases.id%'"))
        assert reading.result().json()["title"] == "Readable"


def test_what_may_have_been_stored_is_not_stored_again(
    start: Start, postgres: Postgres, url: str, tmp_path: Path
) -> None:
    """The connection is lost in the very commit: nobody can know, and nobody pretends to."""
    with start(database_url=url) as server, server.client() as api, ThreadPoolExecutor(1) as pool:
        postgres.execute(
            "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN PERFORM pg_sleep(10); RETURN NULL; END $$",
            data_dir=tmp_path,
        )
        postgres.execute(
            "CREATE CONSTRAINT TRIGGER lingering AFTER INSERT ON cases DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW WHEN (NEW.title = 'Lingering') EXECUTE FUNCTION linger()",
            data_dir=tmp_path,
        )
        opening = pool.submit(api.post, "/api/v1/cases", json={"title": "Lingering"})
        wait_for(lambda: end(postgres, tmp_path, "AND state = 'active' AND query = 'COMMIT'"))
        answer = opening.result()
        assert code_of(answer, 503) == "unavailable"
        assert "not known" in answer.json()["detail"]
        assert make_case(api, "Next") in listed(api)
        assert postgres.execute("SELECT 1 FROM cases WHERE title = 'Lingering'", data_dir=tmp_path) == []


def test_a_server_that_no_longer_answers_is_not_waited_for_for_ever(
    start_timed: StartTimed, postgres: Postgres, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connections are open, and nothing comes: only who waits can put an end to it."""
    with start_timed(database_url=url) as server, server.client() as api:
        case_id = make_case(api, "Before")
        monkeypatch.setattr(Link, "patience", 1.0)
        with postgres.frozen():
            assert code_of(api.get(f"/api/v1/cases/{case_id}"), 503) == "unavailable"
            assert code_of(api.patch(f"/api/v1/cases/{case_id}", json={"title": "During"}), 503) == "unavailable"
            assert api.get("/readyz").status_code == 503
            assert api.get("/livez").status_code == 200
        monkeypatch.undo()
        assert api.patch(f"/api/v1/cases/{case_id}", json={"title": "After"}).status_code == 200
        assert api.get(f"/api/v1/cases/{case_id}").json()["title"] == "After"


def test_who_lost_the_database_to_another_server_writes_nothing_there(
    start: Start, postgres: Postgres, url: str, tmp_path: Path
) -> None:
    with start(database_url=url) as server, server.client() as api:
        case_id = make_case(api, "First's")
        started, stop = Event(), Event()

        def second() -> None:
            with running(tmp_path / "second", database_url=url) as other, other.client() as second_api:
                second_api.headers["Authorization"] = f"Bearer {other.token}"
                assert second_api.patch(f"/api/v1/cases/{case_id}", json={"title": "Second's"}).status_code == 200
                started.set()
                stop.wait(PATIENCE)

        waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        taking_over = Thread(target=second)
        taking_over.start()
        try:
            wait_for(lambda: postgres.execute(waiting, data_dir=tmp_path))
            end(postgres, tmp_path, "AND wait_event IS DISTINCT FROM 'advisory'")
            assert started.wait(PATIENCE)
            answer = api.patch(f"/api/v1/cases/{case_id}", json={"title": "First's again"})
            assert code_of(answer, 503) == "unavailable"
            assert "Another server has taken over" in answer.json()["detail"]
            assert "Another server has taken over" in api.get("/readyz").json()["checks"]["database"]
            assert api.get(f"/api/v1/cases/{case_id}").json()["title"] == "Second's"
        finally:
            stop.set()
            taking_over.join()
        assert api.patch(f"/api/v1/cases/{case_id}", json={"title": "First's again"}).status_code == 200


def listed(api: httpx.Client) -> set[str]:
    found: set[str] = set()
    cursor: dict[str, str] = {}
    while True:
        answer = api.get("/api/v1/cases", params={"limit": "200"} | cursor)
        if answer.status_code == 503:
            continue
        page = answer.json()
        found.update(case["case_id"] for case in page["cases"])
        if "next_cursor" not in page:
            return found
        cursor = {"cursor": page["next_cursor"]}


def end(postgres: Postgres, data_dir: Path, more: str = "") -> int:
    """How many connections of the database were ended: all, or those that `more` describes."""
    ended = postgres.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        f" WHERE datname = current_database() AND pid <> pg_backend_pid() {more}",
        data_dir=data_dir,
    )
    return len(ended)


@contextmanager
def locked(url: str, how: str) -> Iterator[None]:
    with psycopg.connect(url) as connection:
        connection.execute(f"LOCK TABLE cases IN {how} MODE")
        yield
        connection.rollback()


def wait_for(happened: object) -> None:
    assert callable(happened)
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)
