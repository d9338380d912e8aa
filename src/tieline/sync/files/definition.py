"""The sync definition: YAML in, checked rules out, or every mistake at once with its line and column.

What stands where is told by `sync.files.file_shape`; the parts are read in `activity_rules`, `record_rules`, `head` and
`read_examples`, all of `sync.files`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import cast, get_args

from yaml.nodes import MappingNode, Node

from tieline.domain.activity import Outcome
from tieline.errors import ConfigurationError
from tieline.mapping.fields import Definition
from tieline.mapping.sources import KINDS
from tieline.mapping.yaml_nodes import Problem
from tieline.sync.files.file_shape import DefinitionFile
from tieline.sync.files.head import HeadReader
from tieline.sync.files.shape import ContactSection, keys

VERSION = 1
_OUTCOMES: tuple[str, ...] = get_args(Outcome)


class DefinitionError(ConfigurationError):
    """A definition that cannot be used; the message lists every problem as `file:line:column: message`."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        self.name = name
        self.problems = tuple(sorted(problems))
        super().__init__(
            "\n".join(
                f"{name}:{one.line}:{one.column}: {f'{one.path}: ' if one.path else ''}{one.message}"
                for one in self.problems
            )
        )


def default_text() -> str:
    """The YAML of the definition that is used when an operator gives none."""
    return files("tieline.sync").joinpath("default.yaml").read_text("utf-8")


def parse_definition(text: str, *, name: str = "definition") -> Definition:
    """The rules in `text`; `name`, a file name say, begins each line of a message. Raises DefinitionError."""
    reader = DefinitionReader()
    definition = reader.read(text)
    if definition is None or reader.problems:
        raise DefinitionError(name, reader.problems)
    return definition


class DefinitionReader(HeadReader):
    """Reads a whole file."""

    def read(self, text: str) -> Definition | None:
        """The rules that hold where no location differs; None where there is no document."""
        root = self.compose(text)
        return None if root is None else self.definition(root)

    def definition(self, root: Node) -> Definition:
        """The rules of a document, head and examples looked over too."""
        top = self.table(root, "", keys(DefinitionFile))
        self._version(root, top.get("version"))
        contact = self.table(top.get("contact"), "contact", keys(ContactSection))
        general = self.field_rules(contact.get("fields"), "contact.fields", KINDS)
        tags = self.tags(contact.get("tags"), "contact.tags", KINDS)
        notes = self.notes(top.get("note"))
        skip = [
            self.choice(node, path, _OUTCOMES)
            for path, node in self.items(contact.get("skip_outcomes"), "contact.skip_outcomes")
        ]
        definition = Definition(
            version=VERSION,
            create=self.boolean(contact.get("create"), "contact.create", default=True),
            skip_outcomes=cast("frozenset[Outcome]", frozenset(filter(None, skip))),
            kinds=self.kinds(top.get("kinds"), general, tags, notes),
            two_way=self.two_way(top),
        )
        self.examples(top.get("examples"), definition.two_way)
        self.head(top.get("sync"), top.get("differences"))
        return definition

    def _version(self, root: Node, node: Node | None) -> None:
        if node is None:
            if isinstance(root, MappingNode):
                self.say(root, "version", f"is missing; write `version: {VERSION}`")
            return
        number = self.number(node, "version")
        if number is not None and number != VERSION:
            self.say(node, "version", f"{number} is not known here, only {VERSION}")


__all__ = [
    "VERSION",
    "DefinitionError",
    "DefinitionReader",
    "Problem",
    "default_text",
    "parse_definition",
]
