"""Tags: of a contact, and those that a location knows."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue.look_up import plain
from tieline.catalogue.spec import AnyOperation, LookUp, Operation
from tieline.connectors.contacts_api.shapes import LocationTag
from tieline.connectors.contacts_api.versions import CONTACTS, LOCATIONS, SETTLE_S
from tieline.mapping.text import tag


class ContactTags(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Tags of one contact. They come back in lower case."""

    contact_id: str
    tags: list[str]


class TagsAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The contact's tags after the change."""

    tags: list[Any] | None = None
    trace_id: str | None = None


class TagsOfLocation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which location; UNSET = the connection's own."""

    location_id: str | UnsetType = UNSET


class CreateTag(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new tag of the location. It comes back in lower case."""

    location_id: str | UnsetType = UNSET
    name: str


class TagAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One tag of a location."""

    tag: LocationTag
    trace_id: str | None = None


class LocationTagsAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All tags of a location."""

    tags: list[LocationTag] = []
    trace_id: str | None = None


ADD = Operation[ContactTags, TagsAnswer](
    id="contacts.add_tags", app="contacts_api", title="Add tags to a contact",
    description="Tags that the contact has already stay as they are.",
    method="POST", path="/contacts/{contactId}/tags", input=ContactTags, output=TagsAnswer, version=CONTACTS,
    scopes=("contacts.write",), idempotent=True, source="contacts.json#add-tags",
)  # fmt: skip

REMOVE = Operation[ContactTags, TagsAnswer](
    id="contacts.remove_tags", app="contacts_api", title="Remove tags from a contact",
    description="Tags that the contact does not have are no error.",
    method="DELETE", path="/contacts/{contactId}/tags", input=ContactTags, output=TagsAnswer, version=CONTACTS,
    scopes=("contacts.write",), idempotent=True, source="contacts.json#remove-tags",
)  # fmt: skip

LIST = Operation[TagsOfLocation, LocationTagsAnswer](
    id="tags.list", app="contacts_api", title="List the tags of a location", description="All tags in use.",
    method="GET", path="/locations/{locationId}/tags", input=TagsOfLocation, output=LocationTagsAnswer,
    version=LOCATIONS, scopes=("locations/tags.readonly",), idempotent=True,
    source="locations.json#get-location-tags",
)  # fmt: skip

#: A name is one tag, whoever made it.
_CREATED = LookUp[CreateTag, TagsOfLocation, LocationTagsAnswer, LocationTag](
    kind="list", operation="tags.list", settle_s=SETTLE_S,
    ask=lambda given: TagsOfLocation(location_id=given.location_id), rows=lambda answer: answer.tags,
    same=lambda row, given, _: tag(plain(row.name)) == tag(given.name),
)  # fmt: skip

CREATE = Operation[CreateTag, TagAnswer](
    id="tags.create", app="contacts_api", title="Create a tag",
    description="Makes a tag that contacts can be given. Giving one a new tag makes it as well.",
    method="POST", path="/locations/{locationId}/tags", input=CreateTag, output=TagAnswer, version=LOCATIONS,
    scopes=("locations/tags.write",), look_up=_CREATED,
    source="locations.json#create-tag",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (ADD, REMOVE, LIST, CREATE)
