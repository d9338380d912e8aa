"""What becomes of a change of a task, note or appointment, up to the merge: whether it is taken in, whether a copy is
made, and what a deletion does. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from tieline.domain.items import Item, ItemKind
from tieline.domain.side import SIDE_NAMES, SIDES, Side, other
from tieline.mapping.two_way import ItemRules
from tieline.sync.merge_items import copy_for, goes_to


class Ignored(msgspec.Struct, frozen=True):
    """A change that leads to nothing, and why."""

    state: Literal["skipped", "stale"]
    reason: str


class Removal(msgspec.Struct, frozen=True):
    """What a deletion does on the other side; the two are linked no more in any case."""

    #: The copy goes too.
    delete: bool
    reason: str


def ignored(
    rules: ItemRules | None, kind: ItemKind, side: Side, *, known: bool, gone: bool, removed: bool
) -> Ignored | None:
    """Why what `side` tells of an item leads to nothing; None where it is taken in.

    `known`: somebody told of it before; `gone`: it was deleted since; `removed`: that is what is told.
    """
    if rules is None or rules.direction == "off":
        return Ignored("skipped", f"{kind}s are not carried over")
    if removed:
        return None if known and not gone else Ignored("skipped", "deleted, and not linked")
    if gone:
        return Ignored("stale", "it was deleted on the other side; a late change does not make it anew")
    if not known and not goes_to(rules, other(side)):
        return Ignored("skipped", not_there(kind, other(side)))
    return None


def removal(rules: ItemRules, side: Side, *, copied: bool) -> Removal:
    """An item is gone from `side`; `copied`: the other side has it too."""
    there = other(side)
    if rules.deletes == "delete" and copied and goes_to(rules, there):
        return Removal(True, f"deleted in {SIDE_NAMES[side]}, and then in {SIDE_NAMES[there]}")
    return Removal(False, f"deleted in {SIDE_NAMES[side]}; unlinked")


def copies(rules: ItemRules, seen: Mapping[Side, Item]) -> dict[Side, Item]:
    """Side → the copy that is to be made there."""
    return {
        side: copy_for(seen[other(side)])
        for side in SIDES
        if side not in seen and other(side) in seen and goes_to(rules, side)
    }


def not_there(kind: ItemKind, side: Side) -> str:
    """Why nothing is written to `side`."""
    return f"{kind}s do not go to {SIDE_NAMES[side]}"
