"""What records would be like after the writes of a preview, kept in its scratch store."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tieline.domain.contact import Contact, with_fields
from tieline.domain.side import Side
from tieline.store.pool import Store

_TABLE = """
CREATE TEMP TABLE simulated (
    side text, record_id text, phone text, email text, record bytea, PRIMARY KEY (side, record_id))
"""


class Simulated(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A record that would be made, or what would be different of one that is there."""

    #: None = it is there already.
    made: Contact | None = None
    fields: dict[str, str | None] = {}
    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()

    def of(self, contact: Contact) -> Contact:
        """The record as it would be."""
        changed = with_fields(contact, self.fields)
        return msgspec.structs.replace(changed, tags=(changed.tags | self.add) - self.remove)


_decode = msgspec.json.Decoder(Simulated).decode


class SimulatedRecords:
    """Of both sides."""

    def __init__(self, scratch: Store) -> None:
        self._scratch = scratch

    async def open(self) -> None:
        """Make the table."""
        async with self._scratch.transaction() as db:
            await db.execute(_TABLE)
            await db.execute("CREATE INDEX ON simulated (phone)")
            await db.execute("CREATE INDEX ON simulated (email)")

    async def get(self, side: Side, record_id: str) -> Simulated | None:
        """What would be of it; None = nothing changes it."""
        async with self._scratch.transaction() as db:
            rows = await db.execute(
                "SELECT record FROM simulated WHERE side = %s AND record_id = %s", (side, record_id)
            )
            row = await rows.fetchone()
        return _decode(row[0]) if row else None

    async def find(self, side: Side, *, phone: str | None = None, email: str | None = None) -> Contact | None:
        """A record that would be made with that phone, or that e-mail."""
        async with self._scratch.transaction() as db:
            rows = await db.execute(
                "SELECT record FROM simulated WHERE side = %(side)s AND"
                " (phone = %(phone)s::text OR email = %(email)s::text) ORDER BY record_id LIMIT 1",
                {"side": side, "phone": phone, "email": email},
            )
            row = await rows.fetchone()
        return _decode(row[0]).made if row else None

    async def make(self, side: Side, contact: Contact) -> None:
        """This one would be new."""
        await self._save(side, contact.id, Simulated(made=contact), contact)

    async def change(
        self,
        side: Side,
        record_id: str,
        *,
        fields: Mapping[str, str | None] | None = None,
        add: frozenset[str] = frozenset(),
        remove: frozenset[str] = frozenset(),
    ) -> None:
        """This would be written to it."""
        known = await self.get(side, record_id) or Simulated()
        if known.made is not None:
            made = Simulated(fields=dict(fields or {}), add=add, remove=remove).of(known.made)
            await self._save(side, record_id, Simulated(made=made), made)
            return
        after = Simulated(
            fields={**known.fields, **(fields or {})},
            add=(known.add | add) - remove,
            remove=(known.remove | remove) - add,
        )
        await self._save(side, record_id, after, None)

    async def _save(self, side: Side, record_id: str, record: Simulated, made: Contact | None) -> None:
        async with self._scratch.transaction() as db:
            await db.execute(
                "INSERT INTO simulated VALUES (%s, %s, %s, %s, %s) ON CONFLICT (side, record_id) DO UPDATE"
                " SET phone = excluded.phone, email = excluded.email, record = excluded.record",
                (
                    side, record_id, made.phone if made else None, made.email if made else None,
                    msgspec.json.encode(record),
                ),
            )  # fmt: skip
