"""Notes of a contact. Source: contacts-api.md, section 5."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue.spec import LookUp, Operation
from tieline.connectors.contacts_api.operations.contacts import APP, READ, SETTLE_S, SOURCE, VERSION, WRITE
from tieline.connectors.contacts_api.operations.wire import ContactIdInput, Succeeded


class WireNote(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One note."""

    id: str
    body: str | None = None
    title: str | None = None
    user_id: str | None = None
    date_added: str | None = None
    contact_id: str | None = None


class NotesAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """All notes of a contact, at once."""

    notes: list[WireNote] = []


class NoteAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One note."""

    note: WireNote


class CreateNoteInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new note; `user_id` must be a user of the location."""

    contact_id: str
    body: str
    user_id: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    color: str | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET


class NoteIdInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A call about one note."""

    contact_id: str
    id: str


class UpdateNoteInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Only what changes."""

    contact_id: str
    id: str
    body: str | UnsetType = UNSET
    user_id: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    color: str | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET


LIST_NOTES: Operation[ContactIdInput, NotesAnswer] = Operation(
    id="notes.list", app=APP, title="List the notes of a contact", description="All at once, as they stand now.",
    method="GET", path="/contacts/{contactId}/notes", input=ContactIdInput, output=NotesAnswer, version=VERSION,
    scopes=READ, idempotent=True, source=SOURCE,
)  # fmt: skip
CREATE_NOTE: Operation[CreateNoteInput, NoteAnswer] = Operation(
    id="notes.create", app=APP, title="Add a note to a contact",
    description="A second call makes a second note; a reference line tells whether the first took effect.",
    method="POST", path="/contacts/{contactId}/notes", input=CreateNoteInput, output=NoteAnswer, version=VERSION,
    scopes=WRITE, look_up=LookUp(kind="list", operation="notes.list", settle_s=SETTLE_S), source=SOURCE,
)  # fmt: skip
GET_NOTE: Operation[NoteIdInput, NoteAnswer] = Operation(
    id="notes.get", app=APP, title="Get a note", description="One note by id.",
    method="GET", path="/contacts/{contactId}/notes/{id}", input=NoteIdInput, output=NoteAnswer, version=VERSION,
    scopes=READ, idempotent=True, source=SOURCE,
)  # fmt: skip
UPDATE_NOTE: Operation[UpdateNoteInput, NoteAnswer] = Operation(
    id="notes.update", app=APP, title="Change a note", description="Changes the given fields and no others.",
    method="PUT", path="/contacts/{contactId}/notes/{id}", input=UpdateNoteInput, output=NoteAnswer, version=VERSION,
    scopes=WRITE, idempotent=True, source=SOURCE,
)  # fmt: skip
DELETE_NOTE: Operation[NoteIdInput, Succeeded] = Operation(
    id="notes.delete", app=APP, title="Delete a note", description="Deletes one note.",
    method="DELETE", path="/contacts/{contactId}/notes/{id}", input=NoteIdInput, output=Succeeded, version=VERSION,
    scopes=WRITE, idempotent=True, source=SOURCE,
)  # fmt: skip

OPERATIONS = (LIST_NOTES, CREATE_NOTE, GET_NOTE, UPDATE_NOTE, DELETE_NOTE)
