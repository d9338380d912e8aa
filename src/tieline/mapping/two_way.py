"""The rules by which records of both sides are kept equal. `sync.files.definition` reads them from YAML."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from tieline.domain.items import ItemKind
from tieline.domain.side import Side
from tieline.mapping.transforms import Transform

#: Which way changes travel.
Direction = Literal["both", "to_contacts_api", "to_nimbata", "off"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
#: Who wins where both sides changed a field: a side, the later change, the longer text; ask = a person.
Rule = Literal["nimbata", "contacts_api", "newest", "longest", "ask"]
RULES: tuple[Rule, ...] = get_args(Rule)
#: What a deletion on one side does on the other. tag = the person's record gets a tag.
Deletes = Literal["ignore", "unlink", "tag", "delete"]
DELETES: tuple[Deletes, ...] = get_args(Deletes)


def travels(direction: Direction, to: Side) -> bool:
    """Whether changes go to that side."""
    return direction in ("both", f"to_{to}")


class FieldPair(msgspec.Struct, frozen=True, kw_only=True):
    """One value that stands on both sides."""

    #: A name of NIMBATA_FIELDS, or `custom.<key>`.
    nimbata: str
    #: A name of CONTACT_FIELDS, or `custom.<key>`.
    contacts_api: str
    rule: Rule = "newest"
    direction: Direction = "both"
    #: Applied to a value on its way there.
    to_contacts_api: tuple[Transform, ...] = ()
    to_nimbata: tuple[Transform, ...] = ()
    #: Whether a value that somebody took away on one side goes on the other too.
    clear: bool = True
    #: Carried only where the location has this custom field.
    optional: bool = False

    def name(self, side: Side) -> str:
        """Its name on that side."""
        return self.nimbata if side == "nimbata" else self.contacts_api


class TagRules(msgspec.Struct, frozen=True, kw_only=True):
    """Which tags travel; each is lower-case and trimmed."""

    direction: Direction = "both"
    #: Stay where they are.
    ignore: frozenset[str] = frozenset()


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """What must hold of a record for it to be carried over."""

    #: A name of CONTACT_FIELDS, `custom.<key>`, or "tags".
    field: str
    #: is / is_not: the value is (not) among `values`; has / has_not: a tag among them is (not) there;
    #: present / absent: whether there is a value at all.
    test: Literal["is", "is_not", "has", "has_not", "present", "absent"]
    #: Compared without regard to case.
    values: frozenset[str] = frozenset()


class PersonRules(msgspec.Struct, frozen=True, kw_only=True):
    """How a person's records are kept equal."""

    direction: Direction = "both"
    #: Sides on which an unknown person gets a record.
    create: frozenset[Side] = frozenset({"nimbata", "contacts_api"})
    fields: tuple[FieldPair, ...] = ()
    tags: TagRules = TagRules()
    deletes: Deletes = "ignore"
    #: The tag of `deletes: tag`.
    deleted_tag: str = "deleted elsewhere"
    #: All must hold, of the record on the side that changed.
    where: tuple[Condition, ...] = ()


class ItemRules(msgspec.Struct, frozen=True, kw_only=True):
    """How tasks, notes or appointments are kept equal."""

    direction: Direction = "both"
    rule: Rule = "newest"
    deletes: Deletes = "delete"
    #: Appointments: id or name of the calendar that new ones are booked in; None = the location's only one.
    calendar: str | None = None
    #: Appointments: book at any time, be it a free slot or not.
    any_time: bool = True
    #: Appointments: whether the CRM tells the person, and starts its own automations.
    notify: bool = True
    #: E-mail at the call-tracking account → id of a user of the location.
    assignees: dict[str, str] = {}


class TwoWay(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept equal; None = not at all."""

    person: PersonRules | None = None
    items: dict[ItemKind, ItemRules] = {}
