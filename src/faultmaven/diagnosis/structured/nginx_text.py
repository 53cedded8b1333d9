"""Configuration of nginx: directives with arguments and blocks, and where it cannot be read on.

text ──tokens──▶ directives {name, arguments, block} | NginxBroken(what nginx would say, line)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from faultmaven.diagnosis.facts import Facts, Node, Object, Part, Span
from faultmaven.diagnosis.structured.configs import broken, is_file, lines_of, name_of
from faultmaven.diagnosis.structured.text import Text

MOST_LINES = 50_000
LONGEST = 4000
DEEPEST = 12

_TOKEN = re.compile(
    r"(?P<gap>\s+)|(?P<note>#[^\n]*)|(?P<quoted>\"[^\"\\]*(?:\\.[^\"\\]*)*\"|'[^'\\]*(?:\\.[^'\\]*)*')|(?P<mark>[{};])"
    r"|(?P<word>(?:\$\{[^}\s]*\}|\\.|[^\s{};])+)|(?P<odd>.)",
    re.DOTALL,
)
# Names that no argument has: where one stands first in a line, the line before lacks its semicolon.
_KNOWN_NAMES = """
    server_name listen root index location proxy_pass proxy_set_header upstream access_log error_log try_files return
    rewrite ssl_certificate ssl_certificate_key ssl_protocols ssl_ciphers include worker_processes worker_connections
    keepalive_timeout client_max_body_size proxy_read_timeout proxy_connect_timeout proxy_http_version add_header
    sendfile tcp_nopush gzip_types fastcgi_pass uwsgi_pass default_type autoindex expires proxy_buffering
"""
_KNOWN = frozenset(_KNOWN_NAMES.split())


class _Broken(ValueError):
    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class _Block:
    """`words` are those of the directive being read, each with its line; `opened_by` those it is the block of."""

    line: int
    opened_by: tuple[tuple[str, int], ...] = ()
    directives: list[Node] = field(default_factory=list)
    words: list[tuple[str, int]] = field(default_factory=list)


def read_nginx(text: Text, part: Part) -> Facts:
    file = name_of(text, part)
    lines = lines_of(text, part)
    if len(lines) > MOST_LINES or max(map(len, lines)) > LONGEST:
        return Facts(is_whole=False)
    whole = "\n".join(lines)
    try:
        node = _parsed(whole, part.span)
    except _Broken as problem:
        # Lua and what begins in the middle of a block follow other rules.
        is_whole = "_by_lua" not in whole and is_file(text, part)
        return Facts(objects=(broken("nginx", file, str(problem), problem.line),) if is_whole else ())
    return Facts(objects=(Object("Nginx", file, part.span, node, None, "manifest"),))


def _parsed(whole: str, span: Span) -> Node:
    blocks = [_Block(span.first)]
    line = span.first
    for kind, told in _tokens(whole):
        match kind:
            case "word" | "quoted":
                blocks[-1].words.append((told, line))
            case "mark":
                _take(blocks, told, line)
            case "odd":
                raise _Broken(f"a quotation mark {told} is opened and not closed", line)
        line += told.count("\n")
    if blocks[-1].words:
        first, number = blocks[-1].words[0]
        raise _Broken(f'unexpected end of file, the directive "{first[:60]}" is not terminated by ";"', number)
    if len(blocks) > 1:
        opened = " ".join(word for word, _ in blocks[-1].opened_by)[:80]
        raise _Broken(f'unexpected end of file, expecting "}}" for the block "{opened}"', blocks[-1].line)
    return Node(span, "list", items=tuple(blocks[0].directives))


def _tokens(whole: str) -> Iterator[tuple[str, str]]:
    for found in _TOKEN.finditer(whole):
        yield found.lastgroup or "", found[0]


def _take(blocks: list[_Block], mark: str, line: int) -> None:
    here = blocks[-1]
    if mark == "}":
        if here.words:
            first, number = here.words[-1]
            raise _Broken(f'unexpected "}}": the directive before it is not terminated by ";" ("{first[:60]}")', number)
        if len(blocks) == 1:
            raise _Broken('unexpected "}": no block is open here', line)
        blocks.pop()
        _close(blocks[-1], here, line)
        return
    if not here.words:
        raise _Broken(f'unexpected "{mark}"', line)
    _check_semicolon(here)
    if mark == ";":
        here.directives.append(_directive(here.words, line))
        here.words = []
        return
    if len(blocks) >= DEEPEST:
        raise _Broken("blocks are nested too deep", line)
    words = tuple(here.words)
    here.words = []
    blocks.append(_Block(words[0][1], words))


def _check_semicolon(block: _Block) -> None:
    """Two directives in one: the first lacks its end."""
    for (_, before), (word, line) in zip(block.words, block.words[1:], strict=False):
        if line > before and word in _KNOWN:
            first = block.words[0][0][:60]
            raise _Broken(f'the directive "{first}" is not terminated by ";" before "{word}" in line {line}', before)


def _close(outer: _Block, inner: _Block, line: int) -> None:
    outer.directives.append(_directive(list(inner.opened_by), line, inner.directives))


def _directive(words: list[tuple[str, int]], line: int, block: list[Node] | None = None) -> Node:
    span = Span(words[0][1], max(line, words[0][1]))
    arguments = tuple(Node(Span(number, number), scalar=_unquoted(word)) for word, number in words[1:])
    members = {"name": Node(span, scalar=words[0][0]), "arguments": Node(span, "list", items=arguments)}
    if block is not None:
        members["block"] = Node(span, "list", items=tuple(block))
    return Node(span, "map", members=members)


def _unquoted(word: str) -> str:
    return word[1:-1] if len(word) >= 2 and word[0] == word[-1] and word[0] in "\"'" else word
