"""The vendor's OpenAPI files, read so that an exchange can be held against them. Skipped where they are not at hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec

#: Beside the checkout, where the reference stands at all.
REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "reference"
OPENAPI = REFERENCE / "openapi"
_METHODS = ("get", "post", "put", "delete", "patch")


class Documented(msgspec.Struct, frozen=True):
    """One operation of a spec file."""

    method: str
    #: "/contacts/{contactId}"
    path: str
    #: The file's name without its ending: "contacts", "contacts-v3".
    module: str
    operation: dict[str, Any]
    document: dict[str, Any]

    @property
    def name(self) -> str:
        """As gaps name it."""
        return f"{self.method} {self.path}"

    def parameters(self, place: str) -> dict[str, dict[str, Any]]:
        """By name: those of "query" or "path"."""
        found = [_resolved(one, self.document) for one in self.operation.get("parameters", ())]
        return {one["name"]: one for one in found if one.get("in") == place}

    def body(self) -> dict[str, Any] | None:
        """Schema of the JSON body; None where it takes none."""
        content = _resolved(self.operation.get("requestBody", {}), self.document).get("content", {})
        schema: dict[str, Any] | None = content.get("application/json", {}).get("schema")
        return schema

    def required(self, schema: dict[str, Any] | None) -> list[str]:
        """Names that a body must have."""
        found = {} if schema is None else _resolved(schema, self.document)
        parts = [found, *(_resolved(one, self.document) for one in found.get("allOf", ()))]
        return [name for part in parts if isinstance(part.get("required"), list) for name in part["required"]]

    def answers(self) -> dict[str, dict[str, Any] | None]:
        """Schemas of the answers by status."""
        return {
            status: _resolved(one, self.document).get("content", {}).get("application/json", {}).get("schema")
            for status, one in self.operation.get("responses", {}).items()
        }


class Specs:
    """All files of one version."""

    def __init__(self, folder: Path) -> None:
        self._by_shape: dict[tuple[str, int], list[tuple[tuple[str, ...], Documented]]] = {}
        self._validators: dict[int, jsonschema_rs.Validator] = {}
        for file in sorted(folder.glob("*.json")):
            document = json.loads(file.read_text("utf-8"))
            for path, methods in document.get("paths", {}).items():
                for method, operation in methods.items():
                    if method in _METHODS:
                        self._add(Documented(method.upper(), path, file.stem, operation, document))

    def _add(self, one: Documented) -> None:
        parts = tuple(one.path.strip("/").split("/"))
        self._by_shape.setdefault((one.method, len(parts)), []).append((parts, one))

    def all(self) -> Iterator[Documented]:
        """Every operation."""
        for rows in self._by_shape.values():
            for _, one in rows:
                yield one

    def find(self, method: str, path: str) -> Documented | None:
        """The operation that a concrete path calls: of several the one with most literal segments."""
        parts = path.strip("/").split("/")
        fits = [
            (sum(a == b for a, b in zip(template, parts, strict=True)), one)
            for template, one in self._by_shape.get((method, len(parts)), ())
            if all(a == b or a.startswith("{") for a, b in zip(template, parts, strict=True))
        ]
        return max(fits, key=lambda fit: fit[0])[1] if fits else None

    def problems(self, schema: dict[str, Any], document: dict[str, Any], value: Any) -> list[tuple[str, str]]:
        """(where, what is wrong) for each deviation."""
        key = id(schema)
        validator = self._validators.get(key)
        if validator is None:
            validator = self._validators[key] = jsonschema_rs.Draft7Validator(
                _as_json_schema(schema, document)
            )
        return [
            ("/" + "/".join(map(str, error.instance_path)), error.message)
            for error in validator.iter_errors(value)
        ]


@cache
def dated() -> Specs:
    """The dated versions."""
    return Specs(OPENAPI / "apps")


@cache
def v3() -> Specs:
    """The same modules under v3."""
    return Specs(OPENAPI / "v3")


@cache
def _common() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((OPENAPI / "common" / "common-schemas.json").read_text("utf-8"))
    return loaded


def _resolved(value: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    while isinstance(value, dict) and "$ref" in value:
        value, document = _follow(value["$ref"], document)
    return value


def _follow(reference: str, document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    file, _, pointer = reference.partition("#/")
    document = _common() if file else document
    found: Any = document
    for part in pointer.split("/"):
        # Four references of the vendor's lead nowhere.
        found = found.get(part, {}) if isinstance(found, dict) else {}
    return found, document


def _as_json_schema(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """OpenAPI 3.0 as draft 7: references become definitions, `nullable` a type."""
    definitions: dict[str, Any] = {}

    def convert(value: Any, within: dict[str, Any]) -> Any:
        if isinstance(value, list):
            return [convert(one, within) for one in value]
        if not isinstance(value, dict):
            return value
        if isinstance(reference := value.get("$ref"), str):
            name = ("common/" if not reference.startswith("#") else "") + reference.rpartition("/")[2]
            if name not in definitions:
                definitions[name] = {}
                definitions[name] = convert(*_follow(reference, within))
            return {"$ref": f"#/definitions/{name.replace('/', '~1')}"}
        found = {
            key: convert(item, within)
            for key, item in value.items()
            if key not in ("example", "examples", "discriminator", "xml", "nullable", "format", "default")
            # A boolean `required` inside a property is a slip of the vendor's generator.
            and not (key == "required" and isinstance(item, bool))
            # And "any" is a type of the generator's own.
            and not (key == "type" and item == "any")
        }
        if value.get("nullable") is True:
            rest = {key: item for key, item in found.items() if key != "description"}
            return {"anyOf": [rest, {"type": "null"}]}
        return found

    converted = convert(schema, document)
    return {**converted, "definitions": definitions}


def available() -> bool:
    """Whether the reference stands beside the checkout."""
    return OPENAPI.is_dir()


def literal_segments(path: str) -> Sequence[str]:
    """Segments of a template that are no parameter."""
    return [part for part in path.strip("/").split("/") if not part.startswith("{")]
