"""A web page's text, about as a browser shows it, line by line; scripts, styles and comments are not shown.

One pass over the bytes, whatever they are: nothing is searched twice, and no tag or comment is held however long it is.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s{0,200}(?:<\?xml[^>]{0,200}\?>\s{0,20})?<(?:!doctype\s{1,20}html|html[\s>])", re.IGNORECASE
)
_TAG = re.compile(rb"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})?")
_HIDDEN = frozenset((b"script", b"style", b"template", b"noscript", b"svg", b"head"))
_KEPT_IN_HEAD = frozenset((b"title",))
_BLOCKS = frozenset(
    b"address article aside blockquote body br caption dd details dialog div dl dt fieldset figcaption figure footer"
    b" form h1 h2 h3 h4 h5 h6 header hr html legend li main nav ol option p pre section summary table tbody tfoot thead"
    b" title tr ul".split()
)
# Their content is no markup.
_RAW = frozenset((b"script", b"style"))
_LONGEST_CLOSE = len(b"</script")
_CELLS = frozenset((b"td", b"th"))
_SPACE = re.compile(rb"[ \t\r\n\f]+")
_LONGEST_ENTITY = 40
_LONGEST_HELD = 1 << 16


def is_page(beginning: bytes) -> bool:
    return _PAGE.match(beginning) is not None


class Page:
    name = "HTML"

    def __init__(self) -> None:
        self._rest = b""
        # Inside a tag, a comment or a hidden element: what ends it.
        self._until = b""
        self._hidden = b""
        self._tag = b""
        self._is_pre = 0
        self._line = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._rest += data
        yield b"".join(self._read(is_end=False))

    def finish(self) -> Iterator[bytes]:
        yield b"".join(self._read(is_end=True)) + bytes(self._ended())

    def _read(self, is_end: bool) -> Iterator[bytes]:
        text, at = self._rest, 0
        while at < len(text):
            if self._hidden in _RAW:
                if (at := self._close_raw(text, at)) < 0:
                    at = len(text) if is_end else max(len(text) - _LONGEST_CLOSE, 0)
                    break
                continue
            if self._until:
                found = text.find(self._until, at)
                if found < 0:
                    at = len(text) if is_end else max(at, len(text) - len(self._until) + 1)
                    break
                at = found + len(self._until)
                self._until = b""
                yield from self._end_tag()
                continue
            opens = text.find(b"<", at)
            if opens < 0:
                # An entity may go on in the next chunk.
                amp = text.rfind(b"&", max(at, len(text) - _LONGEST_ENTITY))
                upto = len(text) if is_end or amp < 0 else amp
                yield from self._shown(text[at:upto])
                at = upto
                break
            yield from self._shown(text[at:opens])
            at = opens
            if not is_end and len(text) - opens < 24:
                break
            at = self._begin_tag(text, opens)
        self._rest = text[at:]

    def _close_raw(self, text: bytes, at: int) -> int:
        """Behind the name of the tag that ends a script or a style, in which nothing else is a tag; -1 without it."""
        while (at := text.find(b"</", at)) >= 0:
            name = text[at + 2 : at + 2 + len(self._hidden)]
            at += 2
            if name.lower() == self._hidden:
                self._until, self._tag, self._hidden = b">", b"", b""
                return at + len(name)
        return -1

    def _begin_tag(self, text: bytes, opens: int) -> int:
        if text.startswith(b"<!--", opens):
            self._until, self._tag = b"-->", b""
            return opens + 4
        found = _TAG.match(text, opens)
        assert found is not None
        name = (found[2] or b"").lower()
        if not name and not text.startswith((b"<!", b"<?", b"</"), opens):
            self._line += b"" if self._hidden else b"<"
            return opens + 1
        self._until, self._tag = b">", found[1] + name
        return found.end()

    def _end_tag(self) -> Iterator[bytes]:
        tag, self._tag = self._tag, b""
        name = tag.lstrip(b"/")
        closes = tag.startswith(b"/")
        if self._hidden:
            if (closes and name == self._hidden) or (self._hidden == b"head" and name in (*_KEPT_IN_HEAD, b"body")):
                self._hidden = b""
            elif self._hidden == b"head" and name in _HIDDEN:
                self._hidden = name
            return
        if name in _HIDDEN and not closes:
            self._hidden = name
        elif name == b"pre":
            self._is_pre = max(0, self._is_pre + (-1 if closes else 1))
        if name in _BLOCKS:
            yield bytes(self._ended())
        elif name in _CELLS and not closes and self._line.strip():
            self._line += b"\t"

    def _shown(self, raw: bytes) -> Iterator[bytes]:
        if self._hidden or not raw:
            return
        text = html.unescape(raw.decode("utf-8", "replace")).encode("utf-8", "replace") if b"&" in raw else raw
        if self._is_pre:
            *whole, last = text.replace(b"\r\n", b"\n").split(b"\n")
            for line in whole:
                self._line += line
                yield bytes(self._line) + b"\n"
                self._line.clear()
            self._line += last
            return
        text = _SPACE.sub(b" ", text)
        if not self._line or self._line.endswith((b" ", b"\t")):
            text = text.lstrip(b" ")
        self._line += text
        if len(self._line) > _LONGEST_HELD:
            yield bytes(self._line[:-1])
            del self._line[:-1]

    def _ended(self) -> bytes:
        line = bytes(self._line) if self._is_pre else bytes(self._line).strip(b" \t")
        self._line.clear()
        return line + b"\n" if line else b""
