"""`vault_key`: keys wrapped by the master key, made and read; and the vault of a store, opened with them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, Literal

import msgspec
from psycopg import AsyncConnection

from tieline.errors import ConfigurationError
from tieline.store.keyring import Keyring
from tieline.store.pool import Store
from tieline.vault.master import MasterKeys, fingerprint, new_key
from tieline.vault.seal import Sealer, UnknownKey, Vault, first_credential_key, first_lookup_key

Database = AsyncConnection[Any]
Purpose = Literal["credentials", "look_ups", "persons", "own_items", "inbox"]
_COLUMNS = "id, purpose, version, day, wrapped, master, state, created_at, dropped_at"


class KeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row."""

    id: int
    purpose: Purpose
    version: int
    day: date | None
    #: None = dropped.
    wrapped: bytes | None
    master: bytes
    #: retiring = it still opens, and seals nothing any more.
    state: Literal["active", "retiring", "dropped"]
    created_at: datetime
    dropped_at: datetime | None

    @property
    def place(self) -> str:
        """What the wrapped key is bound to."""
        return key_place(self.purpose, self.version, self.day)


def key_place(purpose: str, version: int, day: date | None) -> str:
    """Purpose, version and day of a key; its number is not known before the row is written."""
    return f"vault_key.wrapped:{purpose}:{day or version}"


class KeyTable:
    """The table, with the master key that opens it and the vault that its keys are for."""

    def __init__(self, store: Store, vault: Vault, masters: MasterKeys | None, master: bytes) -> None:
        """`masters` is asked again when a key is wrapped by another master key than ours."""
        self._store = store
        self.vault = vault
        self.masters = masters
        self._master = master

    async def open(self) -> Keyring:
        """Make what is not there yet, hand the vault its keys, and give the store's. Raises ConfigurationError."""
        async with self._store.transaction() as db:
            await self._lock(db)
            rows = {row.purpose: row for row in await self._kept(db) if row.purpose != "inbox"}
            first = {
                "credentials": first_credential_key(self._master), "look_ups": first_lookup_key(self._master),
                "persons": new_key(), "own_items": new_key(),
            }  # fmt: skip
            for purpose, key in first.items():
                if purpose not in rows:
                    await self._insert(db, purpose, key)
            kept = await self._kept(db)
        self._hand_over(kept)
        keys = {row.purpose: Sealer(self._unwrap(row), row.id) for row in kept if row.purpose != "inbox"}
        return Keyring(self, keys["persons"], keys["own_items"])

    @property
    def master(self) -> bytes:
        """The master key that opens the table."""
        return self._master

    async def wrap_anew(self, db: Database, following: bytes) -> None:
        """All keys by another master key, and a new key of credentials; the one before only opens from now on."""
        await self._lock(db)
        rows = await select_keys(db, "WHERE wrapped IS NOT NULL ORDER BY id FOR UPDATE")
        await self._find_master(rows)
        by_it = Sealer(following, 0)
        await db.execute(
            "UPDATE vault_key SET wrapped = row.wrapped, master = %(master)s"
            " FROM unnest(%(ids)s::bigint[], %(wrapped)s::bytea[]) AS row (id, wrapped) WHERE vault_key.id = row.id",
            {
                "master": fingerprint(following), "ids": [row.id for row in rows],
                "wrapped": [by_it.seal(row.place, self._unwrap(row)) for row in rows],
            },
        )  # fmt: skip
        await db.execute(
            "UPDATE vault_key SET state = 'retiring' WHERE purpose = 'credentials' AND state = 'active'"
        )
        version = 1 + max(row.version for row in rows if row.purpose == "credentials")
        await db.execute(
            "INSERT INTO vault_key (purpose, version, wrapped, master) VALUES ('credentials', %s, %s, %s)",
            (version, by_it.seal(key_place("credentials", version, None), new_key()), fingerprint(following)),
        )

    async def hold(self, master: bytes) -> None:
        """Go on with another master key, now that the table is wrapped by it."""
        self._master = master
        async with self._store.transaction() as db:
            await self._read_again(db)

    async def know(self, db: Database, sealed: Collection[bytes]) -> None:
        """Before these credentials are opened: read the keys again where one was sealed by a key that is not known."""
        if not all(self.vault.knows(one) for one in sealed):
            await self._read_again(db)

    async def newest(self, db: Database) -> None:
        """Before a credential is sealed in this transaction: with the key that counts, which stays so until its end."""
        rows = await db.execute(
            "SELECT id FROM vault_key WHERE day IS NULL AND purpose = 'credentials' AND state = 'active' FOR SHARE"
        )
        row = await rows.fetchone()
        if row is not None and row[0] != self.vault.newest:
            await self._read_again(db)

    async def key_of_day(self, day: date) -> Sealer:
        """The inbox key of that day, made by whoever needs it first."""
        async with self._store.transaction() as db:
            row = await self._of_day(db, day)
            if row is None:
                await self._lock(db)
                # With a master key that was replaced meanwhile it would be lost.
                await self._kept(db)
                await self._insert(db, "inbox", new_key(), day)
                row = await self._of_day(db, day)
        assert row is not None, "it was just made"
        return Sealer(self._unwrap(row), row.id)

    async def keys_of_days(self, numbers: Collection[int]) -> dict[int, Sealer]:
        """Those of them that are there."""
        async with self._store.transaction() as db:
            rows = await self._select(
                db, "WHERE id = ANY(%s) AND purpose = 'inbox' AND wrapped IS NOT NULL", list(numbers)
            )
            await self._find_master(rows)
        return {row.id: Sealer(self._unwrap(row), row.id) for row in rows}

    async def _read_again(self, db: Database) -> None:
        kept = await self._kept(db)
        self._hand_over(kept)

    async def _kept(self, db: Database) -> list[KeyRow]:
        """The keys of keys, all of them wrapped by the master key that we then hold."""
        # Those without a day: they have an index among those of all days.
        rows = await self._select(db, "WHERE day IS NULL AND wrapped IS NOT NULL ORDER BY id")
        await self._find_master(rows)
        return rows

    async def _find_master(self, rows: Sequence[KeyRow]) -> None:
        wanted = {row.master for row in rows} - {fingerprint(self._master)}
        if not wanted:
            return
        for key in [] if self.masters is None else await asyncio.to_thread(self.masters.read):
            if {fingerprint(key)} == wanted:
                self._master = key
                return
        where = "the key given" if self.masters is None else self.masters.where
        raise ConfigurationError(
            f"the keys of this store are wrapped by the master key {wanted.pop().hex()}, and {where} holds"
            f" {fingerprint(self._master).hex()}; start with the key that the store was made or last rotated with"
        )

    def _hand_over(self, rows: Sequence[KeyRow]) -> None:
        credentials = {row.id: self._unwrap(row) for row in rows if row.purpose == "credentials"}
        (look_ups,) = (self._unwrap(row) for row in rows if row.purpose == "look_ups")
        (newest,) = (row.id for row in rows if row.purpose == "credentials" and row.state == "active")
        first = next((row.id for row in rows if row.purpose == "credentials" and row.version == 1), -1)
        self.vault.take_over(look_ups=look_ups, credentials=credentials, first=first, newest=newest)

    def _unwrap(self, row: KeyRow) -> bytes:
        assert row.wrapped is not None, "dropped keys are not read"
        return Sealer(self._master, 0).open(row.place, row.wrapped)

    async def _insert(self, db: Database, purpose: str, key: bytes, day: date | None = None) -> None:
        wrapped = Sealer(self._master, 0).seal(key_place(purpose, 1, day), key)
        await db.execute(
            "INSERT INTO vault_key (purpose, day, wrapped, master) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (purpose, day, wrapped, fingerprint(self._master)),
        )

    async def _of_day(self, db: Database, day: date) -> KeyRow | None:
        rows = await self._select(db, "WHERE day = %s", day)
        if rows and rows[0].wrapped is None:
            raise ConfigurationError(
                f"the key of {day} was dropped, and is needed again: is the clock right?"
            )
        await self._find_master(rows)
        return rows[0] if rows else None

    async def _select(self, db: Database, where: str, *values: Any) -> list[KeyRow]:
        return await select_keys(db, where, *values)

    async def _lock(self, db: Database) -> None:
        """Whoever makes a key, and whoever rotates them, does so alone."""
        await db.execute("SELECT pg_advisory_xact_lock(hashtext('tieline vault_key'))")


