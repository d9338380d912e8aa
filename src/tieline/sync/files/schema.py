"""The JSON Schema of definition files, for editors: made of the tables by which files are read."""

from __future__ import annotations

from typing import Any

import msgspec

from tieline.mapping.transforms import TRANSFORMS, TransformSpec
from tieline.sync.files.example_shape import WrittenSection
from tieline.sync.files.file_shape import DefinitionFile, RulesSection
from tieline.sync.files.item_shape import ItemWrittenSection

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def definition_schema() -> dict[str, Any]:
    """A file without mistakes satisfies it; what needs more than one place to be judged, `validate` finds."""
    sections = (DefinitionFile, RulesSection, WrittenSection, ItemWrittenSection)
    _, found = msgspec.json.schema_components(sections, ref_template="#/$defs/{name}")
    for section in found.values():
        _tidied(section)
    found["Transforms"] = _transforms()
    found |= _partial(found)
    by_location = found["DefinitionFile"]["properties"]["differences"]
    by_location["additionalProperties"] = _ref("RulesSectionDifferences")
    return {"$schema": _DIALECT, "title": "Tieline sync", "$ref": "#/$defs/DefinitionFile", "$defs": found}


def _tidied(node: Any) -> None:
    """Known keys alone; no defaults, which are told in the reference; a bare `off` is false to YAML."""
    if isinstance(node, list):
        for one in node:
            _tidied(one)
        return
    if not isinstance(node, dict):
        return
    if "properties" in node:
        node["additionalProperties"] = False
        for one in node["properties"].values():
            one.pop("default", None)
    if "off" in node.get("enum", ()):
        node["enum"] = [*node["enum"], False]
    for one in node.values():
        _tidied(one)


def _partial(sections: dict[str, Any]) -> dict[str, Any]:
    """The tables of rules once more, as one location may have them otherwise: any key may be null."""
    found: dict[str, Any] = {}
    waiting = ["RulesSection"]
    while waiting:
        name = waiting.pop()
        section = sections[name]
        entries: dict[str, Any] = {}
        for key, wanted in section["properties"].items():
            table = next((one for one in sections if _ref(one).items() <= wanted.items()), None)
            if table is not None and table != "Transforms":
                wanted = _ref(f"{table}Differences")
                waiting.append(table)
            entries[key] = {"anyOf": [wanted, {"type": "null"}]}
        found[f"{name}Differences"] = {
            "type": "object", "properties": entries, "additionalProperties": False,
            "description": section["description"],
        }  # fmt: skip
    return found


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


def _transforms() -> dict[str, Any]:
    one = {"anyOf": [use for name, spec in TRANSFORMS.items() for use in _uses(name, spec)]}
    return {
        "description": "a transform, or several in their order",
        "anyOf": [one, {"type": "array", "items": one}],
    }


def _uses(name: str, spec: TransformSpec) -> list[dict[str, Any]]:
    bare = {"const": name, "description": spec.title}
    argument: dict[str, Any]
    match spec.argument:
        case "none":
            return [bare]
        case "text" | "text?":
            argument = {"type": "string"}
        case "count":
            argument = {"type": "integer", "minimum": 1}
        case "table":
            argument = {"type": "object", "additionalProperties": {"type": "string"}}
    used = {
        "type": "object", "properties": {name: argument}, "required": [name], "additionalProperties": False,
        "description": spec.title,
    }  # fmt: skip
    return [bare, used] if spec.argument == "text?" else [used]
