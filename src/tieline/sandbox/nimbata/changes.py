"""Every way in which the account changes; each gives the event that tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tieline.sandbox.nimbata.account import Account
from tieline.sandbox.nimbata.campaigns import answered
from tieline.sandbox.nimbata.contact_book import Duplicate
from tieline.sandbox.nimbata.contact_input import next_state
from tieline.sandbox.nimbata.item_changes import check_version
from tieline.sandbox.nimbata.milestones import by_contact
from tieline.sandbox.nimbata.problems import duplicate, not_found
from tieline.sandbox.nimbata.records import (
    Call,
    Comment,
    Contact,
    Event,
    Form,
    Text,
)

Tags = tuple[str, ...]


def event_of(
    account: Account, name: str, resource: Call | Form | Text | Contact, changes: tuple[str, ...] = ()
) -> Event:
    """The event that tells of `resource` as it is now."""
    return Event(
        id=account.mint("evt"),
        event=name,
        occurred_at=account.now(),
        project_id=resource.project_id,
        resource=account.shown(resource) if isinstance(resource, Contact) else resource,
        changes=changes,
    )


def start_call(account: Account, call: Call, phone: str | None) -> Event:
    """A call rings; it is in no list before it ends. `phone` as in `store_call`."""
    call = msgspec.structs.replace(call, contact_id=_contact_of(account, call.project_id, phone))
    account.ongoing[call.id] = (call, phone)
    return event_of(account, "call.started", call)


def store_call(account: Account, call: Call, phone: str | None) -> Event:
    """A call ended. `phone` is the other party's number in E.164, None where it is withheld."""
    times = account.note_call(call.project_id, phone, call.start_time)
    call = msgspec.structs.replace(
        call, contact_id=_contact_of(account, call.project_id, phone), times_called=times
    )
    account.calls.add(call, call.start_time)
    return event_of(account, "call.completed", call)


def store_form(account: Account, form: Form, phone: str | None, email: str | None) -> Event:
    """A form came in."""
    account.note_activity(form.project_id, phone, form.submitted_at)
    contact_id = _contact_of(account, form.project_id, phone, email)
    form = msgspec.structs.replace(form, contact_id=contact_id)
    account.forms.add(form, form.submitted_at)
    return event_of(account, "form.submitted", form)


def store_text(account: Account, text: Text, phone: str | None) -> Event:
    """A text message came in."""
    account.note_activity(text.project_id, phone, text.received_at)
    campaign = None
    if account.quirks.mode == "native":
        campaign = answered(account.campaigns[text.project_id], text)
    text = msgspec.structs.replace(
        text,
        contact_id=_contact_of(account, text.project_id, phone),
        campaign_id=None if campaign is None else campaign.id,
    )
    account.texts.add(text, text.received_at)
    return event_of(account, "sms.received", text)


def change_call(account: Account, call: Call, **values: Any) -> tuple[Call, Event | None]:
    """Set fields of a call; no event where nothing differs."""
    changes = tuple(name for name, value in values.items() if getattr(call, name) != value)
    if not changes:
        return call, None
    call = msgspec.structs.replace(call, **values, updated_at=account.now())
    account.calls.replace(call)
    return call, event_of(account, "call.updated", call, changes)


def comment_call(account: Account, call: Call, body: str) -> tuple[Comment, Event]:
    """Add a comment to a call."""
    comment = Comment(id=account.mint("ncm"), body=body, created_at=account.now())
    _, event = change_call(account, call, comments=(*call.comments, comment))
    assert event is not None
    return comment, event


def create_contact(
    account: Account, project: str, body: Mapping[str, Any]
) -> tuple[Contact, list[str], Event]:
    """A new contact out of a request's keys, with the warnings that they earned. Raises Problem 409 or 422."""
    at = account.now()
    blank = Contact(id="", project_id=project, created_at=at, updated_at=at)
    contact, _, warnings = next_state(blank, body, account.countries[project])
    contact = msgspec.structs.replace(contact, id=account.mint("nct"))
    _save(account, contact)
    _begin(account, contact)
    return contact, warnings, event_of(account, "contact.created", contact)


def change_contact(
    account: Account, contact: Contact, body: Mapping[str, Any]
) -> tuple[Contact, list[str], Event | None]:
    """The contact after a request's keys; version, time and event only where something differs.

    Raises Problem 409 when `version` is given and stale, or phone or e-mail is another's, and 422.
    """
    wanted = dict(body)
    check_version(wanted.pop("version", None), contact.version, "contact", account.shown(contact))
    after, changes, warnings = next_state(contact, wanted, account.countries[contact.project_id])
    if not changes:
        return contact, warnings, None
    return _changed(account, after, changes, warnings)


def tag_contact(account: Account, contact: Contact, tags: Tags, *, add: bool) -> tuple[Contact, Event | None]:
    """Add or remove tags."""
    after = msgspec.structs.replace(contact, tags=with_tags(contact.tags, tags, add=add))
    if after.tags == contact.tags:
        return contact, None
    after, _, event = _changed(account, after, ("tags",), [])
    return after, event


def delete_contact(account: Account, contact: Contact) -> Event:
    """The contact is gone from lists that do not ask for deleted ones; its phone and e-mail are free again."""
    at = account.now()
    gone = msgspec.structs.replace(contact, deleted_at=at, updated_at=at, version=contact.version + 1)
    account.contacts.save(gone)
    return event_of(account, "contact.deleted", gone)


def with_tags(before: Tags, tags: Tags, *, add: bool) -> Tags:
    """`before` with `tags` or without them; case does not count, and a tag keeps its first spelling."""
    if add:
        kept: dict[str, str] = {}
        for tag in (*before, *tags):
            kept.setdefault(tag.casefold(), tag)
        return tuple(kept.values())
    gone = {tag.casefold() for tag in tags}
    return tuple(tag for tag in before if tag.casefold() not in gone)


def live_contact(account: Account, contact_id: str) -> Contact:
    """The contact. Raises Problem 404 where it is not there or deleted."""
    contact = account.contacts.get(contact_id)
    if contact is None or contact.deleted_at is not None:
        raise not_found("contact")
    return contact


def _changed(
    account: Account, after: Contact, changes: tuple[str, ...], warnings: list[str]
) -> tuple[Contact, list[str], Event]:
    after = msgspec.structs.replace(after, updated_at=account.now(), version=after.version + 1)
    _save(account, after)
    return after, warnings, event_of(account, "contact.updated", after, changes)


def _save(account: Account, contact: Contact) -> None:
    try:
        account.contacts.save(contact)
    except Duplicate as error:
        raise duplicate(error.kind, error.existing_id) from None


def _begin(account: Account, contact: Contact) -> None:
    """What a new contact has reached already."""
    reach = account.milestones.reach
    touches = account.touches(contact)
    if touches is not None:
        reach(contact.id, "first_touch", touches[0])
    reach(contact.id, "lead_created", contact.created_at)
    for name in by_contact(contact, tags_count=account.quirks.contact_tags_reach_milestones):
        reach(contact.id, name, contact.created_at)
    if touches is not None:
        reach(contact.id, "last_touch", touches[1])


def _contact_of(account: Account, project: str, phone: str | None, email: str | None = None) -> str | None:
    if account.quirks.mode == "derived":
        return None
    book = account.contacts
    found = book.holder(project, "phone", phone) or book.holder(project, "email", email)
    return None if found is None else found.id
