"""Tasks, notes and appointments of a `derived` account, which we keep for it.

All functions run within the caller's transaction, so that a change and whatever tells of it are one commit.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

import msgspec

from tieline.domain.ids import ConnectionId
from tieline.domain.items import Item, ItemKind, kind_of
from tieline.store.keyring import CLEAR, Keys
from tieline.store.pool import Connection
from tieline.store.queries import query

Database = Connection
_PREFIXES: dict[ItemKind, str] = {"task": "otk", "note": "ont", "appointment": "oap"}
_decode: msgspec.json.Decoder[Item] = msgspec.json.Decoder(Item)


class NewOwnItem(msgspec.Struct, frozen=True, kw_only=True):
    """One to be kept."""

    connection_id: ConnectionId
    project: str
    #: Id of a derived person.
    person: str
    #: Its id and time are ours to give.
    item: Item
    #: Same reference, same item; None = always a new one.
    reference: str | None = None


class OwnItem(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `own_item`."""

    id: str
    connection_id: ConnectionId
    project: str
    person: str
    kind: ItemKind
    #: With our id, and the time of its last change.
    item: Item
    reference: str | None
    #: Rises with each change, from 1.
    version: int
    created_at: datetime
    updated_at: datetime
    #: None = it is there.
    deleted_at: datetime | None


async def create(db: Database, new: NewOwnItem) -> tuple[OwnItem, bool]:
    """Keep an item. False beside the one that was made by this reference before, be it deleted meanwhile."""
    kind = kind_of(new.item)
    item_id = f"{_PREFIXES[kind]}_{secrets.token_hex(8)}"
    made = await _one(
        db, "create_own_item", id=item_id, connection=new.connection_id, project=new.project, person=new.person,
        kind=kind, reference=new.reference, **_sealed(db.keys, item_id, new.item),
    )  # fmt: skip
    if made is not None:
        return made, True
    assert new.reference is not None, "without a reference nothing stands in the way"
    before = await find(db, new.connection_id, new.reference)
    assert before is not None, "rows are never taken out"
    return before, False


async def load(db: Database, item_id: str) -> OwnItem | None:
    """The item, also a deleted one."""
    return await _one(db, "load_own_item", id=item_id)


async def lock(db: Database, item_id: str) -> OwnItem | None:
    """The item as it stays until the transaction ends, also a deleted one."""
    return await _one(db, "lock_own_item", id=item_id)


async def find(db: Database, connection: ConnectionId, reference: str) -> OwnItem | None:
    """What was made by this reference, also where it is deleted."""
    return await _one(db, "find_own_item", connection=connection, reference=reference)


async def change(db: Database, before: OwnItem, item: Item) -> OwnItem | None:
    """Let the item stand like this; its version rises. None where `before` is not how it stands any more."""
    return await _one(
        db, "write_own_item", id=before.id, version=before.version, deleted=False,
        **_sealed(db.keys, before.id, item),
    )  # fmt: skip


async def remove(db: Database, before: OwnItem) -> OwnItem | None:
    """Delete the item; the row stays, so that a late change does not make it anew. None as with `change`."""
    return await _one(
        db, "write_own_item", id=before.id, version=before.version, deleted=True,
        **_sealed(db.keys, before.id, before.item),
    )  # fmt: skip


async def list_of(
    db: Database,
    connection: ConnectionId,
    person: str,
    kind: ItemKind | None = None,
    *,
    deleted: bool = False,
) -> list[OwnItem]:
    """A person's items, the oldest first; with `deleted` those that are gone as well."""
    rows = await db.execute(
        query("list_own_items"),
        {"connection": connection, "person": person, "kind": kind, "deleted": deleted},
    )
    return [_own(row, db.keys) for row in await rows.fetchall()]


async def list_changed(
    db: Database, connection: ConnectionId, *, since: datetime, after: str = "", limit: int = 100
) -> list[OwnItem]:
    """A page of a connection's changes, the oldest first, deleted items among them. It goes on after the last row's
    (updated_at, id); what is being committed may come in before that, so a reader keeps an overlap."""
    rows = await db.execute(
        query("list_changed_own_items"),
        {"connection": connection, "since": since, "after": after, "limit": limit},
    )
    return [_own(row, db.keys) for row in await rows.fetchall()]


async def _one(db: Database, name: str, **parameters: Any) -> OwnItem | None:
    row = await (await db.execute(query(name), parameters)).fetchone()
    return None if row is None else _own(row, db.keys)


def _body(item: Item) -> bytes:
    # Id and time have columns of their own.
    return msgspec.json.encode(msgspec.structs.replace(item, id="", updated_at=None))


def _sealed(keys: Keys, item_id: str, item: Item) -> dict[str, Any]:
    key = keys.of_own_items()
    return {"body": key.seal(own_item_place(item_id), _body(item)), "seal": key.number}


def own_item_place(item_id: str) -> str:
    """What an item is bound to."""
    return f"own_item.body:{item_id}"


def _own(row: tuple[Any, ...], keys: Keys) -> OwnItem:
    key = keys.of_own_items() if row[11] else CLEAR
    body = _decode.decode(key.open(own_item_place(row[0]), row[5]))
    item = msgspec.structs.replace(body, id=row[0], updated_at=row[9])
    return OwnItem(
        id=row[0], connection_id=row[1], project=row[2], person=row[3], kind=row[4], item=item,
        reference=row[6], version=row[7], created_at=row[8], updated_at=row[9], deleted_at=row[10],
    )  # fmt: skip
