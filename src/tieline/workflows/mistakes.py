"""Mistakes of a definition, and those that its values, conditions and lengths may have. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from tieline.mapping.suggest import suggest
from tieline.mapping.template import TemplateError
from tieline.workflows.conditions import DEEPEST, compared
from tieline.workflows.definition import Condition, Definition, SetValues
from tieline.workflows.durations import parse_duration
from tieline.workflows.values import readings, texts_in

#: What templates read beside the names that a workflow sets itself.
ROOTS = frozenset({"trigger", "steps", "vars", "run", "each", "item", "index", "event"})


class Mistake(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One thing that is wrong."""

    #: Empty = it is about the whole.
    step: str = ""
    #: Within the step, or the whole: "input.phone", "triggers[0].on".
    field: str = ""
    message: str
    #: warning: it can be published all the same.
    weight: Literal["error", "warning"] = "error"


def condition_mistakes(
    condition: Condition | None, field: str, before: frozenset[str], definition: Definition, depth: int = 0
) -> Iterator[Mistake]:
    """Of a condition, and of those within it. `before`: what its templates can read."""
    if condition is None:
        return
    if depth > DEEPEST:
        yield Mistake(field=field, message=f"nested more than {DEEPEST} deep")
        return
    several = [name for name in ("all", "any", "not_") if getattr(condition, name) is not None]
    comparisons = compared(condition)
    has_left = condition.left is not msgspec.UNSET
    if len(several) + has_left != 1:
        yield Mistake(field=field, message="one of them: all, any, not, or left with a comparison")
    if has_left and not comparisons:
        yield Mistake(field=field, message="compared with what? is, contains, greater, empty, …")
    if not has_left and comparisons:
        yield Mistake(field=field, message="what is compared? left is missing")
    for name in ("all", "any"):
        inner = getattr(condition, name)
        if inner is not None and not inner:
            yield Mistake(field=f"{field}.{name}", message="at least one condition")
        for at, one in enumerate(inner or ()):
            yield from condition_mistakes(one, f"{field}.{name}[{at}]", before, definition, depth + 1)
    yield from condition_mistakes(condition.not_, f"{field}.not", before, definition, depth + 1)
    for name in ("left", *comparisons):
        value = getattr(condition, name)
        if value is not msgspec.UNSET:
            yield from value_mistakes(value, f"{field}.{name.rstrip('_')}", before, definition)


def value_mistakes(
    value: Any, field: str, before: frozenset[str], definition: Definition
) -> Iterator[Mistake]:
    """Templates that cannot be read, or that read what is not there yet."""
    for path, text in texts_in(value, field):
        try:
            read = readings(text)
        except TemplateError as error:
            yield Mistake(field=path, message=f"a template that cannot be read: {error}")
            continue
        for one in read:
            root = one.parts[0]
            if root == "steps" and len(one.parts) > 1:
                step = str(one.parts[1])
                if step not in definition.steps:
                    yield Mistake(field=path, message=no_step(step, definition))
                elif f"steps.{step}" not in before:
                    yield Mistake(field=path, message=f"step {step} does not come before this one")
            elif root == "event" and "event" not in before:
                yield Mistake(field=path, message="`event` is what a wait got: steps.<wait>.event")
            elif root not in ROOTS and root not in set_by(definition):
                known = sorted({*ROOTS, *set_by(definition)})
                yield Mistake(field=path, message=f"there is no {root!r}; {suggest(str(root), known)}")


def set_by(definition: Definition) -> set[str]:
    """Names that steps of the workflow set."""
    return {key for step in definition.steps.values() if isinstance(step, SetValues) for key in step.values}


def length_mistakes(text: str, field: str) -> Iterator[Mistake]:
    """Of a length of time."""
    try:
        parse_duration(text)
    except ValueError as error:
        yield Mistake(field=field, message=str(error))


def no_step(name: str, definition: Definition) -> str:
    """What is said of a step that there is not."""
    return f"there is no step {name!r}; {suggest(name, sorted(definition.steps))}"
