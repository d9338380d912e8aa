"""Reads a file's head (which account goes to which locations) and names the locations that have rules of their own."""

from __future__ import annotations

import msgspec
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tieline.mapping.suggest import suggest
from tieline.sync.files.file_shape import RulesSection, SyncSection
from tieline.sync.files.read_examples import ExamplesReader
from tieline.sync.files.shape import keys


class SyncHead(msgspec.Struct, frozen=True, kw_only=True):
    """What one file joins."""

    name: str
    #: Connection of the call-tracking account.
    source: str
    #: Empty = all of the account.
    projects: tuple[str, ...] = ()
    #: Connections of CRM locations.
    to: tuple[str, ...]
    #: Written by `apply` into what it stores: where this location differs from the file.
    differs: tuple[str, ...] = ()


class HeadReader(ExamplesReader):
    """The parts of a file that are no rules."""

    def __init__(self) -> None:
        super().__init__()
        #: None = the file names no sync.
        self.sync_head: SyncHead | None = None
        #: By location: what it has otherwise.
        self.differences: dict[str, Node] = {}

    def head(self, node: Node | None, differences: Node | None) -> None:
        """Read both; they are kept for whoever applies the file."""
        if node is not None:
            self.sync_head = self._sync(node)
        if differences is None:
            return
        if node is None:
            self.say(
                differences, "differences", "differ from what? name the locations first: `sync: {…, to: […]}`"
            )
            return
        for key_node, location, value in self.entries(differences, "differences"):
            path = f"differences.{location}"
            if self.sync_head is not None and location not in self.sync_head.to:
                self.say(
                    key_node, path, f"`sync.to` has no {location!r}; {suggest(location, self.sync_head.to)}"
                )
            self._known(value, path)
            if isinstance(value, MappingNode) and value.value:
                self.differences[location] = value

    def _known(self, node: Node, path: str) -> None:
        """Null is allowed anywhere here, so that only names are looked at; the rest shows when it is laid over."""
        self.table(node, path, keys(RulesSection))

    def _sync(self, node: Node) -> SyncHead | None:
        entries = self.table(node, "sync", keys(SyncSection))
        if not isinstance(node, MappingNode):
            return None
        for needed in ("name", "from", "to"):
            if needed not in entries:
                self.say(node, "sync", f"{needed!r} is missing")
        if "project" in entries and "projects" in entries:
            self.say(entries["project"], "sync.project", "write either project or projects")
        name = self.text(entries.get("name"), "sync.name")
        source = self.text(entries.get("from"), "sync.from")
        one = self.text(entries.get("project"), "sync.project")
        several = self._several(entries.get("projects"), "sync.projects")
        to = self._several(entries.get("to"), "sync.to")
        if isinstance(entries.get("to"), SequenceNode) and not entries["to"].value:
            self.say(entries["to"], "sync.to", "at least one location is wanted")
        if not name or not source or not to:
            return None
        return SyncHead(
            name=name,
            source=source,
            projects=several or ((one,) if one else ()),
            to=to,
            differs=self._several(entries.get("differs"), "sync.differs"),
        )

    def _several(self, node: Node | None, path: str) -> tuple[str, ...]:
        """One text, or a list without repeats."""
        if node is None:
            return ()
        several = [(path, node)] if isinstance(node, ScalarNode) else self.items(node, path)
        found: list[str] = []
        for where, item in several:
            text = self.text(item, where)
            if text in found:
                self.say(item, where, f"{text!r} stands here twice")
            elif text is not None and not text.strip():
                self.say(item, where, "a name is wanted here")
            elif text is not None:
                found.append(text)
        return tuple(found)
