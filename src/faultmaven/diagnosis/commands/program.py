"""Programs as the tables in `programs/*.yaml` describe them: what they do, by sub-command and option.

always read_only: cat grep ls          names, separated by blanks
systemctl:
  reads: status, list-units            sub-commands, separated by commas; "rollout undo" is one of two words
  takes: -n, --lines                   options that are followed by a value
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from faultmaven.diagnosis.report import Risk


@dataclass(frozen=True, slots=True)
class Program:
    """What is named nowhere is unknown.

    `alone` is the risk without further words, `otherwise` with words that are no sub-command. `needs` are options of
    which one must be there, else the risk is `unasked`. `raised` are the options that make any use of it graver; where
    the program `abbreviates`, so do their prefixes. `long_words`: a single dash begins a whole word, as in `-out`.
    """

    alone: Risk
    otherwise: Risk
    unasked: Risk
    subcommands: Mapping[str, Risk]
    takes: frozenset[str]
    needs: frozenset[str]
    raised: Mapping[str, Risk]
    long_words: bool
    abbreviates: bool


class _Entry(BaseModel):
    """A program as written; lists are separated by commas."""

    model_config = ConfigDict(extra="forbid")

    alone: Risk = "unknown"
    otherwise: Risk = "unknown"
    unasked: Risk = "unknown"
    reads: str = ""
    changes: str = ""
    destroys: str = ""
    takes: str = ""
    needs: str = ""
    doubtful: str = ""
    changing: str = ""
    destroying: str = ""
    long_words: bool = False
    abbreviates: bool = True

    def program(self) -> Program:
        return Program(
            self.alone,
            self.otherwise,
            self.unasked,
            _rated(self.reads, "read_only")
            | _rated(self.changes, "changes_state")
            | _rated(self.destroys, "destructive"),
            frozenset(_listed(self.takes)),
            frozenset(_listed(self.needs)),
            _rated(self.doubtful, "unknown")
            | _rated(self.changing, "changes_state")
            | _rated(self.destroying, "destructive"),
            self.long_words,
            self.abbreviates,
        )


_RISK: TypeAdapter[Risk] = TypeAdapter(Risk)


@cache
def programs() -> Mapping[str, Program]:
    """All known programs by name, read once per process."""
    tables = (files("faultmaven.diagnosis.commands") / "programs").iterdir()
    return dict(entry for table in tables if table.name.endswith(".yaml") for entry in _entries(table.read_bytes()))


def _entries(content: bytes) -> Iterator[tuple[str, Program]]:
    for name, described in yaml.load(content, Loader=yaml.CSafeLoader).items():
        if name.startswith("always "):
            risk = _RISK.validate_python(name.removeprefix("always "))
            program = _Entry(alone=risk, otherwise=risk).program()
            yield from ((each, program) for each in described.split())
        else:
            yield name, _Entry.model_validate(described).program()


def _rated(text: str, risk: Risk) -> dict[str, Risk]:
    return dict.fromkeys(_listed(text), risk)


def _listed(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.split(",") if part.strip()]
