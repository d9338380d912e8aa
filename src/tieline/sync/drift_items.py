"""How far a person's tasks, notes and appointments are apart on both sides, since when, and why. Pure.

A value that was agreed as it stands, since a side altered what it took, is no drift: only what changed since counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from tieline.domain.command import CreateItem, UpdateItem
from tieline.domain.items import ITEM_FIELDS, Item, ItemKind
from tieline.domain.side import SIDES, Side, other
from tieline.mapping.two_way import ItemRules
from tieline.sync.merge import Changed, MergeState, Value
from tieline.sync.merge_items import copy_for, goes_to, merge_item, observe_item, view

#: As of a person's fields (`sync.drift.Why`); gone: a linked one is not there any more, which we were not told yet.
ItemWhy = Literal["refused", "waiting", "unheard", "one_way", "gone"]
ItemRepair = Literal["write nimbata", "write contacts_api", "create nimbata", "create contacts_api", "none"]
#: Whether a side has anything to carry such a command with.
Takes = Callable[[Side, CreateItem | UpdateItem], bool]
_WRITE: dict[Side, ItemRepair] = {"nimbata": "write nimbata", "contacts_api": "write contacts_api"}
_CREATE: dict[Side, ItemRepair] = {"nimbata": "create nimbata", "contacts_api": "create contacts_api"}
#: Of a longer text its beginning is shown.
_SHOWN = 200


class KnownItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item as the sync knows it."""

    ids: dict[Side, str]
    #: As it was seen last.
    seen: dict[Side, Item]
    merge: MergeState
    #: Deleted on one side, and dealt with by the rules.
    gone: bool = False
    #: Its copy could not be made.
    refused: bool = False
    #: When it was agreed, or seen, last.
    since: datetime | None = None


class ListedItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item as a side shows it now."""

    item: Item
    #: It carries a mark of ours: a copy, or a note about an activity.
    ours: bool = False
    #: When it was made or changed, where the side tells.
    since: datetime | None = None


class ItemDifference(msgspec.Struct, frozen=True, kw_only=True):
    """One field of one item, or an item that does not stand on both sides."""

    kind: ItemKind
    #: None = the item itself.
    field: str | None = None
    #: The side on which it stands alone; None = on both, or on neither any more.
    only_on: Side | None = None
    ids: dict[Side, str]
    values: dict[Side, Value] = {}
    #: The oldest moment at which it can have come apart, as far as anything tells.
    since: datetime | None
    why: ItemWhy
    #: What a reconcile would do.
    repair: ItemRepair


class ComparedItems(msgspec.Struct, frozen=True, kw_only=True):
    """All of one kind of one person."""

    kind: ItemKind
    #: Linked ones that stand on both sides, and those of them that are equal by the rules.
    linked: int
    equal: int
    #: Stand differently, and were agreed so: a side altered a value, or the rules left one copy of a deleted item.
    agreed: int
    differences: tuple[ItemDifference, ...]


def compare_items(
    kind: ItemKind,
    rules: ItemRules,
    known: Sequence[KnownItem],
    listed: Mapping[Side, Mapping[str, ListedItem]],
    takes: Takes,
    *,
    waiting: bool = False,
) -> ComparedItems:
    """What differs. `listed`: everything of this kind that the sides show of the person, by its id; `waiting`: the
    person has an event that waits."""
    linked = equal = agreed = 0
    found: list[ItemDifference] = []
    met: dict[Side, set[str]] = {side: {one.ids[side] for one in known if side in one.ids} for side in SIDES}
    for one in known:
        there = {side: listed[side][name] for side, name in one.ids.items() if name in listed[side]}
        if one.gone:
            agreed += bool(there)
        elif len(there) < len(one.ids):
            found.append(
                ItemDifference(
                    kind=kind, only_on=next(iter(there), None), ids=one.ids, since=one.since, why="gone",
                    repair="none",
                )
            )  # fmt: skip
        elif len(there) == len(SIDES):
            differing, altered = _fields(kind, rules, one, {side: there[side].item for side in SIDES}, takes)
            linked += 1
            equal += not differing
            agreed += altered and not differing
            found += differing
        elif there:
            (side,) = there
            found += _alone(kind, rules, side, there[side], one, takes, waiting=waiting)
    for side in SIDES:
        for name, shown in listed[side].items():
            if name not in met[side] and not shown.ours:
                found += _alone(kind, rules, side, shown, None, takes, waiting=waiting)
    return ComparedItems(kind=kind, linked=linked, equal=equal, agreed=agreed, differences=tuple(found))


def _alone(
    kind: ItemKind,
    rules: ItemRules,
    side: Side,
    shown: ListedItem,
    known: KnownItem | None,
    takes: Takes,
    *,
    waiting: bool,
) -> list[ItemDifference]:
    """One that has no copy, where the rules want it to have one."""
    to = other(side)
    if not goes_to(rules, to):
        return []
    able = takes(to, CreateItem(item=copy_for(shown.item), reference=""))
    if not able or (known is not None and known.refused):
        why: ItemWhy = "refused"
    else:
        why = "waiting" if known is not None or waiting else "unheard"
    since = known.since if known is not None else shown.since
    return [
        ItemDifference(
            kind=kind, only_on=side, ids={side: shown.item.id}, since=since, why=why,
            repair=_CREATE[to] if able else "none",
        )
    ]  # fmt: skip


def _fields(
    kind: ItemKind, rules: ItemRules, known: KnownItem, now: Mapping[Side, Item], takes: Takes
) -> tuple[list[ItemDifference], bool]:
    """The fields that differ, and whether others do that were agreed so."""
    before = {side: known.seen.get(side, now[side]) for side in SIDES}
    state = known.merge
    for side in SIDES:
        state = observe_item(state, side, before[side], now[side], now[side].updated_at)
    written = {
        name: side
        for side, (item, names) in merge_item(rules, state, now).to.items()
        if takes(side, UpdateItem(item=item, changed=names))
        for name in names
    }
    had, has = ({side: view(items[side]) for side in SIDES} for items in (before, now))
    differing, apart, altered = list[ItemDifference](), _apart(kind, now), False
    for name in ITEM_FIELDS[kind]:
        if name not in apart:
            continue
        moved = any(had[side][name] != has[side][name] for side in SIDES)
        open_ = any(name in known.merge.changed.get(side, {}) for side in SIDES)
        if not moved and not open_:
            # What a side has no place for is not even altered.
            altered = altered or all(has[side][name] is not None for side in SIDES)
            continue
        to = written.get(name)
        if moved:
            why: ItemWhy = "one_way" if to is None and rules.direction != "both" else "unheard"
        else:
            why = "refused" if _was_refused(known.merge, name) else "waiting"
        differing.append(
            ItemDifference(
                kind=kind, field=name, ids=known.ids, values={side: _short(has[side][name]) for side in SIDES},
                since=_since(state, name) or known.since, why=why,
                repair=_WRITE[to] if to is not None else "none",
            )
        )  # fmt: skip
    return differing, altered


def _apart(kind: ItemKind, now: Mapping[Side, Item]) -> set[str]:
    """Fields that a merge would carry from either side to the other, had that side alone changed them."""
    found: set[str] = set()
    for side in SIDES:
        moved = MergeState(linked=True, changed={side: dict.fromkeys(ITEM_FIELDS[kind], Changed())})
        for _, names in merge_item(ItemRules(), moved, now).to.values():
            found |= set(names)
    return found


def _was_refused(state: MergeState, name: str) -> bool:
    return any(name in state.refused.get(side, {}) for side in SIDES)


def _since(state: MergeState, name: str) -> datetime | None:
    """When an open change was made, by the clock of its side."""
    told = [one.at for side in SIDES if (one := state.changed.get(side, {}).get(name)) is not None and one.at]
    return min(told, default=None)


def _short(value: Value) -> Value:
    return f"{value[:_SHOWN]}…" if isinstance(value, str) and len(value) > _SHOWN else value
