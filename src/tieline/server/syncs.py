"""Syncs as they are made, shown, changed and removed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import psycopg

from tieline.connectors.contacts_api.operations import locations
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.domain.contact import CUSTOM_PREFIX
from tieline.domain.ids import SyncId
from tieline.errors import ConfigurationError
from tieline.mapping.fields import Definition
from tieline.mapping.two_way import TwoWay, travels
from tieline.server.accounts.connections import require_name
from tieline.store.audit import note
from tieline.store.directory import CHANNEL
from tieline.store.pool import Store
from tieline.sync.files.definition import parse_definition
from tieline.sync.files.overlap import collide, owns, place_of


class NewSync(msgspec.Struct, frozen=True, kw_only=True):
    """What a sync joins, and by which rules."""

    name: str
    #: Name of the call-tracking connection.
    source: str
    #: Empty = every project of the source.
    project: str = ""
    #: Name of the CRM connection.
    target: str
    #: YAML.
    definition: str


class ShownSync(msgspec.Struct, frozen=True, kw_only=True):
    """One sync."""

    name: str
    source: str
    project: str
    target: str
    definition: str
    version: int
    created_at: datetime


async def save_sync(store: Store, new: NewSync) -> SyncId:
    """Make a sync; it works in its target's lane. Raises ConfigurationError, DefinitionError among them."""
    require_name(new.name)
    definition = parse_definition(new.definition, name=new.name)
    async with store.transaction() as db:
        await lock_syncs(db)
        made = await insert_sync(db, new)
        await refuse_shared_people(db, new.name, new.definition, definition.two_way)
        await announce(db)
    return made


async def lock_syncs(db: Any) -> None:
    """Nobody else changes syncs until this transaction ends: who owns whom must not change meanwhile."""
    await db.execute("LOCK TABLE sync IN SHARE ROW EXCLUSIVE MODE")


async def announce(db: Any) -> None:
    """Tell the hub's processes that syncs changed."""
    await db.execute("SELECT pg_notify(%s, '')", (CHANNEL,))


async def insert_sync(db: Any, new: NewSync) -> SyncId:
    """One row more. Raises ConfigurationError where the same is joined already."""
    source = await _connection(db, new.source, "nimbata")
    target = await _connection(db, new.target, "contacts_api")
    overlapping = await (
        await db.execute(
            "SELECT name, project FROM sync WHERE source_connection_id = %s AND target_connection_id = %s"
            " AND (project = %s OR project = '' OR %s = '')",
            (source[0], target[0], new.project, new.project),
        )
    ).fetchone()
    if overlapping is not None:
        raise ConfigurationError(
            f"sync {overlapping[0]} joins {new.source} "
            f"{f'project {overlapping[1]}' if overlapping[1] else '(every project)'} and {new.target} already; "
            "every event would be carried over twice"
        )
    try:
        row = await (
            await db.execute(
                "WITH made AS (INSERT INTO consumer (kind, lane_id) VALUES ('sync', %(lane)s) RETURNING id)"
                " INSERT INTO sync (id, name, source_connection_id, project, target_connection_id, definition)"
                " SELECT id, %(name)s, %(source)s, %(project)s, %(target)s, %(definition)s FROM made"
                " RETURNING id",
                {
                    "lane": target[1], "name": new.name, "source": source[0], "project": new.project,
                    "target": target[0], "definition": new.definition,
                },
            )
        ).fetchone()  # fmt: skip
    except psycopg.errors.UniqueViolation:
        raise ConfigurationError(f"there is a sync named {new.name} already") from None
    assert row is not None
    await note(
        db, "syncs.add", new.name,
        after={"from": new.source, "project": new.project, "to": new.target, "definition": new.definition},
    )  # fmt: skip
    return SyncId(row[0])


async def change_definition(store: Store, name: str, definition: str) -> int | None:
    """Put other rules in force; gives the version, None when there is no such sync. Raises ConfigurationError,
    DefinitionError among them."""
    rules = parse_definition(definition, name=name)
    async with store.transaction() as db:
        await lock_syncs(db)
        version = await update_definition(db, name, definition)
        if version is not None:
            await refuse_shared_people(db, name, definition, rules.two_way)
        await announce(db)
    return version


