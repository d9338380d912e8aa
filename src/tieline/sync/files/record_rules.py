"""Reads the sections for records of both sides: person, tasks, notes, appointments."""

from __future__ import annotations

from typing import Literal, cast, get_args

import msgspec
from yaml.nodes import MappingNode, Node, ScalarNode

from tieline.domain.contact import CONTACT_FIELDS, CUSTOM_PREFIX, NIMBATA_FIELDS
from tieline.domain.items import ItemKind
from tieline.domain.side import SIDES, Side
from tieline.mapping import text as texts
from tieline.mapping.fields import is_target
from tieline.mapping.suggest import suggest
from tieline.mapping.two_way import (
    DELETES,
    DIRECTIONS,
    RULES,
    Condition,
    Deletes,
    Direction,
    FieldPair,
    ItemRules,
    PersonRules,
    Rule,
    TagRules,
    TwoWay,
    travels,
)
from tieline.sync.files.activity_rules import RulesReader
from tieline.sync.files.pair_checks import PairChecks, narrowed
from tieline.sync.files.shape import (
    AppointmentsSection,
    ConditionSection,
    DeletesTag,
    FieldPairSection,
    ItemDeletes,
    NotesItemSection,
    PersonSection,
    TagsSection,
    TasksSection,
    keys,
)

Test = Literal["is", "is_not", "has", "has_not", "present", "absent"]
#: Section → kind and shape.
ITEM_SECTIONS: dict[str, tuple[ItemKind, type[msgspec.Struct]]] = {
    "tasks": ("task", TasksSection),
    "notes": ("note", NotesItemSection),
    "appointments": ("appointment", AppointmentsSection),
}
_TESTS: tuple[Test, ...] = get_args(Test)
_FIELDS: dict[Side, tuple[str, ...]] = {"nimbata": NIMBATA_FIELDS, "contacts_api": CONTACT_FIELDS}