async def select_keys(db: Database, where: str, *values: Any) -> list[KeyRow]:
    """Rows of the table."""
    rows = await (await db.execute(f"SELECT {_COLUMNS} FROM vault_key {where}", values)).fetchall()  # noqa: S608
    names = KeyRow.__struct_fields__
    return [KeyRow(**dict(zip(names, row, strict=True))) for row in rows]


async def open_vault(store: Store, masters: MasterKeys) -> Vault:
    """The vault of this store; from then on the store seals what it writes. Raises ConfigurationError."""
    found = await asyncio.to_thread(masters.read)
    if not found:
        async with store.transaction() as db:
            if await select_keys(db, "LIMIT 1"):
                raise ConfigurationError(
                    f"the master key is missing from {masters.where}, and this store cannot be read without it; put it"
                    " back from where you keep it safe"
                )
        found = [await asyncio.to_thread(masters.make)]
    return await seal_with(store, Vault(found[0]), found[0], masters)


async def seal_with(store: Store, vault: Vault, master: bytes, masters: MasterKeys | None = None) -> Vault:
    """`vault`, with the keys of this store; from then on the store seals what it writes."""
    table = KeyTable(store, vault, masters, master)
    store.keys = await table.open()
    store.key_table = table
    if masters is not None and table.master != master:
        # A rotation was interrupted just before this.
        await asyncio.to_thread(masters.promote, table.master)
    return vault


async def open_credential(db: Any, vault: Vault, sealed: bytes, *, context: str) -> bytes:
    """What is sealed there, also by a key that is newer than those we have read. Raises BrokenSeal."""
    try:
        return vault.unseal(sealed, context=context)
    except UnknownKey:
        table = db.key_table
        if table is None:
            raise
        await table.know(db, [sealed])
        return vault.unseal(sealed, context=context)


async def seal_credential(db: Any, vault: Vault, clear: bytes, *, context: str) -> bytes:
    """Seal a credential, to be written in the transaction of `db`."""
    if db.key_table is not None:
        await db.key_table.newest(db)
    return vault.seal(clear, context=context)
