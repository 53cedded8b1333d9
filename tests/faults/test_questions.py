"""Exactly once: a retry at any byte of request or response gives the same query and the same answer."""

from __future__ import annotations

from tests.faults.outcome import Budget
from tests.faults.proxy import PLACES, FaultProxy
from tests.faults.questions import Asking
from tests.integration.conftest import Start

SEED = 3


def test_questions_retried_through_broken_connections_are_asked_and_answered_exactly_once(start: Start) -> None:
    with FaultProxy(SEED) as proxy, start(allowed_hosts=proxy.host) as server:
        proxy.upstream = server.port
        outcome = Asking(server, proxy, SEED, Budget(count=150)).run()
        assert outcome.violations == []
        counts = outcome.counts
        assert counts["questions"] == 150
        assert counts["attempts"] > 200
        assert counts["with evidence"] > 10
        assert counts["asked at once by several"] > 10
        assert all(counts[f"cut in {place}"] > 10 for place in PLACES), counts
        assert "Traceback" not in server.logged()
