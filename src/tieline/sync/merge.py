"""Three-way merge of two sides, field by field. Pure.

For each side there is what is *seen* there now and, for fields that changed since both sides were last equal, what was
*agreed*. Only a field that changed on some side is looked at: a value that a side altered when it took it stays agreed
as it stands there, and nothing goes back and forth. Source: architecture section 4, Sync.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Literal, TypeVar

import msgspec

from tieline.domain.side import SIDES, Side, other
from tieline.mapping.two_way import Direction, Rule, travels

Value = str | bool | None
Entry = TypeVar("Entry")
#: Whose value goes on; None = nothing has to be written, both stand as they are.
Winner = Side | Literal["ask"] | None


class Changed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A field that changed on one side since the sides were last equal."""

    #: What was agreed.
    was: Value = None
    #: When the present value was first shown, by the side's own clock; None where nothing tells.
    at: datetime | None = None


class MergeState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one person, or one item, has to remember between turns."""

    #: Both sides were equal once; before that, whatever stands on either is a change.
    linked: bool = False
    #: Side → field → what changed there.
    changed: dict[Side, dict[str, Changed]] = {}
    #: Side → the tags that were agreed, where they changed since.
    tags: dict[Side, frozenset[str]] = {}
    #: Side → field → a value that the side refused: it is sent again only when it changes, or is replayed.
    refused: dict[Side, dict[str, Value]] = {}
    #: Side → fingerprints of the last states of a person's record that our writes led to, the newest last.
    ours: dict[Side, tuple[str, ...]] = {}
    #: Of an item: the side whose copy we made, with our mark in it.
    copy: Side | None = None
    #: Of somebody whose record in the CRM was deleted: when that was, by the clock of the side where somebody did it.
    gone_at: datetime | None = None

    @property
    def quiet(self) -> bool:
        """Nothing is left to bring over."""
        return self.linked and not any(self.changed.values()) and not self.tags


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides changed a field whose rule is `ask`."""

    #: The field's name on either side.
    nimbata: str
    contacts_api: str
    values: dict[Side, Value]
    times: dict[Side, datetime | None]


def observed(
    state: MergeState,
    side: Side,
    before: Mapping[str, Value] | None,
    after: Mapping[str, Value],
    at: datetime | None,
) -> MergeState:
    """`state` once `side` shows `after` where it showed `before` (None = it was never seen): mapped fields only."""
    mine = dict(state.changed.get(side, {}))
    for name, value in after.items():
        was = before.get(name) if before is not None else None
        if value == was and before is not None:
            continue
        agreed = mine[name].was if name in mine else was
        # Back at what was agreed is a change like any other: what it was in between may have reached the other side,
        # by a worker that ended before it said so.
        if value is not None or before is not None:
            mine[name] = Changed(agreed, at)
    return msgspec.structs.replace(state, changed=_with(state.changed, side, mine))


def observed_tags(
    state: MergeState, side: Side, before: frozenset[str] | None, after: frozenset[str]
) -> MergeState:
    """The same of tags."""
    if before == after and before is not None:
        return state
    agreed = state.tags.get(side, before or frozenset())
    tags = dict(state.tags)
    if agreed == after and state.linked:
        tags.pop(side, None)
    else:
        tags[side] = agreed
    return msgspec.structs.replace(state, tags=tags)


def met_tags(state: MergeState, shown: Mapping[Side, frozenset[str]]) -> MergeState:
    """`state` once both sides show these: a tag that both have, or neither, is agreed from here on. So one that goes
    again on one side goes on the other too, whoever brought it there."""
    both = shown["nimbata"] & shown["contacts_api"]
    either = shown["nimbata"] | shown["contacts_api"]
    tags = {side: (was | both) & either for side, was in state.tags.items()}
    kept = {side: was for side, was in tags.items() if was != shown[side] or not state.linked}
    return msgspec.structs.replace(state, tags=kept)


def decide(
    rule: Rule,
    direction: Direction,
    values: Mapping[Side, Value],
    changed: Mapping[Side, Changed | None],
    *,
    clear: bool = True,
) -> Winner:
    """Which side's value goes to the other. A field that changed on one side alone goes on as far as its direction
    lets it; where both changed, its rule decides, or its only direction does."""
    moved = [side for side in SIDES if changed[side] is not None]
    if not moved:
        return None
    winner: Winner = moved[0]
    if len(moved) == 2:
        winner = _both(rule, direction, values, changed)
    if winner is None or winner == "ask":
        return winner
    if not travels(direction, other(winner)):
        return None
    return winner if clear or values[winner] is not None else None


def _both(
    rule: Rule, direction: Direction, values: Mapping[Side, Value], changed: Mapping[Side, Changed | None]
) -> Winner:
    if direction != "both":
        return "nimbata" if direction == "to_contacts_api" else "contacts_api"
    # A value against none, and nobody took one away: the value is all that is known.
    filled = [side for side in SIDES if values[side] is not None]
    if len(filled) == 1:
        gone = changed[other(filled[0])]
        if gone is None or gone.was is None:
            return filled[0]
    match rule:
        case "nimbata" | "contacts_api" | "ask":
            return rule
        case "longest":
            sizes = {side: len(str(values[side] or "")) for side in SIDES}
            if sizes["nimbata"] != sizes["contacts_api"]:
                return max(SIDES, key=lambda side: sizes[side])
        case "newest":
            pass
    return _newest(values, changed)


def _newest(values: Mapping[Side, Value], changed: Mapping[Side, Changed | None]) -> Side:
    """The later change; of two at the same moment, the one that any worker would choose: the larger text."""

    def rank(side: Side) -> tuple[datetime, str, str]:
        told = changed[side]
        return (told.at if told and told.at else _LONG_AGO, str(values[side] or ""), side)

    return max(SIDES, key=rank)


def settled(state: MergeState, side_fields: Mapping[Side, Iterable[str]]) -> MergeState:
    """`state` once these fields are agreed as they now stand."""
    changed = dict(state.changed)
    for side, names in side_fields.items():
        left = {name: one for name, one in changed.get(side, {}).items() if name not in set(names)}
        changed = _with(changed, side, left)
    return msgspec.structs.replace(state, changed=changed)


def still_changed(state: MergeState, side: Side, changed: Mapping[str, Changed]) -> MergeState:
    """`state` with these changes of `side` open as before: where both sides show the same by now, the next merge finds
    that out."""
    return msgspec.structs.replace(state, changed=_with(state.changed, side, dict(changed)))


def with_tags(state: MergeState, side: Side, agreed: frozenset[str]) -> MergeState:
    """`state` with these as the tags that were agreed, of which what `side` shows differs."""
    return msgspec.structs.replace(state, tags={**state.tags, side: agreed})


def refused(state: MergeState, side: Side, fields: Mapping[str, Value]) -> MergeState:
    """`state` once `side` refused these values."""
    mine = {**state.refused.get(side, {}), **fields}
    return msgspec.structs.replace(state, refused=_with(state.refused, side, mine))


def was_refused(state: MergeState, side: Side, field: str, value: Value) -> bool:
    """Whether `side` refused this very value before."""
    mine = state.refused.get(side, {})
    return field in mine and mine[field] == value


def _with(
    table: Mapping[Side, dict[str, Entry]], side: Side, mine: dict[str, Entry]
) -> dict[Side, dict[str, Entry]]:
    """`table` with `mine` at `side`; an empty one is left out."""
    rest = {one: entries for one, entries in table.items() if one != side}
    return {**rest, side: mine} if mine else rest


_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
