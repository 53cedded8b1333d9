"""Files that cannot be read, settings given twice, and lines of an .env file that not everything reads the same way."""

from __future__ import annotations

from collections.abc import Iterator

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.facts import Level, Node, Object
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign

# What reads them adds values up, or keeps one of several on purpose.
_QUIET = frozenset({"PATH", "path"})
_BARE = "has a value with spaces and without quotes"


def configs(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    for stated in world.objects("Broken"):
        yield _broken(catalogue, stated)
    for stated in world.objects("Repeated"):
        if stated.fact.name not in _QUIET:
            yield _repeated(catalogue, stated)
    for stated in world.objects("Environment"):
        yield from _unreadable(catalogue, stated)


def _broken(catalogue: Catalogue, stated: Stated[Object]) -> Sign:
    node, file = stated.fact.node, stated.fact.name or stated.source.name
    said: Phrase = (
        f"{node.text('form')} ends being readable in line {stated.span.first} of ",
        Quoted(file, 80, bare=True),
        "; a parser says there: ",
        Quoted(node.text("message"), 160, bare=True),
    )
    return sign_of(catalogue, "config_syntax_error", [stated], said, {"file": file})


def _repeated(catalogue: Catalogue, stated: Stated[Object]) -> Sign:
    node, file = stated.fact.node, stated.fact.namespace or stated.source.name
    first, last = node.members["first"], node.members["last"]
    form = node.text("form")
    kept = {".env": "the last one counts", "INI": "some programs keep one, others add them up"}
    said: Phrase = (
        Quoted(stated.fact.name, 80, bare=True),
        f" is given twice, with different values, in lines {first.span.first} and {last.span.first} of ",
        Quoted(file, 80, bare=True),
        f"; {kept.get(form, 'most readers keep the last one')}",
    )
    shown_by: list[Stated[Node]] = [Stated(stated.source, last), Stated(stated.source, first)]
    # Some programs add up what INI gives several times.
    level: Level = "warning" if form == "INI" else "error"
    return sign_of(
        catalogue, "config_key_repeated", shown_by, said, {"variable": stated.fact.name, "file": file}, level
    )


def _unreadable(catalogue: Catalogue, stated: Stated[Object]) -> Iterator[Sign]:
    for key, told in stated.fact.node.members.items():
        for node in told.items or (told,):
            if why := _trouble(node):
                said: Phrase = (Quoted(key, 80, bare=True), f" in line {node.span.first} {why}")
                # Compose reads a value with spaces; a shell does not.
                level: Level = "warning" if why == _BARE else "error"
                shown_by = [Stated(stated.source, node)]
                yield sign_of(catalogue, "env_line_unreadable", shown_by, said, {"variable": key}, level)


def _trouble(node: Node) -> str:
    value = node.text()
    if node.text("gap") == "true":
        return "has a space before its equals sign"
    bare = value.partition(" #")[0].strip()
    if " " in bare and bare[:1] not in "\"'" and not bare.startswith("$("):
        return _BARE
    return ""
