"""What is ours among the entries: functions, steps, and what begins a workflow by itself."""

from __future__ import annotations

from collections.abc import Iterator

from tieline.catalogue.builtins import FUNCTIONS, STARTS, STEPS
from tieline.catalogue.entry import OWN, Entry
from tieline.catalogue.fields import input_fields, output_fields


def builtins() -> Iterator[Entry]:
    """All of them."""
    for function in FUNCTIONS:
        yield Entry(
            id=function.id, kind="action", app=OWN, title=function.title, description=function.description,
            call="function", fields=input_fields(OWN, function.id, function.input),
            output_fields=output_fields(OWN, function.id, function.output), function=function,
        )  # fmt: skip
    for step in STEPS:
        yield Entry(
            id=step.id, kind="logic", app=OWN, title=step.title, description=step.description, call="engine",
            fields=input_fields(OWN, step.id, step.input), output_fields=output_fields(OWN, step.id, step.output),
        )  # fmt: skip
    for start in STARTS:
        yield Entry(
            id=start.id, kind="trigger", app=OWN, title=start.title, description=start.description, call="own",
            instant=True, fields=input_fields(OWN, start.id, start.input),
            output_fields=output_fields(OWN, start.id, start.output),
        )  # fmt: skip
