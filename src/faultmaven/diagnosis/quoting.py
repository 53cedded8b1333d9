"""Text taken from evidence, made harmless where it is shown: no markup, no control or direction-changing characters.

A sentence of ours with pieces of evidence in it is a `Phrase`; it is written as plain text or as Markdown, and only
here is it decided how a piece of evidence looks in either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from faultmaven.diagnosis.commands.inert import show_inert

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_MARKUP = re.compile(r"([\\`*\[\]<>!|&@]|(?<=:)/(?=/)|(?<=www)\.)")


@dataclass(frozen=True, slots=True)
class Quoted:
    """A piece of evidence inside a sentence; `limit` is how much of it is shown. A bare one stands without quotation
    marks in plain text: a name rather than words."""

    text: str
    limit: int = 240
    bare: bool = False


Phrase = tuple[str | Quoted, ...]


def plain(phrase: Phrase) -> str:
    return "".join(part if isinstance(part, str) else _in_plain(part) for part in phrase)


def _in_plain(part: Quoted) -> str:
    shown = snippet(part.text, part.limit)
    return shown if part.bare else f"“{shown}”"


def markdown(phrase: Phrase) -> str:
    return "".join(escaped(part) if isinstance(part, str) else code(part.text, part.limit) for part in phrase)


def visible(text: str) -> str:
    """The text without colour codes, with what a screen would obey instead of show as escapes."""
    return show_inert(_COLOUR.sub("", text).replace("\t", " "))


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters; what is cut off is marked."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def snippet(text: str, limit: int) -> str:
    """The text on one line, visible throughout, cut to size."""
    # Cut before looking at every character: a sample may be 4,000 long. Escapes only ever lengthen it.
    return shorten(" ".join(visible(text[: limit * 4]).split()), limit)


def code(text: str, limit: int = 240) -> str:
    """A Markdown code span that the text's own backticks cannot end."""
    inside = snippet(text, limit) or "(blank)"
    longest = max((len(run) for run in re.findall(r"`+", inside)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if inside.startswith("`") or inside.endswith("`") else ""
    return f"{fence}{pad}{inside}{pad}{fence}"


def escaped(sentence: str) -> str:
    """A sentence as Markdown that cannot become a link, an image or markup."""
    return _MARKUP.sub(r"\\\1", visible(sentence))
