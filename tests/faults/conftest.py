"""Servers for tests that break something: each test has its own."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from tests.integration.conftest import Start
from tests.servers import running


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """`with start(retention_days="1") as server:` always on the same data folder."""
    return partial(running, tmp_path / "data")
