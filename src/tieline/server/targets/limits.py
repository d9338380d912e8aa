"""What a sync asks for and an account cannot do, by name, before anything is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from tieline.domain.command import (
    AddTags,
    Command,
    CreateContact,
    CreateItem,
    DeleteContact,
    DeleteItem,
    RemoveTags,
    UpdateContact,
    UpdateItem,
)
from tieline.domain.items import Appointment, Item, ItemKind, Note, Task
from tieline.domain.side import SIDES, Side
from tieline.effects.target import Target
from tieline.engine.turn import Consumer
from tieline.mapping.two_way import PersonRules, travels

_SAMPLES: dict[ItemKind, Item] = {
    "task": Task(id="", title="."),
    "note": Note(id="", body="."),
    "appointment": Appointment(id="", starts_at=datetime(2000, 1, 1, tzinfo=UTC)),
}


def limits(consumer: Consumer) -> list[str]:
    """Each in one sentence, none twice."""
    found: dict[str, None] = {}
    for side in SIDES:
        target = consumer.targets.get(side)
        if target is None:
            continue
        if consumer.merger is not None and (names := _unheld(consumer.merger.rules, side, target)):
            found[f"{', '.join(names)}: such a record has no such field there, so it stays as it is"] = None
        for command in _asked(consumer, side, target):
            if (reason := target.cannot(command)) is not None:
                found[reason] = None
    return list(found)


def _unheld(rules: PersonRules, side: Side, target: Target) -> list[str]:
    return [
        pair.name(side)
        for pair in rules.fields
        if travels(pair.direction, side) and not pair.optional and not target.holds(pair.name(side))
    ]


def _asked(consumer: Consumer, side: Side, target: Target) -> Iterator[Command]:
    """One command of each kind that the rules may lead to on that side."""
    rules = consumer.merger.rules if consumer.merger is not None else None
    if rules is not None and travels(rules.direction, side):
        held = [
            pair.name(side)
            for pair in rules.fields
            if travels(pair.direction, side) and target.holds(pair.name(side))
        ]
        if side in rules.create and not consumer.derived:
            yield CreateContact(fields={})
        if held:
            yield UpdateContact(fields=dict.fromkeys(held))
        if travels(rules.tags.direction, side):
            yield AddTags(tags=frozenset({"."}))
            yield RemoveTags(tags=frozenset({"."}))
        if rules.deletes == "delete":
            yield DeleteContact()
    for kind, item_rules in consumer.items.items():
        if travels(item_rules.direction, side):
            item = _SAMPLES[kind]
            yield CreateItem(item=item, reference="")
            yield UpdateItem(item=item, changed=())
            if item_rules.deletes == "delete":
                yield DeleteItem(kind=kind, item_id="")
