"""What goes in and out when evidence is spoken about, and how it may be named."""

from __future__ import annotations

import re
import unicodedata

from pydantic import BaseModel, ConfigDict, Field

from faultmaven.diagnosis.report import Maybe

UNNAMED = "evidence"
NAME_LIMIT = 255
CHECK_LIMIT = 200
UNKNOWN_MEDIA = "application/octet-stream"

_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}")
# Controls, direction marks, zero-width characters, halves of pairs, line separators: what makes a name lie.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class Evidence(BaseModel):
    """What the user showed, as readable text. It never changes. `lines` counts 0x0A, and one more if the last line has
    none. `size` and `sha256` are the text's, which is also what `lines`, `search` and `raw` give."""

    model_config = ConfigDict(frozen=True)

    evidence_id: str
    case_id: str
    name: str
    size: int = Field(description="In bytes")
    sha256: str
    lines: int
    media_type: str = Field(description="As the sender called it")
    created_at: str
    answers_check: Maybe[str] = Field(default=None, description="Id of the check whose result this is")
    decoded_from: Maybe[str] = Field(default=None, description="What came, where that was not the text: `gzip, UTF-16`")


class EvidenceList(BaseModel):
    evidence: list[Evidence]


class SentAs(BaseModel):
    """What the sender of a raw body says about it in the query string; a form says it in its parts."""

    name: str = Field(default="", max_length=4 * NAME_LIMIT, description="Else Content-Disposition has it")
    answers_check: str = Field(default="", max_length=CHECK_LIMIT)


class Line(BaseModel):
    """`text` starts at character `column` of the line, counted from 0; `length` is the whole line's, in characters."""

    n: int
    text: str
    length: int
    column: int


class LinePage(BaseModel):
    """`to` is the last line given, and smaller than `from` when there is none."""

    evidence_id: str
    first: int = Field(serialization_alias="from")
    to: int
    total: int = Field(description="Lines in all")
    lines: list[Line]


class Match(BaseModel):
    """The first place in line `n`. `text` is the line or, of a long one, the part from character `text_column` on."""

    n: int
    column: int
    text: str
    text_column: int


class Matches(BaseModel):
    """`next_from` is the line to go on from; left out when there is nothing more."""

    matches: list[Match]
    next_from: Maybe[int] = None


def display_name(given: str) -> str:
    """A name that shows what it is: no unseen characters, at most 255 characters, never empty."""
    seen = "".join(character for character in given if unicodedata.category(character) not in _UNSEEN)
    return " ".join(seen.split())[:NAME_LIMIT].strip() or UNNAMED


def file_name(given: str) -> str:
    """The display name of a file: the last part of its path, of whichever system."""
    name = display_name(re.split(r"[/\\]", display_name(given))[-1])
    return UNNAMED if name in (".", "..") else name


def media_type(given: str | None) -> str:
    """Without parameters; what is not one at all is `application/octet-stream`."""
    essence = (given or "").partition(";")[0].strip().lower()
    return essence if _MEDIA_TYPE.fullmatch(essence) else UNKNOWN_MEDIA
