from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultmaven.decoding.decode import Decoding
from faultmaven.errors import InvalidRequest, Malformed, Problem, TooLarge
from faultmaven.evidence.store import Store
from faultmaven.evidence.upload import FILES_LIMIT, Form, Upload, boundary_of

BOUNDARY = "xBOUNDARYx"
# All that looks like a boundary and is none.
almost = st.sampled_from([b"\r\n", b"\r\n--", b"--xBOUND", b"\r\n--xBOUNDARYy", b"\r", b"-", b"--", b"\r\n\r\n", b"x"])
bodies = st.one_of(st.lists(almost, max_size=12).map(b"".join), st.binary(max_size=50)).filter(
    lambda content: b"\r\n--xBOUNDARYx" not in b"\r\n" + content
)


def part(content: bytes, headers: str) -> bytes:
    return f"--{BOUNDARY}\r\n{headers}\r\n\r\n".encode() + content + b"\r\n"


def file_part(content: bytes, filename: str = "a.log") -> bytes:
    return part(
        content, f'Content-Disposition: form-data; name="file"; filename="{filename}"\r\nContent-Type: text/x-log'
    )


def field(name: str, content: bytes) -> bytes:
    return part(content, f'Content-Disposition: form-data; name="{name}"')


END = f"--{BOUNDARY}--\r\n".encode()


@contextmanager
def folder() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as root:
        store = Store(Path(root))
        store.prepare()
        yield store


def fill(form: Form, body: bytes, split: int) -> Upload:
    for at in range(0, len(body), split):
        form.write(body[at : at + split])
    return form.finish()


def text_of(content: bytes) -> bytes:
    """As it is kept: where only carriage returns end its lines, they become line feeds."""
    decoding = Decoding()
    return b"".join([*decoding.feed(content), *decoding.finish()])


def read(store: Store, body: bytes, split: int = 1 << 16, limit: int = 1000) -> list[tuple[str, bytes]]:
    """What a form brought, by name; a form that is refused leaves nothing behind."""
    form = Form(store, BOUNDARY, limit)
    try:
        upload = fill(form, body, split)
    except Problem:
        form.drop()
        assert store.orphans() == []
        raise
    return [(one.name, store.path(one.stored.evidence_id).read_bytes()) for one in upload.files]


@given(st.lists(bodies, min_size=1, max_size=4), st.integers(1, 40))
def test_files_arrive_whole_however_they_are_split(contents: list[bytes], split: int) -> None:
    with folder() as store:
        body = b"".join(file_part(content, f"{n}.log") for n, content in enumerate(contents)) + END
        assert read(store, body, split) == [(f"{n}.log", text_of(content)) for n, content in enumerate(contents)]


@given(st.lists(bodies, min_size=1, max_size=2), st.data())
def test_a_form_that_is_cut_off_is_refused(contents: list[bytes], data: st.DataObject) -> None:
    body = b"".join(map(file_part, contents)) + END.rstrip()
    cut = data.draw(st.integers(0, len(body) - 1))
    with folder() as store, pytest.raises(Malformed):
        read(store, body[:cut], data.draw(st.integers(1, 40)))


@given(st.binary(max_size=200), st.integers(1, 40))
def test_anything_else_is_refused_in_words(body: bytes, split: int) -> None:
    with folder() as store, pytest.raises((Malformed, InvalidRequest)):
        read(store, body, split)


def test_fields_before_and_after_the_file() -> None:
    with folder() as store:
        form = Form(store, BOUNDARY, 1000)
        body = field("other", b"x" * 5000) + file_part(b"log") + field("answers_check", b"check-1") + END
        upload = fill(form, body, 7)
    assert upload.answers_check == "check-1"
    assert [(one.name, one.media_type, one.stored.size) for one in upload.files] == [("a.log", "text/x-log", 3)]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (END, InvalidRequest),
        (field("file", b"no filename") + END, InvalidRequest),
        (file_part(b"", "") + END, InvalidRequest),
        (file_part(b"x") + field("answers_check", b"y" * 5000) + END, InvalidRequest),
        (file_part(b"x") * (FILES_LIMIT + 1) + END, InvalidRequest),
        (file_part(b"x" * 1001) + END, TooLarge),
        (part(b"x", "X-Long: " + "y" * 10_000) + END, Malformed),
    ],
)
def test_what_is_refused_leaves_nothing(body: bytes, problem: type[Problem]) -> None:
    with folder() as store, pytest.raises(problem):
        read(store, body)


def test_a_field_left_empty_beside_a_file_is_no_evidence() -> None:
    with folder() as store:
        assert read(store, file_part(b"", "") + file_part(b"", "empty.log") + END) == [("empty.log", b"")]


def test_names_in_forms() -> None:
    with folder() as store:
        body = file_part(b"x", "C:\\logs\\é.log") + file_part(b"x", "..") + END
        assert [name for name, _ in read(store, body)] == ["é.log", "evidence"]


@pytest.mark.parametrize(
    "header", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; x=y"]
)
def test_a_form_must_name_its_boundary(header: str) -> None:
    with pytest.raises(Malformed):
        boundary_of(header)


def test_a_boundary_may_be_quoted_and_must_not_be_endless() -> None:
    assert boundary_of('multipart/form-data; charset=utf-8; boundary="a b"') == "a b"
    with folder() as store, pytest.raises(Malformed):
        Form(store, "x" * 300, 10)
