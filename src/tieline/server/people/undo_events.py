"""The event by which something is put back: stored like any other, for one sync, and read by its lane's owner."""

from __future__ import annotations

import secrets

import msgspec

from tieline.domain.undo import UNDO_EVENT, RecordUndo
from tieline.engine.drain import Loaded
from tieline.engine.read import Read
from tieline.errors import UnreadableError
from tieline.inbox.receive import delivery_key
from tieline.store.directory import StoredSync
from tieline.store.event_bodies import event_place
from tieline.store.pool import Connection
from tieline.store.queries import query

_decode = msgspec.json.Decoder(RecordUndo)


def read_undo(loaded: Loaded) -> Read:
    """What such an event asks for. Raises UnreadableError."""
    try:
        undo = _decode.decode(loaded.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableError(f"this is no event by which something is put back: {error}") from error
    return Read(
        occurrence=f"{UNDO_EVENT}:{loaded.event_id}", keys=(("contact", undo.contact_id),), change=undo,
        introduces=False,
    )  # fmt: skip


async def store_undo(db: Connection, sync: StoredSync, undo: RecordUndo) -> int:
    """Hand it to the sync and wake its lane, within the caller's transaction; the event's number."""
    body = msgspec.json.encode(undo)
    # Each one counts: to put the same back twice is an honest wish.
    key, ttl = delivery_key("manual", UNDO_EVENT, secrets.token_hex(16), body)
    row = await (await db.execute("SELECT nextval('event_id'), now() + %s", (ttl,))).fetchone()
    assert row is not None, "a sequence always gives a number"
    sealing = await db.keys.today()
    await db.execute(
        query("receive_events"),
        {
            "ids": [row[0]], "connection_ids": [sync.target_id], "keys": [key], "expires": [row[1]],
            "sources": ["manual"], "kinds": [UNDO_EVENT], "projects": [sync.project or None],
            "states": ["routed"], "reasons": [None], "bodies": [sealing.seal(event_place(row[0]), body)],
            "seals": [sealing.number], "route_events": [row[0]], "route_consumers": [sync.id],
            "route_lanes": [sync.lane_id],
        },
    )  # fmt: skip
    # Two statements, as with any intake: the second sees lanes that went to rest meanwhile.
    await db.execute(query("lock_lanes"), {"lanes": [sync.lane_id]})
    await db.execute(query("wake_lanes"), {"lanes": [sync.lane_id]})
    return int(row[0])
