"""Three programs that do not exist: their format strings, and how each writes its lines."""

# ruff: noqa: E501

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

Labelled = tuple[str, str]

_NAMES = ("asta", "bjorn", "camille", "dragan", "eszter", "farid", "gudrun", "henrik", "ines", "jamal", "kaito", "lena")
_NOUNS = ("invoice", "parcel", "timetable", "meter", "permit", "ledger", "coupon", "itinerary", "reading", "contract")

# Prose, as the daemon of a railway depot writes it.
DEPOT = (
    "INFO depotd: wagon {noun}-{n} coupled to train {n} on track {small}",
    "INFO depotd: shunting plan '{noun} {name}' accepted with {small} moves",
    "INFO depotd: opened connection from {ip} port {port}",
    "INFO depotd: closed connection from {ip} port {port} after {n} ms",
    "INFO depotd: user {name} logged in from {ip}",
    "INFO depotd: user {name} logged out",
    "INFO depotd: axle counters {list} in service",
    "INFO depotd: read {n} entries from {path}",
    "INFO depotd: wrote {path} ({n} bytes)",
    "WARNING depotd: brake test of wagon {n} took {float} s, more than {small} s",
    "WARNING depotd: queue for track {small} is {small}% full",
    "WARNING depotd: could not resolve {host}, using the address of yesterday",
    "ERROR depotd: switch {n} did not reach its end position within {n} ms",
    "ERROR depotd: cannot open {path}: Permission denied",
    "ERROR depotd: cannot open {path}: No such file or directory",
    "ERROR depotd: lost connection to {host}:{port}: Connection reset by peer",
    "INFO depotd: Starting up",
    "INFO depotd: Shutting down",
    "DEBUG depotd: heartbeat",
    "INFO depotd: track {small} is {state}",
)
# key=value, as a gateway for meters writes it.
METERS = (
    'level=info msg="reading accepted" meter={hex} kwh={float} took={small}ms',
    'level=info msg="reading rejected" meter={hex} reason="older than {n} s"',
    'level=info msg="request handled" method=GET path=/meters/{hex}/readings status=200 duration={float}s',
    'level=error msg="request failed" method=POST path=/meters/{hex}/readings status=503 duration={float}s err="upstream {host}:{port} is away"',
    'level=info msg="batch stored" ids="{list}" partition={small}',
    'level=warn msg="clock of meter is off" meter={hex} by={float}s',
    'level=warn msg="retrying" attempt={small} backoff={n}ms upstream={host}',
    'level=error msg="partition lost" partition={small} leader={name}-{small}',
    'level=info msg="partition taken over" partition={small} leader={name}-{small}',
    "level=debug msg=tick n={n}",
    'level=info msg="configuration loaded" file={path} keys={small}',
    'level=error msg="disk is nearly full" mount={path} used={small}%',
    'level=info msg="token issued" user={name} scopes={words}',
    'level=info msg="token revoked" user={name}',
)
# As a Java service with a framework writes it.
TICKETS = (
    "INFO  [exec-{small}] eu.ticket.web.Orders - Order {uuid} of customer {n} placed: {small} items, total {float} EUR",
    "INFO  [exec-{small}] eu.ticket.web.Orders - Order {uuid} cancelled by {name}",
    "DEBUG [exec-{small}] eu.ticket.store.Query - select * from {noun}s where id in ({list}) took {n} us",
    "INFO  [sched-{small}] eu.ticket.jobs.Cleaner - Removed {n} expired {noun}s",
    "INFO  [sched-{small}] eu.ticket.jobs.Cleaner - Nothing to remove",
    "WARN  [exec-{small}] eu.ticket.pay.Client - Payment {uuid} answered {n} after {n}ms (attempt {small} of 5)",
    "ERROR [exec-{small}] eu.ticket.pay.Client - Payment {uuid} failed: java.net.SocketTimeoutException: Read timed out",
    "ERROR [exec-{small}] eu.ticket.pay.Client - Payment {uuid} failed: eu.ticket.pay.Refused: card of {name} refused with code {small}",
    "INFO  [main] eu.ticket.App - Started App in {float} seconds (JVM running for {float})",
    "INFO  [main] eu.ticket.App - The following {small} profiles are active: {words}",
    "INFO  [exec-{small}] eu.ticket.cache.Seats - Evicted {n} of {n} seats for event \"{noun} {name}\"",
    "INFO  [exec-{small}] eu.ticket.cache.Seats - Cache hit ratio {float}, size {n}",
    "WARN  [pool-{small}] eu.ticket.pool.Pool - Thread starvation or clock leap detected (housekeeper delta={n}ms).",
    "DEBUG [pool-{small}] eu.ticket.pool.Pool - Pool stats (total={small}, active={small}, idle={small}, waiting={small})",
    "INFO  [exec-{small}] eu.ticket.web.Access - {ip} \"GET /events/{n}/seats?page={small} HTTP/1.1\" 200 {n}",
    "ERROR [exec-{small}] eu.ticket.web.Errors - Unhandled exception for request {hex} at {path}",
    "INFO  [exec-{small}] eu.ticket.mail.Sender - Mail to {name}@{host} queued as <{hex}@{host}>",
    "WARN  [exec-{small}] eu.ticket.mail.Sender - Mail to {name}@{host} bounced: mailbox is full",
)  # fmt: skip


