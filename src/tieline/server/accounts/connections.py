"""Connections as they are made, changed and removed; each has a lane of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from psycopg import errors
from psycopg.types.json import Jsonb

from tieline.connectors.contacts_api.location import LocationFacts
from tieline.connectors.contacts_api.operations import locations
from tieline.connectors.kit.connection import (
    ACCEPT_UNVERIFIED,
    GENERAL_SETTINGS,
    NO_WEBHOOKS,
    Connection,
    ConnectorName,
)
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.nimbata.config import Unproved, build
from tieline.domain.ids import ConnectionId, LaneId
from tieline.engine.lane import CHANNEL as LANE_CHANNEL
from tieline.errors import ConfigurationError
from tieline.store.audit import note
from tieline.store.directory import CHANNEL as DIRECTORY_CHANNEL
from tieline.store.directory import Credential, StoredConnection
from tieline.store.grants import GrantId
from tieline.store.key_table import open_credential, seal_credential
from tieline.store.pool import Store
from tieline.vault.seal import BrokenSeal, Vault

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_NAME_RULE = "lower-case letters, digits, - and _, at most 63, beginning with a letter or digit"


class NewPoll(msgspec.Struct, frozen=True, kw_only=True):
    """A list that is read again and again."""

    stream: str
    every_s: float
    #: Empty = of the whole account.
    project: str = ""


class NewConnection(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a connection is made of."""

    name: str
    connector: ConnectorName
    base_url: str
    account: str
    credential: Credential
    settings: dict[str, Any] = {}
    polls: tuple[NewPoll, ...] = ()
    #: What its account granted an app; None = the credential holds a private token.
    grant_id: GrantId | None = None
    #: What happened earlier is history and is not polled; None = everything that the look-back reaches.
    since: datetime | None = None


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it."""

    id: ConnectionId
    #: False: a connection of that name was changed.
    created: bool


def require_name(name: str) -> str:
    """A name that can stand in an address. Raises ConfigurationError."""
    if NAME.fullmatch(name) is None:
        raise ConfigurationError(f"the name {name!r} cannot be used: {_NAME_RULE}")
    return name


def require_proof(new: NewConnection) -> None:
    """Raises ConfigurationError where whoever knows the address could deliver, or nobody could, and the settings do
    not say that this is meant."""
    settings, credential = new.settings, new.credential
    if new.connector == "nimbata":
        own = {name: value for name, value in settings.items() if name not in GENERAL_SETTINGS}
        unproved = any(isinstance(one, Unproved) for one in build(own).webhooks.auth or ())
        proved = any(secret.strip() for secret in credential.webhook_secrets.values())
    else:
        unproved = False
        proved = bool(credential.webhook_keys) or new.grant_id is not None
    if unproved and settings.get(ACCEPT_UNVERIFIED) is not True:
        raise ConfigurationError(
            f"{new.name} would take deliveries from anybody who knows its address; if that is meant, say so:"
            " --accept-unverified-webhooks"
        )
    if not unproved and not proved and settings.get(NO_WEBHOOKS) is not True:
        raise ConfigurationError(
            f"{new.name} has no secret or key to prove its deliveries by, so all would be refused; give it one, or,"
            f" where it is only polled, the setting {NO_WEBHOOKS}"
        )


async def save_connection(store: Store, vault: Vault, new: NewConnection) -> Saved:
    """Make a connection, or change the one of that name: new credential and settings, and its lane goes on.

    Raises ConfigurationError when the name is of another product's account, or cannot be used, and for a connection
    whose deliveries nobody could prove, unless its settings ask for that by name.
    """
    require_name(new.name)
    require_proof(new)
    async with store.transaction() as db:
        sealed = await seal_credential(
            db, vault, msgspec.json.encode(new.credential), context=f"connection {new.name}"
        )
        found = await (
            await db.execute(
                "SELECT id, lane_id, connector, account, base_url, settings, credential FROM connection"
                " WHERE name = %s FOR UPDATE",
                (new.name,),
            )
        ).fetchone()
        values = {
            "name": new.name, "connector": new.connector, "base_url": new.base_url.rstrip("/"),
            "account": new.account, "credential": sealed, "settings": Jsonb(new.settings), "grant": new.grant_id,
        }  # fmt: skip
        if found is None:
            row = await (
                await db.execute(
                    "WITH lane AS (INSERT INTO lane (name) VALUES (%(name)s) RETURNING id)"
                    " INSERT INTO connection"
                    " (name, connector, base_url, account, lane_id, credential, settings, grant_id)"
                    " SELECT %(name)s, %(connector)s, %(base_url)s, %(account)s, id, %(credential)s, %(settings)s,"
                    " %(grant)s"
                    " FROM lane RETURNING id, lane_id",
                    values,
                )
            ).fetchone()
            assert row is not None
            connection, lane = row
        else:
            connection, lane = found[:2]
            if found[2:4] != (new.connector, new.account):
                raise ConfigurationError(
                    f"{new.name} is a connection to {found[2]} account {found[3]}; choose another name, or remove it"
                )
            await db.execute(
                "UPDATE connection SET base_url = %(base_url)s, credential = %(credential)s,"
                " settings = %(settings)s, grant_id = %(grant)s, version = version + 1, updated_at = now(),"
                " token_since = CASE WHEN credential = %(credential)s THEN token_since ELSE now() END"
                " WHERE name = %(name)s",
                values,
            )
            await lift_hold(db, LaneId(lane))
        await _save_polls(db, connection, lane, new.polls, new.since)
        known = None if found is None else await _opened(db, vault, bytes(found[6]), new.name)
        await note(
            db, "connections.add" if found is None else "connections.change", new.name,
            before=None if found is None or known is None
            else _noted(found[4], found[3], found[5], msgspec.json.decode(known, type=Credential)),
            after={
                **_noted(new.base_url.rstrip("/"), new.account, new.settings, new.credential),
                **({} if known is None else {"credential_changed": known != msgspec.json.encode(new.credential)}),
            },
        )  # fmt: skip
        await db.execute(
            "UPDATE lane SET ready_at = LEAST(ready_at, now()) WHERE id = %(lane)s"
            " RETURNING pg_notify(%(lanes)s, id::text), pg_notify(%(directory)s, '')",
            {"lane": lane, "lanes": LANE_CHANNEL, "directory": DIRECTORY_CHANNEL},
        )
    return Saved(id=ConnectionId(connection), created=found is None)


def _noted(base_url: str, account: str, settings: dict[str, Any], credential: Credential) -> dict[str, Any]:
    """A connection as the audit log has it: of what is sealed, only which kinds there are."""
    return {
        "base_url": base_url, "account": account, **settings,
        "proofs": sorted(credential.webhook_secrets), "keys": len(credential.webhook_keys),
    }  # fmt: skip


async def _opened(db: Any, vault: Vault, sealed: bytes, name: str) -> bytes | None:
    """The credential before; None where its key is lost, for which connecting again is the remedy."""
    try:
        return await open_credential(db, vault, sealed, context=f"connection {name}")
    except BrokenSeal:
        return None


async def lift_hold(db: Any, lane: LaneId) -> None:
    """Let a lane work again at once."""
    await db.execute(
        "UPDATE lane SET held_until = '-infinity', held_state = NULL, held_why = NULL,"
        " ready_at = LEAST(ready_at, now()) WHERE id = %(lane)s RETURNING pg_notify(%(channel)s, id::text)",
        {"lane": lane, "channel": LANE_CHANNEL},
    )


async def _save_polls(
    db: Any, connection: int, lane: int, polls: Sequence[NewPoll], since: datetime | None
) -> None:
    """The polls are these; one that was there keeps its cursor."""
    streams, projects = [one.stream for one in polls], [one.project for one in polls]
    await db.execute(
        "DELETE FROM poll WHERE connection_id = %(connection)s AND (stream, project) NOT IN"
        " (SELECT * FROM unnest(%(streams)s::text[], %(projects)s::text[]))",
        {"connection": connection, "streams": streams, "projects": projects},
    )
    await db.execute(
        "INSERT INTO poll AS known (connection_id, lane_id, stream, project, every_s, cursor)"
        " SELECT %(connection)s, %(lane)s, stream, project, every_s, %(cursor)s"
        " FROM unnest(%(streams)s::text[], %(projects)s::text[], %(every)s::float8[]) AS row (stream, project, every_s)"
        " ON CONFLICT (connection_id, stream, project)"
        " DO UPDATE SET every_s = excluded.every_s, due_at = now(), failures = 0, reason = NULL",
        {
            "connection": connection, "lane": lane, "streams": streams, "projects": projects,
            "every": [one.every_s for one in polls],
            "cursor": Jsonb(
                {"connected_at": datetime.now(UTC).isoformat(), **({"since": since.isoformat()} if since else {})}
            ),
        },
    )  # fmt: skip


async def remove_connection(store: Store, name: str) -> bool:
    """Remove a connection, its polls and its lane; its events stay. False when there is none of that name.

    Raises ConfigurationError while a sync uses it.
    """
    async with store.transaction() as db:
        rows = await db.execute(
            "SELECT sync.name FROM sync JOIN connection"
            " ON connection.id IN (source_connection_id, target_connection_id) WHERE connection.name = %s",
            (name,),
        )
        if used := [row[0] for row in await rows.fetchall()]:
            raise ConfigurationError(f"{name} is used by sync {', '.join(used)}; remove that first")
        rows = await db.execute(
            "SELECT count(*) FROM own_item JOIN connection ON connection.id = connection_id"
            " WHERE connection.name = %s AND deleted_at IS NULL",
            (name,),
        )
        if (kept := await rows.fetchone()) is not None and kept[0]:
            raise ConfigurationError(
                f"{name} has {kept[0]} tasks, notes and appointments that are kept here alone; look at them with"
                f" `tieline items list --connection {name}`, and remove them first"
            )
        await db.execute(
            "DELETE FROM own_item USING connection WHERE connection_id = connection.id AND name = %s", (name,)
        )
        await db.execute(
            "DELETE FROM poll USING connection WHERE connection_id = connection.id AND name = %s", (name,)
        )
        gone = await (
            await db.execute(
                "DELETE FROM connection WHERE name = %s RETURNING lane_id, connector, base_url, account",
                (name,),
            )
        ).fetchone()
        if gone is None:
            return False
        await note(
            db, "connections.remove", name,
            before=dict(zip(("connector", "base_url", "account"), gone[1:], strict=True)),
        )  # fmt: skip
        try:
            async with db.transaction():
                await db.execute("DELETE FROM lane WHERE id = %s", gone[:1])
        except errors.ForeignKeyViolation:
            # A sync of the past worked in it; what it did is still told by this lane.
            await db.execute("UPDATE lane SET name = name || ' removed ' || id WHERE id = %s", gone[:1])
        await db.execute("SELECT pg_notify(%s, '')", (DIRECTORY_CHANNEL,))
    return True


def opened(stored: StoredConnection) -> Connection:
    """The connection as the gateway takes it. The token of one with a grant comes from the guardian, at each call."""
    return Connection(
        id=stored.id, name=stored.name, connector=stored.connector, base_url=stored.base_url,
        account=stored.account, token=stored.credential.token, settings=stored.settings,
        token_until=None if stored.grant_id is None else 0.0, version=stored.version,
    )  # fmt: skip


def unsaved(new: NewConnection) -> Connection:
    """The same of one that has no row yet."""
    return Connection(
        id=ConnectionId(0), name=new.name, connector=new.connector, base_url=new.base_url, account=new.account,
        token=new.credential.token, settings=new.settings,
    )  # fmt: skip


async def refresh_location(store: Store, gateway: Gateway, stored: StoredConnection) -> dict[str, Any]:
    """Read the location's facts again and store them; a lane that rested for its account's sake goes on, as the
    account answers. Raises ConnectorError, and ConfigurationError."""
    if stored.connector != "contacts_api":
        raise ConfigurationError(f"{stored.name} is no location of a CRM")
    facts: dict[str, Any] = msgspec.to_builtins(await read_location(gateway, opened(stored)))
    async with store.transaction() as db:
        await db.execute(
            "UPDATE connection SET settings = settings || %s, version = version + 1, updated_at = now() WHERE id = %s",
            (Jsonb({"location": facts}), stored.id),
        )
        await note(
            db, "connections.refresh", stored.name, before={"location": stored.settings.get("location")},
            after={"location": facts},
        )  # fmt: skip
        row = await (
            await db.execute("SELECT held_state FROM lane WHERE id = %s FOR UPDATE", (stored.lane_id,))
        ).fetchone()
        if row is not None and row[0] not in (None, "quota_spent", "asked_to_wait"):
            await lift_hold(db, LaneId(stored.lane_id))
        await db.execute("SELECT pg_notify(%s, '')", (DIRECTORY_CHANNEL,))
    return facts


async def read_location(
    gateway: Gateway, connection: Connection, *, country: str | None = None
) -> LocationFacts:
    """What the location says of itself. Raises ConnectorError, and ConfigurationError without any country."""
    located = await gateway.call(connection, locations.GET, locations.LocationId(), "interactive")
    listed = await gateway.call(
        connection, locations.LIST_CUSTOM_FIELDS, locations.ListCustomFields(model="contact"), "interactive"
    )
    return LocationFacts.from_answers(located.value.location, listed.value.custom_fields, country=country)
