"""Nodes made from what a listing or a description tells, in the shape in which the API would have answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from faultmaven.diagnosis.facts import Node, Scalar, Span

Told = Node | Scalar | Sequence["Told"] | Mapping[str, "Told"]


def made(told: Told, span: Span) -> Node:
    """Nodes keep their own lines; what is written out here has those of `span`. Empty parts are left out."""
    match told:
        case Node():
            return told
        case str() | int() | float() | bool() | None:
            return Node(span, scalar=told)
        case Mapping():
            members = {key: made(value, span) for key, value in told.items() if value not in (None, "", (), [], {})}
            return Node(span, "map", members=members)
        case _:
            return Node(span, "list", items=tuple(made(item, span) for item in told))
