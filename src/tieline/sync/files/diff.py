"""Definitions as plain data, and where two of them differ: by meaning, not by spelling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from tieline.mapping.fields import Definition, KindRules
from tieline.mapping.transforms import Transform
from tieline.mapping.two_way import Condition, FieldPair, ItemRules, PersonRules, TwoWay

#: How a list's items are told apart: by these of their keys.
_NAMED_BY = (("nimbata", "contacts_api"), ("to",), ("field",))
_ITEM_SECTIONS = {"task": "tasks", "note": "notes", "appointment": "appointments"}


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that is not the same; None = it is not there."""

    #: "person.fields[first_name → first_name].rule"
    path: str
    before: Any = None
    after: Any = None

    def __str__(self) -> str:
        return f"{self.path}: {_shown(self.before)} → {_shown(self.after)}"


def differences(before: Definition | None, after: Definition) -> list[Difference]:
    """Every rule that differs, in the order of the file."""
    return list(_walk("", plain_definition(before) if before is not None else {}, plain_definition(after)))


def plain_definition(definition: Definition) -> dict[str, Any]:
    """A definition as plain data, shaped like its file."""
    kinds = {kind: _kind(rules) for kind, rules in definition.kinds.items()}
    return {
        "version": definition.version,
        "contact": {"create": definition.create, "skip_outcomes": sorted(definition.skip_outcomes)},
        "kinds": kinds,
        **plain_two_way(definition.two_way),
    }


def plain_two_way(rules: TwoWay) -> dict[str, Any]:
    """The sections for records of both sides, as they may stand in a file; they read back as the same rules."""
    found: dict[str, Any] = {} if rules.person is None else {"person": _person(rules.person)}
    for kind, section in _ITEM_SECTIONS.items():
        if kind in rules.items:
            found[section] = _items(kind, rules.items[kind])
    return found


def _kind(rules: KindRules) -> dict[str, Any]:
    fields = [
        {
            "to": one.to, "from": one.source, "transform": _transforms(one.transforms), "when": one.when,
            "optional": one.optional,
        }
        for one in rules.fields
    ]  # fmt: skip
    note = {"enabled": rules.note.enabled, "template": rules.note.template}
    return {"fields": fields, "tags": sorted(rules.tags), "note": note}


def _person(rules: PersonRules) -> dict[str, Any]:
    return {
        "direction": rules.direction,
        "create": sorted(rules.create),
        "fields": [_pair(one) for one in rules.fields],
        "tags": {"direction": rules.tags.direction, "ignore": sorted(rules.tags.ignore)},
        "deletes": {"tag": rules.deleted_tag} if rules.deletes == "tag" else rules.deletes,
        "where": [_condition(one) for one in rules.where],
    }


def _pair(pair: FieldPair) -> dict[str, Any]:
    return {
        "nimbata": pair.nimbata, "contacts_api": pair.contacts_api, "rule": pair.rule, "direction": pair.direction,
        "to_contacts_api": _transforms(pair.to_contacts_api), "to_nimbata": _transforms(pair.to_nimbata),
        "clear": pair.clear, "optional": pair.optional,
    }  # fmt: skip


def _condition(one: Condition) -> dict[str, Any]:
    return {"field": one.field, one.test: sorted(one.values) or True}


def _items(kind: str, rules: ItemRules) -> dict[str, Any]:
    found: dict[str, Any] = {"direction": rules.direction, "rule": rules.rule, "deletes": rules.deletes}
    if kind != "note":
        found["assignees"] = dict(sorted(rules.assignees.items()))
    if kind == "appointment":
        found |= {"any_time": rules.any_time, "notify": rules.notify}
        if rules.calendar is not None:
            found["calendar"] = rules.calendar
    return found


def _transforms(chain: tuple[Transform, ...]) -> list[Any]:
    return [
        one.name
        if one.argument is None
        else {one.name: dict(one.argument) if isinstance(one.argument, tuple) else one.argument}
        for one in chain
    ]


def _walk(path: str, before: Any, after: Any) -> Iterator[Difference]:
    if before == after:
        return
    old, new = _keyed(before), _keyed(after)
    if old is None or new is None:
        yield Difference(path=path, before=before, after=after)
        return
    for key in dict.fromkeys((*old, *new)):
        where = f"{path}[{key}]" if isinstance(before, list) else f"{path}.{key}" if path else key
        if key in old and key in new:
            yield from _walk(where, old[key], new[key])
        else:
            yield Difference(path=where, before=old.get(key), after=new.get(key))


def _keyed(value: Any) -> dict[str, Any] | None:
    """A table, or a list whose items have names."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        for names in _NAMED_BY:
            if all(set(names) <= one.keys() for one in value):
                named = {" → ".join(str(one[name]) for name in names): one for one in value}
                return named if len(named) == len(value) else None
    return None


def _shown(value: Any) -> str:
    return "nothing" if value is None else msgspec.json.encode(value).decode()
