"""Reads the chapters of the catalogue and refuses what is not right, naming the file and the entry.

faults/*.yaml ──parse──▶ entries ──typed──▶ faults ──checked against each other──▶ Catalogue
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml
from pydantic import TypeAdapter, ValidationError

from faultmaven.diagnosis.catalogue.book import Catalogue
from faultmaven.diagnosis.catalogue.model import Fault
from faultmaven.diagnosis.catalogue.patterns import Pattern
from faultmaven.diagnosis.commands.names import unknown_kinds

_FAULT = TypeAdapter(Fault)
_ID = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class CatalogueError(ValueError):
    """The catalogue contradicts itself or its format; the message names the chapter and the entry."""


@dataclass(frozen=True, slots=True)
class _Entry:
    where: str
    fault: Fault


@cache
def load() -> Catalogue:
    """The catalogue that comes with the product, read once per process."""
    folder = files("faultmaven.diagnosis.catalogue") / "faults"
    chapters = {file.name: file.read_bytes() for file in folder.iterdir() if file.name.endswith(".yaml")}
    return read(chapters)


def read(chapters: Mapping[str, bytes]) -> Catalogue:
    """A catalogue out of YAML chapters by file name. Raises CatalogueError."""
    names = sorted(chapters)
    entries = [entry for name in names for entry in _chapter(name, chapters[name])]
    _check_together(entries)
    content = b"\0".join(name.encode() + b"\0" + chapters[name] for name in names)
    return Catalogue(tuple(entry.fault for entry in entries), hashlib.sha256(content).hexdigest()[:12])


def _chapter(name: str, content: bytes) -> Iterator[_Entry]:
    try:
        listed = yaml.load(content, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as problem:
        raise CatalogueError(f"{name}: not YAML: {problem}") from problem
    if not isinstance(listed, list):
        raise CatalogueError(f"{name}: a chapter is a list of faults")
    for number, raw in enumerate(listed, start=1):
        label = raw.get("id") if isinstance(raw, dict) else None
        yield _entry(f"{name}: {label or f'entry {number}'}", raw)


def _entry(where: str, raw: object) -> _Entry:
    try:
        fault = _FAULT.validate_python(raw)
    except ValidationError as problem:
        found = problem.errors()[0]
        field = ".".join(str(part) for part in found["loc"])
        raise CatalogueError(f"{where}: {field}: {found['msg']}") from problem
    for complaint in _complaints(fault):
        raise CatalogueError(f"{where}: {complaint}")
    return _Entry(where, fault)


def _complaints(fault: Fault) -> Iterator[str]:
    if not _ID.fullmatch(fault.id):
        yield "id: must be snake_case"
    for field in ("checks", "actions"):
        if not getattr(fault, field):
            yield f"{field}: at least one is needed"
    yield from _pattern_complaints((*fault.patterns, *fault.not_patterns))
    if fault.headline and (unknown := unknown_kinds(fault.headline) - {"address"}):
        yield f"unknown placeholder {{{min(unknown)}}} in: {fault.headline}"
    for command in commands_of(fault):
        if unknown := unknown_kinds(command):
            yield f"unknown placeholder {{{min(unknown)}}} in: {command}"


def _pattern_complaints(sources: Iterable[str]) -> Iterator[str]:
    for source in sources:
        try:
            pattern = Pattern(source)
        except ValueError as problem:
            yield str(problem)
            continue
        if pattern.found_in(b""):
            yield f"pattern matches the empty line: {source!r}"


def commands_of(fault: Fault) -> Iterator[str]:
    """Every command an entry carries, as written, placeholders unfilled."""
    for check in fault.checks:
        yield from filter(None, [check.command])
    for action in fault.actions:
        yield from filter(None, [action.command, action.undo, action.verify])


def _check_together(entries: list[_Entry]) -> None:
    first: dict[str, str] = {}
    for entry in entries:
        if entry.fault.id in first:
            raise CatalogueError(f"{entry.where}: id already used in {first[entry.fault.id]}")
        first[entry.fault.id] = entry.where
    for entry in entries:
        for target in entry.fault.explains:
            if target not in first:
                raise CatalogueError(f"{entry.where}: explains: no fault has the id {target!r}")
            if target == entry.fault.id:
                raise CatalogueError(f"{entry.where}: explains: a fault does not explain itself")
    _check_shared(entries)


def _check_shared(entries: list[_Entry]) -> None:
    """An alias and the wording of a check belong to one fault: else a question or an answer to a check is ambiguous."""
    owner: dict[str, str] = {}
    for entry in entries:
        told = {*(alias.casefold() for alias in entry.fault.aliases), *(check.text for check in entry.fault.checks)}
        for text in told:
            if text in owner:
                raise CatalogueError(f"{entry.where}: {text!r} already belongs to {owner[text]}")
            owner[text] = entry.where
