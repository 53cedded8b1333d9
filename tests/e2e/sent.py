"""What left a browser, and whether the contract knows of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema_rs
from playwright.sync_api import Request

Json = dict[str, Any]
API = "/api/v1/"


@dataclass(frozen=True)
class Sent:
    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None

    @classmethod
    def of(cls, request: Request) -> Sent:
        return cls(request.method, request.url, request.headers, request.post_data_buffer)

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def json(self) -> Json:
        body: Json = json.loads(self.body or b"{}")
        return body

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def __str__(self) -> str:
        return f"{self.method} {self.url}"


class Contract:
    def __init__(self, document: Path) -> None:
        self._document: Json = json.loads(document.read_text())

    def operation_of(self, sent: Sent) -> Json | None:
        """What the contract says of this request's method and path."""
        for template, operations in self._document["paths"].items():
            pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
            if re.fullmatch(pattern, sent.path):
                operation: Json | None = operations.get(sent.method.lower())
                return operation
        return None

    def complaints(self, sent: Sent) -> Iterator[str]:
        """Everything about this request that the contract does not foresee."""
        operation = self.operation_of(sent)
        if operation is None:
            yield f"{sent}: no such operation"
            return
        yield from self._of_parameters(sent, operation)
        yield from self._of_body(sent, operation)

    def _of_parameters(self, sent: Sent, operation: Json) -> Iterator[str]:
        known = {one["name"]: one for one in operation.get("parameters", []) if one["in"] == "query"}
        given = dict(parse_qsl(urlsplit(sent.url).query))
        yield from (f"{sent}: parameter {name} is not in the contract" for name in given.keys() - known.keys())
        for name, parameter in known.items():
            if name in given:
                value = _typed(given[name], parameter["schema"])
                yield from self._of_value(f"{sent}: parameter {name}", value, parameter["schema"])
            elif parameter.get("required"):
                yield f"{sent}: parameter {name} is missing"

    def _of_body(self, sent: Sent, operation: Json) -> Iterator[str]:
        contents = operation.get("requestBody", {}).get("content", {})
        kind = sent.headers.get("content-type", "").split(";")[0]
        if sent.body is None and not kind:
            if operation.get("requestBody", {}).get("required"):
                yield f"{sent}: it has no body"
        elif kind not in contents:
            yield f"{sent}: the contract takes {sorted(contents)}, not {kind}"
        elif kind == "application/json":
            body = json.loads(sent.body or b"null")
            yield from self._of_value(f"{sent}: body", body, contents[kind]["schema"])
            yield from self._of_names(sent, body, contents[kind]["schema"])

    def _of_value(self, what: str, value: Any, schema: Json) -> Iterator[str]:
        standing_alone = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **schema,
            "components": self._document["components"],
        }
        for error in jsonschema_rs.Draft202012Validator(standing_alone).iter_errors(value):
            yield f"{what}: {error.message}"

    def _of_names(self, sent: Sent, body: Any, schema: Json) -> Iterator[str]:
        """The server ignores what it does not know, so a misspelt field would never be told by it."""
        named = [schema, *schema.get("anyOf", [])]
        known = {name for one in named for name in self._resolved(one).get("properties", {})}
        if isinstance(body, dict):
            yield from (f"{sent}: field {name} is not in the contract" for name in body.keys() - known)

    def _resolved(self, schema: Json) -> Json:
        reference = schema.get("$ref", "")
        schemas: Json = self._document["components"]["schemas"]
        found: Json = schemas[reference.rpartition("/")[2]] if reference else schema
        return found


def _typed(text: str, schema: Json) -> int | str:
    kinds = {one.get("type") for one in [schema, *schema.get("anyOf", [])]}
    return int(text) if "integer" in kinds and text.isdigit() else text
