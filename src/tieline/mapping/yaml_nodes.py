"""YAML read as nodes, so that every complaint names its line and column, and all complaints come at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tieline.mapping.suggest import suggest

#: Far above any definition that a person writes; far below what could hurt.
MAX_BYTES = 256 * 1024
_MAX_DEPTH = 12

_WORDS = {
    "tag:yaml.org,2002:str": "a text",
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number",
    "tag:yaml.org,2002:bool": "true or false",
    "tag:yaml.org,2002:null": "nothing",
    "tag:yaml.org,2002:timestamp": "a date",
    "tag:yaml.org,2002:map": "a table",
    "tag:yaml.org,2002:seq": "a list",
}


class Problem(msgspec.Struct, frozen=True, order=True):
    """One thing that is wrong, and where; lines and columns count from 1."""

    line: int
    column: int
    #: Where in the document: "contact.fields[2].from".
    path: str
    message: str


class _Loader(yaml.SafeLoader):
    """Composes nodes, but neither aliases (a small text could unfold into a huge one) nor deep nesting."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not read here", problem_mark=mark)
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=mark)
        node: Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node


class Reader:
    """Reads nodes as what is wanted there; what is not so becomes a problem and reads as None."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._lines: list[str] = []

    def compose(self, text: str) -> Node | None:
        """The document's node; None, with a problem, when it is no YAML or empty."""
        if len(text) > MAX_BYTES:
            self.problems.append(Problem(1, 1, "", f"longer than {MAX_BYTES // 1024} KB"))
            return None
        self._lines = text.split("\n")
        loader = None
        try:
            loader = _Loader(text)
            node: Node | None = loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            said = ": ".join(filter(None, (error.context, error.problem)))
            self.problems.append(Problem(line, column, "", f"not readable as YAML: {said}"))
            return None
        except yaml.reader.ReaderError as error:
            before = text[: error.position]
            line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
            self.problems.append(Problem(line, column, "", "a character that YAML does not allow"))
            return None
        finally:
            if loader is not None:
                loader.dispose()
        if node is None:
            self.problems.append(Problem(1, 1, "", "the file is empty"))
        return node

    def say(self, node: Node, path: str, message: str, offset: int = 0) -> None:
        """Note a problem at `node`; `offset` counts characters into a scalar's value."""
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        if offset and isinstance(node, ScalarNode):
            line, column = self._inside(node, offset)
        self.problems.append(Problem(line, column, path, message))

    def table(self, node: Node | None, path: str, allowed: Sequence[str]) -> dict[str, Node]:
        """The entries of a table; unknown and repeated keys are problems, and so is anything but a table."""
        if node is None:
            return {}
        entries: dict[str, Node] = {}
        for key_node, key, value in self.entries(node, path):
            if key not in allowed:
                self.say(key_node, _join(path, key), f"unknown key {key!r}; {suggest(key, allowed)}")
            else:
                entries[key] = value
        return entries

    def entries(self, node: Node, path: str) -> Iterator[tuple[Node, str, Node]]:
        """Key node, key and value of each entry, repeated keys left out (as problems)."""
        if not isinstance(node, MappingNode) or node.tag not in _WORDS:
            self._wrong(node, path, "a table")
            return
        seen: set[str] = set()
        for key_node, value in node.value:
            if not isinstance(key_node, ScalarNode):
                self.say(key_node, path, "a key must be a text")
                continue
            key = key_node.value
            if key in seen:
                self.say(key_node, _join(path, key), f"{key!r} stands here twice")
                continue
            seen.add(key)
            yield key_node, key, value

    def items(self, node: Node | None, path: str) -> list[tuple[str, Node]]:
        """(path, node) of each item of a list."""
        if node is None:
            return []
        if not isinstance(node, SequenceNode) or node.tag not in _WORDS:
            self._wrong(node, path, "a list")
            return []
        return [(f"{path}[{index}]", item) for index, item in enumerate(node.value)]

    def text(self, node: Node | None, path: str) -> str | None:
        """A text; numbers, dates, true and false must be quoted to be one."""
        if node is None:
            return None
        if isinstance(node, ScalarNode) and node.tag == "tag:yaml.org,2002:str":
            return str(node.value)
        self._wrong(node, path, "a text")
        return None

    def scalar(self, node: Node | None, path: str) -> str | None:
        """A text, number or date, as it is written; None for null."""
        if node is None:
            return None
        if not isinstance(node, ScalarNode) or node.tag not in _WORDS or node.tag == "tag:yaml.org,2002:bool":
            self._wrong(node, path, "a text")
            return None
        return None if node.tag == "tag:yaml.org,2002:null" else str(node.value)

    def boolean(self, node: Node | None, path: str, default: bool) -> bool:
        """true or false (also yes/no, on/off)."""
        if node is None:
            return default
        if isinstance(node, ScalarNode) and node.tag == "tag:yaml.org,2002:bool":
            return str(node.value).lower() in ("true", "yes", "on", "y")
        self._wrong(node, path, "true or false")
        return default

    def number(self, node: Node | None, path: str) -> int | None:
        """A whole number in decimal digits."""
        if node is None:
            return None
        if isinstance(node, ScalarNode) and node.tag == "tag:yaml.org,2002:int" and node.value.isdecimal():
            return int(node.value[:18])
        self._wrong(node, path, "a whole number")
        return None

    def choice(self, node: Node | None, path: str, choices: Sequence[str]) -> str | None:
        """One of `choices`, quoted or not: YAML takes a bare `off` for false."""
        if isinstance(node, ScalarNode) and node.value in choices:
            return str(node.value)
        text = self.text(node, path)
        if node is None or text is None:
            return None
        if text not in choices:
            near = suggest(text, choices)
            hint = f"; {near}" if near.startswith("did") else ""
            self.say(node, path, f"{text!r} is none of: {', '.join(choices)}{hint}")
            return None
        return text

    def _inside(self, node: ScalarNode, offset: int) -> tuple[int, int]:
        """Where the value's character `offset` stands in the file: exact in literal blocks and on one line
        without escapes, else the scalar's beginning."""
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        before = node.value[:offset]
        if node.style == "|":
            row = before.count("\n")
            written = self._lines[line + row] if line + row < len(self._lines) else ""
            indent = len(written) - len(node.value.split("\n")[row])
            return line + 1 + row, max(indent, 0) + len(before) - before.rfind("\n")
        if "\n" in before or node.style == ">":
            return line, column
        return line, column + offset + (1 if node.style in ("'", '"') else 0)

    def _wrong(self, node: Node, path: str, wanted: str) -> None:
        found = _WORDS.get(node.tag, "something else")
        hint = (
            "; put it in quotes" if wanted == "a text" and isinstance(node, ScalarNode) and node.value else ""
        )
        self.say(node, path, f"{wanted} is wanted here, this is {found}{hint}")


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
