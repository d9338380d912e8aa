"""What was decided, before it is journalled or sent."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tieline.domain.ids import ConnectionId
from tieline.domain.items import Item, ItemKind
from tieline.domain.side import Side


class CreateContact(msgspec.Struct, frozen=True, kw_only=True, tag="contact.create", omit_defaults=True):
    """A new record, with its tags; refused by the far side where the person exists already."""

    fields: dict[str, str]
    tags: frozenset[str] = frozenset()
    #: The other side's id of the person, where the record has a place for it.
    external_id: str | None = None


class UpsertContact(msgspec.Struct, frozen=True, kw_only=True, tag="contact.upsert", omit_defaults=True):
    """Create or update by match key, for locations that allow duplicates. Never carries tags: they would overwrite."""

    fields: dict[str, str]


class UpdateContact(msgspec.Struct, frozen=True, kw_only=True, tag="contact.update", omit_defaults=True):
    """Only the fields that differ; None clears one."""

    fields: dict[str, str | None]
    #: The record as it was when this was decided; one that changed since is not overwritten, where the side can tell.
    version: int | None = None


class DeleteContact(msgspec.Struct, frozen=True, kw_only=True, tag="contact.delete", omit_defaults=True):
    """The record goes, because its other side went and the sync's policy says so."""


class AddTags(msgspec.Struct, frozen=True, kw_only=True, tag="contact.add_tags", omit_defaults=True):
    """Tags that are missing; those present stay."""

    tags: frozenset[str]


class RemoveTags(msgspec.Struct, frozen=True, kw_only=True, tag="contact.remove_tags", omit_defaults=True):
    """Tags that were taken off on the other side; the rest stays."""

    tags: frozenset[str]


class AddNote(msgspec.Struct, frozen=True, kw_only=True, tag="note.create", omit_defaults=True):
    """One note about an activity. `reference` stands in its last line, so that it can be found again."""

    body: str
    reference: str


class CreateItem(msgspec.Struct, frozen=True, kw_only=True, tag="item.create", omit_defaults=True):
    """A task, note or appointment that the other side has. `item.id` is empty: the side gives it one."""

    item: Item
    #: By it the item is found again after an unclear answer: in its last line, or as the account's own mark.
    reference: str


class UpdateItem(msgspec.Struct, frozen=True, kw_only=True, tag="item.update", omit_defaults=True):
    """How an item is to stand; only `changed` is written."""

    item: Item
    changed: tuple[str, ...]
    #: The mark that stays in its last line, where the item is a copy of ours.
    reference: str | None = None


class DeleteItem(msgspec.Struct, frozen=True, kw_only=True, tag="item.delete", omit_defaults=True):
    """An item goes, because its other side went and the sync's policy says so."""

    kind: ItemKind
    item_id: str


Command = (
    CreateContact
    | UpsertContact
    | UpdateContact
    | DeleteContact
    | AddTags
    | RemoveTags
    | AddNote
    | CreateItem
    | UpdateItem
    | DeleteItem
)


class CallOperation(msgspec.Struct, frozen=True, kw_only=True, tag="operation.call"):
    """A call of any operation of the catalogue, whoever decided on it. No sync does."""

    connection: ConnectionId
    #: Id in the catalogue: "notes.create".
    operation: str
    #: The operation's input as JSON, by its names on the wire.
    input: msgspec.Raw
    #: As lasting as the idempotency key: it stands in the last line of a text that is written, to be found again.
    reference: str
    #: By our clock, before the first try: what the far side made earlier is somebody else's.
    decided_at: datetime


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A command with its place in the world."""

    command: Command
    #: Same key, same effect, whatever is repeated or killed.
    idempotency_key: str
    #: The event that asked for it (of several merged ones, the last).
    event_id: int
    #: Where it is carried out.
    side: Side = "contacts_api"
