"""How well messages are grouped by the statement that wrote them.

Grouping accuracy (GA) is the share of lines whose group, by the templates mined, is exactly the set of lines of one
statement (Zhu et al., "Tools and Benchmarks for Automated Log Parsing", ICSE-SEIP 2019). The F1 of grouping accuracy
(FGA) counts groups instead of lines: exact groups over groups mined is the precision, over statements the recall
(Jiang et al., "A Large-scale Evaluation for Log Parsing Techniques: How Far Are We?", ISSTA 2024, Loghub-2.0).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.accuracy import loggers

from faultmaven.diagnosis.reading import template_of
from faultmaven.diagnosis.signatures import choose_signing
from faultmaven.diagnosis.tally import Tally
from faultmaven.diagnosis.templates import rows

Labelled = tuple[str, str]
LOGS = Path(__file__).parent / "logs"
PROGRAMS = ("chromium", "pip", "postgresql")


@dataclass(frozen=True, slots=True)
class Accuracy:
    ga: float
    fga: float


def stored(program: str) -> Iterator[Labelled]:
    for line in (LOGS / f"{program}.tsv").read_text(encoding="utf-8").removesuffix("\n").split("\n"):
        label, _, told = line.partition("\t")
        yield label, told


def accuracy(labelled: Iterable[Labelled]) -> Accuracy:
    labels, lines = zip(*labelled, strict=True)
    return compared(labels, grouped(lines))


def grouped(lines: Sequence[str]) -> list[int]:
    """The number of each line's template, as reading evidence mines them, before the rare are dropped."""
    raw = [line.encode() for line in lines]
    text = b"\n".join(raw)
    tally = Tally()
    keys = tally.add(1, raw, choose_signing(raw)(text, raw))
    of_key = {key: template_of(entry, lambda at: at) for key, entry in tally.entries().items()}
    number_of = {id(one): number for number, row in enumerate(rows(of_key.values())) for one in row.members}
    return [number_of[id(of_key[key])] for key in keys]


def compared(labels: Sequence[str], groups: Sequence[int]) -> Accuracy:
    wanted, mined = _sets(labels), _sets(groups)
    exact = {frozenset(one) for one in wanted.values()} & {frozenset(one) for one in mined.values()}
    right, precision, recall = sum(map(len, exact)), len(exact) / len(mined), len(exact) / len(wanted)
    return Accuracy(right / len(labels), 2 * precision * recall / (precision + recall) if exact else 0.0)


def _sets(keys: Sequence[object]) -> dict[object, set[int]]:
    sets: dict[object, set[int]] = defaultdict(set)
    for number, key in enumerate(keys):
        sets[key].add(number)
    return sets


def measured() -> dict[str, Accuracy]:
    """Of every program there is."""
    own = {"depot": loggers.depot, "meters": loggers.meters, "tickets": loggers.tickets}
    return {name: accuracy(written()) for name, written in own.items()} | {
        name: accuracy(stored(name)) for name in PROGRAMS
    }
