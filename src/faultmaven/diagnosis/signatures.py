"""A signature is what is left of a line when its variable parts are deleted: equal signatures, equal kind of line.

Whole blocks are stripped by `bytes.translate`, which costs next to nothing a line; anything cleverer is done to the
few thousand signatures that remain. How much to delete is chosen once from a sample of the evidence: digits suffice for
most logs, those full of UUIDs and hashes lose hexadecimal letters as well, requests are told apart by path and status.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import compress

import orjson

from faultmaven.diagnosis.marks import number_mark

# Of lines, given joined by 0x0A and one by one. A line's signature depends on that line alone.
Signing = Callable[[bytes, Sequence[bytes]], list[bytes]]

_DIGITS = b"0123456789"
_DELETIONS = (_DIGITS, _DIGITS + b"abcdef", _DIGITS + b"abcdefABCDEF")
# Up to this many signatures in the sample nothing needs to be cheaper.
_FEW = 400
_ACCESS = re.compile(rb'" [1-5]\d\d \S')
_SAID = ("level", "severity", "lvl", "s", "status", "logger", "component", "msg", "message", "event", "error", "err")


def choose_signing(sample: Sequence[bytes]) -> Signing:
    """The cheapest way of giving lines like those of the sample few signatures."""
    text = b"\n".join(sample)
    kinds = [_deleting(deletion) for deletion in _DELETIONS]
    if sum(bool(_ACCESS.search(line[:1000])) for line in sample) > 0.6 * len(sample):
        signings = [_of_requests(deletion) for deletion in _DELETIONS]
    else:
        if sum(line[:1] == b"{" for line in sample) > 0.6 * len(sample):
            kinds.append(_of_fields)
        numbers_matter = [number_mark(line) != b"" for line in sample]
        signings = [_with_marks(kind, kind(text, sample), numbers_matter) for kind in kinds]
    enough = max(_FEW, len(sample) // 20)
    counts: list[int] = []
    for signing in signings:
        counts.append(len(set(signing(text, sample))))
        if counts[-1] <= enough:
            return signing
    # Where nothing tames it, more is deleted only if that clearly helps: every deletion also confuses words.
    return next(signing for signing, count in zip(signings, counts, strict=True) if count <= 1.5 * min(counts))


def _with_marks(signing: Signing, sampled: Sequence[bytes], numbers_matter: Sequence[bool]) -> Signing:
    """Adds the numbers that matter, without looking for them in lines whose like has none in the sample."""
    marked = set(compress(sampled, numbers_matter))
    unmarked = set(sampled) - marked

    def with_marks(text: bytes, lines: Sequence[bytes]) -> list[bytes]:
        signatures = signing(text, lines)
        looked_at = set(signatures) - unmarked
        if not looked_at:
            return signatures
        return [
            signature + b"\0" + number_mark(line) if signature in looked_at else signature
            for signature, line in zip(signatures, lines, strict=True)
        ]

    return with_marks


def _deleting(deletion: bytes) -> Signing:
    def signatures(text: bytes, lines: Sequence[bytes]) -> list[bytes]:
        return text.translate(None, deletion).split(b"\n") if lines else []

    return signatures


def _of_requests(deletion: bytes) -> Signing:
    """Requests by method, path and status, without client, query, size, referrer and agent."""
    strip = _deleting(deletion)

    def signatures(_: bytes, lines: Sequence[bytes]) -> list[bytes]:
        requests = [_request(line) for line in lines]
        stripped = strip(b"\n".join(request for request, _ in requests), lines)
        return [text + b"\0" + status for text, (_, status) in zip(stripped, requests, strict=True)]

    return signatures


def _request(line: bytes) -> tuple[bytes, bytes]:
    before, _, rest = line.partition(b'" ')
    status, request = rest[:3], before.partition(b'"')[2]
    if not status.isdigit() or not request:
        return line, number_mark(line)
    # Deeper than this a path names one thing, not a kind of thing.
    return b"/".join(request.partition(b"?")[0].split(b"/", 4)[:4]), status


def _of_fields(_: bytes, lines: Sequence[bytes]) -> list[bytes]:
    return _deleting(_DELETIONS[1])(b"\n".join(map(_fields, lines)), lines)


def _fields(line: bytes) -> bytes:
    """What a JSON line says, without the fields that only say whom it concerns."""
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line
    if not isinstance(fields, dict):
        return line
    said = [str(fields[name]) for name in _SAID if name in fields]
    return " ".join(said).replace("\n", "\\n").encode("utf-8", "replace") if len(said) > 1 else line
