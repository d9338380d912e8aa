"""Reads the examples about tasks, notes and appointments; `sync.files.run_item_examples` runs them."""

from __future__ import annotations

from typing import Any, cast
from zoneinfo import ZoneInfo

import msgspec
from yaml.nodes import MappingNode, Node, ScalarNode

from tieline.domain.items import (
    APPOINTMENT_STATUSES,
    ITEM_FIELDS,
    Appointment,
    AppointmentStatus,
    Item,
    ItemKind,
    Note,
    Task,
)
from tieline.domain.side import SIDES, Side
from tieline.mapping import email
from tieline.mapping.appointment_status import read_status
from tieline.mapping.moments import read_moment, zone_named
from tieline.mapping.suggest import suggest
from tieline.sync.files.example_shape import ThenSection
from tieline.sync.files.item_example import ItemExample, ItemStep, ItemValue, ItemWritten, Write
from tieline.sync.files.item_shape import BookingSection, ItemWrittenSection
from tieline.sync.files.record_rules import TwoWayReader
from tieline.sync.files.shape import keys

_SHAPES: dict[ItemKind, type[Task] | type[Note] | type[Appointment]] = {
    "task": Task, "note": Note, "appointment": Appointment,
}  # fmt: skip
_MOMENTS = frozenset({"due_at", "starts_at", "ends_at"})
#: An update moves no appointment to another calendar.
_BOOKINGS: dict[str, tuple[str, ...]] = {"create": keys(BookingSection), "update": ("any_time", "notify")}


