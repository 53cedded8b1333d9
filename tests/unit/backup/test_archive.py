"""The form of a backup: any tar reads it, and no byte of it can be anything else than what was written."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faultmaven.backup import archive, seal
from faultmaven.backup.archive import DATABASE, FORMAT, Manifest, Member, Newer
from faultmaven.backup.seal import PIECE, Altered, Sealing

AT = 1_760_000_000
ONE = "evidence/evidence_" + "1" * 32
TWO = "evidence/evidence_" + "2" * 32
CONTENTS = {DATABASE: b"SQLite format 3\0" + b"x" * 5000, ONE: b"2026-01-02 ERROR\n" * 99, TWO: b""}


def manifest_of(contents: dict[str, bytes], **other: Any) -> Manifest:
    listed = [Member(name=name, size=len(body), sha256=sha256(body)) for name, body in contents.items()]
    told = {"product": "faultmaven", "version": "1.2.3", "format": FORMAT, "schema_version": "0001"}
    return Manifest(**told | {"created_at": "2026-01-02T03:04:05Z", "members": listed} | other)


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def written(contents: dict[str, bytes], folder: Path) -> bytes:
    for name, body in contents.items():
        (folder / Path(name).name).write_bytes(body)
    sink = io.BytesIO()
    archive.write(sink, manifest_of(contents), AT, lambda member: folder / Path(member.name).name, lambda _: None)
    return sink.getvalue()


def read(backup: bytes) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}

    @contextmanager
    def receive(member: Member) -> Iterator[Callable[[bytes], object]]:
        body = bytearray()
        yield body.extend
        contents[member.name] = bytes(body)

    archive.read(io.BytesIO(backup), lambda _: lambda _: None, receive)
    return contents


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return written(CONTENTS, tmp_path_factory.mktemp("written"))


sizes = st.one_of(st.integers(0, 3000), st.sampled_from([511, 512, 513, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE]))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(st.tuples(sizes, st.booleans()), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_what_was_written_is_read_whatever_its_size_and_whether_or_not_it_gets_smaller(
    tmp_path: Path, members: list[tuple[int, bool]], random: Any
) -> None:
    names = [DATABASE, *(f"evidence/evidence_{number:032x}" for number in range(len(members) - 1))]
    contents = {
        name: random.randbytes(size) if noise else b"2026-01-02 ERROR\n" * (size // 17)
        for name, (size, noise) in zip(names, members, strict=True)
    }
    assert read(written(contents, tmp_path)) == contents


def test_the_system_s_own_tar_unpacks_it(backup: bytes, tmp_path: Path) -> None:
    (tmp_path / "backup.tar.gz").write_bytes(backup)
    subprocess.run(["tar", "xzf", "backup.tar.gz"], cwd=tmp_path, check=True)
    assert {name: (tmp_path / name).read_bytes() for name in CONTENTS} == CONTENTS
    listed = json.loads((tmp_path / "manifest.json").read_text())["members"]
    assert {one["name"]: one["sha256"] for one in listed} == {name: sha256(body) for name, body in CONTENTS.items()}


@pytest.mark.parametrize("size", [0, 8**11 - 1, 8**11, 1 << 62])
def test_a_header_says_what_it_should_whatever_the_size(size: int) -> None:
    header = tarfile.TarInfo.frombuf(archive._header(ONE, size, AT), "utf-8", "strict")
    assert (header.name, header.size, header.mtime, header.mode) == (ONE, size, AT, 0o600)
    assert header.isreg()
    assert (header.uid, header.gid) == (0, 0)


def test_logs_get_smaller_and_noise_is_not_blown_up(tmp_path: Path) -> None:
    log = {DATABASE: b"2026-01-02T03:04:05Z INFO request served\n" * 100_000}
    assert len(written(log, tmp_path)) < len(log[DATABASE]) / 20
    noise = {DATABASE: hashlib.shake_256(b"").digest(3 * PIECE)}
    assert len(written(noise, tmp_path)) < len(noise[DATABASE]) * 1.001 + 4096


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
@given(st.data())
def test_no_byte_can_be_another(backup: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(backup) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda value: value != backup[place]))
    with pytest.raises((Altered, Newer)):
        read(backup[:place] + bytes([value]) + backup[place + 1 :])


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_byte_can_be_missing_or_more(backup: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(backup) - 1))
    more = data.draw(st.binary(min_size=1, max_size=2000))
    for altered in (backup[:place], backup[:place] + backup[place + 1 :], backup + more, backup[:place] + more):
        if altered != backup:
            with pytest.raises((Altered, Newer)):
                read(altered)


@pytest.mark.parametrize(
    "other", [b"", b"\0" * 5000, b"not a backup", gzip.compress(b"x" * 9999, mtime=0), b"\x1f\x8b" * 500]
)
def test_what_is_no_backup_is_refused(other: bytes) -> None:
    with pytest.raises(Altered):
        read(other)


def sealed(*parts: bytes) -> bytes:
    """As somebody would do it who knows the format and means harm."""
    sink = io.BytesIO()
    sealing = Sealing(sink)
    for part in parts:
        sealing.write(part)
    sealing.close()
    return sink.getvalue()


def member(name: str, body: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = "", pax: bool = False) -> bytes:
    """A member of a tar, by somebody else's hand."""
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname, info.mode, info.mtime = len(body), kind, link, 0o600, AT
    return info.tobuf(tarfile.PAX_FORMAT if pax else tarfile.GNU_FORMAT) + body + bytes(-len(body) % 512)


