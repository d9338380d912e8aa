"""Contacts with their tags and DND, notes and tasks."""

from __future__ import annotations

from typing import Any

from tieline.catalogue.spec import AnyTrigger, Trigger
from tieline.connectors.contacts_api.shapes import Loose
from tieline.connectors.contacts_api.triggers.told import FieldValue, Told

_READ = ("contacts.readonly",)


class ContactTold(Told, frozen=True, kw_only=True, rename="camel"):
    """The whole contact as it is now; what changed is not said. Attachments never come (issue 324)."""

    id: Loose = None
    first_name: Loose = None
    last_name: Loose = None
    name: Loose = None
    email: Loose = None
    phone: Loose = None
    company_name: Loose = None
    address1: Loose = None
    city: Loose = None
    state: Loose = None
    postal_code: Loose = None
    country: Loose = None
    website: Loose = None
    timezone: Loose = None
    source: Loose = None
    date_of_birth: Loose = None
    assigned_to: Loose = None
    dnd: Loose = None
    #: By channel: {"status", "message", "code"}; `active` means that the channel is blocked.
    dnd_settings: dict[str, Any] | None = None
    #: All of them, in lower case.
    tags: list[Any] | None = None
    custom_fields: list[FieldValue] | None = None
    attachments: list[Any] | None = None
    date_added: Loose = None


class NoteTold(Told, frozen=True, kw_only=True, rename="camel"):
    """A note without its author and title (issue 312)."""

    id: Loose = None
    body: Loose = None
    contact_id: Loose = None
    date_added: Loose = None


class TaskTold(Told, frozen=True, kw_only=True, rename="camel"):
    """A task; `contact_id` and `body` may be missing (issue 332)."""

    id: Loose = None
    title: Loose = None
    body: Loose = None
    assigned_to: Loose = None
    contact_id: Loose = None
    date_added: Loose = None
    due_date: Loose = None


CONTACT_CREATED = Trigger[ContactTold](
    id="contacts.created", app="contacts_api", title="Contact created", event="ContactCreate",
    types=("ContactCreate",), scopes=_READ, output=ContactTold, source="webhook-events/ContactCreate.json",
    stream="contact", description="A contact was created, by whomever: a person, a form, or the API.",
)  # fmt: skip

CONTACT_UPDATED = Trigger[ContactTold](
    id="contacts.updated", app="contacts_api", title="Contact updated", event="ContactUpdate",
    types=("ContactUpdate",), scopes=_READ, output=ContactTold, source="webhook-events/ContactUpdate.json",
    stream="contact", description="A field of a contact changed. Every field is told, and not which of them changed.",
)  # fmt: skip

CONTACT_DELETED = Trigger[ContactTold](
    id="contacts.deleted", app="contacts_api", title="Contact deleted", event="ContactDelete",
    types=("ContactDelete",), scopes=_READ, output=ContactTold, source="webhook-events/ContactDelete.json",
    stream="walk", description="A contact was deleted; it is told as it was at last.",
)  # fmt: skip

TAGS_CHANGED = Trigger[ContactTold](
    id="contacts.tags_changed", app="contacts_api", title="Contact tags changed", event="ContactTagUpdate",
    types=("ContactTagUpdate",), scopes=_READ, output=ContactTold, source="webhook-events/ContactTagUpdate.json",
    stream="contact", description="Tags were added or removed. All tags are told, and not which of them are new.",
)  # fmt: skip

DND_CHANGED = Trigger[ContactTold](
    id="contacts.dnd_changed", app="contacts_api", title="Contact do-not-disturb changed",
    event="ContactDndUpdate", types=("ContactDndUpdate",), scopes=_READ, output=ContactTold,
    source="webhook-events/ContactDndUpdate.json", stream="contact",
    description="A contact was put on do-not-disturb, or taken off it. Of the inbound kind nothing is told.",
)  # fmt: skip

NOTE_CREATED = Trigger[NoteTold](
    id="notes.created", app="contacts_api", title="Note added", event="NoteCreate", types=("NoteCreate",),
    scopes=_READ, output=NoteTold, source="webhook-events/NoteCreate.json",
    stream="walk", description="A note was added to a contact.",
)  # fmt: skip

NOTE_UPDATED = Trigger[NoteTold](
    id="notes.updated", app="contacts_api", title="Note edited", event="NoteUpdate", types=("NoteUpdate",),
    scopes=_READ, output=NoteTold, source="webhook-events/NoteUpdate.json",
    stream="walk", description="A note of a contact was edited.",
)  # fmt: skip

NOTE_DELETED = Trigger[NoteTold](
    id="notes.deleted", app="contacts_api", title="Note deleted", event="NoteDelete", types=("NoteDelete",),
    scopes=_READ, output=NoteTold, source="webhook-events/NoteDelete.json",
    stream="walk", description="A note of a contact was deleted.",
)  # fmt: skip

TASK_CREATED = Trigger[TaskTold](
    id="tasks.created", app="contacts_api", title="Task created", event="TaskCreate", types=("TaskCreate",),
    scopes=_READ, output=TaskTold, source="webhook-events/TaskCreate.json",
    stream="task", description="A task was added to a contact.",
)  # fmt: skip

TASK_COMPLETED = Trigger[TaskTold](
    id="tasks.completed", app="contacts_api", title="Task completed", event="TaskComplete",
    types=("TaskComplete",), scopes=_READ, output=TaskTold, source="webhook-events/TaskComplete.json",
    stream="task", description="A task was marked as done.",
)  # fmt: skip

TASK_DELETED = Trigger[TaskTold](
    id="tasks.deleted", app="contacts_api", title="Task deleted", event="TaskDelete", types=("TaskDelete",),
    scopes=_READ, output=TaskTold, source="webhook-events/TaskDelete.json",
    stream="task", description="A task of a contact was deleted.",
)  # fmt: skip

TRIGGERS: tuple[AnyTrigger, ...] = (
    CONTACT_CREATED, CONTACT_UPDATED, CONTACT_DELETED, TAGS_CHANGED, DND_CHANGED, NOTE_CREATED, NOTE_UPDATED,
    NOTE_DELETED, TASK_CREATED, TASK_COMPLETED, TASK_DELETED,
)  # fmt: skip
