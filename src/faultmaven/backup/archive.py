"""What is in a backup: a manifest, then the database, then every piece of evidence that the database names.

    manifest.json            versions, time, and name, size and SHA-256 of all that follows, in its order
    faultmaven.db
    evidence/evidence_…

It is a tar of plain files. A reader knows from the manifest what the next 512 bytes must be and interprets nothing:
no name leads anywhere, and links, devices, repetitions and what is not listed are simply not what must come next.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from faultmaven.backup.seal import PIECE, Altered, Sealing, Sink, Unsealing

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "faultmaven.db"
EVIDENCE = "evidence/"
# Far more than a million pieces of evidence take; it is held in memory.
MANIFEST_LIMIT = 256 << 20

_BLOCK = 512
# name, mode, owner, group, size, time, checksum, type, link, "ustar", version; the rest is empty.
_USTAR = "100s8s8s8s12s12s8s1s100s6s2s247x"
_DIGITS = re.compile(rb"[0-7]+")
_END = bytes(2 * _BLOCK)
_NAME = re.compile(rf"{re.escape(DATABASE)}|{EVIDENCE}evidence_[0-9a-f]{{32}}")

Tell = Callable[[int], None]
# A context that takes the content of one member as it comes; left without an error, all of it was right.
Receive = Callable[["Member"], AbstractContextManager[Callable[[bytes], object]]]


class Newer(Exception):
    """A newer version of FaultMaven made it. `version` is which."""

    def __init__(self, version: str) -> None:
        super().__init__(f"FaultMaven {version} made it, which is newer than this one")
        self.version = version


class Member(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str = Field(pattern=f"^(?:{_NAME.pattern})$")
    size: int = Field(ge=0, lt=1 << 63)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class _Heading(BaseModel):
    """What every format has, whatever else changes."""

    product: Literal["faultmaven"]
    version: str = Field(pattern=r"^[0-9A-Za-z.+-]{1,64}$")
    format: int = Field(ge=1)


class Manifest(_Heading):
    schema_version: str = Field(pattern="^[0-9]{4}$")
    created_at: str
    members: list[Member] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_database_and_evidence(self) -> Manifest:
        names = [member.name for member in self.members]
        if names[0] != DATABASE or len(set(names)) < len(names):
            raise ValueError("the database comes first, and nothing twice")
        return self

    @property
    def evidence(self) -> list[Member]:
        return self.members[1:]

    @property
    def size(self) -> int:
        """Of the contents, in bytes."""
        return sum(member.size for member in self.members)


def write(sink: Sink, manifest: Manifest, at: int, place: Callable[[Member], Path], tell: Tell) -> None:
    """Raises OSError, or Altered where a file is not what the manifest says. `at` is a time in seconds since 1970."""
    sealing = Sealing(sink)
    encoded = manifest.model_dump_json().encode() + b"\n"
    sealing.write(_header(MANIFEST, len(encoded), at) + encoded + _padding(len(encoded)))
    before = 0
    for member in manifest.members:
        sealing.write(_header(member.name, member.size, at))
        with place(member).open("rb", buffering=0) as file:
            _transfer(member, file.read, sealing.write, tell, before)
        sealing.write(_padding(member.size))
        before += member.size
    sealing.write(_END)
    sealing.close()


def read(backup: BinaryIO, begin: Callable[[Manifest], Tell], receive: Receive) -> Manifest:
    """Reads it to its end. Raises Altered or Newer.

    `begin` is called before anything is received, may refuse by raising, and gives whom to tell how far it has come.
    Only when this returns is all of it known to be what was written; else what was received is to be thrown away.
    """
    unsealing = Unsealing(backup)
    manifest, at = _manifest(unsealing)
    tell = begin(manifest)
    before = 0
    for member in manifest.members:
        _expect(unsealing, _header(member.name, member.size, at), f"{member.name} does not come where it is listed")
        with receive(member) as write_on:
            _transfer(member, unsealing.read, write_on, tell, before)
        _expect(unsealing, _padding(member.size), f"{member.name} is followed by what is not listed")
        before += member.size
    _expect(unsealing, _END, "there is more in it than its manifest lists")
    unsealing.close()
    return manifest


def _manifest(unsealing: Unsealing) -> tuple[Manifest, int]:
    """And the time that all headers bear."""
    header = unsealing.read(_BLOCK)
    size, at = _numbers(header)
    if header != _header(MANIFEST, size, at) or size > MANIFEST_LIMIT:
        raise Altered("it is no backup of FaultMaven")
    encoded = unsealing.read(size)
    _expect(unsealing, _padding(size), "its manifest is followed by what is not listed")
    try:
        heading = _Heading.model_validate_json(encoded)
        if heading.format > FORMAT:
            raise Newer(heading.version)
        return Manifest.model_validate_json(encoded), at
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Altered(f"its manifest is none that FaultMaven writes: {where} {first['msg']}") from error


def _expect(unsealing: Unsealing, wanted: bytes, otherwise: str) -> None:
    if unsealing.read(len(wanted)) != wanted:
        raise Altered(otherwise)


def _transfer(
    member: Member, read_on: Callable[[int], bytes], write_on: Callable[[bytes], object], tell: Tell, before: int
) -> None:
    """All bytes of one member, which must be those that the manifest means."""
    digest = hashlib.sha256()
    left = member.size
    while left:
        data = read_on(min(PIECE, left))
        if not data:
            break
        digest.update(data)
        write_on(data)
        left -= len(data)
        tell(before + member.size - left)
    if left or digest.hexdigest() != member.sha256:
        raise Altered(f"{member.name} is not the content that was once stored under this name")


def _header(name: str, size: int, at: int) -> bytes:
    """Of a plain file for its owner only, always these bytes: POSIX ustar; sizes from 8 GiB on in GNU's form."""
    fields = (name.encode(), b"0000600", _octal(0, 8), _octal(0, 8), _size(size), _octal(at, 12))
    blank = struct.pack(_USTAR, *fields, b" " * 8, b"0", b"", b"ustar\0", b"00")
    return blank.replace(b" " * 8, b"%06o\0 " % sum(blank), 1)


def _octal(number: int, width: int) -> bytes:
    return b"%0*o" % (width - 1, number)


def _size(size: int) -> bytes:
    return _octal(size, 12) if size < 8**11 else b"\x80" + size.to_bytes(11, "big")


def _numbers(header: bytes) -> tuple[int, int]:
    """Size and time, as far as they can be read; whoever asks makes the header anew from them and compares."""
    size, at = header[124:135], header[136:147]
    return (int(size, 8), int(at, 8)) if _DIGITS.fullmatch(size) and _DIGITS.fullmatch(at) else (0, 0)


def _padding(size: int) -> bytes:
    return bytes(-size % _BLOCK)
