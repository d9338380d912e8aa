"""Contacts: create, read, change, find. Source: contacts-api.md, section 5."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue.spec import LookUp, Operation
from tieline.connectors.contacts_api.operations.wire import (
    ContactFields,
    ContactIdInput,
    SearchContact,
    Succeeded,
    WireContact,
)

APP = "contacts_api"
VERSION = "2021-07-28"
READ, WRITE = ("contacts.readonly",), ("contacts.write",)
SOURCE = "contacts-api.md#5"
#: A call that we cut off after 9 s has been seen to take effect shortly after; none is known to take longer.
SETTLE_S = 12.0


class ContactAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One contact, or none."""

    contact: WireContact | None = None


class CreatedContact(msgspec.Struct, frozen=True, kw_only=True):
    """The record as stored."""

    contact: WireContact


class CreateContactInput(ContactFields, frozen=True, kw_only=True, rename="camel"):
    """A new contact of a location; `tags` are its first ones."""

    location_id: str
    tags: list[str] | UnsetType = UNSET


class UpsertContactInput(ContactFields, frozen=True, kw_only=True, rename="camel"):
    """Create or update by the location's match order. Never with tags: they would replace the list."""

    location_id: str
    create_new_if_duplicate_allowed: bool | UnsetType = UNSET


class Upserted(msgspec.Struct, frozen=True, kw_only=True):
    """The record, and whether it is new."""

    contact: WireContact
    new: bool = False


class UpdateContactInput(ContactFields, frozen=True, kw_only=True, rename="camel"):
    """Only the fields to change; no location, no tags."""

    contact_id: str


class FindDuplicateInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """By one of both; phone in E.164."""

    location_id: str
    number: str | UnsetType = UNSET
    email: str | UnsetType = UNSET


class SearchInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Filters, sort and page; `search_after` reaches beyond 10,000 rows."""

    location_id: str
    page_limit: int = 100
    query: str | UnsetType = UNSET
    filters: list[dict[str, Any]] | UnsetType = UNSET
    sort: list[dict[str, str]] | UnsetType = UNSET
    search_after: list[Any] | UnsetType = UNSET


class SearchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One page; the index lags writes by seconds."""

    contacts: list[SearchContact] = []
    total: int = 0


class ListInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One page of a location's contacts."""

    location_id: str
    limit: int = 100
    start_after_id: str | UnsetType = UNSET
    start_after: int | UnsetType = UNSET
    query: str | UnsetType = UNSET


class ListMeta(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where the next page begins."""

    total: int | None = None
    start_after_id: str | None = None
    start_after: int | None = None


class ListAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One page."""

    contacts: list[WireContact] = []
    meta: ListMeta = ListMeta()


CREATE_CONTACT: Operation[CreateContactInput, CreatedContact] = Operation(
    id="contacts.create", app=APP, title="Create a contact",
    description="Creates a contact with its tags. Refused, naming the first, where the location forbids duplicates.",
    method="POST", path="/contacts/", input=CreateContactInput, output=CreatedContact, version=VERSION, scopes=WRITE,
    look_up=LookUp(kind="by_id", operation="contacts.find_duplicate", settle_s=SETTLE_S), source=SOURCE,
)  # fmt: skip
GET_CONTACT: Operation[ContactIdInput, ContactAnswer] = Operation(
    id="contacts.get", app=APP, title="Get a contact", description="The whole record.",
    method="GET", path="/contacts/{contactId}", input=ContactIdInput, output=ContactAnswer, version=VERSION,
    scopes=READ, idempotent=True, source=SOURCE,
)  # fmt: skip
UPDATE_CONTACT: Operation[UpdateContactInput, CreatedContact] = Operation(
    id="contacts.update", app=APP, title="Update a contact", description="Changes the given fields and no others.",
    method="PUT", path="/contacts/{contactId}", input=UpdateContactInput, output=CreatedContact, version=VERSION,
    scopes=WRITE, idempotent=True, source=SOURCE,
)  # fmt: skip
DELETE_CONTACT: Operation[ContactIdInput, Succeeded] = Operation(
    id="contacts.delete", app=APP, title="Delete a contact", description="Deletes the contact and what hangs on it.",
    method="DELETE", path="/contacts/{contactId}", input=ContactIdInput, output=Succeeded, version=VERSION,
    scopes=WRITE, idempotent=True, source=SOURCE,
)  # fmt: skip
UPSERT_CONTACT: Operation[UpsertContactInput, Upserted] = Operation(
    id="contacts.upsert", app=APP, title="Create or update a contact by e-mail or phone",
    description="Which field matches first is the location's setting; the second identifier may be dropped silently.",
    method="POST", path="/contacts/upsert", input=UpsertContactInput, output=Upserted, version=VERSION,
    scopes=WRITE, look_up=LookUp(kind="by_id", operation="contacts.find_duplicate", settle_s=SETTLE_S), source=SOURCE,
)  # fmt: skip
SEARCH_CONTACTS: Operation[SearchInput, SearchAnswer] = Operation(
    id="contacts.search", app=APP, title="Search contacts with filters",
    description="Sorted, filtered pages out of an index that lags writes by seconds.",
    method="POST", path="/contacts/search", input=SearchInput, output=SearchAnswer, version=VERSION, scopes=READ,
    idempotent=True, source="contacts-api.md#5.2",
)  # fmt: skip
FIND_DUPLICATE: Operation[FindDuplicateInput, ContactAnswer] = Operation(
    id="contacts.find_duplicate", app=APP, title="Find a contact by phone or e-mail",
    description="The contact that a create would collide with; one only.",
    method="GET", path="/contacts/search/duplicate", input=FindDuplicateInput, output=ContactAnswer,
    query=frozenset({"locationId", "number", "email"}), version=VERSION, scopes=READ, idempotent=True, source=SOURCE,
)  # fmt: skip
LIST_CONTACTS: Operation[ListInput, ListAnswer] = Operation(
    id="contacts.list", app=APP, title="List contacts", description="Deprecated by the vendor; search instead.",
    method="GET", path="/contacts/", input=ListInput, output=ListAnswer,
    query=frozenset({"locationId", "limit", "startAfterId", "startAfter", "query"}), version=VERSION, scopes=READ,
    idempotent=True, source=SOURCE,
)  # fmt: skip

OPERATIONS = (
    CREATE_CONTACT, GET_CONTACT, UPDATE_CONTACT, DELETE_CONTACT, UPSERT_CONTACT, SEARCH_CONTACTS, FIND_DUPLICATE,
    LIST_CONTACTS,
)  # fmt: skip
