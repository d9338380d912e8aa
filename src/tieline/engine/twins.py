"""A person's tasks, notes and appointments as both sides show them: read once a turn, written with its commit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from tieline.domain.items import Item, ItemKind
from tieline.domain.side import SIDES, Side, other
from tieline.effects.writes import ItemRow
from tieline.engine.person_state import What
from tieline.engine.turn import Turn
from tieline.store.keyring import Keys
from tieline.store.person_rows import open_item
from tieline.store.queries import query
from tieline.sync.merge import MergeState
from tieline.sync.merge_items import found_again, item_reference, observe_item, view

_item: msgspec.json.Decoder[Item] = msgspec.json.Decoder(Item)
_merge = msgspec.json.Decoder(MergeState)
_encode = msgspec.json.Encoder().encode
_QUIET = MergeState(linked=True)


@dataclass
class Twin:
    """One item as both sides show it."""

    kind: ItemKind
    row_id: int | None = None
    ids: dict[Side, str] = field(default_factory=dict)
    seen: dict[Side, Item] = field(default_factory=dict)
    merge: MergeState = field(default_factory=MergeState)
    gone: bool = False
    #: It differs from what is stored.
    touched: bool = False
    #: The events that told of it in this turn.
    causes: list[int] = field(default_factory=list)
    #: How often somebody was quicker than our write in this turn.
    looks: int = 0


class Twins:
    """All of one person in one sync."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._all: list[Twin] | None = None

    async def all(self) -> list[Twin]:
        """Those that were known before the turn, and those that came in it."""
        if self._all is None:
            turn = self._turn
            async with turn.shared.store.transaction() as db:
                rows = await db.execute(
                    query("load_items"), {"consumer": turn.consumer.id, "person": turn.person}
                )
                self._all = [_twin(row, db.keys) for row in await rows.fetchall()]
        return self._all

    async def find(self, side: Side, kind: ItemKind, item_id: str) -> Twin | None:
        """The one that `side` calls so."""
        return next(
            (twin for twin in await self.all() if twin.kind == kind and twin.ids.get(side) == item_id), None
        )

    async def add(self, kind: ItemKind) -> Twin:
        """One that nobody knew of."""
        twin = Twin(kind=kind)
        (await self.all()).append(twin)
        return twin

    def reference(self, twin: Twin, origin: Side) -> str:
        """The mark of the copy of what stands on `origin`."""
        return item_reference(self._turn.consumer.id, origin, twin.kind, twin.ids[origin])

    def saw(
        self, twin: Twin, side: Side, item: Item, what: What = "seen", *, at: datetime | None = None
    ) -> None:
        """`side` shows it so now; `at` is when it was changed, by the side's own clock, where that is known."""
        turn, before = self._turn, twin.seen.get(side)
        if before is None:
            name = f"{side}:{twin.kind}:{item.id}"
            turn.writes.keys.append(("item", turn.shared.digest("item", name), turn.person))
        twin.merge = observe_item(twin.merge, side, before, item, at or item.updated_at)
        twin.seen[side], twin.ids[side] = item, item.id
        twin.touched = True
        fields = view(item)
        if before is not None:
            had = view(before)
            fields = {name: value for name, value in fields.items() if value != had[name]}
        if fields:
            turn.state.tell(side, what, twin.kind, item.id, {**fields})

    def dated(self, twin: Twin, side: Side, told: Item | None) -> None:
        """What `side` tells of is what we know, and says when it was written, which an answer may have left out."""
        known = twin.seen[side]
        if told is not None and known.updated_at is None and view(told) == view(known):
            twin.seen[side], twin.touched = told, True

    def copied(self, twin: Twin, side: Side, made: Item, *, sent: Item | None = None) -> None:
        """A fresh copy of ours: what the side shows of it is agreed as it stands; but with `sent`, which is what was
        asked for some time ago, it was looked up, and may have been changed since."""
        self.saw(twin, side, made, "written")
        fresh = MergeState(linked=True, copy=side)
        twin.merge = fresh if sent is None else found_again(side, sent, made)

    async def adopt(self, reference: str, side: Side, made: Item, sent: Item | None) -> None:
        """A copy that an earlier turn sent turns out to have been made; `sent` as for `copied`."""
        for twin in await self.all():
            origin = other(side)
            if origin in twin.seen and side not in twin.ids and self.reference(twin, origin) == reference:
                self.copied(twin, side, made, sent=sent)

    async def flush(self) -> None:
        """Give everything that changed to the commit."""
        turn = self._turn
        for twin in self._all or ():
            if not twin.touched:
                continue
            if twin.row_id is None:
                (twin.row_id,) = await turn.shared.item_ids.take(1)
            twin.touched = False
            turn.writes.items.append(
                ItemRow(
                    id=twin.row_id, consumer_id=turn.consumer.id, person_id=turn.person, kind=twin.kind,
                    nimbata_id=twin.ids.get("nimbata"), contacts_api_id=twin.ids.get("contacts_api"),
                    state="gone" if twin.gone else "open",
                    nimbata=_encode(twin.seen["nimbata"]) if "nimbata" in twin.seen else None,
                    contacts_api=_encode(twin.seen["contacts_api"]) if "contacts_api" in twin.seen else None,
                    merge=None if twin.merge == _QUIET else _encode(twin.merge),
                )
            )  # fmt: skip


def _twin(row: tuple[Any, ...], keys: Keys) -> Twin:
    nimbata, contacts_api, merge = open_item(keys, row[0], row[5:8], row[8], row[9])
    ids = {side: row[place] for side, place in zip(SIDES, (2, 3), strict=True) if row[place] is not None}
    stored = {"nimbata": nimbata, "contacts_api": contacts_api}
    seen = {side: _item.decode(found) for side in SIDES if (found := stored[side])}
    return Twin(
        kind=row[1], row_id=row[0], ids=ids, seen=seen, gone=row[4] == "gone",
        merge=_merge.decode(merge) if merge is not None else _QUIET,
    )  # fmt: skip
