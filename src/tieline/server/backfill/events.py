"""What a row of history says: how a record stands, as the list of its side shows it.

`contact.backfilled` is told of people who are not linked yet, `contact.reconciled` of everybody: what differs is then
brought over by the rules, though nobody changed it.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec

from tieline.connectors.contacts_api import shapes
from tieline.connectors.contacts_api.items import note_of, task_of
from tieline.connectors.contacts_api.location import LocationFacts
from tieline.connectors.contacts_api.records import as_text, contact_of_record
from tieline.connectors.contacts_api.shapes_calendars import Event
from tieline.connectors.nimbata import items as nimbata_items
from tieline.connectors.nimbata import people as nimbata_people
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.domain.change import ItemChanged, RecordChanged
from tieline.domain.items import ItemKind
from tieline.engine.drain import Loaded
from tieline.errors import UnreadableError
from tieline.mapping.reference import split_reference

BACKFILLED, RECONCILED = "contact.backfilled", "contact.reconciled"
_NAME = re.compile(r"(contact|task|note|appointment)\.(backfilled|reconciled)")
_ITEMS: dict[str, ItemKind] = {"task": "task", "note": "note", "appointment": "appointment"}


def item_event(kind: ItemKind) -> str:
    """The kind of event that tells of such an item."""
    return f"{kind}.backfilled"


def is_history(kind: str) -> bool:
    """Whether events of this kind are rows of history."""
    return _NAME.fullmatch(kind) is not None


def contacts_history(loaded: Loaded, facts: LocationFacts) -> RecordChanged | ItemChanged:
    """A row of the CRM's. Raises UnreadableError."""
    subject = loaded.kind.partition(".")[0]
    try:
        if subject == "contact":
            return _contact(msgspec.json.decode(loaded.body, type=shapes.ContactRecord), loaded, facts)
        return _item(_ITEMS[subject], loaded.body)
    except msgspec.DecodeError as error:
        raise UnreadableError(f"this row of history cannot be read: {error}") from error


def nimbata_history(
    loaded: Loaded, config: NimbataConfig, *, country: str | None, custom: Collection[str]
) -> RecordChanged | ItemChanged:
    """A row of the call-tracking account's. Raises UnreadableError."""
    subject = loaded.kind.partition(".")[0]
    if subject in _ITEMS:
        return nimbata_items.item_change(loaded.body, f"{subject}.changed", config)
    told = nimbata_people.record_row(loaded.body, config, country=country, custom=custom)
    return msgspec.structs.replace(told, thorough=loaded.kind == RECONCILED)


def _contact(record: shapes.ContactRecord, loaded: Loaded, facts: LocationFacts) -> RecordChanged:
    """A search row: its index lags and its shape differs, so it proves no more than that nothing differs. Of somebody
    who is not known yet it is all that there is."""
    contact = contact_of_record(record, facts.custom_keys)
    return RecordChanged(
        side="contacts_api", record_id=record.id, record=msgspec.structs.replace(contact, updated_at=None),
        at=contact.updated_at, thorough=loaded.kind == RECONCILED,
    )  # fmt: skip


def _item(kind: ItemKind, body: bytes) -> ItemChanged:
    """A row of a list. A task that is somebody's, and an appointment, are read by id: lists show less."""
    match kind:
        case "task":
            task = msgspec.json.decode(body, type=shapes.Task)
            return ItemChanged(
                side="contacts_api", kind=kind, item_id=task.id, record_id=as_text(task.contact_id),
                item=task_of(task, {}) if as_text(task.assigned_to) is None else None,
                reference=split_reference(as_text(task.body))[1],
            )  # fmt: skip
        case "note":
            note = msgspec.json.decode(body, type=shapes.Note)
            return ItemChanged(
                side="contacts_api", kind=kind, item_id=note.id, record_id=as_text(note.contact_id),
                item=note_of(note), reference=split_reference(as_text(note.body))[1],
            )  # fmt: skip
        case "appointment":
            event = msgspec.json.decode(body, type=Event)
            return ItemChanged(
                side="contacts_api", kind=kind, item_id=event.id, record_id=as_text(event.contact_id)
            )  # fmt: skip
