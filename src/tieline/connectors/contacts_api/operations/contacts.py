"""Contacts: create, read, change, remove."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue import paging
from tieline.catalogue.look_up import names, plain, says
from tieline.catalogue.spec import AnyOperation, LookUp, Operation
from tieline.connectors.contacts_api.making import e164, made_at
from tieline.connectors.contacts_api.shapes import ContactRecord
from tieline.connectors.contacts_api.versions import CONTACTS, SETTLE_S
from tieline.connectors.kit.answer import Deleted

Text = str | UnsetType
READ, WRITE = ("contacts.readonly",), ("contacts.write",)


class CustomFieldInput(msgspec.Struct, frozen=True, kw_only=True):
    """A custom field to write, by id (preferred: a wrong key vanishes without an error) or by key."""

    id: Text = UNSET
    key: Text = UNSET
    #: Text; a number for NUMERICAL and MONETORY fields; a list of texts for those with several choices.
    field_value: Any


class ContactFields(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What may be written of a contact. UNSET stays as it is; properties beyond these are refused with 422."""

    first_name: Text = UNSET
    last_name: Text = UNSET
    name: Text = UNSET
    email: Text = UNSET
    #: E.164: other spellings are read in the account's country.
    phone: Text = UNSET
    company_name: Text = UNSET
    address1: Text = UNSET
    city: Text = UNSET
    state: Text = UNSET
    postal_code: Text = UNSET
    #: Two letters.
    country: Text = UNSET
    website: Text = UNSET
    #: IANA name.
    timezone: Text = UNSET
    source: Text = UNSET
    #: Id of a user of the location.
    assigned_to: Text = UNSET
    #: YYYY-MM-DD.
    date_of_birth: Text = UNSET
    dnd: bool | UnsetType = UNSET
    dnd_settings: dict[str, Any] | UnsetType = UNSET
    inbound_dnd_settings: dict[str, Any] | UnsetType = UNSET
    custom_fields: list[CustomFieldInput] | UnsetType = UNSET


class CreateContact(ContactFields, frozen=True, kw_only=True, rename="camel"):
    """A new contact. `location_id` UNSET = the connection's own."""

    location_id: Text = UNSET
    #: Ignored on contacts that exist, so it is only here.
    gender: Text = UNSET
    tags: list[str] | UnsetType = UNSET


class UpdateContact(ContactFields, frozen=True, kw_only=True, rename="camel"):
    """Changes of a contact. There are no tags here: an update would replace the whole list."""

    contact_id: str


class UpsertContact(ContactFields, frozen=True, kw_only=True, rename="camel"):
    """A contact by its e-mail or phone. No tags here either, for the same reason."""

    location_id: Text = UNSET
    gender: Text = UNSET
    #: With duplicates allowed: create without looking.
    create_new_if_duplicate_allowed: bool | UnsetType = UNSET


