"""Tokens, secrets and keys that replace others, without a moment in which neither works."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

from tieline.domain.ids import LaneId
from tieline.errors import ConfigurationError
from tieline.server.accounts.connections import lift_hold
from tieline.store.audit import note
from tieline.store.directory import CHANNEL, Credential
from tieline.store.key_table import open_credential, seal_credential
from tieline.store.pool import Store
from tieline.vault.seal import Vault

#: A private token is to be changed every 90 days, as the vendor advises; the reminder comes a little earlier.
TOKEN_LIFE = timedelta(days=90)
REMIND_AFTER = timedelta(days=80)
#: How long a replaced webhook secret or key stays good.
OVERLAP = timedelta(days=7)


async def change_token(store: Store, vault: Vault, name: str, token: str) -> None:
    """Put another private token into use. What waits goes on at once. Raises ConfigurationError."""
    await _change(
        store, vault, name, "token", lambda known: msgspec.structs.replace(known, token=token),
        since=datetime.now(UTC),
    )  # fmt: skip


async def change_secret(
    store: Store, vault: Vault, name: str, kind: str, value: str, *, overlap: timedelta = OVERLAP
) -> datetime:
    """Put another webhook secret into use, or a public key (`kind` "key"); gives until when the one before is good.

    Raises ConfigurationError for a kind that the connection does not use.
    """
    if not value.strip():
        raise ConfigurationError(f"an empty {kind} would prove nothing; give {name} one")
    now = datetime.now(UTC)

    def replaced(known: Credential) -> Credential:
        if kind != "key" and kind not in known.webhook_secrets:
            used = ", ".join(known.webhook_secrets) or "none"
            raise ConfigurationError(f"{name} proves its webhooks by {used}, not by {kind}")
        return known.replacing(kind, value, now=now, overlap=overlap)

    await _change(store, vault, name, kind, replaced)
    return now + overlap


async def _change(
    store: Store,
    vault: Vault,
    name: str,
    what: str,
    change: Callable[[Credential], Credential],
    *,
    since: datetime | None = None,
) -> None:
    context = f"connection {name}"
    async with store.transaction() as db:
        row = await (
            await db.execute(
                "SELECT credential, grant_id, lane_id FROM connection WHERE name = %s FOR UPDATE", (name,)
            )
        ).fetchone()
        if row is None:
            raise ConfigurationError(f"there is no connection named {name}; see: tieline connect list")
        if since is not None and row[1] is not None:
            raise ConfigurationError(f"{name} was connected with OAuth, and renews its tokens by itself")
        opened = await open_credential(db, vault, bytes(row[0]), context=context)
        known = msgspec.json.decode(opened, type=Credential)
        sealed = await seal_credential(db, vault, msgspec.json.encode(change(known)), context=context)
        await db.execute(
            "UPDATE connection SET credential = %s, version = version + 1, updated_at = now(),"
            " token_since = COALESCE(%s, token_since) WHERE name = %s",
            (sealed, since, name),
        )
        await note(
            db, f"connections.{'token' if what == 'token' else 'secret'}", name, after={"replaced": what}
        )
        if since is not None:
            await lift_hold(db, LaneId(row[2]))
        await db.execute("SELECT pg_notify(%s, '')", (CHANNEL,))
