"""The JSON Schema of a definition, for editors: docs/workflow.schema.json."""

from __future__ import annotations

from typing import Any

import msgspec

from tieline.workflows.definition import Definition


def workflow_schema() -> dict[str, Any]:
    """As draft 2020-12 has it."""
    (_,), found = msgspec.json.schema_components([Definition], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Tieline workflow",
        "$ref": "#/$defs/Definition", "$defs": found,
    }  # fmt: skip
