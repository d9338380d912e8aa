"""What a `derived` account would tell of its tasks, notes and appointments, told by us: we keep them for it.

The body is the envelope of nimbata.md, B4, so that an event of ours and one of a `native` account are alike; it is
read back here and not by the account's settings, which may rename or flatten what the account itself sends.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from tieline.domain.change import ItemChanged
from tieline.domain.items import Appointment, AppointmentStatus, Item, ItemKind, Note, Task
from tieline.errors import UnreadableError
from tieline.inbox.receive import delivery_key
from tieline.store.directory import Directory, StoredConnection
from tieline.store.event_bodies import event_place
from tieline.store.own_items import OwnItem
from tieline.store.pool import Connection
from tieline.store.queries import query

Change = Literal["created", "updated", "completed", "deleted"]
#: Event → what it is about.
OWN_EVENTS: dict[str, ItemKind] = {
    "task.changed": "task", "note.changed": "note", "appointment.changed": "appointment",
}  # fmt: skip
#: Ours → theirs, where they differ.
_NAMES = {"starts_at": "start_time", "ends_at": "end_time"}


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """`data` of the envelope."""

    id: str
    contact_id: str
    change: Change
    title: str | None = None
    body: str | None = None
    due_at: datetime | None = None
    completed: bool = False
    start_time: datetime | None = None
    end_time: datetime | None = None
    timezone: str | None = None
    status: AppointmentStatus = "new"
    location: str | None = None
    notes: str | None = None
    assignee: str | None = None
    updated_at: datetime


class _Envelope(msgspec.Struct, frozen=True, kw_only=True):
    event: str
    occurred_at: datetime
    data: _Told


_decode = msgspec.json.Decoder(_Envelope)


def own_event(
    connection: StoredConnection, own: OwnItem, change: Change, changes: Sequence[str] = ()
) -> bytes:
    """The body that tells of an item as it stands now. `changes` are our names of what was changed."""
    values = msgspec.structs.asdict(own.item)
    resource = {_NAMES.get(name, name): value for name, value in values.items()}
    envelope: dict[str, Any] = {
        "id": f"evt_{own.id}_{own.version}",
        "event": f"{own.kind}.changed",
        "occurred_at": own.updated_at,
        "account": connection.account,
        "project_id": own.project,
        "test": False,
        "changes": [_NAMES.get(name, name) for name in changes],
        "data": {
            **resource,
            "contact_id": own.person,
            "change": change,
            "created_at": own.created_at,
            "version": own.version,
            **({"deleted_at": own.deleted_at} if own.deleted_at is not None else {}),
        },
    }
    return msgspec.json.encode(envelope)


def parse_own_event(body: bytes) -> ItemChanged:
    """What such an event says; `record_id` is a derived person's. Raises UnreadableError."""
    try:
        told = _decode.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableError(f"this is no event of an item that we keep: {error}") from error
    kind = OWN_EVENTS.get(told.event)
    if kind is None:
        raise UnreadableError(f"{told.event} is no event of an item that we keep")
    return ItemChanged(
        side="nimbata", kind=kind, item_id=told.data.id, record_id=told.data.contact_id,
        item=_item(kind, told.data), removed=told.data.change == "deleted", at=told.occurred_at,
    )  # fmt: skip


def _item(kind: ItemKind, told: _Told) -> Item:
    match kind:
        case "task":
            return Task(
                id=told.id, title=told.title or "", body=told.body, due_at=told.due_at,
                completed=told.completed, assignee=told.assignee, updated_at=told.updated_at,
            )  # fmt: skip
        case "note":
            return Note(id=told.id, body=told.body or "", updated_at=told.updated_at)
        case "appointment":
            if told.start_time is None:
                raise UnreadableError("this appointment has no start_time")
            return Appointment(
                id=told.id, title=told.title, starts_at=told.start_time, ends_at=told.end_time,
                timezone=told.timezone, status=told.status, location=told.location, notes=told.notes,
                assignee=told.assignee, updated_at=told.updated_at,
            )  # fmt: skip


async def store_own_event(
    db: Connection,
    directory: Directory,
    connection: StoredConnection,
    own: OwnItem,
    change: Change,
    changes: Sequence[str] = (),
) -> int:
    """Hand the event to the syncs that want it and wake their lanes, within the caller's transaction; its number."""
    kind = f"{own.kind}.changed"
    body = own_event(connection, own, change, changes)
    key, ttl = delivery_key("manual", kind, f"{own.id}:{own.version}", body)
    syncs = directory.consumers(connection.id, own.project)
    row = await (await db.execute("SELECT nextval('event_id'), now() + %s", (ttl,))).fetchone()
    assert row is not None
    sealing = await db.keys.today()
    await db.execute(
        query("receive_events"),
        {
            "ids": [row[0]], "connection_ids": [connection.id], "keys": [key], "expires": [row[1]],
            "sources": ["manual"], "kinds": [kind], "projects": [own.project],
            "states": ["routed" if syncs else "unrouted"],
            "reasons": [None if syncs else "no sync wants events of this connection and project"],
            "bodies": [sealing.seal(event_place(row[0]), body)], "seals": [sealing.number],
            "route_events": [row[0] for _ in syncs],
            "route_consumers": [sync.id for sync in syncs], "route_lanes": [sync.lane_id for sync in syncs],
        },
    )  # fmt: skip
    if lanes := sorted({sync.lane_id for sync in syncs}):
        # Two statements, as with any intake: the second sees lanes that went to rest meanwhile.
        await db.execute(query("lock_lanes"), {"lanes": lanes})
        await db.execute(query("wake_lanes"), {"lanes": lanes})
    return int(row[0])
