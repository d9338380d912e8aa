"""From what was heard of a person to the commands that bring the CRM up to it. Pure."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from tieline.domain.command import AddNote, AddTags, CreateContact, Planned, UpdateContact, UpsertContact
from tieline.domain.contact import ABOUT_THE_RECORD, Contact, with_fields
from tieline.domain.ids import PersonId, SyncId
from tieline.mapping.apply import Desired, changes, missing_tags


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """One occurrence, mapped."""

    event_id: int
    #: Unique name of what happened, "call.completed:ncl_77".
    occurrence: str
    desired: Desired


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What the location allows and has."""

    forbids_duplicates: bool
    custom_fields: frozenset[str]


def plan_contact(
    sync: SyncId,
    person: PersonId,
    generation: int,
    contact: Contact | None,
    heard: Sequence[Heard],
    rules: Rules,
) -> list[Planned]:
    """Create the record, or bring over what differs: at most one update and one addition of tags. Merges all of
    `heard` in order; nothing differs, nothing is planned."""
    if not heard:
        return []
    draft = contact or Contact(id="")
    for one in heard:
        draft = with_fields(draft, changes(one.desired, draft, rules.custom_fields, new=contact is None))
    tags = frozenset().union(*(missing_tags(one.desired, contact) for one in heard))
    last = heard[-1].event_id
    fields = differing(draft, contact)
    if contact is None:
        creates = any(one.desired.create for one in heard)
        return _plan_new(sync, person, generation, draft, fields, tags, last, rules, creates=creates)
    key = f"sync{sync}:person{person}:event{last}"
    planned = []
    if fields:
        planned.append(
            Planned(command=UpdateContact(fields={**fields}), idempotency_key=f"{key}:update", event_id=last)
        )
    if tags:
        planned.append(Planned(command=AddTags(tags=tags), idempotency_key=f"{key}:tags", event_id=last))
    return planned


def _plan_new(
    sync: SyncId,
    person: PersonId,
    generation: int,
    draft: Contact,
    fields: dict[str, str],
    tags: frozenset[str],
    event_id: int,
    rules: Rules,
    *,
    creates: bool,
) -> list[Planned]:
    if not creates or (draft.phone is None and draft.email is None):
        return []
    key = f"sync{sync}:person{person}:contact.create:{generation}"
    if rules.forbids_duplicates:
        create = CreateContact(fields=fields, tags=tags)
        return [Planned(command=create, idempotency_key=key, event_id=event_id)]
    return [Planned(command=UpsertContact(fields=fields), idempotency_key=key, event_id=event_id)]


def plan_notes(sync: SyncId, heard: Sequence[Heard]) -> list[Planned]:
    """One note for each occurrence that the definition wants one for."""
    planned = []
    for one in heard:
        if one.desired.note is None:
            continue
        reference = note_reference(sync, one.occurrence)
        body = f"{one.desired.note}\n[tl:{reference}]"
        key = f"sync{sync}:{one.occurrence}:note"
        planned.append(
            Planned(
                command=AddNote(body=body, reference=reference), idempotency_key=key, event_id=one.event_id
            )
        )
    return planned


def note_reference(sync: SyncId, occurrence: str) -> str:
    """Short mark of one occurrence: by it a note is found again after an unclear answer."""
    digest = blake2b(f"{sync}\0{occurrence}".encode(), digest_size=10).digest()
    return base64.b32encode(digest).decode().lower()


def differing(draft: Contact, contact: Contact | None) -> dict[str, str]:
    """Fields of `draft` that `contact` lacks or has otherwise; never an absence."""
    found: dict[str, str] = {}
    for name in _NAMES:
        value = getattr(draft, name)
        if value is not None and (contact is None or value != getattr(contact, name)):
            found[name] = value
    before = contact.custom if contact else {}
    for key, value in draft.custom.items():
        if before.get(key) != value:
            found[f"custom.{key}"] = value
    return found


_NAMES = tuple(
    name for name in Contact.__struct_fields__ if name not in ("id", "tags", "custom", *ABOUT_THE_RECORD)
)
