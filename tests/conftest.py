"""`--database` and what it takes to run the same tests on each."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest
from tests import databases

# How long an example takes says how busy the machine is, not whether the code is right.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=databases.NAMES, default="sqlite", help="what servers of tests store in")


def pytest_configure(config: pytest.Config) -> None:
    databases.choose(config.getoption("--database"))
    config.addinivalue_line("markers", "only_on(database, why): about that database itself")
    config.addinivalue_line("markers", "long: takes minutes, so it begins first")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for mark in item.iter_markers("only_on"):
            if mark.args[0] != databases.chosen:
                item.add_marker(pytest.mark.skip(f"only on {mark.args[0]}: {mark.args[1]}"))
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(autouse=True)
def _databases_of_this_test_go_with_it() -> Iterator[None]:
    yield
    databases.drop_unused()
