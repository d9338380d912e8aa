"""A definition file as a whole: what it joins, and the rules that each of its locations gets."""

from __future__ import annotations

import msgspec
from yaml.nodes import MappingNode, Node

from tieline.mapping.fields import Definition
from tieline.mapping.yaml_merge import laid_over, leaves, node_of, without, written
from tieline.mapping.yaml_nodes import Problem
from tieline.sync.files.definition import DefinitionError, DefinitionReader
from tieline.sync.files.example import Example
from tieline.sync.files.head import SyncHead


class PlannedSync(msgspec.Struct, frozen=True, kw_only=True):
    """One sync that a file asks for."""

    name: str
    #: Empty = every project of the account.
    project: str
    #: Connection of the CRM location.
    to: str
    #: What is stored: the file itself, or what the location's differences make of it.
    text: str
    definition: Definition
    #: Where the location differs from the file: "person.tags.ignore".
    differs: tuple[str, ...] = ()


class SyncFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file, read."""

    definition: Definition
    examples: tuple[Example, ...]
    #: None = the file has rules alone.
    head: SyncHead | None
    #: One for each project and location.
    syncs: tuple[PlannedSync, ...] = ()


def parse_sync_file(text: str, *, name: str = "definition") -> SyncFile:
    """The file with what each location makes of it. Raises DefinitionError with the mistakes of all of them."""
    reader = DefinitionReader()
    definition = reader.read(text)
    problems: list[Problem] = list(reader.problems)
    planned: dict[str, PlannedSync] = {}
    if definition is not None and reader.sync_head is not None:
        for location in reader.sync_head.to:
            if location not in reader.differences:
                planned[location] = PlannedSync(
                    name="", project="", to=location, text=text, definition=definition
                )
                continue
            planned[location], found = _for_location(text, reader.sync_head, location)
            problems += [one for one in found if one not in problems]
    if definition is None or problems:
        raise DefinitionError(name, problems)
    head = reader.sync_head
    return SyncFile(
        definition=definition,
        examples=tuple(reader.found_examples),
        head=head,
        syncs=() if head is None else tuple(_each(head, planned)),
    )


def _each(head: SyncHead, planned: dict[str, PlannedSync]) -> list[PlannedSync]:
    found = []
    for project in head.projects or ("",):
        for location in head.to:
            parts = [head.name]
            parts += [location] if len(head.to) > 1 else []
            parts += [project] if len(head.projects) > 1 else []
            name = "-".join(parts).lower()
            found.append(msgspec.structs.replace(planned[location], name=name, project=project))
    return found


def _for_location(text: str, head: SyncHead, location: str) -> tuple[PlannedSync, list[Problem]]:
    """The rules of one location; mistakes are told where they stand in the file."""
    reader = DefinitionReader()
    root = reader.compose(text)
    over = _entry(_entry(root, "differences"), location)
    assert root is not None
    assert over is not None
    differs = tuple(leaves(over))
    merged = laid_over(without(root, "sync", "differences", "examples"), over)
    own = reader.definition(merged)
    joined = node_of(
        {"sync": {"name": head.name, "from": head.source, "to": location, "differs": list(differs)}}
    )
    stored = written(laid_over(merged, joined))
    planned = PlannedSync(
        name="", project="", to=location, text=stored, definition=own, differs=differs
    )  # fmt: skip
    return planned, reader.problems


def _entry(node: Node | None, name: str) -> Node | None:
    if not isinstance(node, MappingNode):
        return None
    return next((value for key, value in node.value if str(key.value) == name), None)
