"""What field pairs must fulfil beyond their spelling: nothing written twice, nothing lost on the way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec
from yaml.nodes import Node

from tieline.domain.contact import CUSTOM_PREFIX
from tieline.domain.side import SIDES, Side, other
from tieline.mapping.text import clean
from tieline.mapping.transforms import TRANSFORMS, Transform
from tieline.mapping.two_way import Direction, FieldPair, travels

Say = Callable[[Node, str, str], None]
ValueKind = Literal["phone", "email", "number", "any", "text"]
#: What a field takes, where it does not take any text.
_KINDS: dict[str, ValueKind] = {"phone": "phone", "email": "email", "value": "number", "lead_score": "number"}
#: The transform that makes such a value of a text.
_MADE_BY: dict[ValueKind, str] = {"phone": "e164", "email": "email", "number": "number"}


def narrowed(person: Direction, part: Direction) -> Direction:
    """The ways that both allow: a part of a person travels no farther than the person."""
    if part == person or person == "both":
        return part
    return person if part == "both" else "off"


class PairChecks:
    """The pairs of a file as they are read; what is wrong among them is said at its place."""

    def __init__(self, say: Say, direction: Direction) -> None:
        self._say = say
        self._direction = direction
        self._read: list[FieldPair] = []
        self._writes: dict[tuple[Side, str], str] = {}

    @property
    def pairs(self) -> tuple[FieldPair, ...]:
        """Those that were read without a mistake of their own."""
        return tuple(self._read)

    def add(self, pair: FieldPair, node: Node, path: str) -> None:
        """Take a pair in; two that write one field are refused."""
        for side in SIDES:
            field = (side, pair.name(side))
            if not self._goes(pair, side):
                continue
            if field in self._writes:
                self._say(
                    node,
                    path,
                    f"{pair.name(side)!r} of {side} is written by {self._writes[field]} already; give one of them"
                    f" `direction: to_{other(side)}`, or remove it",
                )
            self._writes.setdefault(field, path)
        way = narrowed(self._direction, pair.direction)
        self._read.append(msgspec.structs.replace(pair, direction=way))

    def reachable(self, create: frozenset[Side], node: Node, path: str) -> None:
        """A new record needs what its person is known by."""
        for side in SIDES:
            if side not in create or not travels(self._direction, side):
                continue
            if not any(
                self._goes(pair, side) and pair.name(side) in ("phone", "email") for pair in self._read
            ):
                self._say(
                    node,
                    path,
                    f"a person made at {side} needs a phone or an e-mail; add"
                    f" {{nimbata: phone, contacts_api: phone}} to person.fields, or leave {side} out of create",
                )

    def look(self, pair: FieldPair, node: Node, path: str, entries: Mapping[str, Node]) -> None:
        """What is wrong with one pair by itself."""
        ways = [side for side in SIDES if self._goes(pair, side)]
        if not ways and "off" not in (pair.direction, self._direction):
            self._say(
                entries.get("direction", node), path,
                f"nothing travels: the person's direction is {self._direction}, this field's {pair.direction}",
            )  # fmt: skip
        for to in SIDES:
            chain = _chain(pair, to)
            at = entries.get(f"to_{to}", node)
            if chain and to not in ways and ways:
                self._say(
                    at, f"{path}.to_{to}", f"nothing goes to {to} here; remove it, or change the direction"
                )
            for one in chain:
                if one.name == "default":
                    self._say(
                        at,
                        f"{path}.to_{to}",
                        "'default' fills in what is never carried: a value that is not there",
                    )
            if to in ways and (problem := _unfit(pair, to)):
                self._say(node, path, problem)
        if len(ways) == 2:
            for to in SIDES:
                if problem := _not_undone(pair, to):
                    self._say(entries.get(f"to_{to}", node), f"{path}.to_{to}", problem)

    def _goes(self, pair: FieldPair, to: Side) -> bool:
        return travels(self._direction, to) and travels(pair.direction, to)


def _chain(pair: FieldPair, to: Side) -> tuple[Transform, ...]:
    return pair.to_nimbata if to == "nimbata" else pair.to_contacts_api


def _kind(name: str) -> ValueKind:
    return "any" if name.startswith(CUSTOM_PREFIX) else _KINDS.get(name, "text")


def _unfit(pair: FieldPair, to: Side) -> str | None:
    """Why this value cannot stand in that field."""
    wanted, given = _kind(pair.name(to)), _kind(pair.name(other(to)))
    maker = _MADE_BY.get(wanted)
    if maker is None or given in (wanted, "any") or any(one.name == maker for one in _chain(pair, to)):
        return None
    return (
        f"{pair.name(other(to))!r} holds no {wanted}, which {pair.name(to)!r} of {to} is; take another field, or add"
        f" `to_{to}: [{maker}]`"
    )


def _not_undone(pair: FieldPair, to: Side) -> str | None:
    """Why a value that went there does not come back as it was, and what to write for it."""
    there, back = _chain(pair, to), _chain(pair, other(to))
    changing = [one for one in there if not TRANSFORMS[one.name].tidies]
    if not changing:
        return None
    one_way = f"or `direction: to_{to}`"
    if not [one for one in back if not TRANSFORMS[one.name].tidies]:
        if len(changing) == 1 and changing[0].name == "map":
            inverse = _written(_inverse(changing[0]))
            return (
                f"'map' must be undone on the way back; add `to_{other(to)}: [{{map: {inverse}}}]`, {one_way}"
            )
        named = " and ".join(repr(one.name) for one in changing)
        return f"{named} cannot be undone on the way back: write `to_{other(to)}` as well, {one_way}"
    if [one.name for one in (*changing, *back) if not TRANSFORMS[one.name].tidies] == ["map", "map"]:
        return _not_inverse(changing[0], next(one for one in back if one.name == "map"), other(to))
    return None


def _not_inverse(there: Transform, back: Transform, to: Side) -> str | None:
    onwards, backwards = _table(there), _table(back)
    for source, target in onwards.items():
        returned = backwards.get(_key(target), target)
        if _key(onwards.get(_key(returned), returned)) != _key(target):
            add = _written({target: _inverse(there)[target]})
            return f"{source!r} becomes {target!r}, which comes back as {returned!r}; add {add} to the map of to_{to}"
    return None


def _table(transform: Transform) -> dict[str, str]:
    assert isinstance(transform.argument, tuple)
    return {_key(source): target for source, target in transform.argument}


def _inverse(transform: Transform) -> dict[str, str]:
    assert isinstance(transform.argument, tuple)
    found: dict[str, str] = {}
    for source, target in transform.argument:
        found.setdefault(target, source)
    return found


def _key(value: str) -> str:
    return clean(value).casefold()


def _written(table: Mapping[str, str]) -> str:
    """A table as one may paste it: JSON is YAML."""
    return msgspec.json.encode(table).decode()
