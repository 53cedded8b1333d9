"""Messages that differ only in their variable parts are told as one, and errors are never crowded out."""

from __future__ import annotations

import random
import uuid

import pytest

from faultmaven.diagnosis.digest import Digest, Template
from faultmaven.diagnosis.masking import mask
from faultmaven.diagnosis.read import read
from faultmaven.diagnosis.templates import MOST_TEMPLATES


def digest_of(*lines: str) -> Digest:
    return read("".join(f"{line}\n" for line in lines).encode())


def template_with(digest: Digest, words: str) -> Template:
    (template,) = [template for template in digest.templates if words in template.text]
    return template


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("took 35ms for user=77", "took <*> for user=<*>"),
        ("peer 10.1.2.3:5432 gone", "peer <*> gone"),
        ("trace 6f1c2d3e-0a1b-4c5d-8e9f-001122334455 done", "trace <*> done"),
        ("GET /users/35/orders", "GET /users/<*>/orders"),
        ("commit deadbeefcafe pushed", "commit <*> pushed"),
        ("HTTP-404 and E1234 are names", "HTTP-404 and E1234 are names"),
        ("nothing varies here", "nothing varies here"),
    ],
)
def test_variable_words_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_the_same_message_is_one_template() -> None:
    digest = digest_of(*(f"2031-01-02 15:04:{n % 60:02} INFO user {n} took {n * 7}ms" for n in range(1, 200)))
    (template,) = digest.templates
    assert (template.count, template.lines[0], template.lines[-1]) == (199, 1, 199)
    assert template.text == "user <*> took <*>"
    assert template.first_at is not None
    assert template.first_at.second == 1


def test_names_in_one_place_become_variable() -> None:
    names = ["alice", "bob", "carol", "dave"]
    digest = digest_of(*(f"2031-01-02 15:04:05 INFO session of user {name} was opened again" for name in names))
    template = template_with(digest, "session of user")
    assert (template.text, template.count, template.lines) == ("session of user <*> was opened again", 4, (1, 2, 3, 4))


def test_levels_and_statuses_stay_apart() -> None:
    request = '10.0.0.7 - - [02/Jan/2031:15:04:05 +0000] "GET /cart?id={} HTTP/1.1" {} 5 "-" "agent {}"'
    digest = digest_of(*(request.format(n, status, n) for n in range(50) for status in (200, 404, 502, 503)))
    assert sorted((template.status, template.level, template.count) for template in digest.templates) == [
        (200, "info", 50),
        (404, "warning", 50),
        (502, "error", 50),
        (503, "error", 50),
    ]


def test_a_count_of_nothing_is_told_from_a_count() -> None:
    digest = digest_of("run 1: 0 errors found", "run 2: 3 errors found", "run 3: 0 errors found")
    assert sorted((template.level, template.count) for template in digest.templates) == [("error", 1), ("unknown", 2)]


def test_numeric_levels_are_told_apart() -> None:
    digest = digest_of(*(f'{{"level":{level},"time":1925132645123,"msg":"step"}}' for level in (30, 50, 30, 50, 30)))
    assert sorted((template.level, template.count) for template in digest.templates) == [("error", 2), ("info", 3)]


def test_a_uuid_in_every_line_is_no_reason_for_more_templates() -> None:
    rng = random.Random(7)
    ids = (uuid.UUID(int=rng.getrandbits(128)) for _ in range(3000))
    digest = digest_of(*(f"2031-01-02 15:04:05 INFO request {name} accepted" for name in ids))
    assert [(template.count, template.level) for template in digest.templates] == [(3000, "info")]


def test_errors_survive_any_flood_of_other_lines() -> None:
    rng = random.Random(7)

    def words() -> str:
        return " ".join("".join(rng.choices("bcdfghklmnprst", k=6)) for _ in range(rng.randint(3, 9)))

    flood = [f"2031-01-02 15:04:05 INFO {words()}" for _ in range(30_000)]
    flood[29_000] = "2031-01-02 15:04:05 ERROR the needle was lost"
    flood[17:20] = ["2031-01-02 15:04:05 INFO heartbeat"] * 3
    digest = digest_of(*flood)
    assert len(digest.templates) <= MOST_TEMPLATES
    assert template_with(digest, "needle").lines == (29_001,)
    assert template_with(digest, "heartbeat").count == 3


def test_what_is_indented_belongs_to_the_record_before() -> None:
    digest = digest_of(
        "2031-01-02 15:04:05 INFO settings are",
        "    colour = blue",
        "    size = 7",
        "2031-01-02 15:04:06 INFO done",
    )
    assert [template.lines for template in digest.templates] == [(1,), (4,)]
    assert digest.unparsed_lines == 0


def test_in_plain_text_every_line_stands_for_itself() -> None:
    digest = digest_of("Name:  shop", "  State:  Waiting", "  Reason:  CrashLoopBackOff")
    assert [template.level for template in digest.templates] == ["unknown", "unknown", "error"]
