"""Reads the examples by which a definition file tests itself; `sync.files.run_examples` runs them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast, get_args

import msgspec
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tieline.domain.activity import (
    Activity,
    Attribution,
    Call,
    Direction,
    Form,
    NimbataContact,
    Outcome,
    Text,
)
from tieline.domain.contact import Contact, with_fields
from tieline.domain.side import SIDES, Side
from tieline.mapping import email, phone
from tieline.mapping.fields import is_target
from tieline.mapping.sources import KINDS, Kind
from tieline.mapping.suggest import suggest
from tieline.mapping.two_way import TwoWay
from tieline.sync.files.example import Change, Example, Expected, NoteLike, Written
from tieline.sync.files.example_shape import (
    CallSection,
    ContainsSection,
    ExampleSection,
    ExpectSection,
    FormSection,
    PersonExample,
    TextSection,
    ThenSection,
    WrittenSection,
)
from tieline.sync.files.record_rules import TwoWayReader
from tieline.sync.files.shape import keys

_SECTIONS: dict[Kind, type[msgspec.Struct]] = {
    "call": CallSection, "form": FormSection, "text": TextSection, "contact": PersonExample,
}  # fmt: skip
_ACTIVITIES: dict[Kind, type[msgspec.Struct]] = {
    "call": Call, "form": Form, "text": Text, "contact": NimbataContact,
}  # fmt: skip
#: Ours, and those of the account's reports; compared in lower case.
_OUTCOMES: dict[str, Outcome] = {
    **{one: one for one in cast("tuple[Outcome, ...]", get_args(Outcome))},
    "not_answered": "missed", "no_answer": "missed", "busy": "missed",
}  # fmt: skip
_MOMENTS = ("started_at", "submitted_at", "received_at")
_SECONDS = ("duration_s", "talk_duration_s")


class ExamplesReader(TwoWayReader):
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
        sides = [side for side in SIDES if side in entries]
        if len(given) > 1 or not (given or sides):
            self.say(node, path, f"one thing happens in an example: {', '.join((*KINDS, *SIDES))}")
            return None
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
            activity=self._activity(entries[given[0]], f"{path}.{given[0]}", given[0]) if given else None,
            records={side: self._record(entries[side], f"{path}.{side}", side, country) for side in sides},
            then=tuple(self._then(entries.get("then"), f"{path}.then", country)),
            country=country,
            expect=self._expect(entries.get("expect"), f"{path}.expect", about_records=not given),
        )

    def _activity(self, node: Node, path: str, kind: Kind) -> Activity | None:
        values: dict[str, Any] = {"id": "example"}
        for name, value in self.table(node, path, keys(_SECTIONS[kind])).items():
            read = self._part(name, value, f"{path}.{name}")
            if read is not None:
                values[name] = read
        return cast("Activity", _ACTIVITIES[kind](**values))

    def _part(self, name: str, node: Node, path: str) -> Any:
        match name:
            case "tags":
                return tuple(filter(None, (self.text(item, where) for where, item in self.items(node, path))))
            case "fields":
                return tuple(self._labelled(node, path))
            case "attribution":
                entries = self.table(node, path, Attribution.__struct_fields__)
                return Attribution(**{one: self.scalar(entries[one], f"{path}.{one}") for one in entries})
            case "direction":
                return self.choice(node, path, get_args(Direction))
            case "outcome":
                return self._outcome(node, path)
            case "value":
                return self._decimal(node, path)
        if name in _SECONDS:
            return self.number(node, path)
        return self._moment(node, path) if name in _MOMENTS else self.scalar(node, path)

    def _labelled(self, node: Node, path: str) -> list[tuple[str, str]]:
        found = []
        for _, label, value in self.entries(node, path):
            several = self.items(value, path) if isinstance(value, SequenceNode) else [(path, value)]
            found += [(label, self.scalar(item, f"{where}.{label}") or "") for where, item in several]
        return found

    def _outcome(self, node: Node, path: str) -> Outcome | None:
        word = self.text(node, path)
        if word is None:
            return None
        outcome = _OUTCOMES.get(word.strip().lower().replace(" ", "_"))
        if outcome is None:
            self.say(node, path, f"no outcome is called {word!r}; {suggest(word.lower(), _OUTCOMES)}")
        return outcome

    def _decimal(self, node: Node, path: str) -> Decimal | None:
        text = self.scalar(node, path)
        try:
            return None if text is None else Decimal(text)
        except InvalidOperation:
            self.say(node, path, f"{text!r} is no amount")
            return None

    def _moment(self, node: Node, path: str) -> datetime | None:
        text = self.scalar(node, path)
        try:
            moment = None if text is None else datetime.fromisoformat(text)
        except ValueError:
            self.say(node, path, f"{text!r} is no time; write 2026-09-01T22:14:07Z")
            return None
        return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)

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

    def _expect(self, node: Node | None, path: str, *, about_records: bool) -> Expected:
        entries = self.table(node, path, keys(ExpectSection))
        if isinstance(node, MappingNode) and not entries:
            self.say(node, path, "expects nothing")
        of_records = (*SIDES, "ask")
        for name, value in entries.items():
            if (name in of_records) is not about_records:
                instead = ", ".join(of_records if about_records else keys(ExpectSection)[:4])
                self.say(value, f"{path}.{name}", f"there is no {name} here; there are: {instead}")
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
            to={
                side: self._written(entries[side], f"{path}.{side}", side)
                for side in SIDES
                if side in entries
            },
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