class ContactId(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which contact."""

    contact_id: str


class Sort(msgspec.Struct, frozen=True, kw_only=True):
    """By what rows come."""

    field: str
    direction: Literal["asc", "desc"] = "asc"


class SearchContacts(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A search. `page` reaches 10,000 rows; beyond them `search_after`, never both."""

    location_id: Text = UNSET
    #: 1 to 500; a search without it is refused.
    page_limit: int = 100
    page: int | UnsetType = UNSET
    search_after: list[Any] | UnsetType = UNSET
    #: At most 75 characters.
    query: Text = UNSET
    #: {"field","operator","value"} or {"group":"OR","filters":[…]}; custom fields only as "customFields.<id>".
    filters: list[dict[str, Any]] | UnsetType = UNSET
    sort: list[Sort] | UnsetType = UNSET


class FindDuplicate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whom a phone or an e-mail belongs to. Give one: with both, the e-mail is looked for first."""

    location_id: Text = UNSET
    #: E.164.
    number: Text = UNSET
    email: Text = UNSET


class ListContacts(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of the location's contacts."""

    location_id: Text = UNSET
    limit: int = 100
    query: Text = UNSET
    start_after: int | UnsetType = UNSET
    start_after_id: Text = UNSET


class ContactAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One contact, as it stands now."""

    contact: ContactRecord
    trace_id: str | None = None


class UpdateAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A change was taken; the contact as it stands after it, where the answer shows it."""

    contact: ContactRecord | None = None
    trace_id: str | None = None


class UpsertAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The contact, and whether it is new."""

    contact: ContactRecord
    new: bool | None = None
    trace_id: str | None = None


class FoundAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The contact, or None."""

    contact: ContactRecord | None = None
    trace_id: str | None = None


class SearchAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Rows of a search, whose index lags behind writes by some seconds."""

    contacts: list[ContactRecord] = []
    total: int | None = None
    trace_id: str | None = None


class ListMeta(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where the next page starts."""

    total: int | None = None
    start_after_id: str | None = None
    start_after: int | None = None
    next_page: int | str | None = None


class ListAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One page of contacts."""

    contacts: list[ContactRecord] = []
    meta: ListMeta = ListMeta()
    trace_id: str | None = None


#: What an upsert can be seen by, as the record calls it; anything else it carries is not compared, but written again.
_SEEN = frozenset({
    "first_name", "last_name", "company_name", "address1", "city", "state", "postal_code", "country", "website",
    "timezone", "source", "assigned_to",
})  # fmt: skip
_WHOSE = frozenset({"location_id", "email", "phone", "create_new_if_duplicate_allowed"})


def _by_email_or_phone(given: CreateContact | UpsertContact) -> FindDuplicate | None:
    if given.email is not UNSET and given.email:
        return FindDuplicate(location_id=given.location_id, email=given.email)
    number = e164(given.phone)
    return None if number is UNSET else FindDuplicate(location_id=given.location_id, number=number)


def _ask_upserted(given: UpsertContact) -> FindDuplicate | None:
    # One that makes another contact beside those that fit cannot be told from them.
    return None if given.create_new_if_duplicate_allowed is True else _by_email_or_phone(given)


def _found(answer: FoundAnswer) -> tuple[ContactRecord, ...]:
    return () if answer.contact is None else (answer.contact,)


def _made(record: ContactRecord) -> datetime | None:
    return made_at(record.date_added)


def _is_reached(record: ContactRecord, given: CreateContact | UpsertContact) -> bool:
    return names(record.email, given.email) and says(record.phone, e164(given.phone))


def _is_them(record: ContactRecord, given: CreateContact, _: str) -> bool:
    """Reached the same way, and called the same."""
    whole = (
        plain(record.name)
        or plain(record.contact_name)
        or f"{plain(record.first_name)} {plain(record.last_name)}"
    )
    return (
        _is_reached(record, given)
        and names(record.first_name, given.first_name)
        and names(record.last_name, given.last_name)
        and names(whole, given.name)
    )


def _stands_so(record: ContactRecord, given: UpsertContact, _: str) -> bool:
    """Everything is there that was written: then it does not matter by whom. Sent again, an upsert meets the record
    that fits, so what cannot be compared is written once more."""
    written = {name for name in given.__struct_fields__ if getattr(given, name) is not UNSET} - _WHOSE
    return (
        written <= _SEEN
        and (given.phone is UNSET or e164(given.phone) is not UNSET)
        and _is_reached(record, given)
        and all(names(getattr(record, name), getattr(given, name)) for name in written)
    )


#: A create that answered nothing may have made the contact: whoever has its phone or e-mail since then is it. Where
#: duplicates are allowed, an older contact with them hides it.
_CREATED = LookUp[CreateContact, FindDuplicate, FoundAnswer, ContactRecord](
    kind="list", operation="contacts.find_duplicate", settle_s=SETTLE_S, ask=_by_email_or_phone, rows=_found,
    same=_is_them, made_at=_made, single=True,
)  # fmt: skip
_UPSERTED = LookUp[UpsertContact, FindDuplicate, FoundAnswer, ContactRecord](
    kind="list", operation="contacts.find_duplicate", settle_s=SETTLE_S, ask=_ask_upserted, rows=_found,
    same=_stands_so,
)  # fmt: skip

CREATE = Operation[CreateContact, ContactAnswer](
    id="contacts.create", app="contacts_api", title="Create a contact",
    description="Makes a contact, with its tags. Where the location forbids duplicates, a phone or e-mail that "
    "exists is refused, and the refusal names the contact that has it.",
    method="POST", path="/contacts/", input=CreateContact, output=ContactAnswer, version=CONTACTS, scopes=WRITE,
    look_up=_CREATED, source="contacts.json#create-contact",
)  # fmt: skip

GET = Operation[ContactId, ContactAnswer](
    id="contacts.get", app="contacts_api", title="Get a contact", description="The whole record by its id.",
    method="GET", path="/contacts/{contactId}", input=ContactId, output=ContactAnswer, version=CONTACTS,
    scopes=READ, idempotent=True, source="contacts.json#get-contact",
)  # fmt: skip

UPDATE = Operation[UpdateContact, UpdateAnswer](
    id="contacts.update", app="contacts_api", title="Update a contact",
    description="Writes only the fields given; the others stay as they are. Tags have actions of their own.",
    method="PUT", path="/contacts/{contactId}", input=UpdateContact, output=UpdateAnswer, version=CONTACTS,
    scopes=WRITE, idempotent=True, source="contacts.json#update-contact",
)  # fmt: skip

DELETE = Operation[ContactId, Deleted](
    id="contacts.delete", app="contacts_api", title="Delete a contact",
    description="Removes the contact with its notes and tasks. One that is not there counts as removed.",
    method="DELETE", path="/contacts/{contactId}", input=ContactId, output=Deleted, version=CONTACTS,
    scopes=WRITE, idempotent=True, source="contacts.json#delete-contact",
)  # fmt: skip

UPSERT = Operation[UpsertContact, UpsertAnswer](
    id="contacts.upsert", app="contacts_api", title="Create or update a contact by e-mail or phone",
    description="Writes to the contact that has this e-mail or phone, else makes one. An e-mail and a phone that "
    "belong to two contacts go to one of them, and the other value is dropped without an error: compare the answer.",
    method="POST", path="/contacts/upsert", input=UpsertContact, output=UpsertAnswer, version=CONTACTS,
    scopes=WRITE, look_up=_UPSERTED, source="contacts.json#upsert-contact",
)  # fmt: skip

SEARCH = Operation[SearchContacts, SearchAnswer](
    id="contacts.search", app="contacts_api", title="Search contacts with filters",
    description="Contacts by filters and words. Lags some seconds behind writes: never a proof of one's own.",
    method="POST", path="/contacts/search", input=SearchContacts, output=SearchAnswer, version=CONTACTS,
    scopes=READ, idempotent=True, paging=paging.search_after(lambda answer: answer.contacts),
    source="contacts.json#search-contacts-advanced",
)  # fmt: skip

FIND_DUPLICATE = Operation[FindDuplicate, FoundAnswer](
    id="contacts.find_duplicate", app="contacts_api", title="Find a contact by phone or e-mail",
    description="The contact that a new one with this phone or e-mail would double, if there is one.",
    method="GET", path="/contacts/search/duplicate", query=frozenset({"locationId", "number", "email"}),
    input=FindDuplicate, output=FoundAnswer, version=CONTACTS, scopes=READ, idempotent=True,
    source="contacts.json#get-duplicate-contact",
)  # fmt: skip

LIST = Operation[ListContacts, ListAnswer](
    id="contacts.list", app="contacts_api", title="List contacts",
    description="All contacts, page by page. Deprecated by the vendor: prefer the search.",
    method="GET", path="/contacts/",
    query=frozenset({"locationId", "limit", "query", "startAfter", "startAfterId"}),
    input=ListContacts, output=ListAnswer, version=CONTACTS, scopes=READ, idempotent=True,
    paging=paging.start_after(lambda answer: answer.contacts),
    source="contacts.json#get-contacts",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (
    CREATE, GET, UPDATE, DELETE, UPSERT, SEARCH, FIND_DUPLICATE, LIST,
)  # fmt: skip
