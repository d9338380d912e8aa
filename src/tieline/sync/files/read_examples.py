"""Reads the examples by which a definition file tests itself; `sync.files.run_examples` runs them."""

from __future__ import annotations

from typing import cast

from yaml.nodes import MappingNode, Node, ScalarNode

from tieline.domain.contact import Contact, with_fields
from tieline.domain.items import ITEM_KINDS, ItemKind
from tieline.domain.side import SIDES, Side
from tieline.mapping import email, phone
from tieline.mapping.fields import is_target
from tieline.mapping.sources import KINDS
from tieline.mapping.two_way import TwoWay
from tieline.sync.files.example import Change, Example, Expected, NoteLike, Written
from tieline.sync.files.example_shape import (
    ContainsSection,
    ExampleSection,
    ExpectSection,
    ThenSection,
    WrittenSection,
)
from tieline.sync.files.read_activity_examples import ActivityExamplesReader
from tieline.sync.files.read_item_examples import ItemExamplesReader
from tieline.sync.files.shape import keys

#: What can be expected, by what happens.
_OF_ACTIVITY = ("skip", "fields", "tags", "note")
_OF_RECORDS = (*SIDES, "ask")
_OF_ITEM = (*SIDES, "skip")


class ExamplesReader(ActivityExamplesReader, ItemExamplesReader):
    """The file's own tests."""

    def __init__(self) -> None:
        super().__init__()
        self.found_examples: list[Example] = []

    def examples(self, node: Node | None, two_way: TwoWay) -> None:
        """Read all of them; they are kept for whoever runs them."""
        for path, item in self.items(node, "examples"):
            before = len(self.problems)
            example = self._example(item, path, two_way)
            if example is not None and len(self.problems) == before:
                self.found_examples.append(example)

    def _example(self, node: Node, path: str, two_way: TwoWay) -> Example | None:
        entries = self.table(node, path, keys(ExampleSection))
        if not isinstance(node, MappingNode):
            return None
        for needed in ("name", "expect"):
            if needed not in entries:
                self.say(node, path, f"{needed!r} is missing")
        given = [kind for kind in KINDS if kind in entries]
        items = [kind for kind in ITEM_KINDS if kind in entries]
        sides = [side for side in SIDES if side in entries]
        if len(given) + len(items) > 1 or not (given or items or sides):
            self.say(
                node, path, f"one thing happens in an example: {', '.join((*KINDS, *ITEM_KINDS, *SIDES))}"
            )
            return None
        timezone = self.zone(entries.get("timezone"), f"{path}.timezone")
        if items:
            return self._of_item(node, path, entries, items[0], timezone)
        if "timezone" in entries:
            only = f"only beside one of {', '.join(ITEM_KINDS)}"
            self.say(entries["timezone"], f"{path}.timezone", only)
        if given and "nimbata" in sides:
            self.say(
                entries["nimbata"],
                f"{path}.nimbata",
                "beside an activity stands the contacts_api record alone",
            )
        if not given and two_way.person is None:
            self.say(
                node,
                path,
                "the file has no section `person`: nothing happens between the records of both sides",
            )
        if "then" in entries and (given or len(sides) < 2):
            self.say(
                entries["then"], f"{path}.then", "`then` changes what both sides have: give both records"
            )
        country = self.text(entries.get("country"), f"{path}.country") or "US"
        return Example(
            name=self.text(entries.get("name"), f"{path}.name") or "",
            line=node.start_mark.line + 1,
            activity=self.activity_example(entries[given[0]], f"{path}.{given[0]}", given[0])
            if given
            else None,
            records={side: self._record(entries[side], f"{path}.{side}", side, country) for side in sides},
            then=tuple(self._then(entries.get("then"), f"{path}.then", country)),
            country=country,
            expect=self._expect(
                entries.get("expect"), f"{path}.expect", _OF_ACTIVITY if given else _OF_RECORDS
            ),
        )

    def _of_item(
        self, node: Node, path: str, entries: dict[str, Node], kind: ItemKind, timezone: str | None
    ) -> Example:
        for name in (*SIDES, "country"):
            if name in entries:
                self.say(entries[name], f"{path}.{name}", f"this cannot stand beside `{kind}`")
        at = f"{path}.expect"
        expect = self._expect(entries.get("expect"), at, _OF_ITEM, kind, timezone)
        if isinstance(entries.get("expect"), MappingNode) and not (expect.skip or expect.items):
            self.say(entries["expect"], at, f"say what is written: {', '.join(SIDES)}; or `skip: true`")
        return Example(
            name=self.text(entries.get("name"), f"{path}.name") or "",
            line=node.start_mark.line + 1,
            item=self.item_example(
                entries[kind], f"{path}.{kind}", kind, entries.get("then"), f"{path}.then", timezone
            ),
            country="US",
            expect=expect,
        )

    def _record(self, node: Node, path: str, side: Side, country: str) -> Contact:
        fields, tags = self._values_of(node, path, side, country)
        return with_fields(Contact(id=side, tags=tags or frozenset()), fields)

    def _then(self, node: Node | None, path: str, country: str) -> list[Change]:
        found = []
        for where, item in self.items(node, path):
            for side, value in self.table(item, where, keys(ThenSection)).items():
                at = cast("Side", side)
                fields, tags = self._values_of(value, f"{where}.{side}", at, country)
                found.append(Change(side=at, fields=fields, tags=tags))
        return found

    def _values_of(
        self, node: Node, path: str, side: Side, country: str
    ) -> tuple[dict[str, str | None], frozenset[str] | None]:
        """A side's fields as its connector would read them, and its tags where they are given."""
        fields: dict[str, str | None] = {}
        tags = None
        for key_node, name, value in self.entries(node, path):
            where = f"{path}.{name}"
            if name == "tags":
                tags = frozenset(self.tag_list(value, where))
            elif self.field(key_node, where, side) is not None:
                read = self.scalar(value, where)
                if read is not None and name == "phone":
                    read = phone.to_e164(read, country) or read
                elif read is not None and name == "email":
                    read = email.normalise(read) or read.lower()
                fields[name] = read
        return fields, tags

    def _expect(
        self,
        node: Node | None,
        path: str,
        allowed: tuple[str, ...],
        item: ItemKind | None = None,
        timezone: str | None = None,
    ) -> Expected:
        entries = self.table(node, path, keys(ExpectSection))
        if isinstance(node, MappingNode) and not entries:
            self.say(node, path, "expects nothing")
        for name, value in entries.items():
            if name not in allowed:
                self.say(value, f"{path}.{name}", f"there is no {name} here; there are: {', '.join(allowed)}")
        sides = {side: entries[side] for side in SIDES if side in entries}
        skip: bool | str = False
        if "skip" in entries:
            at = entries["skip"]
            is_text = isinstance(at, ScalarNode) and at.tag == "tag:yaml.org,2002:str"
            skip = (
                (self.text(at, f"{path}.skip") or "") if is_text else self.boolean(at, f"{path}.skip", False)
            )
        return Expected(
            skip=skip,
            fields=self._expected_fields(entries.get("fields"), f"{path}.fields"),
            tags=frozenset(self.tag_list(entries["tags"], f"{path}.tags")) if "tags" in entries else None,
            note=self._note(entries.get("note"), f"{path}.note"),
            to={side: self._written(at, f"{path}.{side}", side) for side, at in sides.items()}
            if item is None
            else {},
            items={
                side: self.item_written(at, f"{path}.{side}", item, side, timezone)
                for side, at in sides.items()
            }
            if item is not None
            else {},
            ask=self._texts(entries["ask"], f"{path}.ask") if "ask" in entries else None,
        )

    def _note(self, node: Node | None, path: str) -> NoteLike | bool | None:
        if node is None:
            return None
        if isinstance(node, MappingNode):
            entries = self.table(node, path, keys(ContainsSection))
            return NoteLike(
                contains=self._texts(entries.get("contains"), f"{path}.contains"),
                lacks=self._texts(entries.get("lacks"), f"{path}.lacks"),
            )
        if isinstance(node, ScalarNode) and node.tag == "tag:yaml.org,2002:bool":
            return self.boolean(node, path, default=True)
        return NoteLike(exactly=self.text(node, path))

    def _written(self, node: Node, path: str, side: Side) -> Written:
        if isinstance(node, ScalarNode):
            self.choice(node, path, ("nothing",))
            return Written(nothing=True)
        entries = self.table(node, path, keys(WrittenSection))
        return Written(
            fields=self._expected_fields(entries.get("fields"), f"{path}.fields", side),
            cleared=self._texts(entries.get("cleared"), f"{path}.cleared"),
            add_tags=frozenset(self.tag_list(entries["add_tags"], path)) if "add_tags" in entries else None,
            remove_tags=frozenset(self.tag_list(entries["remove_tags"], path))
            if "remove_tags" in entries
            else None,
        )

    def _expected_fields(
        self, node: Node | None, path: str, side: Side | None = None
    ) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for key_node, name, value in self.entries(node, path) if node is not None else ():
            if side is not None:
                self.field(key_node, f"{path}.{name}", side)
            elif not is_target(name):
                self.field(key_node, f"{path}.{name}", "contacts_api")
            found[name] = self.scalar(value, f"{path}.{name}")
        return found

    def _texts(self, node: Node | None, path: str) -> tuple[str, ...]:
        """One text or several."""
        if node is None:
            return ()
        several = [(path, node)] if isinstance(node, ScalarNode) else self.items(node, path)
        return tuple(text for where, item in several if (text := self.text(item, where)) is not None)
