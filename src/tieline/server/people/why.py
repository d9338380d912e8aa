"""Why a field is as it is: the last change on each side, the event behind it, and the rule that let it travel."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec

from tieline.domain.contact import CONTACT_FIELDS, CUSTOM_PREFIX, NIMBATA_FIELDS
from tieline.domain.items import ITEM_FIELDS, ItemKind
from tieline.domain.side import SIDE_NAMES, SIDES, Side, other
from tieline.domain.undo import UNDO_EVENT
from tieline.errors import ConfigurationError
from tieline.mapping.fields import Definition
from tieline.server.people.history import load_lines, load_pairs
from tieline.server.people.people import People, Person
from tieline.server.people.timeline import told_of
from tieline.server.people.words import activity_words, pair_words, rule_words
from tieline.sync.files.definition import parse_definition
from tieline.sync.record_history import History, Place, Step, What

_ITEM = re.compile(r"(task|note|appointment):(.+)\.([a-z_]+)")
TAGS = "tags"


class ToldBy(msgspec.Struct, frozen=True, kw_only=True):
    """An event, and who told of it; None where it was dropped since."""

    event: int
    source: str | None = None
    kind: str | None = None
    connection: str | None = None
    received_at: datetime | None = None


class SideWhy(msgspec.Struct, frozen=True, kw_only=True):
    """A field on one side, and the change that made it so."""

    side: Side
    #: Its name there.
    field: str
    record_id: str
    value: Any
    #: What follows is None where nothing is known of a change.
    since: datetime | None = None
    what: What | None = None
    #: The line of the history, by which it can be undone.
    change: int | None = None
    before: Any = None
    told: ToldBy | None = None


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """The answer, for one sync."""

    sync: str
    sides: tuple[SideWhy, ...]
    #: Where the present value came from; None = from a call, form or text, or from each side itself.
    origin: Side | None
    #: In plain words.
    words: str
    rules: tuple[str, ...]


async def why(people: People, person: Person, field: str) -> tuple[Why, ...]:
    """For each sync that knows the field. A field of an item is named as `task:ID.title`. Raises ConfigurationError
    for a name that is none."""
    _require_known(field)
    found = []
    async with people.store.transaction() as db:
        for sync in people.of(person):
            definition = parse_definition(sync.definition, name=sync.name)
            history, last = History(), dict[tuple[Place, str], Step]()
            for line in await load_lines(db, person.id, sync.id):
                step = history.take(line)
                last.update({(line.place, name): step for name in step.changed})
            named, rules = _places(field, definition, await load_pairs(db, person.id, sync.id))
            events = [known.line.event_id for place, name in named if (known := last.get((place, name)))]
            told = await told_of(db, events)
            sides = [
                _side(place, name, history, last.get((place, name)), told)
                for place, name in named
                if place in history.records and not history.records[place].gone
            ]
            if sides:
                origin = _origin(sides)
                found.append(
                    Why(
                        sync=sync.name,
                        sides=tuple(sides),
                        origin=origin,
                        rules=rules,
                        words=_words(sides, origin),
                    )
                )
    return tuple(found)


def _require_known(field: str) -> None:
    item = _ITEM.fullmatch(field)
    kind: Any = item[1] if item is not None else None
    if item is not None and item[3] in ITEM_FIELDS[kind]:
        return
    if item is None and (
        field in (*CONTACT_FIELDS, *NIMBATA_FIELDS, TAGS) or field.startswith(CUSTOM_PREFIX)
    ):
        return
    raise ConfigurationError(
        f"{field!r} is no field; name one as first_name, custom.KEY, tags, or task:ID.title of a task"
    )


def _places(
    field: str, definition: Definition, pairs: Any
) -> tuple[list[tuple[Place, str]], tuple[str, ...]]:
    """The field on each side, and its rules in words."""
    item = _ITEM.fullmatch(field)
    if item is not None:
        return _item_places(item[1], item[2], item[3], definition, pairs)  # type: ignore[arg-type]
    person = definition.two_way.person
    places: dict[Side, Place] = {side: (side, "contact", "") for side in SIDES}
    if field == TAGS:
        rules = [f"person.tags: {rule_words('newest', person.tags.direction)}"] if person is not None else []
        return [(places[side], TAGS) for side in SIDES], (*rules, *activity_words(definition, TAGS))
    pair = next(
        (
            one
            for one in (person.fields if person is not None else ())
            if field in (one.nimbata, one.contacts_api)
        ),
        None,
    )
    if pair is None:
        return [(places[side], field) for side in SIDES], tuple(activity_words(definition, field))
    words = (pair_words(pair), *activity_words(definition, pair.contacts_api))
    return [(places[side], pair.name(side)) for side in SIDES], words


def _item_places(
    kind: ItemKind, item_id: str, field: str, definition: Definition, pairs: Any
) -> tuple[list[tuple[Place, str]], tuple[str, ...]]:
    ids: dict[Side, str] = next((ids for one, ids in pairs if one == kind and item_id in ids.values()), {})
    rules = definition.two_way.items.get(kind)
    words = (f"{kind}s: {rule_words(rules.rule, rules.direction)}",) if rules is not None else ()
    return [((side, kind, ids[side]), field) for side in SIDES if side in ids], words


def _side(
    place: Place, name: str, history: History, step: Step | None, told: dict[int, tuple[Any, ...]]
) -> SideWhy:
    record = history.records[place]
    value = record.fields.get(name)
    if step is None:
        return SideWhy(side=place[0], field=name, record_id=record.record_id, value=value)
    event, connection, source, kind, received_at = told.get(
        step.line.event_id, (step.line.event_id, None, None, None, None)
    )
    return SideWhy(
        side=place[0], field=name, record_id=record.record_id, value=value, since=step.line.at,
        what=step.line.what, change=step.line.id, before=step.changed[name][0],
        told=ToldBy(event=event, source=source, kind=kind, connection=connection, received_at=received_at),
    )  # fmt: skip


def _origin(sides: list[SideWhy]) -> Side | None:
    """Where it was seen, if the other side has it from us."""
    seen = [one for one in sides if one.what == "seen"]
    if len(seen) == 1:
        return seen[0].side
    undone = [one for one in sides if one.told is not None and one.told.kind == UNDO_EVENT]
    return min(undone, key=lambda one: (one.since, one.change)).side if undone else None


def _words(sides: list[SideWhy], origin: Side | None) -> str:
    changed = [one for one in sides if one.told is not None]
    if not changed:
        return "it has no value on either side, and no change of it is known"
    first = next((one for one in changed if one.side == origin), changed[0])
    if first.told is not None and first.told.kind == UNDO_EVENT:
        said = f"it was put back by hand ({_told(first)})"
    elif origin is not None:
        said = f"{SIDE_NAMES[origin]} showed it ({_told(first)})"
    elif all(one.what == "written" for one in changed):
        return f"it was written because of an activity ({_told(first)})"
    else:
        return "each side showed it by itself"
    there = next((one for one in changed if one.side == other(first.side)), None)
    if there is not None and there.what == "written":
        said += f", and it was written to {SIDE_NAMES[there.side]}"
    return said


def _told(one: SideWhy) -> str:
    told = one.told
    if told is None or told.kind is None:
        return "its event was dropped since"
    return f"event {told.event}: {told.kind} by {told.source}"
