"""Tasks, notes and appointments of an account that has none: rows of ours, shown on the person's latest call, one way.

Each write goes in this order: the row (same reference, same row), the tag (a set), last the comment, which alone must
not be sent twice. Whatever fails before it can be repeated, and its own unclear outcome is looked up on the call, by
its reference line: the mark of the creation, later the item's id and version.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

from tieline.connectors.kit.budget import Priority
from tieline.connectors.kit.connection import Connection
from tieline.connectors.nimbata.operations.activities import COMMENT_CALL, GET_CALL, TAG_CALL
from tieline.domain.command import CreateItem, DeleteItem, UpdateItem
from tieline.domain.derived import DerivedPerson
from tieline.domain.items import Item, ItemKind, kind_of
from tieline.effects.target import Done
from tieline.errors import NotFoundError
from tieline.server.targets.call_writer import MIRROR_TAGS, CallWriter
from tieline.server.targets.item_comments import What, comment_of
from tieline.store import own_items
from tieline.store.own_items import Database, NewOwnItem, OwnItem
from tieline.store.pool import Store

log = structlog.get_logger(__name__)

ItemCommand = CreateItem | UpdateItem | DeleteItem


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A row as a command left it."""

    own: OwnItem
    what: What
    #: Of its comment.
    mark: str
    #: It did not stand so before.
    news: bool = True


class ItemKeeper:
    """The items of one connection."""

    def __init__(self, store: Store, connection: Connection, calls: CallWriter) -> None:
        self._store = store
        self._connection = connection
        self._calls = calls

    async def carry(self, command: ItemCommand, person: DerivedPerson, priority: Priority) -> Done:
        """The row, then what is shown of it. Raises NotFoundError for a change of what is not there."""
        started = datetime.now(UTC)
        async with self._store.transaction() as db:
            kept = await self._write(db, command, person)
        if kept is None:
            return done_here(started, command.item_id if isinstance(command, DeleteItem) else None)
        if kept.news or await self._unshown(kept, person, priority):
            await self._show(kept, person, priority)
        return done_here(started, kept.own.id, item=kept.own.item)

    async def look_up(self, command: ItemCommand, person: DerivedPerson) -> Done | None:
        """What the command left behind: the row as it wanted it, and its comment where there is a call for one."""
        started = datetime.now(UTC)
        async with self._store.transaction() as db:
            kept = await self._find(db, command)
        if kept is None:
            return None
        shown = self._shows(kept) and await self._calls.calls_of(person, "retry")
        if shown and await self._calls.commented(person, kept.mark, "retry") is None:
            return None
        return done_here(started, kept.own.id, item=kept.own.item)

    async def fetch(self, kind: ItemKind, item_id: str) -> Item:
        """One that is there. Raises NotFoundError."""
        async with self._store.transaction() as db:
            return self._there(await own_items.load(db, item_id), kind).item

    async def items(self, person: str, kind: ItemKind | None = None) -> list[Item]:
        """Those of a person that are there."""
        async with self._store.transaction() as db:
            found = await own_items.list_of(db, self._connection.id, person, kind)
        return [own.item for own in found]

    async def _write(self, db: Database, command: ItemCommand, person: DerivedPerson) -> _Kept | None:
        """None for the removal of what never was."""
        match command:
            case CreateItem(item=item, reference=reference):
                new = NewOwnItem(
                    connection_id=self._connection.id, project=person.project, person=person.id, item=item,
                    reference=reference,
                )  # fmt: skip
                own, _ = await own_items.create(db, new)
                return _Kept(own=own, what="created", mark=reference)
            case UpdateItem(item=item):
                before = self._there(await own_items.lock(db, item.id), kind_of(item))
                wanted = _edited(before.item, command)
                own = before if wanted == before.item else _locked(await own_items.change(db, before, wanted))
                return _Kept(own=own, what="changed", mark=_mark(own), news=own is not before)
            case DeleteItem(item_id=item_id):
                found = await own_items.lock(db, item_id)
                if found is None or found.connection_id != self._connection.id:
                    return None
                own = found if found.deleted_at is not None else _locked(await own_items.remove(db, found))
                return _Kept(own=own, what="removed", mark=_mark(own), news=own is not found)

    async def _find(self, db: Database, command: ItemCommand) -> _Kept | None:
        """The row where it stands as the command leaves it."""
        match command:
            case CreateItem(reference=reference):
                found = await own_items.find(db, self._connection.id, reference)
                return None if found is None else _Kept(own=found, what="created", mark=reference)
            case UpdateItem(item=item):
                own = self._there(await own_items.load(db, item.id), kind_of(item))
                stands = own.item == _edited(own.item, command)
                return _Kept(own=own, what="changed", mark=_mark(own)) if stands else None
            case DeleteItem(item_id=item_id):
                gone = await own_items.load(db, item_id)
                if gone is None or gone.deleted_at is None:
                    return None
                return _Kept(own=gone, what="removed", mark=_mark(gone))

    def _shows(self, kept: _Kept) -> bool:
        """Whether there is something to say and a way to say it; what was deleted meanwhile is not announced."""
        current = kept.own.deleted_at is None or kept.what == "removed"
        return current and self._calls.lacks(COMMENT_CALL) is None

    async def _unshown(self, kept: _Kept, person: DerivedPerson, priority: Priority) -> bool:
        """Whether a row that stood so already still lacks its comment: an earlier try may have ended before it."""
        if kept.own.version == 1 or not self._shows(kept) or self._calls.lacks(GET_CALL) is not None:
            return False
        return await self._calls.commented(person, kept.mark, priority) is None

    async def _show(self, kept: _Kept, person: DerivedPerson, priority: Priority) -> None:
        own = kept.own
        calls = await self._calls.calls_of(person, priority)
        if not calls or not self._shows(kept):
            why = (
                self._calls.lacks(COMMENT_CALL)
                or "no call of the person to write it on, or deleted meanwhile"
            )
            log.info("an item is kept, and not written on a call", item=own.id, reason=why)
        if not calls:
            return
        tag = MIRROR_TAGS.get(own.kind)
        wanted = tag is not None and own.deleted_at is None and tag not in calls[0].tags
        if tag is not None and wanted and self._calls.lacks(TAG_CALL) is None:
            await self._calls.tag(person, frozenset({tag}), priority)
        if self._shows(kept):
            await self._calls.comment(person, comment_of(own.item, kept.what, kept.mark), priority)

    def _there(self, own: OwnItem | None, kind: ItemKind) -> OwnItem:
        if own is None or own.connection_id != self._connection.id or own.kind != kind or own.deleted_at:
            raise NotFoundError(f"this {kind} is not there", connection=self._connection.name)
        return own


def done_here(started: datetime, result_id: str | None, **more: Any) -> Done:
    """What was no single call of the far side's."""
    seconds = (datetime.now(UTC) - started).total_seconds()
    return Done(result_id=result_id, started_at=started, duration_s=seconds, **more)


def _edited(item: Item, command: UpdateItem) -> Item:
    return msgspec.structs.replace(item, **{name: getattr(command.item, name) for name in command.changed})


def _locked(own: OwnItem | None) -> OwnItem:
    assert own is not None, "nobody else can change a row that is locked"
    return own


def _mark(own: OwnItem) -> str:
    return f"{own.id}-{own.version}"
