"""Puts a person's records back: first what would be written is shown, then it is handed to the sync as an event."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from tieline.connectors.contacts_api.location import LocationFacts
from tieline.domain.contact import (
    CONTACT_FIELDS,
    CUSTOM_PREFIX,
    NIMBATA_FIELDS,
    Contact,
    field_of,
    with_fields,
)
from tieline.domain.side import Side, other
from tieline.domain.undo import ItemBack, RecordBack, RecordUndo
from tieline.errors import ConfigurationError
from tieline.mapping.two_way import TwoWay, travels
from tieline.server.accounts.intakes import account_config
from tieline.server.people.history import load_lines, load_pairs
from tieline.server.people.people import Link, People, Person
from tieline.server.people.undo_events import store_undo
from tieline.server.targets.derived import DERIVED_FIELDS
from tieline.store.audit import note
from tieline.sync.files.definition import parse_definition
from tieline.sync.merge_person import PersonMerger
from tieline.sync.record_history import Subject
from tieline.sync.undo import Left, Put, Undoer
from tieline.sync.undo_wishes import TAGS

Pairs = list[tuple[Any, Any]]


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """One value that is put back."""

    side: Side
    subject: Subject
    #: Of an item that is made anew, the id that it had.
    record_id: str
    #: None = the whole item.
    field: str | None
    deed: Literal["set", "make anew", "delete"] = "set"
    before: Any = None
    after: Any = None
    #: written: by the undo itself; carried: by the rules of the sync, because of that.
    how: Literal["written", "carried"] = "written"


class Undo(msgspec.Struct, frozen=True, kw_only=True):
    """What an undo writes, or was told to write."""

    person: Person
    sync: str
    writes: tuple[Write, ...]
    #: What is left as it is, and why.
    left: tuple[Left, ...]
    #: The event that carries it out; None = nothing was done yet.
    event: int | None = None


class Undoing:
    """One undo of one person, planned from how things stand now."""

    def __init__(self, people: People, person: Person) -> None:
        self._people = people
        self._person = person

    async def preview(
        self,
        *,
        to: datetime | None = None,
        change: int | None = None,
        sync: str | None = None,
        force: bool = False,
    ) -> Undo:
        """What would be written to put everything back to a moment, or one change back to before it.

        Raises ConfigurationError where the person is not linked, or there is no such change."""
        _, _, shown = await self._plan(to, change, sync, force=force)
        return shown

    async def carry_out(
        self,
        *,
        to: datetime | None = None,
        change: int | None = None,
        sync: str | None = None,
        force: bool = False,
    ) -> Undo:
        """The same, handed to the sync; `event` is None where there is nothing to do."""
        link, undo, shown = await self._plan(to, change, sync, force=force)
        if undo.nothing:
            return shown
        async with self._people.store.transaction() as db:
            event = await store_undo(db, link.sync, undo)
            # What was before and after stands in the person's history, sealed.
            await note(
                db, "people.undo", f"person:{self._person.id}",
                after={
                    "sync": link.sync.name, "event": event, "to": to, "change": change, "force": force,
                    "fields": sorted({one.field for one in shown.writes if one.field is not None}),
                },
            )  # fmt: skip
        return msgspec.structs.replace(shown, event=event)

    async def _plan(
        self, to: datetime | None, change: int | None, sync: str | None, *, force: bool
    ) -> tuple[Link, RecordUndo, Undo]:
        if (to is None) == (change is None):
            raise ConfigurationError("say a moment to go back to, or the number of one change")
        person = self._person
        if change is not None:
            sync = await self._sync_of(change)
        link = await self._people.link(person, sync)
        if link.linked.state == "gone":
            raise ConfigurationError(
                f"{person.name} is linked no more in {link.sync.name}: a record was deleted, and is not made anew"
            )
        rules = parse_definition(link.sync.definition, name=link.sync.name).two_way
        async with self._people.store.transaction() as db:
            lines = await load_lines(db, person.id, link.sync.id)
            pairs = await load_pairs(db, person.id, link.sync.id)
        undoer = Undoer(rules, lines, pairs, force=force)
        put = undoer.back_to(to) if to is not None else undoer.back_from(change or 0)
        if put is None:
            raise ConfigurationError(f"{person.name} has no change {change}; see: tieline people show")
        undo = RecordUndo(
            person=person.id,
            contact_id=link.linked.contact_id,
            records=put.records,
            items=put.items,
            force=force,
        )
        writes = (*_written(put, link), *self._carried(put, link, rules, pairs))
        return link, undo, Undo(person=person, sync=link.sync.name, writes=writes, left=put.left)

    async def _sync_of(self, change: int) -> str:
        async with self._people.store.transaction() as db:
            row = await (
                await db.execute("SELECT consumer_id, person_id FROM history WHERE id = %s", (change,))
            ).fetchone()
        name = (
            {one.id: one.name for one in self._people.of(self._person)}.get(row[0])
            if row is not None
            else None
        )
        if row is None or name is None or row[1] != self._person.id:
            raise ConfigurationError(f"{self._person.name} has no change {change}; see: tieline people show")
        return name

    def _carried(self, put: Put, link: Link, rules: TwoWay, pairs: Pairs) -> list[Write]:
        """What the rules make of it: asked of the merge itself."""
        found = []
        for side, wanted in self._merged(put, link, rules).items():
            record = link.records[side]
            for name, value in wanted.fields.items():
                found.append(_write(side, record, name, field_of(record, name), value, how="carried"))
            if wanted.add_tags or wanted.remove_tags:
                tags = (record.tags | wanted.add_tags) - wanted.remove_tags
                found.append(_write(side, record, TAGS, sorted(record.tags), sorted(tags), how="carried"))
        for item in put.items:
            found.extend(_carried_item(item, rules, pairs))
        return found

    def _merged(self, put: Put, link: Link, rules: TwoWay) -> dict[Side, Any]:
        records = dict(link.records)
        if rules.person is None or len(records) < 2 or not put.records:
            return {}
        target = self._people.directory.connections[link.sync.target_id]
        facts = LocationFacts.from_settings(target.account, target.settings)
        merger, state, now = PersonMerger(rules.person, facts.country), link.merge, datetime.now(UTC)
        for back in put.records:
            before = records[back.side]
            after = _after(before, back)
            state = merger.observe(state, back.side, before, after, now)
            records[back.side] = after
        source = self._people.directory.connections[link.sync.source_id]
        derived = account_config(source).mode == "derived"
        holds = {
            "nimbata": lambda name: (
                name in DERIVED_FIELDS
                if derived
                else name.startswith(CUSTOM_PREFIX) or name in NIMBATA_FIELDS
            ),
            "contacts_api": lambda name: (
                name in CONTACT_FIELDS or name.removeprefix(CUSTOM_PREFIX) in facts.custom_fields
            ),
        }
        return dict(merger.merge(state, records, holds).to)  # type: ignore[arg-type]


def _after(record: Contact, back: RecordBack) -> Contact:
    changed = with_fields(record, {one.name: one.value for one in back.fields})
    return msgspec.structs.replace(changed, tags=(changed.tags | back.add_tags) - back.remove_tags)


def _written(put: Put, link: Link) -> list[Write]:
    found = []
    for back in put.records:
        record = link.records[back.side]
        for one in back.fields:
            found.append(_write(back.side, record, one.name, one.expected, one.value))
        if back.add_tags or back.remove_tags:
            tags = (record.tags | back.add_tags) - back.remove_tags
            found.append(_write(back.side, record, TAGS, sorted(record.tags), sorted(tags)))
    for item in put.items:
        found.extend(_item_writes(item, item.side, item.item_id, "written"))
    return found


def _write(
    side: Side,
    record: Contact,
    field: str,
    before: Any,
    after: Any,
    *,
    how: Literal["written", "carried"] = "written",
) -> Write:
    return Write(
        side=side, subject="contact", record_id=record.id, field=field, before=before, after=after, how=how
    )


def _item_writes(item: ItemBack, side: Side, item_id: str, how: Literal["written", "carried"]) -> list[Write]:
    if item.anew or item.delete:
        return [
            Write(
                side=side, subject=item.kind, record_id=item_id, field=None, how=how,
                deed="make anew" if item.anew else "delete",
                after={one.name: one.value for one in item.fields} or None,
            )
        ]  # fmt: skip
    return [
        Write(
            side=side, subject=item.kind, record_id=item_id, field=one.name, before=one.expected, after=one.value,
            how=how,
        )
        for one in item.fields
    ]  # fmt: skip


def _carried_item(item: ItemBack, rules: TwoWay, pairs: Pairs) -> list[Write]:
    there, own = other(item.side), rules.items.get(item.kind)
    ids: dict[Side, str] = next(
        (ids for kind, ids in pairs if kind == item.kind and ids.get(item.side) == item.item_id), {}
    )
    if own is None or not travels(own.direction, there) or there not in ids:
        return []
    if item.delete and own.deletes != "delete":
        return []
    return _item_writes(item, there, ids[there], "carried")
