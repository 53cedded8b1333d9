"""Streams that are cut at any byte are resumed without a gap and without repetition."""

from __future__ import annotations

from tests.faults.outcome import Budget
from tests.faults.proxy import FaultProxy
from tests.faults.streams import REACH, WEIGHTS, Streaming
from tests.integration.conftest import Start

SEED = 4


def test_readers_of_broken_streams_miss_nothing_and_read_nothing_twice(start: Start) -> None:
    with FaultProxy(SEED, WEIGHTS, REACH) as proxy, start(allowed_hosts=proxy.host) as server:
        proxy.upstream = server.port
        outcome = Streaming(server, proxy, SEED, Budget(count=300)).run()
        assert outcome.violations == []
        counts = outcome.counts
        print(counts)
        assert counts["cuts"] >= 300
        assert counts["cut in response body"] > 50, counts
        assert counts["events"] > 100, counts
        assert counts["questions"] > 0, counts
        assert "Traceback" not in server.logged()
