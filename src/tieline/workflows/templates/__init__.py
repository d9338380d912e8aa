"""Templates: workflows for what most people want, to be taken and changed. Pure: they are data of this package."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec

from tieline.mapping.typed_yaml import TypedReader
from tieline.mapping.yaml_nodes import Reader
from tieline.workflows.definition import Name
from tieline.workflows.read import DefinitionError, read_definition

__all__ = ["Needs", "Template", "read_template", "template", "templates"]

#: Between what a template needs and the workflow.
_LINE = "\n---\n"
_SUFFIX = ".yaml"


class Needs(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What must be there before a workflow of it can be switched on, and what to look at before that."""

    #: Alias in the workflow → app of the connection that it stands for.
    connections: dict[Name, str]
    #: Of the CRM's connection.
    scopes: tuple[str, ...] = ()
    #: Of the CRM's location: key → what is kept in it.
    custom_fields: dict[str, str] = {}
    #: The call-tracking account must have contacts of its own.
    native: bool = False
    #: Values of the step `settings` that are yours to fill in, each with its meaning.
    settings: dict[str, str] = {}
    #: Time zones that stand in it, as an example: put your own.
    zones: tuple[str, ...] = ()


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """One of them."""

    name: str
    title: str
    description: str
    needs: Needs
    #: The workflow as people read and change it, comments and examples with it.
    text: str


@cache
def templates() -> tuple[Template, ...]:
    """All, by name."""
    found = (one for one in files(__package__).iterdir() if one.name.endswith(_SUFFIX))
    return tuple(
        read_template(one.name.removesuffix(_SUFFIX), one.read_text("utf-8"))
        for one in sorted(found, key=lambda one: one.name)
    )


def template(name: str) -> Template | None:
    """The one of that name."""
    return next((one for one in templates() if one.name == name), None)


def read_template(name: str, written: str) -> Template:
    """A template out of its file: needs, a line `---`, the workflow. Raises DefinitionError."""
    head, _, text = written.partition(_LINE)
    reader = Reader()
    node = reader.compose(head)
    found = TypedReader(reader).read(node, Needs) if node is not None else {}
    if reader.problems:
        raise DefinitionError(reader.problems)
    definition = read_definition(text)
    return Template(
        name=name, title=definition.title, description=definition.description,
        needs=msgspec.convert(found, Needs), text=text,
    )  # fmt: skip
