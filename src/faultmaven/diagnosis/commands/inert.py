"""Text made visible: characters that a screen obeys instead of showing appear as escapes."""

from __future__ import annotations

import re
import unicodedata

# Tab and newline stay: they are layout, and every reader of lines knows them.
_HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_INVISIBLE = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0\u2800"
_PLAIN = re.compile(r"[ -~\n\t]*")


def show_inert(text: str) -> str:
    """The text with control, bidi, zero-width, variation and tag characters as escapes (`\\u202e`)."""
    if _PLAIN.fullmatch(text):
        return text
    return "".join(_escaped(char) if _is_hidden(char) else char for char in text)


def _is_hidden(char: str) -> bool:
    if char in "\n\t":
        return False
    code = ord(char)
    varies = 0xFE00 <= code <= 0xFE0F or 0xE0000 <= code <= 0xE0FFF
    return varies or char in _INVISIBLE or unicodedata.category(char) in _HIDDEN_CATEGORIES


def _escaped(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
