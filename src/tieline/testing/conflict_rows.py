"""Conflicts for tests, put into the store as a worker's commit puts them."""

from __future__ import annotations

import msgspec

from tieline.domain.contact import Contact
from tieline.domain.ids import LaneId, PersonId
from tieline.store.person_rows import conflict_place
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.sync.who.conflicts import Conflict, as_dict, key_of
from tieline.vault.seal import Vault


def two_records(person: Contact, *found: Contact) -> Conflict:
    """The phone leads to one record, the e-mail to another."""
    return Conflict(
        kind="identity", reason="two_records",
        records={"nimbata": (as_dict(person),), "contacts_api": tuple(map(as_dict, found))},
    )  # fmt: skip


async def add_conflict(store: Store, vault: Vault, conflict: Conflict, *, sync: int, person: int) -> int:
    """Ask; gives the question's number."""
    key = vault.digest("conflict", key_of(conflict))
    async with store.transaction() as db:
        sealing = (await db.keys.of_people(db, {PersonId(person): LaneId(0)}))[PersonId(person)]
        details = sealing.seal(conflict_place(sync, key), msgspec.json.encode(conflict))
        await db.execute(
            query("write_conflicts"),
            {
                "consumers": [sync], "persons": [person], "kinds": [conflict.kind], "keys": [key],
                "details": [details], "seals": [sealing.number],
            },
        )  # fmt: skip
        row = await (
            await db.execute("SELECT id FROM conflict WHERE consumer_id = %s AND key = %s", (sync, key))
        ).fetchone()
    assert row is not None, "it was just written"
    return int(row[0])
