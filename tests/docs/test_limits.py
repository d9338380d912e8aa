"""What docs/limits.md says is what the code does."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest

ROWS = re.findall(
    r"^\| .+ \| ([\d.]+) \| `([\w.]+)` \|$",
    (Path(__file__).parents[2] / "docs/limits.md").read_text("utf-8"),
    re.MULTILINE,
)


@pytest.mark.parametrize(("told", "name"), ROWS, ids=[name for _, name in ROWS])
def test_a_limit_is_as_it_is_told(told: str, name: str) -> None:
    """A constant, or the default of a struct's field."""
    module, _, constant = name.rpartition(".")
    if module.endswith("ServeOptions"):
        from tieline.server.hub import ServeOptions

        fields: dict[str, Any] = {one.name: one.default for one in msgspec.structs.fields(ServeOptions)}
        found = fields[constant]
    else:
        found = getattr(import_module(module), constant)
    assert str(found) == told


def test_there_are_limits_to_hold() -> None:
    """Else a changed table would hold nothing."""
    assert len(ROWS) >= 20
