"""A new master key, and credentials under a new key: step by step, each of which leaves a store that can be used.

1. *prepared*: the new master key is kept beside the old one, which still counts.
2. *wrapped*: in one transaction all keys are wrapped by the new one, and there is a new key of credentials. Whoever
   starts now finds that the prepared one opens the table.
3. *promoted*: the new master key takes the place of the old one.
4. *sealed*: credentials are sealed anew, a page a transaction, while hubs run.
5. *retired*: nothing is sealed by the old key of credentials any more, and it is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Literal, NamedTuple

import psycopg
import structlog

from tieline.errors import ConfigurationError
from tieline.store.audit import note
from tieline.store.directory import CHANNEL
from tieline.store.grants import grant_context
from tieline.store.key_table import KeyTable, select_keys
from tieline.store.pool import Store

log = structlog.get_logger(__name__)

Step = Literal["prepared", "wrapped", "promoted", "sealed", "retired"]
#: Sealed by an older key; what is empty holds nothing any more.
_OLD = "{0} <> '' AND substr({0}, 1, octet_length(%s::bytea)) <> %s"
#: Credentials sealed anew in one transaction.
PAGE = 50


class _Kind(NamedTuple):
    """A column of credentials: its rows, and what each is bound to."""

    table: str
    column: str
    #: Names of the columns that the context is made of.
    named: tuple[str, ...]

    def context(self, row: tuple[Any, ...]) -> str:
        if self.table == "oauth_grant":
            return grant_context(*row)
        return f"{self.table} {row[0]}"


_KINDS = (
    _Kind("connection", "credential", ("name",)),
    _Kind("app", "secret", ("name",)),
    _Kind("oauth_grant", "pair", ("app_id", "user_type", "account")),
    _Kind("errand", "input", ("kind",)),
    _Kind("alert_channel", "target", ("name",)),
)


def key_table(store: Store) -> KeyTable:
    """The table of a store whose vault was opened. Raises ConfigurationError for another."""
    if store.key_table is None:
        raise ConfigurationError("this store was opened without its vault")
    return store.key_table


async def is_unfinished(store: Store) -> bool:
    """Whether an earlier rotation stopped after its keys were wrapped."""
    async with store.transaction() as db:
        return bool(await select_keys(db, "WHERE day IS NULL AND state = 'retiring'"))


async def rotate(store: Store) -> AsyncIterator[Step]:
    """Each step, once it is done. Begun again after a crash it goes on where it stopped. Raises ConfigurationError."""
    table = key_table(store)
    masters = table.masters
    if masters is None:
        raise ConfigurationError("the master key of this store is kept nowhere that it could be changed")
    if not await is_unfinished(store):
        following = await asyncio.to_thread(masters.prepare)
        yield "prepared"
        async with store.transaction() as db:
            await table.wrap_anew(db, following)
            await note(db, "keys.rotate", "master key")
            await db.execute("SELECT pg_notify(%s, '')", (CHANNEL,))
        await table.hold(following)
        yield "wrapped"
    await asyncio.to_thread(masters.promote, table.master)
    yield "promoted"
    async for step in finish(store):
        yield step


async def finish(store: Store) -> AsyncIterator[Step]:
    """Seal credentials anew that an older key seals, then drop that key. Nothing to do, nothing done."""
    while await is_unfinished(store):
        for kind in _KINDS:
            after = 0
            while (last := await _seal_page(store, kind, after)) is not None:
                after = last
                yield "sealed"
        if await _retire(store):
            yield "retired"


async def keep_finishing(store: Store, *, again_s: float = 5.0) -> None:
    """Finish what a rotation left when it was interrupted; then nothing more."""
    while True:
        try:
            async for step in finish(store):
                log.info("credentials are sealed under a new key", step=step)
        except psycopg.OperationalError as error:
            log.warning("credentials not sealed anew yet", error=str(error))
            await asyncio.sleep(again_s)
        else:
            return


async def _seal_page(store: Store, kind: _Kind, after: int) -> int | None:
    """The number of the page's last row; None = there are no more."""
    table = key_table(store)
    names = ", ".join(kind.named)
    async with store.transaction() as db:
        await table.newest(db)
        vault = table.vault
        rows = await (
            await db.execute(
                f"SELECT id, {kind.column}, {names} FROM {kind.table} WHERE id > %s AND {_OLD.format(kind.column)}"  # noqa: S608
                " ORDER BY id LIMIT %s FOR UPDATE",
                (after, vault.head, vault.head, PAGE),
            )
        ).fetchall()
        await table.know(db, [row[1] for row in rows])
        for number, sealed, *named in rows:
            context = kind.context(tuple(named))
            again = vault.seal(vault.unseal(sealed, context=context), context=context)
            await db.execute(
                f"UPDATE {kind.table} SET {kind.column} = %s WHERE id = %s",  # noqa: S608
                (again, number),
            )
    return rows[-1][0] if rows else None


async def _retire(store: Store) -> bool:
    """Drop the old keys of credentials, unless something is still sealed by one."""
    table = key_table(store)
    async with store.transaction() as db:
        # Whoever seals holds the active key's row; what they wrote by the old one is committed by now.
        await db.execute("SELECT FROM vault_key WHERE purpose = 'credentials' FOR UPDATE")
        for kind in _KINDS:
            rows = await db.execute(
                f"SELECT FROM {kind.table} WHERE {_OLD.format(kind.column)} LIMIT 1",
                (table.vault.head, table.vault.head),
            )
            if rows.rowcount:
                return False
        await db.execute(
            "UPDATE vault_key SET wrapped = NULL, state = 'dropped', dropped_at = now() WHERE state = 'retiring'"
        )
    return True
