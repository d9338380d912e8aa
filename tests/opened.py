"""What stands sealed in a store, opened: for tests that look at rows themselves."""

from __future__ import annotations

from typing import Any

from psycopg import sql

from tieline.store.event_bodies import open_body
from tieline.store.person_rows import open_item, open_link
from tieline.store.pool import Store


async def event_bodies(store: Store, where: str = "true") -> list[tuple[int, str, bytes]]:
    """(number, kind, body) of the events that match, in order."""
    rows = await _rows(store, f"SELECT id, kind, seal, body FROM event WHERE {where} ORDER BY id")
    await store.keys.learn({row[2] for row in rows})
    return [(row[0], row[1], open_body(store.keys, row[0], row[2], row[3])) for row in rows]


async def link_records(store: Store, where: str = "true") -> list[tuple[bytes, bytes | None]]:
    """Both records of the links that match, JSON of `domain.contact.Contact`."""
    rows = await _rows(
        store,
        "SELECT consumer_id, person_id, contact, nimbata, merge, seal, key FROM link"
        f" LEFT JOIN person ON person.id = seal WHERE {where} ORDER BY person_id",
    )
    return [open_link(store.keys, row[0], row[1], row[2:5], row[5], row[6])[:2] for row in rows]


async def items_of(store: Store, person: int) -> list[tuple[Any, ...]]:
    """(kind, state, the account's id, the CRM's id, the account's record, the CRM's record) of a person's items."""
    rows = await _rows(
        store,
        "SELECT item.id, kind, state, nimbata_id, contacts_api_id, nimbata, contacts_api, merge, seal, key FROM item"
        f" LEFT JOIN person ON person.id = seal WHERE person_id = {person} ORDER BY item.id",
    )
    return [(*row[1:5], *open_item(store.keys, row[0], row[5:8], row[8], row[9])[:2]) for row in rows]


async def _rows(store: Store, text: str) -> list[Any]:
    async with store.transaction() as db:
        return await (await db.execute(sql.SQL(text))).fetchall()
