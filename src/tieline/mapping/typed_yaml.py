"""YAML read as a struct wants it: unknown keys, wrong types and values out of range, each told with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from msgspec import inspect
from yaml.nodes import MappingNode, Node, ScalarNode

from tieline.mapping.yaml_nodes import Reader

#: What could not be read: told as a problem, and left out.
_NOT_READ = object()
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NULL = "tag:yaml.org,2002:null"
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_PLAIN = (*_NUMBERS, "tag:yaml.org,2002:bool")


class TypedReader:
    """Reads one document. Problems go to `reader`; `environment` fills "${NAME}" in, None = it stays as it is."""

    def __init__(self, reader: Reader, environment: Mapping[str, str] | None = None) -> None:
        self._reader = reader
        self._environment = environment
        #: Where each value stands, by its path: "paths.call.list.query".
        self._nodes: dict[str, Node] = {}
        self._faulty: tuple[str, ...] = ()

    def read(self, node: Node, wanted: type[Any]) -> dict[str, Any]:
        """What the document holds, as msgspec converts it; what is wrong with it is left out."""
        found = self._value(node, inspect.type_info(wanted), "")
        self._faulty = tuple(problem.path for problem in self._reader.problems)
        return found if isinstance(found, dict) else {}

    def say(self, path: str, message: str) -> None:
        """Note a problem at `path`, or at the nearest place above it that the document has; not where something could
        not be read there or below: what is left of it proves nothing."""
        if any(one.startswith(path) for one in self._faulty):
            return
        at = path
        while at and at not in self._nodes:
            at = at[: max(at.rfind("."), at.rfind("["), 0)]
        node = self._nodes.get(at) or self._nodes.get("")
        if node is not None:
            self._reader.say(node, path, message)

    def _value(self, node: Node, wanted: inspect.Type, path: str) -> Any:
        self._nodes.setdefault(path, node)
        match wanted:
            case inspect.Metadata():
                return self._value(node, wanted.type, path)
            case inspect.AnyType():
                return self._anything(node, path)
            case inspect.UnionType():
                return self._union(node, wanted.types, path)
            case inspect.StructType():
                return self._struct(node, wanted, path)
            case inspect.DictType():
                return self._dict(node, wanted, path)
            case inspect.VarTupleType() | inspect.ListType():
                items = (
                    self._value(item, wanted.item_type, at) for at, item in self._reader.items(node, path)
                )
                return [item for item in items if item is not _NOT_READ]
            case inspect.LiteralType():
                return _read(self._reader.choice(node, path, tuple(map(str, wanted.values))))
            case inspect.BoolType():
                return self._bool(node, path)
            case inspect.IntType() | inspect.FloatType():
                return self._number(node, wanted, path)
            case inspect.StrType():
                return self._text(node, wanted, path)
            case _:
                raise TypeError(f"{path}: no YAML is read as {wanted}")

    def _union(self, node: Node, types: Sequence[inspect.Type], path: str) -> Any:
        if isinstance(node, ScalarNode) and node.tag == _NULL:
            if any(isinstance(one, inspect.NoneType) for one in types):
                return None
            return self._value(node, types[0], path)
        tagged = [one for one in types if isinstance(one, inspect.StructType) and one.tag is not None]
        if len(tagged) > 1:
            return self._tagged(node, tagged, path)
        return self._value(node, next(one for one in types if not isinstance(one, inspect.NoneType)), path)

    def _tagged(self, node: Node, types: Sequence[inspect.StructType], path: str) -> Any:
        """One of several structs, which a key of theirs tells apart."""
        key = str(types[0].tag_field)
        found = None
        if isinstance(node, MappingNode):
            found = next((value for name, value in node.value if name.value == key), None)
            if found is None:
                self._reader.say(node, path, f"the key {key!r} is missing")
                return _NOT_READ
        by_tag = {str(one.tag): one for one in types}
        if found is None:
            return self._struct(node, types[0], path)
        chosen = self._reader.choice(found, _join(path, key), tuple(by_tag))
        return self._struct(node, by_tag[chosen], path) if chosen is not None else _NOT_READ

    def _struct(self, node: Node, wanted: inspect.StructType, path: str) -> Any:
        fields = {field.encode_name: field for field in wanted.fields}
        tag = [] if wanted.tag is None else [str(wanted.tag_field)]
        entries = self._reader.table(node, path, [*tag, *fields])
        if not isinstance(node, MappingNode):
            return _NOT_READ
        found: dict[str, Any] = dict.fromkeys(tag, wanted.tag)
        for name, value in entries.items():
            if name in fields:
                read = self._value(value, fields[name].type, _join(path, name))
                if read is not _NOT_READ:
                    found[name] = read
        for name, field in fields.items():
            if field.required and name not in found:
                if name not in entries:
                    self._reader.say(node, path, f"the key {name!r} is missing")
                return _NOT_READ
        return found

    def _dict(self, node: Node, wanted: inspect.DictType, path: str) -> Any:
        keys = wanted.key_type.values if isinstance(wanted.key_type, inspect.LiteralType) else None
        found: dict[str, Any] = {}
        for key_node, key, value in self._reader.entries(node, path):
            if keys is not None and key not in keys:
                there_are = ", ".join(map(str, keys))
                self._reader.say(key_node, _join(path, key), f"unknown key {key!r}; there are: {there_are}")
                continue
            read = self._value(value, wanted.value_type, _join(path, key))
            # Mistakes in what a key stands for are told at the key.
            self._nodes[_join(path, key)] = key_node
            if read is not _NOT_READ:
                found[key] = read
        return found if isinstance(node, MappingNode) else _NOT_READ

    def _bool(self, node: Node, path: str) -> Any:
        before = len(self._reader.problems)
        value = self._reader.boolean(node, path, default=False)
        return value if len(self._reader.problems) == before else _NOT_READ

    def _number(self, node: Node, wanted: inspect.IntType | inspect.FloatType, path: str) -> Any:
        whole = isinstance(wanted, inspect.IntType)
        read: Any = None
        if isinstance(node, ScalarNode) and node.tag in (_NUMBERS[:1] if whole else _NUMBERS):
            read = yaml.safe_load(node.value)
        if isinstance(read, bool) or not isinstance(read, int | float):
            self._reader.say(node, path, f"a {'whole number' if whole else 'number'} is wanted here")
            return _NOT_READ
        for holds, words in (
            (wanted.ge is None or read >= wanted.ge, f"at least {wanted.ge}"),
            (wanted.gt is None or read > wanted.gt, f"above {wanted.gt}"),
            (wanted.le is None or read <= wanted.le, f"at most {wanted.le}"),
            (wanted.lt is None or read < wanted.lt, f"below {wanted.lt}"),
        ):
            if not holds:
                self._reader.say(node, path, f"{read} must be {words}")
                return _NOT_READ
        return read if whole else float(read)

    def _text(self, node: Node, wanted: inspect.StrType, path: str) -> Any:
        text = self._reader.text(node, path)
        if text is None:
            return _NOT_READ
        if wanted.min_length and len(text) < wanted.min_length:
            self._reader.say(node, path, "must not be empty")
            return _NOT_READ
        return self._expanded(node, text, path)

    def _expanded(self, node: Node, text: str, path: str) -> str:
        """`text` with "${NAME}" replaced from the environment."""
        if self._environment is None:
            return text
        environment = self._environment
        for match in _VARIABLE.finditer(text):
            if match[1] not in environment:
                self._reader.say(node, path, f"the variable {match[1]} is not set", match.start())
        return _VARIABLE.sub(lambda match: environment.get(match[1], ""), text)

    def _anything(self, node: Node, path: str) -> Any:
        if isinstance(node, MappingNode):
            return {
                key: self._anything(value, _join(path, key))
                for _, key, value in self._reader.entries(node, path)
            }
        if isinstance(node, ScalarNode):
            if node.tag in _PLAIN:
                return yaml.safe_load(node.value)
            return None if node.tag == _NULL else self._expanded(node, str(node.value), path)
        return [self._anything(item, at) for at, item in self._reader.items(node, path)]


def _read(value: Any) -> Any:
    return _NOT_READ if value is None else value


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
