"""Dockerfiles: stages that are copied from, and the port that the image names against the one that is published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.facts import Node, Object, is_number
from faultmaven.diagnosis.inspections.compose import inside_ports
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign


def dockerfiles(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    files = world.objects("Dockerfile")
    for file in files:
        yield from _stages(catalogue, file)
    if len(files) == 1:
        yield from _port(world, catalogue, files[0])


def _stages(catalogue: Catalogue, file: Stated[Object]) -> Iterator[Sign]:
    """A number beyond the stages above, the name of a later one, or nearly the name of one: else it is an image."""
    every = [one.text("stage").lower() for one in file.fact.node.items if one.text("instruction") == "FROM"]
    above: list[str] = []
    for one in file.fact.node.items:
        if one.text("instruction") == "FROM":
            above.append(one.text("stage").lower())
        wanted = one.text("flags", "from")
        if not wanted or "$" in wanted or one.text("instruction") not in ("COPY", "ADD"):
            continue
        if why := _unknown(wanted.lower(), above, every):
            said: Phrase = (
                f"{one.text('instruction')} in line {one.span.first} takes files from ",
                Quoted(wanted, 60, bare=True),
                *why,
            )
            yield sign_of(catalogue, "dockerfile_stage_missing", [Stated(file.source, one)], said, {"image": wanted})


def _unknown(wanted: str, above: Sequence[str], every: Sequence[str]) -> Phrase:
    if is_number(wanted):
        # A stage cannot take from itself.
        earlier = len(above) - 1
        return () if int(wanted[:6]) < earlier else (f", and {earlier} stages stand above it, counted from 0",)
    if wanted in above[:-1]:
        return ()
    if wanted in every:
        return (", which is a stage, but not one above it",)
    named = [stage for stage in every if stage]
    near = get_close_matches(wanted, named, n=1, cutoff=0.7)
    if near and not any(mark in wanted for mark in ":/@."):
        return (", which is no stage of the file; there is a stage ", Quoted(near[0], 60, bare=True))
    return ()


def _port(world: World, catalogue: Catalogue, file: Stated[Object]) -> Iterator[Sign]:
    """Of the one service that builds the one file shown."""
    exposed = {
        word.partition("/")[0]: one
        for one in file.fact.node.items
        if one.text("instruction") == "EXPOSE"
        for word in one.text("value").split()
        if is_number(word.partition("/")[0])
    }
    built = [one for one in world.objects("ComposeService") if one.fact.node.at("build")]
    if not exposed or len(built) != 1 or _is_told_a_port(built[0].fact.node):
        return
    (service,) = built
    inside = inside_ports(service.fact.node)
    if not inside or exposed.keys() & inside.keys():
        return
    said: Phrase = (
        "Service ",
        Quoted(service.fact.name, 60, bare=True),
        f" publishes port {', '.join(sorted(inside))} of its container, and the Dockerfile it is built from names port "
        f"{', '.join(sorted(exposed))}",
    )
    shown_by: list[Stated[Node]] = [
        *(Stated(service.source, node) for node in inside.values()),
        *(Stated(file.source, node) for node in exposed.values()),
    ]
    names = {"service": service.fact.name, "container": service.fact.name}
    yield sign_of(catalogue, "container_port_mismatch", shown_by[:4], said, names, level="warning")


def _is_told_a_port(service: Node) -> bool:
    """The program may be made to listen elsewhere by its environment or command."""
    told = [node for key in ("environment", "command", "entrypoint") if (node := service.at(key))]
    words = [word for node in told for path, one in node.walk() for word in (str(path[-1:]), one.text())]
    return any("port" in word.lower() or is_number(word) for word in words)
