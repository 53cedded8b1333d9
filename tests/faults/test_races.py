"""Callers race on one client's session: what they are told is linearizable, also where connections break."""

from __future__ import annotations

from tests.faults.outcome import Budget, Outcome
from tests.faults.proxy import PLACES, FaultProxy, Reach
from tests.faults.races import Target, race
from tests.faults.record import Record, read_on
from tests.integration.conftest import Start
from tests.servers import Server

SEED = 20
# More than all clients have live at once, so that none is ended to make room.
SETTINGS = {"max_sessions_per_user": "10000", "log_level": "warning"}
# Connections are kept alive: most faults come after some requests.
REACH: Reach = (("request head", 300), ("request body", 6000), ("response head", 350), ("response body", 15000))


def check(server: Server, outcome: Outcome) -> None:
    assert outcome.violations == []
    record = Record()
    with server.client() as api:
        read_on(record, api)
    assert record.violations == []
    assert record.types["session.opened"] >= outcome.counts["opened"]
    assert record.types["session.ended"] >= outcome.counts["ended"]
    for kind in ("opened", "resumed", "ended", "read", "patched", "answered 410", "answered 412"):
        assert outcome.counts[kind] > 20, outcome.counts


def test_raced_sessions_are_linearizable(start: Start) -> None:
    with start(**SETTINGS) as server:
        assert server.token is not None
        outcome = race(Target(server.bound, server.token), SEED, Budget(count=3000))
        assert outcome.counts["unknown"] == 0
        check(server, outcome)


def test_raced_sessions_are_linearizable_through_broken_connections(start: Start) -> None:
    with FaultProxy(SEED, reach=REACH) as proxy, start(allowed_hosts=proxy.host, **SETTINGS) as server:
        assert server.token is not None
        proxy.upstream = server.port
        outcome = race(Target(proxy.host, server.token, cut=True), SEED, Budget(count=1000))
        assert outcome.counts["unknown"] > 50, outcome.counts
        assert all(proxy.cuts()[place] for place in PLACES)
        check(server, outcome)
