"""OAuth apps and what accounts granted them, as stored: sealed, versioned, one pair a grant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NewType

import msgspec
from psycopg import AsyncConnection

from tieline.store.key_table import open_credential, seal_credential
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.vault.seal import Vault

AppId = NewType("AppId", int)
GrantId = NewType("GrantId", int)
UserType = Literal["Location", "Company"]
#: Longest wait for another process that renews the same pair: its call has 10 s.
LOCK_S = 15


class AppSecret(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is sealed for one app."""

    #: Newest first; the older ones are tried after it while one replaces the other.
    client_secrets: tuple[str, ...]
    #: Public keys that may sign its webhooks, PEM.
    webhook_keys: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "AppSecret(…)"


class App(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `app`, opened."""

    id: AppId
    name: str
    base_url: str
    install_url: str
    client_id: str
    secret: AppSecret
    scopes: tuple[str, ...]
    settings: dict[str, Any]
    version: int


class Pair(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Two tokens. The refreshing one is void once it was used."""

    access_token: str
    refresh_token: str = ""

    def __repr__(self) -> str:
        return "Pair(…)"


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `oauth_grant`, opened."""

    id: GrantId
    app_id: AppId
    user_type: UserType
    #: Id of the location or of the company.
    account: str
    company: str
    parent_id: GrantId | None
    pair: Pair
    scopes: tuple[str, ...]
    expires_at: datetime
    version: int


class NewPair(msgspec.Struct, frozen=True, kw_only=True):
    """A pair as the far side gave it."""

    pair: Pair
    scopes: tuple[str, ...]
    expires_in_s: float


async def load_apps(db: AsyncConnection[Any], vault: Vault) -> dict[AppId, App]:
    """All apps."""
    rows = await db.execute(
        "SELECT id, name, base_url, install_url, client_id, secret, scopes, settings, version FROM app ORDER BY id"
    )
    return {
        row[0]: App(
            id=row[0], name=row[1], base_url=row[2], install_url=row[3], client_id=row[4],
            secret=msgspec.json.decode(
                await open_credential(db, vault, bytes(row[5]), context=f"app {row[1]}"), type=AppSecret
            ),
            scopes=tuple(row[6]), settings=row[7], version=row[8],
        )
        for row in await rows.fetchall()
    }  # fmt: skip


async def load_grants(db: AsyncConnection[Any], vault: Vault) -> dict[GrantId, Grant]:
    """All grants."""
    rows = await db.execute(query("load_grants"), {"id": None})
    return {row[0]: await _grant(db, row, vault) for row in await rows.fetchall()}


async def load_grant(store: Store, vault: Vault, grant_id: GrantId) -> Grant | None:
    """One grant as it stands now."""
    async with store.transaction() as db:
        row = await (await db.execute(query("load_grants"), {"id": grant_id})).fetchone()
        return None if row is None else await _grant(db, row, vault)


@asynccontextmanager
async def locked_grant(
    store: Store, vault: Vault, grant_id: GrantId
) -> AsyncIterator[tuple[AsyncConnection[Any], Grant | None]]:
    """The grant, for whoever renews it: nobody else can until this ends, in any process."""
    async with store.transaction() as db:
        await db.execute("SELECT set_config('lock_timeout', %s, true)", (f"{LOCK_S}s",))
        row = await (await db.execute(query("lock_grant"), {"id": grant_id})).fetchone()
        yield db, None if row is None else await _grant(db, row, vault)


async def save_pair(
    db: AsyncConnection[Any],
    vault: Vault,
    *,
    app: App,
    user_type: UserType,
    account: str,
    company: str,
    parent_id: GrantId | None,
    new: NewPair,
) -> Grant:
    """Store a pair, the first of a grant or the next; it counts once the transaction is committed."""
    sealed = await seal_credential(
        db, vault, msgspec.json.encode(new.pair), context=grant_context(app.id, user_type, account)
    )
    row = await (
        await db.execute(
            query("save_pair"),
            {
                "app": app.id, "user_type": user_type, "account": account, "company": company,
                "parent": parent_id, "pair": sealed, "scopes": list(new.scopes),
                "expires": datetime.now(UTC) + timedelta(seconds=new.expires_in_s),
            },
        )
    ).fetchone()  # fmt: skip
    assert row is not None
    return await _grant(db, row, vault)


async def _grant(db: AsyncConnection[Any], row: tuple[Any, ...], vault: Vault) -> Grant:
    opened = await open_credential(db, vault, bytes(row[6]), context=grant_context(row[1], row[2], row[3]))
    return Grant(
        id=row[0], app_id=row[1], user_type=row[2], account=row[3], company=row[4], parent_id=row[5],
        pair=msgspec.json.decode(opened, type=Pair), scopes=tuple(row[7]), expires_at=row[8], version=row[9],
    )  # fmt: skip


def grant_context(app_id: int, user_type: str, account: str) -> str:
    """What a pair is bound to."""
    return f"grant {app_id} {user_type} {account}"
