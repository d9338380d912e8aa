"""The shape of a definition's rules: which key stands where, and what may stand there.

One struct a section. The readers take their keys from them, and `sync.files.schema` the JSON Schema for editors.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, field

from tieline.domain.activity import Outcome
from tieline.domain.contact import CONTACT_FIELDS, CUSTOM_PREFIX, NIMBATA_FIELDS
from tieline.domain.side import Side
from tieline.mapping.fields import When
from tieline.mapping.two_way import Direction, Rule


@cache
def keys(section: type[msgspec.Struct]) -> tuple[str, ...]:
    """The keys of a section, in order."""
    return section.__struct_encode_fields__


#: Filled in by the schema: one transform or a list.
Transforms = Annotated[Any, Meta(extra_json_schema={"$ref": "#/$defs/Transforms"})]


def _one_of(names: tuple[str, ...], *more: str) -> dict[str, Any]:
    """A field of a side, or any custom field."""
    return {"anyOf": [{"enum": [*names, *more]}, {"pattern": f"^{re.escape(CUSTOM_PREFIX)}[a-z0-9_]+$"}]}


CrmField = Annotated[str, Meta(extra_json_schema=_one_of(CONTACT_FIELDS))]
NimbataField = Annotated[str, Meta(extra_json_schema=_one_of(NIMBATA_FIELDS))]
FilterField = Annotated[str, Meta(extra_json_schema=_one_of(CONTACT_FIELDS, "tags"))]
_Yes = Annotated[bool, Meta(extra_json_schema={"const": True})]
#: A text, or several.
Texts = str | list[str]
Template = Annotated[str, Meta(description="{name|transform} or Liquid: {{call.outcome | downcase}}")]


class FieldRuleSection(msgspec.Struct, frozen=True, kw_only=True):
    """One field of the contact and where its value comes from."""

    to: Annotated[CrmField, Meta(description="a field of the contact, or custom.<key>")]
    source: Annotated[str, Meta(description="a name of the activity, or a Liquid template")] = field(
        name="from"
    )
    transform: Transforms = None
    when: When = "always"
    optional: Annotated[bool, Meta(description="only where the location has this custom field")] = False


class ContactSection(msgspec.Struct, frozen=True, kw_only=True):
    """What an activity makes of its contact."""

    create: Annotated[bool, Meta(description="whether an unknown person becomes a contact")] = True
    skip_outcomes: list[Outcome] = []
    fields: list[FieldRuleSection] = []
    tags: list[Template] = []


class NoteSection(msgspec.Struct, frozen=True, kw_only=True):
    """The note that an activity leaves."""

    enabled: bool = True
    template: Template = ""


class NotesSection(msgspec.Struct, frozen=True, kw_only=True):
    """Notes by kind of activity."""

    call: NoteSection = NoteSection()
    form: NoteSection = NoteSection()
    text: NoteSection = NoteSection()


class KindSection(msgspec.Struct, frozen=True, kw_only=True):
    """Rules of one kind of activity, in the place of the general ones or beside them."""

    fields: list[FieldRuleSection] = []
    tags: list[Template] = []


class KindsSection(msgspec.Struct, frozen=True, kw_only=True):
    """Rules by kind of activity."""

    call: KindSection = KindSection()
    form: KindSection = KindSection()
    text: KindSection = KindSection()
    contact: KindSection = KindSection()


class FieldPairSection(msgspec.Struct, frozen=True, kw_only=True):
    """One value that stands on both sides."""

    nimbata: Annotated[
        NimbataField, Meta(description="a field of the call-tracking account, or custom.<key>")
    ]
    contacts_api: Annotated[CrmField, Meta(description="a field of the CRM's contact, or custom.<key>")]
    rule: Rule = "newest"
    direction: Direction = "both"
    to_contacts_api: Transforms = None
    to_nimbata: Transforms = None
    clear: Annotated[bool, Meta(description="whether a value taken away goes on the other side too")] = True
    optional: Annotated[bool, Meta(description="only where the location has this custom field")] = False


class TagsSection(msgspec.Struct, frozen=True, kw_only=True):
    """Which tags travel."""

    direction: Direction = "both"
    ignore: Annotated[list[str], Meta(description="tags that stay where they are")] = []


class DeletesTag(msgspec.Struct, frozen=True, kw_only=True):
    """The other side's record gets a tag."""

    tag: str


class ConditionSection(msgspec.Struct, frozen=True, kw_only=True):
    """What must hold of a record: a field and one test."""

    field: Annotated[FilterField, Meta(description="a field of the contact, custom.<key>, or tags")]
    is_: Texts = msgspec.field(name="is", default_factory=list)
    is_not: Texts = []
    has: Annotated[Texts, Meta(description="tags of which one is there")] = []
    has_not: Annotated[Texts, Meta(description="tags of which none is there")] = []
    present: _Yes = True
    absent: _Yes = True


class PersonSection(msgspec.Struct, frozen=True, kw_only=True):
    """How a person's records are kept equal."""

    direction: Direction = "both"
    create: Annotated[list[Side], Meta(description="the sides on which an unknown person gets a record")] = []
    fields: list[FieldPairSection] = []
    tags: TagsSection = TagsSection()
    deletes: Literal["ignore", "unlink", "tag", "delete"] | DeletesTag = "ignore"
    where: Annotated[list[ConditionSection], Meta(description="all must hold")] = []


#: What a deleted task, note or appointment does to its copy; a tag is for people.
ItemDeletes = Literal["ignore", "unlink", "delete"]
Assignees = Annotated[
    dict[str, str], Meta(description="e-mail at the call-tracking account: id of a CRM user")
]


class NotesItemSection(msgspec.Struct, frozen=True, kw_only=True):
    """How notes are kept equal."""

    direction: Direction = "both"
    rule: Rule = "newest"
    deletes: ItemDeletes = "delete"


class TasksSection(msgspec.Struct, frozen=True, kw_only=True):
    """How tasks are kept equal."""

    direction: Direction = "both"
    rule: Rule = "newest"
    deletes: ItemDeletes = "delete"
    assignees: Assignees = {}


class AppointmentsSection(msgspec.Struct, frozen=True, kw_only=True):
    """How appointments are kept equal."""

    direction: Direction = "both"
    rule: Rule = "newest"
    deletes: ItemDeletes = "delete"
    assignees: Assignees = {}
    calendar: Annotated[str, Meta(description="id or name of the calendar that new ones are booked in")] = ""
    any_time: Annotated[bool, Meta(description="book at any time, be it a free slot or not")] = True
    notify: Annotated[bool, Meta(description="whether the CRM tells the person")] = True
