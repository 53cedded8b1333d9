"""Safe edits of cases: who names what was read is told when somebody else has changed it meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tests.integration.conftest import add_evidence, ask, make_case, open_session
from tests.integration.problems import SESSIONS, code_of, refused_field
from tests.servers import Server

CASES = "/api/v1/cases"
RESOLUTION = {"cause": "Logs were never rotated", "fix": "Rotate them"}


def tag_of(answer: httpx.Response) -> str:
    assert answer.is_success, answer.text
    tag: str = answer.headers["etag"]
    return tag


def test_every_answer_that_is_a_case_has_its_tag(api: httpx.Client) -> None:
    opened = api.post(CASES, json={"title": "A case"})
    path = f"{CASES}/{opened.json()['case_id']}"
    tags = [
        tag_of(opened),
        tag_of(api.get(path)),
        tag_of(api.patch(path, json={})),
        tag_of(api.post(f"{path}/restore")),
    ]
    api.delete(path)
    tags.append(tag_of(api.post(f"{path}/restore")))
    assert len(set(tags)) == 1


def test_the_tag_covers_title_status_and_resolution_and_nothing_else(api: httpx.Client) -> None:
    case_id = make_case(api, "Before")
    path = f"{CASES}/{case_id}"
    tags = [tag_of(api.get(path))]
    add_evidence(api, case_id, b"2026-03-01T10:00:00Z ERROR disk full\n")
    ask(api, open_session(api)["session_id"], "What is wrong?", case_id=case_id)
    assert tag_of(api.get(path)) == tags[0]
    changes = ({"title": "After"}, {"status": "resolved"}, {"resolution": RESOLUTION}, {"resolution": {"cause": "x"}})
    for change in changes:
        tags.append(tag_of(api.patch(path, json=change)))
        assert tag_of(api.get(path)) == tags[-1]
    assert len(set(tags)) == 5
    back = {"title": "Before", "status": "open", "resolution": None}
    assert tag_of(api.patch(path, json=back)) == tags[0]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_stale_change_is_refused_and_changes_nothing(api: httpx.Client, method: str) -> None:
    path = f"{CASES}/{make_case(api, 'Before')}"
    seen = tag_of(api.get(path))
    assert tag_of(api.patch(path, json={"title": "First"}, headers={"If-Match": seen})) != seen
    body = {"title": "Second"} if method == "PATCH" else None
    refused = api.request(method, path, json=body, headers={"If-Match": seen})
    assert code_of(refused, 412) == "precondition_failed"
    assert refused.json()["recovery"] == "retry"
    assert api.get(path).json()["title"] == "First"
    newest = tag_of(api.get(path))
    assert api.request(method, path, json=body, headers={"If-Match": newest}).status_code == 200


@pytest.mark.parametrize("what", ["session", "case"])
def test_tags_come_as_the_standard_has_them(api: httpx.Client, what: str) -> None:
    path = f"{SESSIONS}/{open_session(api)['session_id']}" if what == "session" else f"{CASES}/{make_case(api)}"
    tag = tag_of(api.get(path))
    for named in (tag, "*", f'"a", {tag}', f'{tag},"b"', f'"a,b" , {tag}', f'W/"a", {tag}'):
        assert api.patch(path, json={}, headers={"If-Match": named}).status_code == 200, named
    for named in (f"W/{tag}", '"a"', '""', '"a", "b"', f'"a {tag[1:]}'.replace(" ", "")):
        assert code_of(api.patch(path, json={}, headers={"If-Match": named}), 412) == "precondition_failed"
    for wrong in (tag.strip('"'), f"{tag}, *", '"a', "", f"{tag} {tag}", "w/" + tag, '"' + "a" * 1000 + '"'):
        assert refused_field(api.patch(path, json={}, headers={"If-Match": wrong})) == "if-match", wrong


def test_a_case_that_is_not_there_is_told_before_what_was_read_of_it(api: httpx.Client) -> None:
    case_id = make_case(api)
    api.delete(f"{CASES}/{case_id}")
    for path, code in ((f"{CASES}/{case_id}", "case_deleted"), (f"{CASES}/case_unknown", "case_not_found")):
        for answer in (
            api.patch(path, json={}, headers={"If-Match": '"a"'}),
            api.delete(path, headers={"If-Match": "*"}),
        ):
            assert answer.json()["code"] == code


def noted(server: Server, path: str, number: int) -> None:
    """One more line under what was read, again and again until nobody else was quicker."""
    with server.client() as api:
        while True:
            read = api.get(path)
            cause = read.json().get("resolution", {}).get("cause", "")
            edited = {"resolution": {"cause": f"{cause}{number}\n"}}
            answer = api.patch(path, json=edited, headers={"If-Match": read.headers["etag"]})
            if answer.status_code != 412:
                assert answer.status_code == 200, answer.text
                return


def test_of_200_edits_at_once_none_is_lost(server: Server, api: httpx.Client) -> None:
    path = f"{CASES}/{make_case(api)}"
    with ThreadPoolExecutor(20) as threads:
        list(threads.map(lambda number: noted(server, path, number), range(200)))
    lines = api.get(path).json()["resolution"]["cause"].split()
    assert sorted(map(int, lines)) == list(range(200))


def test_edits_of_different_fields_at_once_all_stay(api: httpx.Client) -> None:
    changes = ({"title": "After"}, {"status": "mitigated"}, {"resolution": RESOLUTION})
    with ThreadPoolExecutor(3) as threads:
        for _ in range(20):
            path = f"{CASES}/{make_case(api, 'Before')}"
            for answer in threads.map(lambda change: api.patch(path, json=change), changes):  # noqa: B023
                assert answer.status_code == 200
            case = api.get(path).json()
            assert {name: case[name] for change in changes for name in change} == {
                name: value for change in changes for name, value in change.items()
            }
