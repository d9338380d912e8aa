"""Definitions as people write them, YAML or JSON: every mistake of form with its line and column."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tieline.errors import ConfigurationError
from tieline.mapping.typed_yaml import TypedReader
from tieline.mapping.yaml_nodes import Problem, Reader
from tieline.workflows.definition import Definition


class DefinitionError(ConfigurationError):
    """A definition that cannot be read; `problems` says where and why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("; ".join(f"line {one.line}: {_named(one)}" for one in self.problems))


def read_definition(text: str) -> Definition:
    """The definition, if its form is right; whether it makes sense is `validate`'s. Raises DefinitionError."""
    reader = Reader()
    # JSON is YAML but for tabs between its values; within texts it has them escaped.
    node = reader.compose(text.replace("\t", "  ") if text.lstrip().startswith("{") else text)
    if node is None:
        raise DefinitionError(reader.problems)
    typed = TypedReader(reader)
    found = typed.read(node, Definition)
    if reader.problems:
        raise DefinitionError(reader.problems)
    try:
        return msgspec.convert(found, Definition)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at ")
        # "`$.steps`", or "`key` in `$.steps`".
        path = place.rpartition("`$")[2].rstrip("`").lstrip(".")
        typed.say(path, message)
        raise DefinitionError(reader.problems or [Problem(1, 1, path, message)]) from None


def written(definition: Definition) -> str:
    """A definition as JSON."""
    return msgspec.json.format(msgspec.json.encode(definition), indent=2).decode()


def _named(problem: Problem) -> str:
    return f"{problem.path}: {problem.message}" if problem.path else problem.message
