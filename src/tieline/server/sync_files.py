"""Definition files put in force: what would change, and the change itself, as one transaction."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from tieline.errors import ConfigurationError
from tieline.mapping.fields import Definition
from tieline.server.accounts.connections import require_name
from tieline.server.syncs import (
    NewSync,
    announce,
    insert_sync,
    lock_syncs,
    refuse_shared_people,
    update_definition,
)
from tieline.store.pool import Store
from tieline.sync.files.definition import DefinitionError, DefinitionReader, parse_definition
from tieline.sync.files.diff import Difference, differences
from tieline.sync.files.head import SyncHead
from tieline.sync.files.sync_file import PlannedSync, SyncFile

#: text = only comments or spelling differ; left = made of this file before, and no longer named in it.
What = Literal["create", "change", "text", "same", "left"]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What a file means for one sync."""

    what: What
    name: str
    project: str
    to: str
    #: Where the location differs from the file.
    differs: tuple[str, ...] = ()
    #: The rules that change.
    changes: tuple[Difference, ...] = ()
    #: The version that is in force afterwards.
    version: int


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    source: str
    project: str
    to: str
    definition: str
    version: int


class _PlanOnly(Exception):
    """Takes everything back."""


async def apply_file(store: Store, file: SyncFile, *, plan_only: bool = False) -> list[Step]:
    """Make and change the syncs that the file asks for, all or none; a second time changes nothing. `plan_only` finds
    out what would be done, and whether it could be. Raises ConfigurationError."""
    if file.head is None:
        raise ConfigurationError(
            "the file names no sync; begin it with `sync: {name: …, from: CONNECTION, to: CONNECTION}`"
        )
    steps: list[Step] = []
    try:
        async with store.transaction() as db:
            await lock_syncs(db)
            stored = await _stored(db)
            syncs = [_named(file.head, planned, stored) for planned in file.syncs]
            for planned in syncs:
                steps.append(await _put(db, file.head, planned, stored.get(planned.name)))
            for planned in syncs:
                # Only now: what one sync gives up another of the same file may take over.
                await refuse_shared_people(db, planned.name, planned.text, planned.definition.two_way)
            steps += _left(file.head, stored, {one.name for one in syncs})
            if plan_only:
                raise _PlanOnly
            await announce(db)
    except _PlanOnly:
        return steps
    return steps


def differs_of(text: str) -> tuple[str, ...]:
    """Where a stored definition differs from the file that it was made of."""
    head = _head(text)
    return head.differs if head is not None else ()


def _head(text: str) -> SyncHead | None:
    reader = DefinitionReader()
    reader.read(text)
    return reader.sync_head


def _head_name(text: str) -> str | None:
    head = _head(text)
    return head.name if head is not None else None


def _named(head: SyncHead, planned: PlannedSync, stored: dict[str, _Stored]) -> PlannedSync:
    """By the name that this file's sync of these accounts has already: it keeps it when locations come and go."""
    place = (head.source, planned.project, planned.to)
    for one in stored.values():
        if (one.source, one.project, one.to) == place and _head_name(one.definition) == head.name:
            return msgspec.structs.replace(planned, name=one.name)
    return planned


async def _put(db: Any, head: SyncHead, planned: PlannedSync, before: _Stored | None) -> Step:
    require_name(planned.name)
    version = before.version if before is not None else 1
    if before is None:
        new = NewSync(
            name=planned.name, source=head.source, project=planned.project, target=planned.to,
            definition=planned.text,
        )  # fmt: skip
        await insert_sync(db, new)
        what: What = "create"
        changes = []
    else:
        joined, wanted = (
            (before.source, before.project, before.to),
            (head.source, planned.project, planned.to),
        )
        if joined != wanted:
            raise ConfigurationError(
                f"sync {planned.name} joins {_joins(*joined)}, the file {_joins(*wanted)}; a sync stays with its"
                f" accounts: name the file's otherwise, or remove the old one: tieline sync remove {planned.name}"
            )
        changes = differences(_rules_of(before), planned.definition)
        same = before.definition == planned.text
        what = "change" if changes else "same" if same else "text"
        if not same:
            version = await update_definition(db, planned.name, planned.text) or version
    return Step(
        what=what, name=planned.name, project=planned.project, to=planned.to, differs=planned.differs,
        changes=tuple(changes), version=version,
    )  # fmt: skip


def _rules_of(stored: _Stored) -> Definition | None:
    """None for rules that are not read any more: a file may replace them all the same."""
    try:
        return parse_definition(stored.definition, name=stored.name)
    except DefinitionError:
        return None


async def _stored(db: Any) -> dict[str, _Stored]:
    rows = await db.execute(
        "SELECT sync.name, source.name, project, target.name, definition, sync.version FROM sync"
        " JOIN connection AS source ON source.id = source_connection_id"
        " JOIN connection AS target ON target.id = target_connection_id ORDER BY sync.name"
    )
    return {
        row[0]: _Stored(
            name=row[0], source=row[1], project=row[2], to=row[3], definition=row[4], version=row[5]
        )
        for row in await rows.fetchall()
    }


def _left(head: SyncHead, stored: dict[str, _Stored], named: set[str]) -> list[Step]:
    """Syncs of this file that it does not name any more: they go on until somebody removes them."""
    found = []
    for name, one in stored.items():
        if name not in named and _head_name(one.definition) == head.name:
            found.append(Step(what="left", name=name, project=one.project, to=one.to, version=one.version))
    return found


def _joins(source: str, project: str, to: str) -> str:
    return f"{source} {f'project {project}' if project else '(every project)'} and {to}"
