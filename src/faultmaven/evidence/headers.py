"""Names and parameters in HTTP headers, read leniently and written strictly."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

# Whatever was shown to us, a browser must not run it, guess its type, keep it, or let another site embed it.
INERT_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
INERT_MEDIA = "text/plain; charset=utf-8"

_PARAMETER = re.compile(r';\s*([A-Za-z0-9*_.-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;"]*)', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')
_CHARSETS = ("utf-8", "iso-8859-1")


def attachment(name: str) -> str:
    """A Content-Disposition that saves under this name and cannot be anything else (RFC 6266, RFC 8187)."""
    return f"attachment; filename*=UTF-8''{quote(name.replace('/', '_'), safe='', errors='replace')}"


def parameters(header: str) -> dict[str, str]:
    """What follows the first word: `form-data; name="a"` gives {"name": "a"}. Of a repeated one the first counts."""
    found: dict[str, str] = {}
    for name, value in _PARAMETER.findall(header):
        found.setdefault(name.lower(), _unquoted(value.strip()))
    return found


def filename_of(disposition: str) -> str | None:
    """The file name of a Content-Disposition, the extended form first; None if it has none. It may be empty."""
    given = parameters(disposition)
    charset, _, rest = given.get("filename*", "").partition("'")
    if charset.lower() in _CHARSETS:
        return unquote(rest.partition("'")[2], charset, "replace")
    return given.get("filename")


def _unquoted(value: str) -> str:
    """Only quotes and backslashes are ever escaped: in `"C:\\logs\\a.log"` the others are the sender's own."""
    return _ESCAPED.sub(r"\1", value[1:-1]) if value.startswith('"') else value
