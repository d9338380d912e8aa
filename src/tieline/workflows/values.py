"""Values of a step: JSON whose texts are Liquid, filled in from what the run knows. Pure, and bounded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec
from liquid import BoundTemplate
from liquid.builtin.output import OutputNode
from liquid.exceptions import LiquidError
from liquid.undefined import Undefined

from tieline.errors import MappingError
from tieline.mapping.liquid_text import environment, message, parse
from tieline.mapping.template import TemplateError

#: Bytes of JSON that one step's values come to at most.
MAX_BYTES = 262_144
#: How deep a value may be nested.
DEEPEST = 20


class Reading(msgspec.Struct, frozen=True):
    """What a template reads: the parts of one name, and where it stands in the text."""

    parts: tuple[str | int, ...]
    offset: int


def render(value: Any, scope: Mapping[str, Any], *, path: str = "") -> Any:
    """`value` with its templates filled in. Raises MappingError, with the field."""
    found = _render(value, scope, path, 0)
    if len(msgspec.json.encode(found)) > MAX_BYTES:
        raise MappingError(f"more than {MAX_BYTES // 1024} KiB come of it", path=path)
    return found


def is_template(text: str) -> bool:
    """Whether there is anything to fill in."""
    return "{{" in text or "{%" in text


def readings(text: str) -> list[Reading]:
    """Every name that a template reads from outside itself. Raises TemplateError."""
    if not is_template(text):
        return []
    analysis = parsed(text).analyze()
    for name, spans in analysis.filters.items():
        if name not in environment().filters:
            raise TemplateError(f"there is no filter {name!r}", spans[0].index)
    return [
        Reading(tuple(part for part in one.segments if isinstance(part, str | int)), one.span.index)
        for variables in analysis.globals.values()
        for one in variables
    ]


def texts_in(value: Any, path: str = "") -> Iterable[tuple[str, str]]:
    """(path, text) of every text in a value."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from texts_in(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, Sequence):
        for at, inner in enumerate(value):
            yield from texts_in(inner, f"{path}[{at}]")


@lru_cache(maxsize=4096)
def parsed(text: str) -> BoundTemplate:
    """The template. Raises TemplateError."""
    return parse(text)


def _render(value: Any, scope: Mapping[str, Any], path: str, depth: int) -> Any:
    if depth > DEEPEST:
        raise MappingError(f"nested more than {DEEPEST} deep", path=path)
    if isinstance(value, str):
        return _text(value, scope, path)
    if isinstance(value, Mapping):
        return {
            name: _render(inner, scope, f"{path}.{name}" if path else str(name), depth + 1)
            for name, inner in value.items()
        }
    if isinstance(value, Sequence):
        return [_render(inner, scope, f"{path}[{at}]", depth + 1) for at, inner in enumerate(value)]
    return value


def _text(text: str, scope: Mapping[str, Any], path: str) -> Any:
    if not is_template(text):
        return text
    try:
        template = parsed(text)
        nodes = template.nodes
        if len(nodes) == 1 and isinstance(nodes[0], OutputNode):
            return plain(nodes[0].expression.evaluate(template.context_class(template, globals=scope)), path)
        return template.render(scope)
    except TemplateError as error:
        raise MappingError(f"a template cannot be read: {error}", path=path) from error
    except (LiquidError, ArithmeticError, ValueError, TypeError, RecursionError) as error:
        raise MappingError(f"a template failed: {message(error)}", path=path) from error


def plain(value: Any, path: str = "") -> Any:
    """A value as JSON has it. Raises MappingError for what is none."""
    match value:
        case None | Undefined():
            return None
        case bool() | int() | float():
            return value
        case str():
            return str(value)
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {str(name): plain(inner, path) for name, inner in value.items()}
        case Iterable():
            return [plain(inner, path) for inner in value]
        case _:
            raise MappingError("a template made something that is no JSON", path=path)