class ItemExamplesReader(TwoWayReader):
    """How an item stands, what somebody does to it, what must be written."""

    def item_example(
        self, node: Node, path: str, kind: ItemKind, then: Node | None, then_path: str, timezone: str | None
    ) -> ItemExample:
        """An item on one side or both, and what is done to it then."""
        sides = self.table(node, path, SIDES)
        records: dict[Side, Item] = {}
        for side in SIDES:
            if side in sides:
                record = self._record_of(sides[side], f"{path}.{side}", kind, side, timezone)
                if record is not None:
                    records[side] = record
        if isinstance(node, MappingNode) and not sides:
            self.say(node, path, f"a side is wanted, on which the {kind} stands: {', '.join(SIDES)}")
        steps: list[ItemStep] = []
        for where, item in self.items(then, then_path):
            for name, value in self.table(item, where, keys(ThenSection)).items():
                at = cast("Side", name)
                if name not in sides:
                    self.say(value, f"{where}.{name}", f"there is no copy on {name}; give it under `{kind}`")
                elif any(one.side == name and one.deleted for one in steps):
                    self.say(value, f"{where}.{name}", "it is deleted there already")
                else:
                    steps.append(self._step(value, f"{where}.{name}", kind, at, records.get(at), timezone))
        if len(sides) == len(SIDES) and then is None:
            self.say(node, path, "nothing happens between two copies: say by `then` what somebody changes")
        return ItemExample(kind=kind, records=records, then=tuple(steps), timezone=timezone)

    def item_written(
        self, node: Node, path: str, kind: ItemKind, side: Side, timezone: str | None
    ) -> ItemWritten:
        """What one side must be given."""
        if isinstance(node, ScalarNode):
            return ItemWritten(
                write=cast("Write", self.choice(node, path, ("nothing", "delete")) or "nothing")
            )
        entries = self.table(node, path, keys(ItemWrittenSection))
        writes = [one for one in ("create", "update") if one in entries]
        if isinstance(node, MappingNode) and len(writes) != 1:
            self.say(node, path, "one of these is wanted: create, update, or the words nothing and delete")
        if not writes:
            return ItemWritten(write="nothing")
        (write, *_) = writes
        cleared = entries.get("cleared")
        if cleared is not None and write == "create":
            self.say(cleared, f"{path}.cleared", "nothing is cleared in a new one; write null under `create`")
        booking = _BOOKINGS[write] if kind == "appointment" and side == "contacts_api" else ()
        values = self._values_written(entries[write], f"{path}.{write}", kind, booking, timezone)
        names = [
            self.choice(item, where, ITEM_FIELDS[kind])
            for where, item in self.items(cleared, f"{path}.cleared")
        ]
        return ItemWritten(
            write=cast("Write", write),
            fields={name: value for name, value in values.items() if name in ITEM_FIELDS[kind]},
            cleared=tuple(filter(None, names)),
            booking={name: value for name, value in values.items() if name in booking},
        )

    def zone(self, node: Node | None, path: str) -> str | None:
        """The name of a time zone that there is."""
        name = self.text(node, path)
        if node is None or name is None:
            return None
        try:
            return zone_named(name).key
        except ValueError as error:
            self.say(node, path, str(error))
            return None

    def _record_of(
        self, node: Node, path: str, kind: ItemKind, side: Side, timezone: str | None
    ) -> Item | None:
        before = len(self.problems)
        values = self._values_shown(node, path, kind, timezone)
        missing = [name for name in _required(kind) if name not in values]
        if missing and isinstance(node, MappingNode):
            self.say(node, path, f"{missing[0]!r} is missing")
        if len(self.problems) != before:
            return None
        ends_at, starts_at = values.get("ends_at"), values.get("starts_at")
        if ends_at is not None and ends_at <= starts_at:
            self.say(node, path, "ends_at must be after starts_at")
        return _SHAPES[kind](id=side, **values)

    def _step(
        self, node: Node, path: str, kind: ItemKind, side: Side, before: Item | None, timezone: str | None
    ) -> ItemStep:
        if isinstance(node, ScalarNode):
            self.choice(node, path, ("deleted",))
            return ItemStep(side=side, deleted=True)
        if isinstance(before, Appointment):
            timezone = before.timezone or timezone
        return ItemStep(side=side, fields=self._values_shown(node, path, kind, timezone))

    def _values_shown(self, node: Node, path: str, kind: ItemKind, timezone: str | None) -> dict[str, Any]:
        """Fields as a side shows them; null where it shows no value."""
        entries = self.table(node, path, ITEM_FIELDS[kind])
        zone = self._clock(entries, timezone)
        nullable = {one.name for one in msgspec.structs.fields(_SHAPES[kind]) if one.default is None}
        found = {}
        for name, value in entries.items():
            where, before = f"{path}.{name}", len(self.problems)
            found[name] = None if _is_null(value) else self._item_value(value, where, name, zone)
            if found[name] is None and name not in nullable and len(self.problems) == before:
                self.say(value, where, f"{_a(kind)} is never without {name}")
        return found

    def _values_written(
        self, node: Node, path: str, kind: ItemKind, booking: tuple[str, ...], timezone: str | None
    ) -> dict[str, Any]:
        """Fields as they must be written; null where they must not be."""
        entries = self.table(node, path, (*ITEM_FIELDS[kind], *booking))
        zone = self._clock(entries, timezone)
        found: dict[str, Any] = {}
        for name, value in entries.items():
            where = f"{path}.{name}"
            if name in ("any_time", "notify"):
                found[name] = self.boolean(value, where, default=True)
            else:
                found[name] = None if _is_null(value) else self._item_value(value, where, name, zone)
        return found

    def _clock(self, entries: dict[str, Node], timezone: str | None) -> ZoneInfo | None:
        """By which times without an offset are read; what is wrong with the item's own zone is said elsewhere."""
        own = entries.get("timezone")
        if isinstance(own, ScalarNode) and not _is_null(own):
            try:
                return zone_named(str(own.value))
            except ValueError:
                return ZoneInfo("UTC")
        return None if timezone is None else zone_named(timezone)

    def _item_value(self, node: Node, path: str, name: str, zone: ZoneInfo | None) -> ItemValue:
        if name == "completed":
            return self.boolean(node, path, default=False)
        if name == "timezone":
            return self.zone(node, path)
        text = self.scalar(node, path) if name in _MOMENTS else self.text(node, path)
        if text is None:
            return None
        try:
            if name in _MOMENTS:
                return read_moment(text, zone)
            if name == "status":
                return _status(text)
            return _address(text) if name == "assignee" else text.strip() or None
        except ValueError as error:
            self.say(node, path, str(error))
            return None


def _required(kind: ItemKind) -> list[str]:
    return [one.name for one in msgspec.structs.fields(_SHAPES[kind]) if one.required and one.name != "id"]


def _status(word: str) -> AppointmentStatus:
    """In our words, as connectors read it; what they would take for `new` because they do not know it is refused."""
    status = read_status(word)
    if status == read_status(word, "showed"):
        return status
    raise ValueError(f"no status is called {word!r}; {suggest(word.lower(), APPOINTMENT_STATUSES)}")


def _address(text: str) -> str:
    address = email.normalise(text)
    if address is None:
        raise ValueError(f"{text!r} is no e-mail; an assignee is named by theirs")
    return address


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _a(kind: ItemKind) -> str:
    return f"an {kind}" if kind == "appointment" else f"a {kind}"
