"""Connections as ss, dig, curl and openssl show them: who listens, who answers, and where it ends.

What one tool says is a symptom; two together may be a cause: a port refused on which nothing listens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.facts import Level, Node, Object, Row, is_number
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign

_LOOPBACK = re.compile(r"127\.|\[?::1\]?$|localhost$")
_DNS: Mapping[str, tuple[str, str]] = {
    "NXDOMAIN": ("dns_name_not_found", "does not exist (NXDOMAIN)"),
    "SERVFAIL": ("dns_unavailable", "could not be resolved by the server asked (SERVFAIL)"),
    "REFUSED": ("dns_query_refused", "is not answered by the server asked (REFUSED)"),
}
# X509_V_ERR_… of OpenSSL, openssl-verify(1).
_VERIFY: Mapping[int, str] = {
    2: "certificate_not_trusted",
    9: "certificate_not_valid_now",
    10: "certificate_expired",
    18: "certificate_not_trusted",
    19: "certificate_not_trusted",
    20: "certificate_not_trusted",
    21: "certificate_not_trusted",
    62: "certificate_name_mismatch",
    64: "certificate_name_mismatch",
}
_STATUSES: Mapping[int, str] = {
    401: "http_unauthorized",
    403: "http_forbidden",
    404: "http_not_found",
    410: "http_not_found",
    413: "request_too_large",
    429: "rate_limited",
    502: "http_upstream_failed",
    503: "http_service_unavailable",
    504: "http_upstream_failed",
}
_PROBLEMS: Sequence[tuple[str, str]] = (
    (r"Could not resolve", "dns_name_not_found"),
    (r"certificate has expired", "certificate_expired"),
    (r"certificate is not yet valid", "certificate_not_valid_now"),
    (r"self[- ]signed certificate|unable to get (?:local )?issuer|unable to verify", "certificate_not_trusted"),
    (r"no alternative certificate subject name|does not match target", "certificate_name_mismatch"),
    (r"timed out|Connection timeout|Timeout was reached", "connection_timeout"),
    (r"refused|Could(?:n't| not) connect to server", "connection_refused"),
    (r"Connection reset|Empty reply", "connection_reset"),
)


@dataclass(frozen=True, slots=True)
class Listener:
    """`address` as the tool prints it; `program` where it was allowed to see it."""

    row: Stated[Row]
    address: str
    port: str
    program: str
    waiting: int
    room: int


def listeners(world: World) -> list[Listener]:
    """What listens for TCP, by ss and netstat."""
    found = []
    for table in world.tables("ss", "netstat"):
        for row in table.fact.rows:
            cells = row.cells
            state = cells.get("state", "") if "local address:port" in cells else cells.get("state", "LISTEN")
            address, _, port = (cells.get("local address:port") or cells.get("local address") or "").rpartition(":")
            if state in ("LISTEN", "LISTENING") and is_number(port):
                program = _program(cells)
                waiting, room = _count(cells.get("recv-q", "")), _count(cells.get("send-q", ""))
                found.append(Listener(Stated(table.source, row), address, port, program, waiting, room))
    return found


def _program(cells: Mapping[str, str]) -> str:
    told = cells.get("process") or cells.get("pid/program name") or ""
    named = re.search(r"\(\(\"([^\"]{1,60})\"", told) or re.match(r"\d+/([^\s:]{1,60})", told)
    if not named:
        named = re.search(r"users:\(\(\"([^\"]{1,60})\"", " ".join(cells.values()))
    return named[1] if named else ""


def _count(text: str) -> int:
    return int(text) if is_number(text) else 0


def connections(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    listening = listeners(world)
    for one in listening:
        # Of a listener Send-Q is how many connections may wait to be accepted, Recv-Q how many do.
        if "send-q" in one.row.fact.cells and one.room and one.waiting >= one.room and _is_ss(one):
            yield _crowded(catalogue, one)
    for answer in world.objects("DnsAnswer"):
        yield from _dns(catalogue, answer)
    for exchange in world.objects("HttpExchange"):
        yield from _http(catalogue, exchange, listening, world)
    for connection in world.objects("TlsConnection"):
        yield from _tls(catalogue, connection)


def _is_ss(one: Listener) -> bool:
    return "local address:port" in one.row.fact.cells


def _crowded(catalogue: Catalogue, one: Listener) -> Sign:
    said: Phrase = (
        *((Quoted(one.program, 60, bare=True), " listens") if one.program else ("The listener",)),
        f" on port {one.port}" + (" and" if one.program else ""),
        f" has {one.waiting} connections waiting to be accepted, of {one.room} that may wait: its queue is full",
    )
    names = {"port": one.port, **({"program": one.program} if one.program else {})}
    return sign_of(catalogue, "listen_queue_full", [one.row], said, names)


def _dns(catalogue: Catalogue, answer: Stated[Object]) -> Iterator[Sign]:
    node, name = answer.fact.node, answer.fact.name
    server = node.text("server")
    asked: Phrase = ("The name ", Quoted(name, 120, bare=True))
    by: Phrase = (", says ", Quoted(server, 60, bare=True)) if server else ()
    names = {"host": name}
    status = node.at("status")
    if status is not None and status.text() in _DNS:
        fault, how = _DNS[status.text()]
        yield sign_of(catalogue, fault, [Stated(answer.source, status)], (*asked, f" {how}", *by), names)
    elif status is None and (unanswered := node.at("unanswered")):
        said: Phrase = (*asked, " got no answer: ", Quoted(unanswered.text(), 120))
        yield sign_of(catalogue, "dns_unavailable", [Stated(answer.source, unanswered)], said, names)
    elif status is not None and status.text() == "NOERROR" and node.text("answered") == "0":
        kind = node.text("type")
        if kind in ("A", "AAAA", "CNAME", "MX", "SRV", "TXT", "NS"):
            shown = [Stated(answer.source, node.at("answered") or status)]
            said = (*asked, f" exists and has no {kind} record", *by)
            # Most names have no AAAA, and that is well.
            level: Level = "info" if kind == "AAAA" else "error"
            yield sign_of(catalogue, "dns_no_record", shown, said, names, level)


def _http(
    catalogue: Catalogue, exchange: Stated[Object], listening: Sequence[Listener], world: World
) -> Iterator[Sign]:
    node, host, port = exchange.fact.node, exchange.fact.name, exchange.fact.node.text("port")
    names = {key: value for key, value in {"host": host, "port": port}.items() if value}
    status = node.at("status")
    # What failed on the way to one address is no trouble where the next one answered.
    if status is None and (problems := node.each("problems")):
        problem = problems[-1]
        told = " ".join(one.text() for one in problems)
        fault = next((fault for pattern, fault in _PROBLEMS if re.search(pattern, told)), "")
        if fault:
            lost = _name_asked(told)
            said: Phrase = ("curl says: ", Quoted(problem.text(), 200))
            shown_by = [Stated(exchange.source, problem)]
            yield sign_of(catalogue, fault, shown_by, said, {**names, **({"host": lost} if lost else {})})
        if fault == "connection_refused" and port:
            yield from _nobody(catalogue, exchange, problem, listening, world)
    if status is not None and int(status.text()) >= 400:
        yield _answered(catalogue, exchange, status, names)


def _name_asked(told: str) -> str:
    found = re.search(r"Could not resolve (?:host|proxy): ([\w.-]{1,253})", told)
    return found[1] if found else ""


def _answered(catalogue: Catalogue, exchange: Stated[Object], status: Node, names: dict[str, str]) -> Sign:
    node, code = exchange.fact.node, int(status.text())
    fault = _STATUSES.get(code) or ("http_server_error" if code >= 500 else "http_request_refused")
    said: Phrase = (f"HTTP {code}",)
    if reason := node.text("reason"):
        said += (" ", Quoted(reason, 60, bare=True))
    if path := node.text("path"):
        said += (" to ", Quoted(f"{node.text('method')} {path}", 120, bare=True))
    if exchange.fact.name:
        said += (" from ", Quoted(exchange.fact.name, 80, bare=True))
    shown_by = [Stated(exchange.source, status)]
    if server := node.at("headers", "server"):
        said += (", answered by ", Quoted(server.text(), 60, bare=True))
        shown_by.append(Stated(exchange.source, server))
    return sign_of(catalogue, fault, shown_by, said, names)


def _nobody(
    catalogue: Catalogue, exchange: Stated[Object], problem: Node, listening: Sequence[Listener], world: World
) -> Iterator[Sign]:
    """On this machine, by a whole listing of what listens on it."""
    host, port = exchange.fact.name, exchange.fact.node.text("port")
    tables = [one for one in world.tables("ss", "netstat") if one.fact.is_whole]
    if not _LOOPBACK.match(host) or not tables or not listening:
        return
    if any(one.port == port for one in listening):
        return
    ports = ", ".join(sorted({one.port for one in listening}, key=int)[:12])
    said: Phrase = (
        f"Port {port} is refused, and by the listing nothing listens on it; the ports that are listened on are {ports}",
    )
    shown_by: list[Stated[Any]] = [Stated(exchange.source, problem), listening[0].row]
    yield sign_of(catalogue, "nothing_listens", shown_by, said, {"port": port})


def _tls(catalogue: Catalogue, connection: Stated[Object]) -> Iterator[Sign]:
    node, host = connection.fact.node, connection.fact.name
    names = {key: value for key, value in {"host": host, "port": node.text("port")}.items() if value}
    of: Phrase = (" of ", Quoted(host, 80, bare=True)) if host else ()
    errors = [one for one in node.each("errors") if int(one.text("code")) in _VERIFY]
    verified = node.at("verified")
    # The first error is at the depth where the chain breaks; the code at the end is the last one met.
    shown = errors[0] if errors else verified
    if shown is not None and (fault := _VERIFY.get(int(shown.text("code")))):
        said: Phrase = ("The certificate", *of, " is not accepted: ", Quoted(shown.text("text"), 120))
        shown_by = [Stated(connection.source, shown)]
        if ends := node.at("chain", 0, "ends"):
            said += (
                f" (its chain is of {len(node.each('chain'))}; the first ends on ",
                Quoted(ends.text(), 40, bare=True),
                ")",
            )
            shown_by.append(Stated(connection.source, ends))
        elif subject := node.at("chain", 0, "subject"):
            said += (" (it is issued to ", Quoted(subject.text(), 100, bare=True), ")")
            shown_by.append(Stated(connection.source, subject))
        yield sign_of(catalogue, fault, shown_by, said, names)
    elif none := node.at("none"):
        said = ("The server", *of, " presents no certificate: it speaks no TLS on this port, or ends the handshake")
        yield sign_of(catalogue, "tls_handshake_failed", [Stated(connection.source, none)], said, names)
