"""nginx against itself: upstreams that nobody defines, servers that answer twice, TLS without a certificate."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.facts import Level, Node, Object, is_number
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign

_PASSES = frozenset({"proxy_pass", "fastcgi_pass", "uwsgi_pass", "grpc_pass", "scgi_pass"})
_TARGET = re.compile(r"(?:(?:https?|grpcs?)://)?(?P<name>[A-Za-z0-9][\w-]*)(?:/.*)?$")
_LOCAL = frozenset({"localhost", "unix"})


@dataclass(frozen=True, slots=True)
class Server:
    """`listens` are its addresses, written in full: `0.0.0.0:443`."""

    stated: Stated[Object]
    node: Node
    listens: tuple[tuple[str, Node], ...]
    names: tuple[str, ...]
    around: tuple[Node, ...]


def nginx(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    files = world.objects("Nginx")
    yield from _upstreams(world, catalogue, files)
    servers = [server for file in files for server in _servers(file, file.fact.node.items, ())]
    yield from _conflicts(catalogue, servers)
    for server in servers:
        yield from _certificate(catalogue, server)


def _directives(items: Sequence[Node]) -> Iterator[Node]:
    for one in items:
        yield one
        yield from _directives(one.each("block"))


def _arguments(directive: Node) -> list[str]:
    return [argument.text() for argument in directive.each("arguments")]


def _upstreams(world: World, catalogue: Catalogue, files: Sequence[Stated[Object]]) -> Iterator[Sign]:
    """A single word is an upstream or a host; where upstreams are defined and one is nearly called so, it is a slip."""
    every = [(file, one) for file in files for one in _directives(file.fact.node.items)]
    defined = [_arguments(one)[0] for _, one in every if one.text("name") == "upstream" and _arguments(one)]
    hosts = {*_LOCAL, *defined, *(one.fact.name for one in world.objects("ComposeService", "Service"))}
    if not defined:
        return
    for file, one in every:
        target = _TARGET.match((_arguments(one) or [""])[0]) if one.text("name") in _PASSES else None
        if target is None or target["name"] in hosts:
            continue
        said: Phrase = (
            f"{one.text('name')} in line {one.span.first} sends to ",
            Quoted(target["name"], 60, bare=True),
            ", which is none of the upstreams defined (",
            Quoted(", ".join(defined), 120, bare=True),
            ")",
        )
        level: Level = "error" if get_close_matches(target["name"], defined, n=1, cutoff=0.6) else "warning"
        shown_by = [Stated(file.source, one)]
        names = {"host": target["name"]}
        yield sign_of(catalogue, "nginx_upstream_undefined", shown_by, said, names, level)


def _servers(file: Stated[Object], items: Sequence[Node], around: tuple[Node, ...]) -> Iterator[Server]:
    for one in items:
        inner = one.each("block")
        if one.text("name") == "http":
            yield from _servers(file, inner, (*around, one))
        elif one.text("name") == "server" and one.at("block"):
            listens = tuple(
                (address, told)
                for told in inner
                if told.text("name") == "listen" and (address := _address(_arguments(told)))
            )
            names = tuple(name for told in inner if told.text("name") == "server_name" for name in _arguments(told))
            yield Server(file, one, listens, names or ("",), around)


def _address(arguments: Sequence[str]) -> str:
    told = arguments[0] if arguments else ""
    if is_number(told):
        return f"0.0.0.0:{told}"
    if told.startswith("*:"):
        return f"0.0.0.0:{told[2:]}"
    return told if ":" in told or not told else f"{told}:80"


def _conflicts(catalogue: Catalogue, servers: Sequence[Server]) -> Iterator[Sign]:
    known: dict[tuple[str, str], tuple[Server, Node]] = {}
    default: dict[str, tuple[Server, Node]] = {}
    for server in servers:
        found: list[Sign] = []
        for address, listen in server.listens:
            if "default_server" in _arguments(listen):
                before = default.setdefault(address, (server, listen))
                if before[0] is not server:
                    found.append(_conflict(catalogue, "both are default_server", address, (server, listen), before))
            for name in server.names:
                before = known.setdefault((address, name), (server, listen))
                if before[0] is not server:
                    said = f"both are for the name {name[:80]}" if name else "neither has a server_name"
                    found.append(_conflict(catalogue, said, address, (server, listen), before))
        yield from found[:1]


def _conflict(
    catalogue: Catalogue, why: str, address: str, one: tuple[Server, Node], other: tuple[Server, Node]
) -> Sign:
    said: Phrase = (
        f"The server blocks of lines {other[0].node.span.first} and {one[0].node.span.first} listen on ",
        Quoted(address, 60, bare=True),
        ", and ",
        Quoted(why, 120, bare=True),
    )
    shown_by = [Stated(one[0].stated.source, one[1]), Stated(other[0].stated.source, other[1])]
    port = address.rpartition(":")[2]
    return sign_of(catalogue, "nginx_server_conflict", shown_by, said, {"port": port})


def _certificate(catalogue: Catalogue, server: Server) -> Iterator[Sign]:
    """What a file that is included says is not seen here."""
    blocks = [server.node, *server.around]
    told = {one.text("name") for block in blocks for one in block.each("block")}
    if told & {"ssl_certificate", "include", "ssl_reject_handshake"}:
        return
    wanting = [listen for _, listen in server.listens if {"ssl", "quic"} & set(_arguments(listen)[1:])]
    if not wanting:
        return
    name = next((name for name in server.names if name), "")
    said: Phrase = (
        f"The server block of line {server.node.span.first}",
        *((" for ", Quoted(name, 80, bare=True)) if name else ()),
        " listens with ssl, and no ssl_certificate is set in what was shown",
    )
    shown_by = [Stated(server.stated.source, wanting[0])]
    yield sign_of(catalogue, "nginx_certificate_missing", shown_by, said, {"host": name} if name else {})
