from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultmaven.evidence.headers import attachment, filename_of, parameters
from faultmaven.evidence.model import NAME_LIMIT, display_name, file_name, media_type

any_text = st.text(st.characters(), max_size=300)


@given(any_text)
def test_a_name_comes_back_from_an_attachment(given_name: str) -> None:
    name = file_name(given_name)
    header = attachment(name)
    header.encode("ascii")
    assert not set(header) & set('\r\n"\\')
    assert filename_of(header) == name


@given(any_text)
def test_names_show_what_they_are(given_name: str) -> None:
    name = file_name(given_name)
    assert 1 <= len(name) <= NAME_LIMIT
    assert "/" not in name
    assert "\\" not in name
    assert name not in (".", "..")
    assert all(character.isprintable() or not character.isascii() for character in name)
    name.encode()
    assert file_name(name) == name
    assert display_name(name) == name


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("/var/log/syslog", "syslog"),
        ("C:\\logs\\app.log", "app.log"),
        ("../../etc/passwd", "passwd"),
        ("..", "evidence"),
        ("", "evidence"),
        ("\x1b[2Jhidden", "[2Jhidden"),
        ("log\u202egnp.txt", "loggnp.txt"),
        ("a\r\nSet-Cookie: b", "aSet-Cookie: b"),
    ],
)
def test_hostile_names(given_name: str, name: str) -> None:
    assert file_name(given_name) == name


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("attachment", None),
        ("attachment; filename=a.log", "a.log"),
        ('form-data; name="f"; filename=""', ""),
        ('form-data; name="filename=x"; filename="a;b.log"', "a;b.log"),
        (r'form-data; filename="a\"b\\c.log"', 'a"b\\c.log'),
        (r'form-data; filename="C:\logs\a.log"', r"C:\logs\a.log"),
        ("attachment; filename=plain; filename*=UTF-8''%E2%82%AC.log", "€.log"),
        ("attachment; filename=plain; filename*=utf-7''%2B", "plain"),
        ("attachment; FILENAME = spaced ", "spaced"),
    ],
)
def test_file_names_are_read_as_they_are_written_in_the_wild(header: str, name: str | None) -> None:
    assert filename_of(header) == name


@given(any_text)
def test_no_header_is_too_strange_to_read(header: str) -> None:
    parameters(header)
    filename_of(f"x; filename*={header}")
    filename_of(f"x; filename*=utf-8''{quote(header, errors='replace')}")


@pytest.mark.parametrize(
    ("sent", "known"),
    [
        ("text/plain; charset=latin-1", "text/plain"),
        ("Application/JSON", "application/json"),
        ("", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
        ("text/html\r\nX: y", "application/octet-stream"),
    ],
)
def test_media_types_are_names_only(sent: str, known: str) -> None:
    assert media_type(sent) == known