async def update_definition(db: Any, name: str, definition: str) -> int | None:
    """The new version; None when there is no such sync."""
    before = await (
        await db.execute("SELECT definition FROM sync WHERE name = %s FOR UPDATE", (name,))
    ).fetchone()
    row = await (
        await db.execute(
            "UPDATE sync SET definition = %s, version = version + 1 WHERE name = %s RETURNING version",
            (definition, name),
        )
    ).fetchone()
    if row is None or before is None:
        return None
    await note(
        db, "syncs.change", name, before={"definition": before[0]},
        after={"definition": definition, "version": row[0]},
    )  # fmt: skip
    return int(row[0])


async def refuse_shared_people(db: Any, name: str, text: str, rules: TwoWay) -> None:
    """A person of the call-tracking account is kept in step with one location. Raises ConfigurationError that names
    the sync which does so already."""
    if not owns(rules):
        return
    rows = await db.execute(
        "SELECT theirs.name, theirs.project, theirs.definition, target.name FROM sync AS mine"
        " JOIN connection AS account ON account.id = mine.source_connection_id"
        " JOIN connection AS source ON (source.base_url, source.account) = (account.base_url, account.account)"
        " JOIN sync AS theirs ON theirs.source_connection_id = source.id AND theirs.id <> mine.id"
        " JOIN connection AS target ON target.id = theirs.target_connection_id"
        " WHERE mine.name = %s AND (mine.project = theirs.project OR mine.project = '' OR theirs.project = '')"
        " ORDER BY theirs.name",
        (name,),
    )
    for other_name, project, definition, target in await rows.fetchall():
        if collide(rules, parse_definition(definition, name=other_name).two_way):
            whose = f"project {project}" if project else "every project"
            raise ConfigurationError(
                f"sync {other_name} keeps the people of {whose} in step with {target} already"
                f" ({place_of(definition)} of its definition; {place_of(text)} of {name}'s): each would undo what the"
                " other does. Give one of them `direction: to_contacts_api` in person, tasks, notes and appointments,"
                " or both a `where` that excludes the other's"
            )


async def remove_sync(store: Store, name: str) -> bool:
    """Remove a sync: what it has in hand ends as skipped, what it wrote stays. False when there is none."""
    async with store.transaction() as db:
        row = await (
            await db.execute("DELETE FROM sync WHERE name = %s RETURNING definition", (name,))
        ).fetchone()
        if row is not None:
            await note(db, "syncs.remove", name, before={"definition": row[0]})
        await announce(db)
    return row is not None


async def list_syncs(store: Store, name: str | None = None) -> list[ShownSync]:
    """All syncs, or the one of that name."""
    async with store.transaction() as db:
        rows = await db.execute(
            "SELECT sync.name, source.name, project, target.name, definition, sync.version, sync.created_at FROM sync"
            " JOIN connection AS source ON source.id = source_connection_id"
            " JOIN connection AS target ON target.id = target_connection_id"
            " WHERE %(name)s::text IS NULL OR sync.name = %(name)s ORDER BY sync.name",
            {"name": name},
        )
        return [
            ShownSync(
                name=row[0], source=row[1], project=row[2], target=row[3], definition=row[4], version=row[5],
                created_at=row[6],
            )
            for row in await rows.fetchall()
        ]  # fmt: skip


def custom_fields_of(definition: Definition) -> tuple[str, ...]:
    """Keys of the custom fields that the rules write, in order."""
    names = [rule.to for kind in definition.kinds.values() for rule in kind.fields]
    pairs = definition.two_way.person.fields if definition.two_way.person else ()
    names += [pair.contacts_api for pair in pairs if travels(pair.direction, "contacts_api")]
    keys = (name.removeprefix(CUSTOM_PREFIX) for name in names if name.startswith(CUSTOM_PREFIX))
    return tuple(dict.fromkeys(keys))


async def create_field(gateway: Gateway, connection: Connection, key: str) -> str:
    """Make a custom text field at the location; gives its key there, which the vendor makes from the name."""
    answer = await gateway.call(
        connection,
        locations.CREATE_CUSTOM_FIELD,
        locations.CreateCustomField(name=key.replace("_", " ").capitalize()),
        "interactive",
    )
    made = answer.value.custom_field.field_key
    return str(made or "").removeprefix("contact.")


async def _connection(db: Any, name: str, connector: str) -> tuple[int, int]:
    row = await (
        await db.execute("SELECT id, lane_id, connector FROM connection WHERE name = %s", (name,))
    ).fetchone()
    if row is None:
        raise ConfigurationError(f"there is no connection named {name}; see: tieline connect list")
    if row[2] != connector:
        raise ConfigurationError(
            f"{name} is a {row[2]} connection, and a {connector} connection is needed there"
        )
    return row[0], row[1]
