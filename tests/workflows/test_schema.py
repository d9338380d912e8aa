"""The schema that editors use says what the reader takes."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given, settings

from tests.workflows.graphs import graphs
from tests.workflows.test_advance import EACH, MISSED
from tieline.workflows.definition import Definition
from tieline.workflows.read import read_definition
from tieline.workflows.schema import workflow_schema

FILE = Path(__file__).parents[2] / "docs/workflow.schema.json"


def test_the_file_is_the_schema() -> None:
    """Write it anew: python -m tests.workflows.test_schema"""
    assert json.loads(FILE.read_text("utf-8")) == json.loads(json.dumps(workflow_schema()))


@settings(deadline=None, max_examples=50)
@given(graphs())
def test_whatever_is_read_fits_it(definition: Definition) -> None:
    """Every shape of workflow."""
    checks = jsonschema_rs.validator_for(workflow_schema())
    assert checks.is_valid(msgspec.to_builtins(definition))


@pytest.mark.parametrize("text", [MISSED, EACH])
def test_examples_fit_it(text: str) -> None:
    """As people write them."""
    checks = jsonschema_rs.validator_for(workflow_schema())
    assert checks.is_valid(msgspec.to_builtins(read_definition(text)))
    assert not checks.is_valid({**msgspec.to_builtins(read_definition(text)), "nope": 1})
    assert not checks.is_valid({"title": "T", "steps": {"one": {"kind": "acton"}}})


if __name__ == "__main__":
    FILE.write_text(json.dumps(workflow_schema(), indent=2, ensure_ascii=False) + "\n", "utf-8")
