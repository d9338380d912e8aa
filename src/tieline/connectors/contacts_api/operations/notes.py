"""Notes of a contact."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue.spec import AnyOperation, LookUp, Operation
from tieline.connectors.contacts_api.shapes import Note
from tieline.connectors.contacts_api.versions import CONTACTS, SETTLE_S
from tieline.connectors.kit.answer import Deleted

Text = str | UnsetType
_READ, _WRITE = ("contacts.readonly",), ("contacts.write",)


class NotesOf(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose notes."""

    contact_id: str


class NoteId(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which note of which contact."""

    contact_id: str
    id: str


class CreateNote(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new note. A line of our own in `body` is how it is found again."""

    contact_id: str
    body: str
    #: A user of the location; the location's id is refused here.
    user_id: Text = UNSET
    title: Text = UNSET
    #: "#RRGGBB".
    color: Text = UNSET
    pinned: bool | UnsetType = UNSET


class UpdateNote(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Changes of a note; UNSET stays as it is."""

    contact_id: str
    id: str
    body: Text = UNSET
    user_id: Text = UNSET
    title: Text = UNSET
    color: Text = UNSET
    pinned: bool | UnsetType = UNSET


class NoteAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One note, as it stands now."""

    note: Note
    trace_id: str | None = None


class NotesAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All notes of a contact; there is no paging."""

    notes: list[Note] = []
    trace_id: str | None = None


LIST = Operation[NotesOf, NotesAnswer](
    id="notes.list", app="contacts_api", title="List the notes of a contact",
    description="All notes of one contact. Notes cannot be listed across a location.",
    method="GET", path="/contacts/{contactId}/notes", input=NotesOf, output=NotesAnswer, version=CONTACTS,
    scopes=_READ, idempotent=True, source="contacts.json#get-all-notes",
)  # fmt: skip

_CREATED = LookUp[CreateNote, NotesOf, NotesAnswer, Note](
    kind="list", operation="notes.list", settle_s=SETTLE_S, ask=lambda given: NotesOf(contact_id=given.contact_id),
    rows=lambda answer: answer.notes, mark="body",
)  # fmt: skip

CREATE = Operation[CreateNote, NoteAnswer](
    id="notes.create", app="contacts_api", title="Add a note to a contact",
    description="Makes one note. The vendor takes the same note twice as two notes.",
    method="POST", path="/contacts/{contactId}/notes", input=CreateNote, output=NoteAnswer, version=CONTACTS,
    scopes=_WRITE, look_up=_CREATED,
    source="contacts.json#create-note",
)  # fmt: skip

GET = Operation[NoteId, NoteAnswer](
    id="notes.get", app="contacts_api", title="Get a note", description="One note by its id.",
    method="GET", path="/contacts/{contactId}/notes/{id}", input=NoteId, output=NoteAnswer, version=CONTACTS,
    scopes=_READ, idempotent=True, source="contacts.json#get-note",
)  # fmt: skip

UPDATE = Operation[UpdateNote, NoteAnswer](
    id="notes.update", app="contacts_api", title="Update a note",
    description="Writes only what is given.",
    method="PUT", path="/contacts/{contactId}/notes/{id}", input=UpdateNote, output=NoteAnswer,
    version=CONTACTS, scopes=_WRITE, idempotent=True, source="contacts.json#update-note",
)  # fmt: skip

DELETE = Operation[NoteId, Deleted](
    id="notes.delete", app="contacts_api", title="Delete a note",
    description="Removes a note. One that is not there counts as removed.",
    method="DELETE", path="/contacts/{contactId}/notes/{id}", input=NoteId, output=Deleted, version=CONTACTS,
    scopes=_WRITE, idempotent=True, source="contacts.json#delete-note",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (LIST, CREATE, GET, UPDATE, DELETE)
