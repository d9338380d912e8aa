"""Finds the route of a path: literal segments before named ones."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

from tieline.sandbox.side import Route


class _Node:
    __slots__ = ("literal", "name", "named", "routes")

    def __init__(self) -> None:
        self.literal: dict[str, _Node] = {}
        self.named: _Node | None = None
        self.routes: dict[str, tuple[Route, tuple[str, ...]]] = {}


class Router:
    """A tree of path segments; a trailing slash makes no difference."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._root = _Node()
        for route in routes:
            node, names = self._root, []
            for segment in route.path.strip("/").split("/"):
                if segment.startswith("{"):
                    names.append(segment[1:-1])
                    node.named = node.named or _Node()
                    node = node.named
                else:
                    node = node.literal.setdefault(segment, _Node())
            node.routes[route.method] = (route, tuple(names))

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route and the values of its names; None when there is no such path for that method."""
        return self._walk(self._root, method, path.strip("/").split("/"), [])

    def _walk(
        self, node: _Node, method: str, segments: Sequence[str], values: list[str]
    ) -> tuple[Route, dict[str, str]] | None:
        if not segments:
            here = node.routes.get(method)
            return None if here is None else (here[0], dict(zip(here[1], values, strict=True)))
        head, rest = segments[0], segments[1:]
        if (literal := node.literal.get(head)) is not None and (
            found := self._walk(literal, method, rest, values)
        ):
            return found
        if node.named is not None and head:
            return self._walk(node.named, method, rest, [*values, unquote(head)])
        return None