def depot() -> Iterator[Labelled]:
    return _written(DEPOT, 11, lambda at, text: f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03d} {text}")


def meters() -> Iterator[Labelled]:
    return _written(METERS, 12, lambda at, text: f"ts={at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z {text}")


def tickets() -> Iterator[Labelled]:
    return _written(TICKETS, 13, lambda at, text: f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d} {text}")


def _written(formats: tuple[str, ...], seed: int, line: Callable[[datetime, str], str]) -> Iterator[Labelled]:
    """The earlier a format stands, the more often it is written; the last are rare."""
    rng = random.Random(seed)
    at = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
    order = rng.sample(range(len(formats)), len(formats))
    weights = [1 / (1 + rank) for rank in range(len(formats))]
    for _ in range(4000):
        at += timedelta(milliseconds=rng.randrange(1, 2000))
        number = rng.choices(order, weights)[0]
        yield str(number), line(at, formats[number].format_map(_Values(rng)))


class _Values(dict[str, str]):
    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self._rng = rng

    def __missing__(self, kind: str) -> str:
        rng = self._rng
        match kind:
            case "n":
                return str(rng.randrange(1, 10 ** rng.randrange(1, 7)))
            case "small":
                return str(rng.randrange(1, 40))
            case "port":
                return str(rng.randrange(1024, 65536))
            case "float":
                return f"{rng.uniform(0, 90):.{rng.randrange(1, 4)}f}"
            case "hex":
                return f"{rng.getrandbits(48):012x}"
            case "uuid":
                digits = f"{rng.getrandbits(128):032x}"
                return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
            case "ip":
                return ".".join(str(rng.randrange(1, 255)) for _ in range(4))
            case "host":
                return f"{rng.choice(_NOUNS)}-{rng.randrange(9)}.{rng.choice(_NAMES)}.example"
            case "name":
                return rng.choice(_NAMES)
            case "noun":
                return rng.choice(_NOUNS)
            case "state":
                return rng.choice(("free", "occupied", "closed"))
            case "path":
                return "/" + "/".join(rng.choices((*_NAMES, *_NOUNS), k=rng.randrange(2, 5))) + f".{rng.randrange(99)}"
            case "list":
                return ", ".join(str(rng.randrange(9999)) for _ in range(rng.randrange(1, 7)))
            case "words":
                return ",".join(rng.sample(_NOUNS, rng.randrange(1, 4)))
            case _:
                raise KeyError(kind)
