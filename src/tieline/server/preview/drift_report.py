"""What a drift tells: how far people, and their tasks, notes and appointments, are apart over a whole sync."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from tieline.domain.items import ItemKind
from tieline.domain.side import Side
from tieline.sync.drift import Difference
from tieline.sync.drift_items import ComparedItems, ItemDifference

Key = TypeVar("Key", bound=Hashable)
#: People who are shown with what differs of them, and items that are shown of one of them.
_SHOWN = 20


class FieldDrift(msgspec.Struct, frozen=True, kw_only=True):
    """One field, over all people."""

    nimbata: str
    contacts_api: str
    records: int
    #: The oldest of them.
    since: datetime | None
    #: `sync.drift.Why` → how many.
    why: dict[str, int]
    #: What a reconcile would do → how many.
    repair: dict[str, int]


class Apart(msgspec.Struct, frozen=True, kw_only=True):
    """One person whose records differ."""

    contact_id: str
    nimbata_id: str
    differences: tuple[Difference, ...]


class ItemDrift(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a kind of items over all people, or the items that do not stand on both sides."""

    #: None = the items themselves.
    field: str | None
    #: The side on which they stand alone; None = on both, or on neither any more.
    only_on: Side | None
    records: int
    #: The oldest of them.
    since: datetime | None
    #: `sync.drift_items.ItemWhy` → how many.
    why: dict[str, int]
    #: What a reconcile would do → how many.
    repair: dict[str, int]


class KindDrift(msgspec.Struct, frozen=True, kw_only=True):
    """All tasks, all notes or all appointments of linked people."""

    kind: ItemKind
    #: Linked ones that stand on both sides, and those of them that are equal by the rules.
    linked: int
    equal: int
    #: Stand differently, and were agreed so.
    agreed: int
    differences: tuple[ItemDrift, ...]


class ItemsApart(msgspec.Struct, frozen=True, kw_only=True):
    """One person with items that differ, and the first of those."""

    contact_id: str
    nimbata_id: str
    differences: tuple[ItemDifference, ...]


class DriftReport(msgspec.Struct, frozen=True, kw_only=True):
    """How far both sides are apart."""

    #: Linked people who were compared, and those of them who are equal.
    people: int = 0
    equal: int = 0
    #: Linked records that are not there any more, by side; a sweep finds out what became of them.
    gone: dict[Side, int] = {}
    fields: tuple[FieldDrift, ...] = ()
    #: Some of those who differ.
    examples: tuple[Apart, ...] = ()
    #: Of each kind that the sync carries.
    items: tuple[KindDrift, ...] = ()
    #: Some people whose items differ.
    item_examples: tuple[ItemsApart, ...] = ()


class _Lines(Generic[Key]):
    """Differences, counted by what they are about."""

    def __init__(self) -> None:
        self._records: Counter[Key] = Counter()
        self._since: dict[Key, datetime] = {}
        self._why: dict[Key, Counter[str]] = {}
        self._repair: dict[Key, Counter[str]] = {}

    def add(self, key: Key, one: Difference | ItemDifference) -> None:
        """One more."""
        self._records[key] += 1
        self._why.setdefault(key, Counter())[one.why] += 1
        self._repair.setdefault(key, Counter())[one.repair] += 1
        if one.since is not None:
            self._since[key] = min(one.since, self._since.get(key, one.since))

    def all(self) -> list[tuple[Key, int, datetime | None, dict[str, int], dict[str, int]]]:
        """Those with most records first: how many, since when, why, and what a reconcile would do."""
        return [
            (key, count, self._since.get(key), dict(self._why[key]), dict(self._repair[key]))
            for key, count in self._records.most_common()
        ]


class Tally:
    """What was found so far."""

    def __init__(self, kinds: Sequence[ItemKind]) -> None:
        self._people = self._equal = 0
        self.gone: Counter[Side] = Counter()
        self._fields: _Lines[tuple[str, str]] = _Lines()
        self._examples: list[Apart] = []
        self._items: dict[ItemKind, _Lines[tuple[str | None, Side | None]]] = {
            kind: _Lines() for kind in kinds
        }
        #: By kind: linked, equal, agreed.
        self._counts: Counter[tuple[ItemKind, str]] = Counter()
        self._item_examples: list[ItemsApart] = []

    def add(self, contact_id: str, nimbata_id: str, found: Sequence[Difference]) -> None:
        """One person was compared."""
        self._people += 1
        self._equal += not found
        for one in found:
            self._fields.add((one.nimbata, one.contacts_api), one)
        if found and len(self._examples) < _SHOWN:
            self._examples.append(
                Apart(contact_id=contact_id, nimbata_id=nimbata_id, differences=tuple(found))
            )

    def add_items(self, contact_id: str, nimbata_id: str, compared: Sequence[ComparedItems]) -> None:
        """One person's items were compared."""
        for one in compared:
            self._counts[one.kind, "linked"] += one.linked
            self._counts[one.kind, "equal"] += one.equal
            self._counts[one.kind, "agreed"] += one.agreed
            for difference in one.differences:
                self._items[one.kind].add((difference.field, difference.only_on), difference)
        found = tuple(difference for one in compared for difference in one.differences)
        if found and len(self._item_examples) < _SHOWN:
            self._item_examples.append(
                ItemsApart(contact_id=contact_id, nimbata_id=nimbata_id, differences=found[:_SHOWN])
            )

    def report(self) -> DriftReport:
        """The fields with most records first."""
        return DriftReport(
            people=self._people, equal=self._equal, gone={side: count for side, count in self.gone.items() if count},
            fields=tuple(
                FieldDrift(
                    nimbata=key[0], contacts_api=key[1], records=count, since=since, why=why, repair=repair
                )
                for key, count, since, why, repair in self._fields.all()
            ),
            examples=tuple(self._examples),
            items=tuple(self._kind(kind) for kind in self._items),
            item_examples=tuple(self._item_examples),
        )  # fmt: skip

    def _kind(self, kind: ItemKind) -> KindDrift:
        return KindDrift(
            kind=kind, linked=self._counts[kind, "linked"], equal=self._counts[kind, "equal"],
            agreed=self._counts[kind, "agreed"],
            differences=tuple(
                ItemDrift(
                    field=key[0], only_on=key[1], records=count, since=since, why=why, repair=repair
                )
                for key, count, since, why, repair in self._items[kind].all()
            ),
        )  # fmt: skip
