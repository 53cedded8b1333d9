"""Text that people and programs send in, as every database and every encoder can keep it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

# As JSON Schema says what `storable` and what trimming checks.
STORABLE = {"pattern": r"^[^\u0000]*$"}
# Python counts four more control characters and U+0085 as white space than JSON Schema does.
NOT_BLANK = {"pattern": r"^[^\u0000]*[^\s\u0000\u001c-\u001f\u0085][^\u0000]*$"}


def storable(value: str) -> str:
    """No NUL, no half of a surrogate pair."""
    if "\x00" in value:
        raise ValueError("must not contain the character NUL")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError("must not contain half of a surrogate pair") from error
    return value


Text = Annotated[str, AfterValidator(storable), Field(json_schema_extra=STORABLE)]
