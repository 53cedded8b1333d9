"""Streams over real sockets: replay, then follow; nothing missed, nothing repeated, and an end that says why."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tests.following import Frame, Stream, follow
from tests.integration.conftest import Start, StartTimed, add_evidence, ask, make_case, open_session
from tests.integration.logs import DISK_FULL
from tests.integration.problems import SESSIONS, refused_field
from tests.servers import Process


def case_events(case_id: str) -> str:
    return f"/api/v1/cases/{case_id}/events"


def user_events(session_id: str) -> str:
    return f"{SESSIONS}/{session_id}/events"


def retitle(api: httpx.Client, case_id: str, *titles: str) -> None:
    for title in titles:
        assert api.patch(f"/api/v1/cases/{case_id}", json={"title": title}).status_code == 200


def take(stream: Stream, count: int) -> list[Frame]:
    return [next(stream) for _ in range(count)]


def titles(frames: list[Frame]) -> list[str]:
    return [frame.data["title"] for frame in frames]


def test_a_case_is_replayed_and_then_followed(api: httpx.Client) -> None:
    case_id = make_case(api, "0")
    retitle(api, case_id, "1", "2")
    with follow(api, case_events(case_id)) as stream:
        assert titles(take(stream, 3)) == ["0", "1", "2"]
        retitle(api, case_id, "3")
        frame = next(stream)
    assert (frame.id, frame.event, frame.data["title"]) == (4, "case.updated", "3")
    assert frame.data["type"] == "case.updated"
    assert frame.data["seq"] == 4


def test_a_stream_has_the_same_events_as_the_page(api: httpx.Client) -> None:
    case_id = make_case(api)
    add_evidence(api, case_id, DISK_FULL)
    ask(api, open_session(api)["session_id"], "What is wrong?", case_id=case_id)
    page = api.get(case_events(case_id)).json()["events"]
    with follow(api, case_events(case_id)) as stream:
        assert [frame.data for frame in take(stream, len(page))] == page


@pytest.mark.parametrize("said", ["after", "Last-Event-ID"])
def test_a_reader_goes_on_where_it_stopped(api: httpx.Client, said: str) -> None:
    case_id = make_case(api, "0")
    retitle(api, case_id, "1", "2", "3")
    params = {"after": 2} if said == "after" else None
    headers = {"Last-Event-ID": "2"} if said == "Last-Event-ID" else {}
    with follow(api, case_events(case_id), params=params, headers=headers) as stream:
        assert titles(take(stream, 2)) == ["2", "3"]


def test_after_outranks_the_last_event_id_of_a_reconnecting_browser(api: httpx.Client) -> None:
    case_id = make_case(api, "0")
    retitle(api, case_id, "1", "2")
    with follow(api, case_events(case_id), params={"after": 2}, headers={"Last-Event-ID": "1"}) as stream:
        assert titles(take(stream, 1)) == ["2"]


@pytest.mark.parametrize("number", ["x", "-1", "1e3", "9" * 30, "²"])
def test_what_is_no_number_is_refused(api: httpx.Client, number: str) -> None:
    opened = open_session(api)
    path = user_events(opened["session_id"])
    assert refused_field(api.get(path, params={"after": number})) == "after"
    answer = api.get(path, headers=[(b"Last-Event-ID", number.encode())])
    assert refused_field(answer) == "Last-Event-ID"


def test_a_cut_connection_misses_nothing_and_repeats_nothing(api: httpx.Client) -> None:
    case_id = make_case(api, "0")
    seen: list[Frame] = []
    for number in range(1, 9, 2):
        retitle(api, case_id, str(number))
        with follow(api, case_events(case_id), params={"after": seen[-1].id if seen else 0}) as stream:
            seen += take(stream, 2)
        retitle(api, case_id, str(number + 1))
    assert titles(seen) == [str(number) for number in range(8)]


def test_more_events_than_a_page_are_replayed_whole(api: httpx.Client) -> None:
    case_id = make_case(api, "0")
    retitle(api, case_id, *(str(number) for number in range(1, 450)))
    with follow(api, case_events(case_id)) as stream:
        assert titles(take(stream, 450)) == [str(number) for number in range(450)]


def test_many_readers_see_the_same(server: Process) -> None:
    readers = 12
    with server.client() as api, ThreadPoolExecutor(readers) as threads:
        case_id = make_case(api, "0")

        def read(_: int) -> list[tuple[int | None, str]]:
            with server.client() as own, follow(own, case_events(case_id)) as stream:
                return [(frame.id, frame.data["title"]) for frame in take(stream, 40)]

        reading = [threads.submit(read, number) for number in range(readers)]
        retitle(api, case_id, *(str(number) for number in range(1, 40)))
        seen = [one.result() for one in reading]
    assert seen == [[(number + 1, str(number)) for number in range(40)]] * readers


def test_the_stream_of_a_deleted_case_says_so_and_ends(api: httpx.Client) -> None:
    case_id = make_case(api)
    with follow(api, case_events(case_id)) as stream:
        next(stream)
        api.delete(f"/api/v1/cases/{case_id}")
        frames = list(stream)
    assert [frame.event for frame in frames] == ["case.deleted", "stream.closed"]
    assert frames[-1].data == {"type": "stream.closed", "code": "case_deleted"}


def test_everything_of_a_user_is_in_one_stream_without_gaps(start_timed: StartTimed) -> None:
    with start_timed() as server, server.client() as api:
        this = open_session(api)
        with follow(api, user_events(this["session_id"])) as stream:
            other = open_session(api)["session_id"]
            case_id = make_case(api)
            evidence_id = add_evidence(api, case_id, DISK_FULL)
            answer = ask(api, other, "What is wrong?", case_id=case_id)
            api.delete(f"/api/v1/evidence/{evidence_id}")
            api.delete(f"/api/v1/cases/{case_id}")
            api.delete(f"{SESSIONS}/{other}")
            frames = stream.until("session.ended")
        assert [frame.id for frame in frames] == list(range(1, len(frames) + 1))
        assert [frame.data["cursor"] for frame in frames] == [frame.id for frame in frames]
        told = [frame.event for frame in frames if frame.event not in ("answer.progress", "answer.delta")]
        assert told == [
            "session.opened",
            "session.opened",
            "case.opened",
            "evidence.added",
            "session.updated",
            "question.asked",
            "answer.started",
            "answer.completed",
            "answer.removed",
            "evidence.deleted",
            "case.deleted",
            "session.ended",
        ]
        completed = next(frame for frame in frames if frame.event == "answer.completed")
        assert completed.data["answer"]["headline"] == answer["headline"]


def test_the_cursor_of_a_resumed_session_is_where_its_reader_goes_on(api: httpx.Client) -> None:
    opened = open_session(api)
    case_id = make_case(api, "Before")
    resumed = open_session(api, client_id=opened["client_id"])
    retitle(api, case_id, "After")
    with follow(api, user_events(resumed["session_id"]), params={"after": resumed["cursor"]}) as stream:
        frame = next(stream)
    assert frame.id == resumed["cursor"] + 1
    assert frame.data["title"] == "After"


def test_an_expiring_session_closes_its_stream_by_itself(start_timed: StartTimed) -> None:
    with start_timed() as server, server.client() as api:
        opened = open_session(api, timeout_minutes=1)
        server.advance(minutes=59 / 60)
        with follow(api, user_events(opened["session_id"])) as stream:
            frames = list(stream)
    assert (frames[-1].event, frames[-1].data["code"]) == ("stream.closed", "session_expired")


def test_a_heartbeat_keeps_an_open_stream_open(start_timed: StartTimed) -> None:
    with start_timed() as server, server.client() as api:
        opened = open_session(api, timeout_minutes=1)
        path = f"{SESSIONS}/{opened['session_id']}"
        with follow(api, f"{path}/events", params={"after": opened["cursor"]}) as stream:
            for title in ("1", "2", "3"):
                server.advance(minutes=0.9)
                api.post(f"{path}/heartbeat")
                case_id = make_case(api, title)
                assert next(stream).data["case_id"] == case_id


def test_a_reader_misses_nothing_over_a_restart(start: Start) -> None:
    with start() as server, server.client() as api:
        opened = open_session(api)
        case_id = make_case(api, "0")
        retitle(api, case_id, "1")
        with follow(api, user_events(opened["session_id"])) as stream:
            seen = take(stream, 2)
        retitle(api, case_id, "2")
        server.stop()
    events, after = user_events(opened["session_id"]), {"after": seen[-1].id}
    with start() as server, server.client() as api, follow(api, events, params=after) as stream:
        retitle(api, case_id, "3")
        seen += take(stream, 3)
    assert [frame.id for frame in seen] == [1, 2, 3, 4, 5]
    assert titles(seen[1:]) == ["0", "1", "2", "3"]