class TwoWayReader(RulesReader):
    """The rules by which both sides are kept equal."""

    def two_way(self, top: dict[str, Node]) -> TwoWay:
        """What the sections of a file say; None and nothing for those that are not there."""
        person = self._person(top["person"]) if "person" in top else None
        items = {
            kind: self._items(top[section], section, shape)
            for section, (kind, shape) in ITEM_SECTIONS.items()
            if section in top
        }
        return TwoWay(person=person, items=items)

    def _person(self, node: Node) -> PersonRules:
        before = len(self.problems)
        entries = self.table(node, "person", keys(PersonSection))
        direction = self._direction(entries.get("direction"), "person.direction")
        create = self._create(entries.get("create"), direction)
        checks = PairChecks(self.say, direction)
        for path, item in self.items(entries.get("fields"), "person.fields"):
            pair = self._pair(item, path, checks)
            if pair is not None:
                checks.add(pair, item, path)
        if len(self.problems) == before:
            # What could not be read may be the very field that is missing.
            checks.reachable(create, entries.get("create", node), "person.create")
        deletes, tag = self._deletes(entries.get("deletes"))
        tags = self.table(entries.get("tags"), "person.tags", keys(TagsSection))
        where = [
            self._condition(item, path) for path, item in self.items(entries.get("where"), "person.where")
        ]
        rules = PersonRules(
            direction=direction,
            create=create,
            fields=checks.pairs,
            tags=TagRules(
                direction=narrowed(
                    direction, self._direction(tags.get("direction"), "person.tags.direction")
                ),
                ignore=frozenset(self.tag_list(tags.get("ignore"), "person.tags.ignore")),
            ),
            deletes=deletes,
            where=tuple(filter(None, where)),
        )
        return rules if tag is None else msgspec.structs.replace(rules, deleted_tag=tag)

    def _create(self, node: Node | None, direction: Direction) -> frozenset[Side]:
        if node is None:
            return frozenset(side for side in PersonRules().create if travels(direction, side))
        found: set[Side] = set()
        for path, item in self.items(node, "person.create"):
            side = cast("Side | None", self.choice(item, path, SIDES))
            if side is not None and not travels(direction, side):
                self.say(item, path, f"with `direction: {direction}` nothing goes to {side}")
            elif side is not None:
                found.add(side)
        return frozenset(found)

    def _pair(self, node: Node, path: str, checks: PairChecks) -> FieldPair | None:
        entries = self.table(node, path, keys(FieldPairSection))
        if not isinstance(node, MappingNode):
            return None
        before = len(self.problems)
        names: dict[Side, str | None] = {}
        for side in SIDES:
            if side not in entries:
                self.say(node, path, f"{side!r} is missing")
            names[side] = self.field(entries.get(side), f"{path}.{side}", side)
        optional = self.boolean(entries.get("optional"), f"{path}.optional", default=False)
        to = names["contacts_api"]
        if optional and to is not None and not to.startswith(CUSTOM_PREFIX):
            self.say(entries["optional"], f"{path}.optional", "only custom fields can be optional")
        pair = FieldPair(
            nimbata=names["nimbata"] or "",
            contacts_api=to or "",
            rule=self._rule_of(entries.get("rule"), f"{path}.rule"),
            direction=self._direction(entries.get("direction"), f"{path}.direction"),
            to_contacts_api=self.transforms(entries.get("to_contacts_api"), f"{path}.to_contacts_api"),
            to_nimbata=self.transforms(entries.get("to_nimbata"), f"{path}.to_nimbata"),
            clear=self.boolean(entries.get("clear"), f"{path}.clear", default=True),
            optional=optional,
        )
        if len(self.problems) != before:
            return None
        checks.look(pair, node, path, entries)
        return pair

    def field(self, node: Node | None, path: str, side: Side, *more: str) -> str | None:
        """The name of a field that `side` has."""
        name = self.text(node, path)
        if node is None or name is None:
            return None
        if name.startswith(CUSTOM_PREFIX):
            if not is_target(name):
                self.say(node, path, f"{name!r}: the key of a custom field is made of a-z, 0-9 and _")
                return None
            return name
        if name == "tags":
            self.say(node, path, "tags travel by themselves; see `person: {tags: …}`")
            return None
        if name not in _FIELDS[side]:
            known = (*_FIELDS[side], *more, "custom.<key>")
            self.say(node, path, f"{side} has no {name!r}; {suggest(name, known)}")
            return None
        return name

    def _condition(self, node: Node, path: str) -> Condition | None:
        entries = self.table(node, path, keys(ConditionSection))
        if not isinstance(node, MappingNode):
            return None
        tests = [one for one in _TESTS if one in entries]
        if "field" not in entries:
            self.say(node, path, "'field' is missing")
            return None
        name = self.text(entries["field"], f"{path}.field")
        if len(tests) != 1:
            self.say(node, path, f"one test is wanted: {', '.join(_TESTS)}")
            return None
        if name is None:
            return None
        (test,) = tests
        at, where = entries[test], f"{path}.{test}"
        if name != "tags" and self.field(entries["field"], f"{path}.field", "contacts_api", "tags") is None:
            return None
        if test in ("present", "absent"):
            return self._presence(at, where, name, test)
        if (name == "tags") is not (test in ("has", "has_not")):
            self.say(at, where, "tags are asked for with has and has_not, all else with is and is_not")
            return None
        values = self._values(at, where, tag=name == "tags")
        if not values:
            self.say(at, where, "at least one value is wanted")
            return None
        return Condition(field=name, test=test, values=values)

    def _presence(self, node: Node, path: str, name: str, test: Test) -> Condition:
        if not self.boolean(node, path, default=True):
            instead = "absent" if test == "present" else "present"
            self.say(node, path, f"write `{instead}: true`")
        return Condition(field=name, test=test)

    def _values(self, node: Node, path: str, *, tag: bool) -> frozenset[str]:
        """One text or a list, as they are compared."""
        several = [(path, node)] if isinstance(node, ScalarNode) else self.items(node, path)
        read = [self.text(item, where) or "" for where, item in several]
        return frozenset(
            filter(None, (texts.tag(one) if tag else texts.clean(one).casefold() for one in read))
        )

    def _deletes(self, node: Node | None) -> tuple[Deletes, str | None]:
        if not isinstance(node, MappingNode):
            return cast("Deletes", self.choice(node, "person.deletes", DELETES) or "ignore"), None
        entries = self.table(node, "person.deletes", keys(DeletesTag))
        if "tag" not in entries:
            self.say(node, "person.deletes", "'tag' is missing: {tag: deleted elsewhere}")
            return "tag", None
        tag = texts.tag(self.text(entries["tag"], "person.deletes.tag") or "")
        if not tag and isinstance(entries["tag"], ScalarNode) and not entries["tag"].value.strip():
            self.say(entries["tag"], "person.deletes.tag", "a tag needs a name")
        return "tag", tag or None

    def _items(self, node: Node, section: str, shape: type[msgspec.Struct]) -> ItemRules:
        entries = self.table(node, section, keys(shape))
        assignees: dict[str, str] = {}
        if "assignees" in entries:
            path = f"{section}.assignees"
            for key_node, email, value in self.entries(entries["assignees"], path):
                if "@" not in email:
                    self.say(
                        key_node, f"{path}.{email}", f"{email!r} is no e-mail; write ana@example.com: USER_ID"
                    )
                assignees[email.strip().lower()] = self.text(value, f"{path}.{email}") or ""
        calendar = self.text(entries.get("calendar"), f"{section}.calendar")
        if calendar is not None and not calendar.strip():
            self.say(entries["calendar"], f"{section}.calendar", "a calendar needs a name; or leave it out")
        wanted = self.choice(entries.get("deletes"), f"{section}.deletes", get_args(ItemDeletes))
        return ItemRules(
            direction=self._direction(entries.get("direction"), f"{section}.direction"),
            rule=self._rule_of(entries.get("rule"), f"{section}.rule"),
            deletes=cast("Deletes", wanted or "delete"),
            calendar=calendar,
            any_time=self.boolean(entries.get("any_time"), f"{section}.any_time", default=True),
            notify=self.boolean(entries.get("notify"), f"{section}.notify", default=True),
            assignees=assignees,
        )

    def tag_list(self, node: Node | None, path: str) -> list[str]:
        """Tags as they are compared."""
        read = [texts.tag(self.text(item, where) or "") for where, item in self.items(node, path)]
        return [one for one in read if one]

    def _direction(self, node: Node | None, path: str) -> Direction:
        return cast("Direction", self.choice(node, path, DIRECTIONS) or "both")

    def _rule_of(self, node: Node | None, path: str) -> Rule:
        return cast("Rule", self.choice(node, path, RULES) or "newest")
