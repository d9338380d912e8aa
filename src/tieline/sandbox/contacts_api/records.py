"""What a CRM location holds, as the far side itself keeps it. Source: contacts-api.md, sections 5 and 8."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from random import Random
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Note(msgspec.Struct, kw_only=True):
    """One note."""

    id: str
    body: str
    date_added: str
    contact_id: str
    user_id: str | None = None
    title: str | None = None
    color: str | None = None
    pinned: bool = False

    def out(self) -> dict[str, Any]:
        """As the API shows it."""
        return shown(
            id=self.id, body=self.body, dateAdded=self.date_added, contactId=self.contact_id, userId=self.user_id,
            title=self.title, color=self.color, pinned=self.pinned,
        )  # fmt: skip


class Task(msgspec.Struct, kw_only=True):
    """One task."""

    id: str
    title: str
    body: str | None = None
    assigned_to: str | None = None
    #: As the API writes times, with milliseconds.
    due_date: str
    completed: bool
    contact_id: str
    #: Shown in events alone.
    date_added: str

    def out(self) -> dict[str, Any]:
        """As the API shows it."""
        return shown(
            id=self.id, title=self.title, body=self.body, assignedTo=self.assigned_to, dueDate=self.due_date,
            completed=self.completed, contactId=self.contact_id,
        )  # fmt: skip


class User(msgspec.Struct, kw_only=True):
    """Somebody who works in the CRM."""

    id: str
    first_name: str
    last_name: str
    email: str
    phone: str
    role: str = "user"
    #: Ids of the locations.
    locations: tuple[str, ...] = ()

    def out(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "id": self.id, "name": f"{self.first_name} {self.last_name}", "firstName": self.first_name,
            "lastName": self.last_name, "email": self.email, "phone": self.phone, "deleted": False,
            "roles": {"type": "account", "role": self.role, "locationIds": list(self.locations)},
        }  # fmt: skip


class Contact(msgspec.Struct, kw_only=True):
    """One contact; `fields` holds what was given, by the names of the API."""

    id: str
    location_id: str
    fields: dict[str, Any]
    tags: list[str]
    #: Custom field id → value.
    custom: dict[str, Any]
    date_added: datetime
    date_updated: datetime
    notes: dict[str, Note] = {}
    tasks: dict[str, Task] = {}
    #: Read only: nobody but the CRM itself fills them.
    additional_emails: list[str] = []
    #: Ids of users.
    followers: list[str] = []
    #: Ids of campaigns.
    campaigns: list[str] = []
    #: Workflow id → `eventStartTime`, or None.
    workflows: dict[str, str | None] = {}
    #: From the first moment on, never changed.
    attribution: dict[str, Any] = {}

    def out(self) -> dict[str, Any]:
        """As get, create, update and upsert answer it."""
        first, last = self.fields.get("firstName"), self.fields.get("lastName")
        lower_case = shown(
            emailLowerCase=_lower(self.fields.get("email")), firstNameLowerCase=_lower(first),
            lastNameLowerCase=_lower(last), fullNameLowerCase=_lower(" ".join(filter(None, (first, last)))),
        )  # fmt: skip
        return {
            "id": self.id,
            "locationId": self.location_id,
            **self.fields,
            **lower_case,
            "additionalEmails": [{"email": one} for one in self.additional_emails],
            "followers": list(self.followers),
            "tags": list(self.tags),
            "customFields": [{"id": key, "value": value} for key, value in self.custom.items()],
            "dateAdded": stamp(self.date_added),
            "dateUpdated": stamp(self.date_updated),
        }

    def row(self) -> dict[str, Any]:
        """As a search shows it: other names, other types."""
        out = self.out()
        address = out.pop("address1", None)
        return {
            **out,
            "address": address,
            "contactName": out.get("fullNameLowerCase"),
            "businessName": None,
            "phoneLabel": None,
            "validEmail": None,
            "searchAfter": [int(self.date_updated.timestamp() * 1000), self.id],
        }


class CustomField(msgspec.Struct, kw_only=True, rename="camel"):
    """One custom field of a location."""

    id: str
    name: str
    field_key: str
    data_type: str
    model: str = "contact"
    location_id: str | UnsetType = UNSET
    placeholder: str | UnsetType = UNSET
    #: Among the location's fields, from 0 on.
    position: int | UnsetType = UNSET
    #: What can be chosen.
    picklist_options: list[str] | UnsetType = UNSET
    is_multi_file_allowed: bool | UnsetType = UNSET
    max_file_limit: int | UnsetType = UNSET


class Tag(msgspec.Struct, kw_only=True, rename="camel"):
    """One tag that the location knows."""

    id: str
    name: str
    location_id: str


class Location(msgspec.Struct, kw_only=True):
    """One sub-account."""

    id: str
    name: str
    country: str
    timezone: str
    company_id: str
    token: str
    allow_duplicates: bool = False
    #: Which identifier is looked at first where duplicates are forbidden.
    match_order: tuple[str, str] = ("email", "phone")
    contacts: dict[str, Contact] = {}
    by_phone: dict[str, list[str]] = {}
    by_email: dict[str, list[str]] = {}
    custom_fields: dict[str, CustomField] = {}
    tags: dict[str, Tag] = {}
    #: What a search sees.
    indexed: dict[str, Contact] = {}
    #: Changes that a search does not see yet: when it will, which contact, and how it then was (None = deleted).
    unseen: deque[tuple[float, str, Contact | None]] = msgspec.field(default_factory=deque)
    #: Contacts beside those above that take no room; None = there are none.
    crowd: Any = None

    def matching(self, field: str, value: str | None) -> Contact | None:
        """The oldest contact with that phone or e-mail."""
        if not value:
            return None
        ids = (self.by_phone if field == "phone" else self.by_email).get(_key(field, value), [])
        if not ids and self.crowd is not None:
            found: Contact | None = self.crowd.matching(field, value)
            return found
        return self.contacts[ids[0]] if ids else None

    def keep(self, contact: Contact) -> None:
        """It is about to be written to: one that took no room is held from now on."""
        if self.crowd is not None and contact.id not in self.contacts:
            self.crowd.take(contact.id)
            self.contacts[contact.id] = contact
            self.index(contact)

    def index(self, contact: Contact) -> None:
        """Make it findable by what it holds now."""
        for field, table in (("phone", self.by_phone), ("email", self.by_email)):
            for value in _identifiers(contact, field):
                ids = table.setdefault(_key(field, value), [])
                if contact.id not in ids:
                    ids.append(contact.id)

    def unindex(self, contact: Contact) -> None:
        """The reverse, before a change or a deletion."""
        for field, table in (("phone", self.by_phone), ("email", self.by_email)):
            for value in _identifiers(contact, field):
                ids = table.get(_key(field, value), [])
                if contact.id in ids:
                    ids.remove(contact.id)

    def changed(self, contact_id: str, visible_at: float) -> None:
        """Let the search see the contact as it is now, from `visible_at` on."""
        contact = self.contacts.get(contact_id)
        seen = contact and msgspec.structs.replace(
            contact,
            fields=dict(contact.fields),
            tags=list(contact.tags),
            custom=dict(contact.custom),
            notes={},
            tasks={},
        )
        self.unseen.append((visible_at, contact_id, seen))

    def searchable(self, now: float) -> dict[str, Contact]:
        """Contacts as a search at `now` sees them."""
        while self.unseen and self.unseen[0][0] <= now:
            _, contact_id, seen = self.unseen.popleft()
            if seen is None:
                self.indexed.pop(contact_id, None)
            else:
                self.indexed[contact_id] = seen
        return self.indexed

    def doubled(self) -> Iterator[tuple[str, str]]:
        """(field, value) held by more than one contact."""
        for field, table in (("phone", self.by_phone), ("email", self.by_email)):
            for value, ids in table.items():
                if len(ids) > 1:
                    yield field, value


def _identifiers(contact: Contact, field: str) -> list[str]:
    """The values by which a contact is found."""
    primary = contact.fields.get(field)
    more = contact.additional_emails if field == "email" else []
    return [value for value in (primary, *more) if value]


def _key(field: str, value: str) -> str:
    return value.lower() if field == "email" else value


def full_name(contact: Contact) -> str | None:
    """How the contact is called; None where nobody said."""
    fields = contact.fields
    names = " ".join(filter(None, (fields.get("firstName"), fields.get("lastName"))))
    return names or fields.get("name")


def shown(**fields: Any) -> dict[str, Any]:
    """A record as the API shows it: what is not there is left out."""
    return {name: value for name, value in fields.items() if value is not None}


def _lower(value: str | None) -> str | None:
    return value.lower() if value else None


def mint(rng: Random, length: int = 20) -> str:
    """An id as the vendor makes them: 20 letters and digits."""
    return "".join(rng.choices(_ALPHABET, k=length))


def private_token(rng: Random) -> str:
    """A private token as the vendor makes them."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"pit-{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def stamp(moment: datetime) -> str:
    """ISO 8601 with milliseconds, UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
