"""The same for tasks, notes and appointments. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

import msgspec

from tieline.domain.ids import SyncId
from tieline.domain.items import ITEM_FIELDS, Item, ItemKind, kind_of
from tieline.domain.side import SIDES, Side, other
from tieline.mapping import text
from tieline.mapping.two_way import ItemRules, travels
from tieline.sync.merge import (
    Changed,
    MergeState,
    Value,
    decide,
    observed,
    settled,
    still_changed,
    was_refused,
)


class MergedItem(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from the state of both copies."""

    #: Side → how it is to stand there, and which fields differ.
    to: dict[Side, tuple[Item, tuple[str, ...]]]
    state: MergeState


def observe_item(
    state: MergeState, side: Side, before: Item | None, after: Item, at: datetime | None
) -> MergeState:
    """`state` once `side` shows `after`."""
    return observed(state, side, None if before is None else view(before), view(after), at)


def merge_item(rules: ItemRules, state: MergeState, seen: Mapping[Side, Item]) -> MergedItem:
    """What goes where."""
    wanted: dict[Side, dict[str, Any]] = {"nimbata": {}, "contacts_api": {}}
    done: list[str] = []
    for name in ITEM_FIELDS[kind_of(seen["nimbata"])]:
        changed = {side: state.changed.get(side, {}).get(name) for side in SIDES}
        if not any(changed.values()):
            continue
        values = {side: _plain(getattr(seen[side], name)) for side in SIDES}
        # `ask` has no meaning for a task that two people changed: the later one counts.
        rule = "newest" if rules.rule == "ask" else rules.rule
        winner = decide(rule, rules.direction, values, changed)
        if winner in ("nimbata", "contacts_api"):
            to = other(winner)
            if _alike(values[winner], values[to]) or _needed(name, values[winner]):
                done.append(name)
            elif not was_refused(state, to, name, values[winner]):
                wanted[to][name] = getattr(seen[winner], name)
        else:
            done.append(name)
    return MergedItem(
        to={
            side: (msgspec.structs.replace(seen[side], **fields), tuple(fields))
            for side, fields in wanted.items()
            if fields
        },
        state=settled(state, dict.fromkeys(SIDES, done)),
    )


def found_again(side: Side, sent: Item, found: Item) -> MergeState:
    """The state of a copy of ours that was looked up some time after it was made. Where it shows another value than
    the one that was asked for, somebody may have changed it since: that travels, and where it was the side itself that
    altered it, both show the same then."""
    wanted, shown = view(sent), view(found)
    changed = {
        name: Changed(value, found.updated_at)
        for name, value in wanted.items()
        if value is not None and not _alike(value, shown[name]) and not _same_minute(sent, found, name)
    }
    return MergeState(linked=True, copy=side, changed={side: changed} if changed else {})


def wrote_item(state: MergeState, names: tuple[str, ...]) -> MergeState:
    """`state` once these fields were taken."""
    return settled(state, dict.fromkeys(SIDES, names))


def since_written(
    state: MergeState, side: Side, names: tuple[str, ...], wrote: Item, shown: Item
) -> MergeState:
    """`state` once `side` shows this, for which `names` were written to the other one some time ago: what became of it
    there since is a change."""
    same = standing(names, wrote, shown)
    since = {name: Changed(view(wrote)[name], shown.updated_at) for name in names if name not in same}
    return still_changed(state, side, {**state.changed.get(side, {}), **since})


def standing(names: tuple[str, ...], wanted: Item, shown: Item) -> tuple[str, ...]:
    """Which of these fields stand there as was wanted."""
    there, asked = view(shown), view(wanted)
    return tuple(name for name in names if _alike(there[name], asked[name]))


def view(item: Item) -> dict[str, Value]:
    """What is compared."""
    return {name: _plain(getattr(item, name)) for name in ITEM_FIELDS[kind_of(item)]}


def copy_for(item: Item) -> Item:
    """A new item on the other side: the same without the id."""
    return msgspec.structs.replace(item, id="", updated_at=None, version=None)


def judge_item(told: Item, known: Item) -> str:
    """Echo, newer, stale or undecidable, as for a person's record."""
    if view(told) == view(known):
        return "echo"
    if told.version is not None and known.version is not None and told.version != known.version:
        return "newer" if told.version > known.version else "stale"
    if told.updated_at is None or known.updated_at is None or told.updated_at == known.updated_at:
        return "undecidable"
    return "newer" if told.updated_at > known.updated_at else "stale"


def item_reference(sync: SyncId, side: Side, kind: ItemKind, item_id: str, generation: int = 0) -> str:
    """The mark of a copy: by it one is found again after an unclear answer."""
    named = f"{sync}\0{side}\0{kind}\0{item_id}\0{generation}"
    return base64.b32encode(blake2b(named.encode(), digest_size=10).digest()).decode().lower()


def goes_to(rules: ItemRules | None, side: Side) -> bool:
    """Whether new items are carried to that side."""
    return rules is not None and travels(rules.direction, side)


def _plain(value: Any) -> Value:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    found: Value = value
    return found


def _alike(one: Value, another: Value) -> bool:
    if isinstance(one, str) and isinstance(another, str):
        return text.clean(one) == text.clean(another)
    return (one or None) == (another or None)


def _same_minute(one: Item, another: Item, name: str) -> bool:
    """Sides may leave out the seconds."""
    moments = [getattr(item, name) for item in (one, another)]
    return all(isinstance(at, datetime) for at in moments) and abs(moments[0] - moments[1]) < timedelta(
        minutes=1
    )


def _needed(name: str, value: Value) -> bool:
    """A task without a title or an appointment without a time cannot be: such a clearing goes nowhere."""
    return value is None and name in ("title", "starts_at", "ends_at", "timezone", "status")
