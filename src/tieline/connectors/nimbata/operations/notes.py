"""Notes of a contact, in a `native` account: assumed."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue.spec import AnyOperation, LookUp, Operation
from tieline.connectors.kit.answer import Deleted
from tieline.connectors.nimbata.operations.inputs import (
    ACCOUNT,
    PAGE,
    SETTLE_S,
    OfContact,
    Text,
    TextOrNone,
)
from tieline.connectors.nimbata.rows import PAGED, One, Rows
from tieline.connectors.nimbata.shapes import NoteRecord

_ALL = f"{ACCOUNT}/contacts/{{id}}/notes"
_ONE = f"{_ALL}/{{note}}"


class CreateNote(msgspec.Struct, frozen=True, kw_only=True):
    """A new note."""

    account: Text = UNSET
    contact_id: str = msgspec.field(name="id")
    body: str
    #: E-mail of a user of the account.
    author: TextOrNone = UNSET
    #: A call of the contact's project.
    call_id: TextOrNone = UNSET


class NoteId(msgspec.Struct, frozen=True, kw_only=True):
    """Which note of which contact."""

    account: Text = UNSET
    contact_id: str = msgspec.field(name="id")
    note_id: str = msgspec.field(name="note")


class UpdateNote(NoteId, frozen=True, kw_only=True):
    """Changes of a note; UNSET stays, None clears. A stale `version` is a 409."""

    body: Text = UNSET
    author: TextOrNone = UNSET
    call_id: TextOrNone = UNSET
    version: int | UnsetType = UNSET


LIST_NOTES = Operation[OfContact, Rows[NoteRecord]](
    id="nimbata.note.list", app="nimbata", title="List the notes of a contact",
    description="Oldest change first.", method="GET", path=_ALL, query=PAGE | {"updated_since"},
    input=OfContact, output=Rows[NoteRecord], idempotent=True, paging=PAGED, status="assumption",
    source="nimbata.md#B3",
)  # fmt: skip

_CREATED = LookUp[CreateNote, OfContact, Rows[NoteRecord], NoteRecord](
    kind="list", operation="nimbata.note.list", settle_s=SETTLE_S,
    ask=lambda given: OfContact(account=given.account, contact_id=given.contact_id),
    rows=lambda answer: answer.rows, mark="body",
)  # fmt: skip

CREATE_NOTE = Operation[CreateNote, One[NoteRecord]](
    id="nimbata.note.create", app="nimbata", title="Add a note to a contact",
    description="Sent twice, it stands twice.", method="POST", path=_ALL, input=CreateNote,
    output=One[NoteRecord], look_up=_CREATED,
    status="assumption", source="nimbata.md#B3",
)  # fmt: skip

UPDATE_NOTE = Operation[UpdateNote, One[NoteRecord]](
    id="nimbata.note.update", app="nimbata", title="Change a note",
    description="Writes only what is given.", method="PUT", path=_ONE, input=UpdateNote,
    output=One[NoteRecord], idempotent=True, status="assumption", source="nimbata.md#B3",
)  # fmt: skip

DELETE_NOTE = Operation[NoteId, Deleted](
    id="nimbata.note.delete", app="nimbata", title="Delete a note",
    description="One that is not there counts as removed.", method="DELETE", path=_ONE, input=NoteId,
    output=Deleted, idempotent=True, status="assumption", source="nimbata.md#B3",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (LIST_NOTES, CREATE_NOTE, UPDATE_NOTE, DELETE_NOTE)
