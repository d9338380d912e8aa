"""Contacts of a `native` account. No account was seen to have any: all of it is assumed."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue.look_up import names, says
from tieline.catalogue.spec import AnyOperation, LookUp, Operation
from tieline.connectors.kit.answer import Deleted
from tieline.connectors.nimbata.operations.activities import as_listing
from tieline.connectors.nimbata.operations.inputs import (
    ACCOUNT,
    PAGE,
    SETTLE_S,
    Moment,
    Money,
    Paged,
    Text,
    TextOrNone,
)
from tieline.connectors.nimbata.rows import PAGED, Listing, One, Rows
from tieline.connectors.nimbata.shapes import ContactRecord

_ALL = f"{ACCOUNT}/contacts"
_ONE = f"{_ALL}/{{id}}"


class FindContacts(Paged, frozen=True, kw_only=True):
    """A page of an account's contacts, oldest change first; what is asked for must hold all together."""

    updated_since: Moment = UNSET
    phone: Text = UNSET
    email: Text = UNSET
    external_id: Text = UNSET
    include_deleted: bool | UnsetType = UNSET


class ContactFields(msgspec.Struct, frozen=True, kw_only=True):
    """What can be written of a contact. UNSET stays as it is, None clears; records are merged key by key."""

    account: Text = UNSET
    name: TextOrNone = UNSET
    first_name: TextOrNone = UNSET
    last_name: TextOrNone = UNSET
    email: TextOrNone = UNSET
    #: E.164.
    phone: TextOrNone = UNSET
    additional_phones: list[str] | UnsetType = UNSET
    company: TextOrNone = UNSET
    #: street, city, state, postal_code, country.
    address: dict[str, str | None] | UnsetType | None = UNSET
    #: All of its tags: others are lost. Add and remove single ones with their own operations.
    tags: list[str] | UnsetType = UNSET
    lead_status: TextOrNone = UNSET
    lead_score: int | UnsetType | None = UNSET
    #: In the account's currency.
    value: Money = UNSET
    dnd: bool | UnsetType = UNSET
    custom_fields: dict[str, Any] | UnsetType | None = UNSET
    #: By the other system's name; it is found again by the id: {"highlevel": "ocQHyuzHvysMo5N5VsXc"}.
    external_ids: dict[str, str | None] | UnsetType | None = UNSET


class CreateContact(ContactFields, frozen=True, kw_only=True):
    """A new contact; a phone or an e-mail is required, and a project where the account has several."""

    project_id: Text = UNSET


class ContactId(msgspec.Struct, frozen=True, kw_only=True):
    """Which contact."""

    account: Text = UNSET
    id: str


class UpdateContact(ContactFields, frozen=True, kw_only=True):
    """Changes of a contact. With `version` a contact that somebody else changed meanwhile is refused (409)."""

    id: str
    version: int | UnsetType = UNSET


class ContactTags(ContactId, frozen=True, kw_only=True):
    """Tags of a contact, compared without regard to case."""

    tags: list[str]


FIND_CONTACTS = Operation[FindContacts, Rows[ContactRecord]](
    id="nimbata.contact.find", app="nimbata", title="List or find contacts",
    description="Contacts by phone, e-mail, external id or time of change; oldest change first.", method="GET",
    path=_ALL, query=PAGE | {"updated_since", "phone", "email", "external_id", "include_deleted"},
    input=FindContacts, output=Rows[ContactRecord], idempotent=True, paging=PAGED, status="assumption",
    source="nimbata.md#B3",
)  # fmt: skip


def _by_phone_or_email(given: CreateContact) -> FindContacts | None:
    if given.phone:
        return FindContacts(account=given.account, phone=given.phone)
    return FindContacts(account=given.account, email=given.email) if given.email else None


def _is_them(row: ContactRecord, given: CreateContact, _: str) -> bool:
    return (
        row.deleted_at is None
        and says(row.phone, given.phone)
        and names(row.email, given.email)
        # An account with one project need not say which.
        and (row.project_id is None or says(row.project_id, given.project_id))
    )


_CREATED = LookUp[CreateContact, FindContacts, Rows[ContactRecord], ContactRecord](
    kind="list", operation="nimbata.contact.find", settle_s=SETTLE_S, ask=_by_phone_or_email,
    rows=lambda answer: answer.rows, same=_is_them, made_at=lambda row: row.created_at,
)  # fmt: skip

CREATE_CONTACT = Operation[CreateContact, One[ContactRecord]](
    id="nimbata.contact.create", app="nimbata", title="Create a contact",
    description="Refused (409) where another contact of the project has the phone or e-mail; the refusal names it.",
    method="POST", path=_ALL, input=CreateContact, output=One[ContactRecord],
    look_up=_CREATED, status="assumption",
    source="nimbata.md#B3",
)  # fmt: skip

GET_CONTACT = Operation[ContactId, One[ContactRecord]](
    id="nimbata.contact.get", app="nimbata", title="Get a contact", description="One contact by its id.",
    method="GET", path=_ONE, input=ContactId, output=One[ContactRecord], idempotent=True, status="assumption",
    source="nimbata.md#B3",
)  # fmt: skip

UPDATE_CONTACT = Operation[UpdateContact, One[ContactRecord]](
    id="nimbata.contact.update", app="nimbata", title="Update a contact",
    description="Writes only what is given.", method="PUT", path=_ONE, input=UpdateContact,
    output=One[ContactRecord], idempotent=True, status="assumption", source="nimbata.md#B3",
)  # fmt: skip

DELETE_CONTACT = Operation[ContactId, Deleted](
    id="nimbata.contact.delete", app="nimbata", title="Delete a contact",
    description="One that is not there counts as removed.", method="DELETE", path=_ONE, input=ContactId,
    output=Deleted, idempotent=True, status="assumption", source="nimbata.md#B3",
)  # fmt: skip

ADD_CONTACT_TAGS = Operation[ContactTags, One[ContactRecord]](
    id="nimbata.contact.tags.add", app="nimbata", title="Add tags to a contact",
    description="Tags that it has already stay as they are.", method="POST", path=f"{_ONE}/tags",
    input=ContactTags, output=One[ContactRecord], idempotent=True, status="assumption",
    source="nimbata.md#B3",
)  # fmt: skip

REMOVE_CONTACT_TAGS = Operation[ContactTags, One[ContactRecord]](
    id="nimbata.contact.tags.remove", app="nimbata", title="Remove tags from a contact",
    description="Tags that it does not have are no error.", method="DELETE", path=f"{_ONE}/tags",
    input=ContactTags, output=One[ContactRecord], idempotent=True, status="assumption",
    source="nimbata.md#B3",
)  # fmt: skip

#: The list of contacts, its rows as they came.
CONTACT_ROWS: Operation[FindContacts, Listing] = as_listing(FIND_CONTACTS)
OPERATIONS: tuple[AnyOperation, ...] = (
    FIND_CONTACTS, CREATE_CONTACT, GET_CONTACT, UPDATE_CONTACT, DELETE_CONTACT, ADD_CONTACT_TAGS,
    REMOVE_CONTACT_TAGS,
)  # fmt: skip