def ours(name: str, body: bytes) -> bytes:
    return archive._header(name, len(body), AT) + body + bytes(-len(body) % 512)


def heading(**other: Any) -> bytes:
    told = manifest_of(CONTENTS).model_dump() | other
    return ours("manifest.json", json.dumps(told).encode())


END = bytes(1024)
WHOLE = [ours(name, body) for name, body in CONTENTS.items()]


def test_the_hand_made_backup_is_good_as_long_as_nothing_is_wrong_with_it() -> None:
    assert read(sealed(heading(), *WHOLE, END)) == CONTENTS


def listed(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "size": 0, "sha256": sha256(b"")} for name in names]


@pytest.mark.parametrize(
    "name",
    [
        "../evidence_" + "1" * 32,
        "/etc/passwd",
        "evidence/../../evidence_" + "1" * 32,
        "evidence/evidence_" + "1" * 32 + "/../../x",
        "evidence/evidence_" + "1" * 32 + "\n",
        "evidence/evidence_" + "1" * 32 + ".index",
        "evidence/",
        "access-token",
        "faultmaven.db-wal",
        "",
        "x" * 300,
    ],
)
def test_a_manifest_cannot_name_anything_else_than_a_database_and_evidence(name: str) -> None:
    with pytest.raises(Altered, match="manifest"):
        read(sealed(heading(members=listed(DATABASE, name)), ours(DATABASE, b""), ours(name[:99], b""), END))


@pytest.mark.parametrize(
    "members",
    [
        [],
        listed(ONE),
        listed(ONE, DATABASE),
        listed(DATABASE, DATABASE),
        listed(DATABASE, ONE, ONE),
        [{"name": DATABASE, "size": -1, "sha256": sha256(b"")}],
        [{"name": DATABASE, "size": 0, "sha256": "x"}],
        [{"name": DATABASE}],
        None,
    ],
)
def test_a_manifest_names_one_database_first_and_everything_once(members: Any) -> None:
    with pytest.raises(Altered, match="manifest"):
        read(sealed(heading(members=members), END))


STRANGE = {
    "a link out of the folder": member(ONE, kind=tarfile.SYMTYPE, link="/etc/passwd"),
    "a hard link": member(ONE, kind=tarfile.LNKTYPE, link=DATABASE),
    "a device": member(ONE, kind=tarfile.CHRTYPE),
    "a pipe": member(ONE, kind=tarfile.FIFOTYPE),
    "a folder": member(ONE, kind=tarfile.DIRTYPE),
    "a name that climbs": member("../../etc/passwd", CONTENTS[ONE]),
    "an absolute name": member("/etc/passwd", CONTENTS[ONE]),
    "a name in a header of its own": member("x" * 200, CONTENTS[ONE], pax=True),
    "the database once more": ours(DATABASE, CONTENTS[DATABASE]),
    "other content": ours(ONE, CONTENTS[ONE][:-1] + b"!"),
    "shorter content": ours(ONE, CONTENTS[ONE][:-1]),
    "something in the padding": ours(ONE, CONTENTS[ONE])[:-1] + b"!",
    "nothing": b"",
}


@pytest.mark.parametrize("strange", STRANGE.values(), ids=STRANGE.keys())
def test_what_is_not_as_listed_is_refused_wherever_it_would_lead(strange: bytes) -> None:
    with pytest.raises(Altered):
        read(sealed(heading(), WHOLE[0], strange, WHOLE[2], END))


def test_what_is_not_listed_is_refused() -> None:
    for more in (ours("evidence/evidence_" + "3" * 32, b"x"), b"x" * 512, b"x"):
        with pytest.raises(Altered):
            read(sealed(heading(), *WHOLE, more, END))
        with pytest.raises(Altered):
            read(sealed(heading(), *WHOLE, END, more))


def test_a_size_that_is_no_number_is_refused() -> None:
    for size in (b"-0000000001", b"0_0_0_0_0_1", b"00000000099", b" 0000000012"):
        header = bytearray(archive._header("manifest.json", 10, AT))
        header[124:135] = size
        with pytest.raises(Altered):
            read(sealed(bytes(header) + b"x" * 512, END))


def test_a_newer_format_is_told_from_damage_by_the_version_that_made_it() -> None:
    with pytest.raises(Newer, match=r"9\.0"):
        read(sealed(heading(format=FORMAT + 1, version="9.0", members="whatever it has become"), END))


def test_a_manifest_of_any_size_is_not_read_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MANIFEST_LIMIT", 1000)
    with pytest.raises(Altered, match="no backup"):
        read(sealed(ours("manifest.json", b" " * 1001), END))


def test_the_seal_is_a_gzip_member_of_its_own(backup: bytes) -> None:
    before, last = backup[: -seal._SEAL_SIZE], backup[-seal._SEAL_SIZE :]
    assert gzip.decompress(last) == f"sha256 {hashlib.sha256(before).hexdigest()}\n".encode()
