"""What was decided, before it is journalled or sent."""

from __future__ import annotations

import msgspec


class CreateContact(msgspec.Struct, frozen=True, kw_only=True, tag="contact.create", omit_defaults=True):
    """A new record, with its tags; refused by the far side where the person exists already."""

    fields: dict[str, str]
    tags: frozenset[str] = frozenset()


class UpsertContact(msgspec.Struct, frozen=True, kw_only=True, tag="contact.upsert", omit_defaults=True):
    """Create or update by match key, for locations that allow duplicates. Never carries tags: they would overwrite."""

    fields: dict[str, str]


class UpdateContact(msgspec.Struct, frozen=True, kw_only=True, tag="contact.update", omit_defaults=True):
    """Only the fields that differ."""

    fields: dict[str, str]


class AddTags(msgspec.Struct, frozen=True, kw_only=True, tag="contact.add_tags", omit_defaults=True):
    """Tags that are missing; those present stay."""

    tags: frozenset[str]


class AddNote(msgspec.Struct, frozen=True, kw_only=True, tag="note.create", omit_defaults=True):
    """One note. `reference` stands in its last line, so that it can be found again."""

    body: str
    reference: str


Command = CreateContact | UpsertContact | UpdateContact | AddTags | AddNote


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A command with its place in the world."""

    command: Command
    #: Same key, same effect, whatever is repeated or killed.
    idempotency_key: str
    #: The event that asked for it (of several merged ones, the last).
    event_id: int
