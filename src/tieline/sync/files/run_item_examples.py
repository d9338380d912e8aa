"""Tries examples about tasks, notes and appointments: by the steps and the merge that a turn takes too. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from tieline.domain.items import Item, ItemKind
from tieline.domain.side import SIDE_NAMES, SIDES, Side, other
from tieline.mapping import text as texts
from tieline.mapping.moments import show_moment, zone_named
from tieline.mapping.two_way import ItemRules, TwoWay
from tieline.sync.files.comparison import unlike
from tieline.sync.files.example import Expected
from tieline.sync.files.item_example import ItemExample, ItemStep, ItemValue, ItemWritten, Write
from tieline.sync.item_steps import copies, ignored, not_there, removal
from tieline.sync.merge import MergeState
from tieline.sync.merge_items import goes_to, judge_item, merge_item, observe_item, view

_BEGAN_AT = datetime(2026, 1, 1, tzinfo=UTC)
_MISSED: dict[Write, str] = {"create": "to be made", "update": "to be changed", "delete": "to be deleted"}
_CAME: dict[Write, str] = {"create": "made", "update": "changed", "delete": "deleted"}


class WrittenItem(msgspec.Struct, frozen=True, kw_only=True):
    """What is written to one side."""

    write: Write = "nothing"
    #: As far as they are written; None = cleared.
    fields: dict[str, ItemValue] = {}


class CameOfItem(msgspec.Struct, frozen=True, kw_only=True):
    """What comes of an example."""

    to: dict[Side, WrittenItem]
    #: Why what somebody did is not written, or not all of it.
    reasons: tuple[str, ...] = ()


def try_item(rules: TwoWay, example: ItemExample, expect: Expected) -> Iterator[str]:
    """Each difference, in one or several lines."""
    kind = example.kind
    came = what_comes_of(rules.items.get(kind), example)
    booking: Mapping[str, str | bool | None] = {}
    if kind in rules.items:
        booked = rules.items[kind]
        booking = {"calendar": booked.calendar, "any_time": booked.any_time, "notify": booked.notify}
    shown = _Shown(example)
    if expect.skip:
        yield from _skipped(expect.skip, came, shown)
    for side, written in expect.items.items():
        yield from _side(side, written, came, booking, shown)


def what_comes_of(rules: ItemRules | None, example: ItemExample) -> CameOfItem:
    """What a turn would write that hears of all steps at once. The person is linked, and so are two copies."""
    seen = dict(example.records)
    linked = known = len(seen) == len(SIDES)
    state, gone, reasons = MergeState(linked=linked), False, list[str]()
    to = {side: WrittenItem() for side in SIDES}
    for minute, step in enumerate(example.then or [ItemStep(side=side) for side in seen]):
        side = step.side
        left = ignored(rules, example.kind, side, known=known, gone=gone, removed=step.deleted)
        if left is not None:
            reasons.append(left.reason)
            continue
        assert rules is not None
        if step.deleted:
            end, gone = removal(rules, side, copied=linked), True
            reasons.append(end.reason)
            if end.delete:
                to[other(side)] = WrittenItem(write="delete")
            continue
        after = _changed(seen[side], step, _BEGAN_AT + timedelta(minutes=minute))
        before = seen[side] if known else None
        if before is not None and judge_item(after, before) == "echo":
            reasons.append("it shows nothing new")
        state = observe_item(state, side, before, after, after.updated_at)
        seen[side], known = after, True
    if rules is None or gone or not known:
        return CameOfItem(to=to, reasons=_once(reasons))
    made = copies(rules, seen)
    for side, copy in made.items():
        filled = {name: getattr(copy, name) for name, value in view(copy).items() if value is not None}
        to[side] = WrittenItem(write="create", fields=filled)
    if not made:
        to |= _merged(rules, example.kind, state, seen, reasons)
    return CameOfItem(to=to, reasons=_once(reasons))


def _merged(
    rules: ItemRules, kind: ItemKind, state: MergeState, seen: Mapping[Side, Item], reasons: list[str]
) -> dict[Side, WrittenItem]:
    """What the merge of both copies writes; why it does not write the rest goes to `reasons`."""
    merged = merge_item(rules, state, seen)
    names = {side: merged.to[side][1] if side in merged.to else () for side in SIDES}
    for side in SIDES:
        there = other(side)
        for name in state.changed.get(side, {}):
            if name in names[there]:
                continue
            if not goes_to(rules, there):
                reasons.append(not_there(kind, there))
            elif name in names[side]:
                reasons.append(f"{name}: what {SIDE_NAMES[there]} shows counts")
            elif view(seen[side])[name] is None and view(seen[there])[name] is not None:
                reasons.append(f"{name}: it cannot be taken away")
            else:
                reasons.append(f"{name}: both sides show the same")
    return {
        side: WrittenItem(write="update", fields={name: getattr(item, name) for name in changed})
        for side, (item, changed) in merged.to.items()
    }


def _changed(item: Item, step: ItemStep, at: datetime | None) -> Item:
    changed: Item = msgspec.structs.replace(item, **step.fields, updated_at=at)
    return changed


def _once(reasons: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reasons))


class _Shown:
    """Values as people read them, times by the clock of the example."""

    def __init__(self, example: ItemExample) -> None:
        zones = (example.timezone, *(getattr(one, "timezone", None) for one in example.records.values()))
        self.kind = example.kind
        self._zone = next((zone_named(name) for name in zones if name is not None), None)

    def value(self, value: ItemValue) -> str | None:
        match value:
            case bool():
                return "true" if value else "false"
            case datetime():
                return show_moment(value, self._zone)
            case _:
                return value

    def came(self, written: WrittenItem) -> str:
        """The task is changed there: title: Call, body cleared."""
        said = f"the {self.kind} is {_CAME[written.write]} there"
        values = [
            f"{name} cleared" if value is None else f"{name}: {self.value(value)}"
            for name, value in written.fields.items()
        ]
        return f"{said}: {', '.join(values)}" if values else said


def _skipped(expected: bool | str, came: CameOfItem, shown: _Shown) -> Iterator[str]:
    written = [(side, one) for side, one in came.to.items() if one.write != "nothing"]
    reason = "; ".join(came.reasons)
    for side, one in written:
        yield f"it is not left alone: {side}: {shown.came(one)}"
    if not written and isinstance(expected, str) and expected not in reason:
        yield from unlike("skip", expected, reason)


def _side(
    side: Side,
    expected: ItemWritten,
    came: CameOfItem,
    booking: Mapping[str, str | bool | None],
    shown: _Shown,
) -> Iterator[str]:
    found = came.to[side]
    if expected.write != found.write:
        wanted = "nothing" if expected.write == "nothing" else f"the {shown.kind} {_MISSED[expected.write]}"
        if found.write == "nothing":
            why = "; ".join(came.reasons)
            yield f"{side}: expected {wanted}, but nothing is written{f': {why}' if why else ''}"
        else:
            yield f"{side}: expected {wanted}, but {shown.came(found)}"
        return
    for name, value in expected.fields.items():
        if value is None:
            if name in found.fields:
                got = shown.value(found.fields[name])
                yield from unlike(f"{side}.{name}", None, "(cleared)" if got is None else got)
        elif not _same(value, found.fields.get(name)):
            got = shown.value(found.fields.get(name))
            cleared = name in found.fields and got is None
            yield from unlike(f"{side}.{name}", shown.value(value), "(cleared)" if cleared else got)
    for name in expected.cleared:
        if name not in found.fields or found.fields[name] is not None:
            yield f"{side}.{name}: expected to be cleared, but it is not"
    for name, value in expected.booking.items():
        if not _same(value, booking.get(name)):
            only = "(the location's only one)" if name == "calendar" else None
            yield from unlike(
                f"{side}.{name}", shown.value(value) or only, shown.value(booking.get(name)) or only
            )


def _same(one: ItemValue, another: ItemValue) -> bool:
    if isinstance(one, str) and isinstance(another, str):
        return texts.clean(one) == texts.clean(another)
    return one == another
