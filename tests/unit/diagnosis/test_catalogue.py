"""The catalogue holds what it promises, and its loader refuses what is wrong, naming the place."""

from __future__ import annotations

from collections import Counter

import pytest

from faultmaven.diagnosis.catalogue import CatalogueError, Fault, load
from faultmaven.diagnosis.catalogue.loader import commands_of, read
from faultmaven.diagnosis.commands.names import KINDS, fill, placeholders
from faultmaven.diagnosis.commands.risk import risk_of

FAULTS = load().faults
BY_ID = [pytest.param(fault, id=fault.id) for fault in FAULTS]
ENTRY = """
- id: {id}
  title: A fault
  category: infrastructure
  role: cause
  explanation: It broke.
  patterns: ['{pattern}']
  checks:
    - text: {check}
      command: {command}
  actions:
    - kind: fix
      text: Repair it.
  {more}
"""


def entry(**changes: str) -> str:
    told = {"id": "one", "pattern": "it broke", "check": "Is it broken?", "command": "uptime", "more": "aliases: []"}
    return ENTRY.format(**(told | changes))


def refused(*entries: str) -> str:
    with pytest.raises(CatalogueError) as raised:
        read({"chapter.yaml": "".join(entries).encode()})
    return str(raised.value)


def test_there_are_enough_faults_to_be_useful() -> None:
    assert len(FAULTS) >= 60


def test_the_database_that_ran_out_of_connections_is_named_by_its_setting() -> None:
    fault = load().get("database_connections_exhausted")
    assert fault is not None
    assert fault.role == "cause"
    assert "max_connections" in fault.title
    assert "max_connections" in fault.explanation


@pytest.mark.parametrize("fault", BY_ID)
def test_every_fault_says_what_it_means_and_what_to_do(fault: Fault) -> None:
    assert fault.explanation.endswith(".")
    assert len(fault.explanation) > 80
    assert any(action.kind in ("fix", "mitigate") for action in fault.actions)
    assert all(text.strip() == text and "\n" not in text for text in (fault.title, fault.explanation))
    assert fault.title[0].isupper()
    assert not fault.title.endswith(".")


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.role == "symptom"], ids=lambda fault: fault.id)
def test_a_symptom_says_whose_log_would_settle_it(fault: Fault) -> None:
    assert fault.missing


def test_no_two_faults_share_a_check_an_action_or_a_title() -> None:
    checks = Counter(check.text for fault in FAULTS for check in fault.checks)
    actions = Counter(action.text for fault in FAULTS for action in fault.actions if action.kind == "fix")
    titles = Counter(fault.title for fault in FAULTS)
    assert [text for counted in (checks, actions, titles) for text, count in counted.items() if count > 1] == []


@pytest.mark.parametrize("fault", BY_ID)
def test_checks_only_read_and_no_command_is_beyond_judging(fault: Fault) -> None:
    assert [c for c in commands_of(fault) if risk_of(fill(c, {})) == "unknown"] == []
    reading = [check.command for check in fault.checks] + [action.verify for action in fault.actions]
    assert [c for c in reading if c and risk_of(fill(c, {})) != "read_only"] == []


@pytest.mark.parametrize("fault", BY_ID)
def test_names_do_not_change_the_risk_of_a_command(fault: Fault) -> None:
    samples = {
        "port": "5432",
        "pid": "811",
        "device": "/dev/sda",
        "verb": "list",
        "file": "/etc/app.yaml",
        "path": "/srv",
    }
    names = {kind: samples.get(kind, "sample") for kind in KINDS}
    for command in commands_of(fault):
        assert risk_of(fill(command, names)) == risk_of(fill(command, {}))
        assert not placeholders(fill(command, names))


@pytest.mark.parametrize("fault", BY_ID)
def test_a_command_that_changes_something_can_be_verified_or_undone(fault: Fault) -> None:
    for action in fault.actions:
        if action.command and risk_of(fill(action.command, {})) != "read_only":
            assert action.verify or action.undo


def test_it_is_read_once_and_its_version_follows_its_words() -> None:
    assert load() is load()
    one, other = read({"a.yaml": entry().encode()}), read({"a.yaml": entry(check="Still?").encode()})
    assert one.version != other.version
    assert one.version == read({"a.yaml": entry().encode()}).version


def test_an_unknown_id_is_nobody() -> None:
    assert load().get("no_such_fault") is None


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ([entry(more="aliasses: [x]")], "aliasses"),
        ([entry(), entry(check="Another?")], "id already used in chapter.yaml: one"),
        ([entry(more="explains: [nobody]")], "nobody"),
        ([entry(more="explains: [one]")], "does not explain itself"),
        ([entry(pattern="(?=ahead)")], "not an RE2 pattern"),
        ([entry(pattern="x*")], "matches the empty line"),
        ([entry(command="kubectl get {spaceship}")], "spaceship"),
        ([entry(), entry(id="two")], "already belongs to"),
        ([entry(id="Not Snake")], "snake_case"),
        (["- just text"], "entry 1"),
        (["a: b"], "list of faults"),
        (["- [unclosed"], "not YAML"),
    ],
)
def test_what_is_wrong_is_refused_by_name(entries: list[str], complaint: str) -> None:
    message = refused(*entries)
    assert message.startswith("chapter.yaml")
    assert complaint in message
