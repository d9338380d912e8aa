"""YAML documents laid over each other, as nodes: each keeps the place where it was written."""

from __future__ import annotations

from collections.abc import Iterator

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

_NULL = "tag:yaml.org,2002:null"


def laid_over(base: Node, over: Node) -> Node:
    """`base` with what `over` says in its place: tables are joined, all else is replaced, null takes a key away."""
    if not (isinstance(base, MappingNode) and isinstance(over, MappingNode)):
        return over
    entries = {_name(key): (key, value) for key, value in base.value}
    for key, value in over.value:
        name = _name(key)
        if isinstance(value, ScalarNode) and value.tag == _NULL:
            entries.pop(name, None)
        elif name in entries:
            entries[name] = (key, laid_over(entries[name][1], value))
        else:
            # Also a new table has nothing where null is written.
            entries[name] = (key, laid_over(without(value, all_of=True), value))
    return MappingNode(base.tag, list(entries.values()), base.start_mark, base.end_mark, base.flow_style)


def without(node: Node, *names: str, all_of: bool = False) -> Node:
    """A table without these entries, or without any."""
    if not isinstance(node, MappingNode):
        return node
    kept = [(key, value) for key, value in node.value if not all_of and _name(key) not in names]
    return MappingNode(node.tag, kept, node.start_mark, node.end_mark, node.flow_style)


def leaves(node: Node, path: str = "") -> Iterator[str]:
    """The paths of all that stands in tables: "person.tags.ignore"."""
    if isinstance(node, MappingNode) and node.value:
        for key, value in node.value:
            yield from leaves(value, f"{path}.{_name(key)}" if path else _name(key))
    else:
        yield path


def node_of(value: object) -> Node:
    """A node of plain data."""
    return yaml.SafeDumper("").represent_data(value)  # type: ignore[arg-type]


def written(node: Node) -> str:
    """The document's text."""
    text: str = yaml.serialize(node, Dumper=yaml.SafeDumper, allow_unicode=True, width=110)
    return text


def _name(key: Node) -> str:
    return str(key.value)
