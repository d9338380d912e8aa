"""The way out of a preview: reads go to the far side, writes are rendered to the last byte and kept."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET

from tieline.catalogue.spec import AnyOperation, Operation
from tieline.connectors.kit.answer import Answer
from tieline.connectors.kit.budget import Priority
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.kit.governor import Governor
from tieline.connectors.nimbata.operations.activities import (
    COMMENT_CALL,
    GET_CALL,
    TAG_CALL,
    UPDATE_CALL,
    CallId,
)
from tieline.connectors.nimbata.rows import Listing, One
from tieline.connectors.nimbata.shapes import CallRecord, Comment
from tieline.domain.ids import ConnectionId
from tieline.domain.side import Side

In = TypeVar("In")
Out = TypeVar("Out")

#: Calls that were written to, and are remembered as they then are.
_KEPT_CALLS = 5000
_aside: ContextVar[bool] = ContextVar("aside", default=False)


class Captured(Exception):
    """A write was kept in place of being sent."""

    def __init__(self, place: int) -> None:
        super().__init__("a preview sends nothing")
        #: Among the writes that are kept.
        self.place = place


class Previewed(msgspec.Struct, frozen=True, kw_only=True):
    """One write that would be sent."""

    side: Side
    operation: str
    method: str
    path: str
    #: The side's own id of what it is about, "new-7" where only the side can give one; None = nothing comes of it.
    record_id: str | None
    body: bytes
    #: It is answered with the record in its way.
    refused: bool = False


@contextmanager
def aside() -> Iterator[None]:
    """Reads within this are the preview's own: they are not counted."""
    token = _aside.set(True)
    try:
        yield
    finally:
        _aside.reset(token)


class PreviewGateway(Gateway):
    """Takes the place of the real one for whatever is rehearsed."""

    def __init__(self, real: Gateway) -> None:
        self._real = real
        self.tokens = real.tokens
        self.sent = real.sent
        #: Since they were taken away last.
        self.writes: list[Previewed] = []
        self.reads: Counter[ConnectionId] = Counter()
        self._calls: OrderedDict[tuple[str, str], CallRecord] = OrderedDict()
        self._made = 0

    def new_id(self, place: int | None = None) -> str:
        """The id of a record that would be made, by the write in that place."""
        self._made += 1
        name = f"new-{self._made}"
        if place is not None:
            self.writes[place] = msgspec.structs.replace(self.writes[place], record_id=name)
        return name

    def refuse(self, place: int, record_id: str) -> None:
        """The write in that place would be answered with a record in its way."""
        refused = msgspec.structs.replace(self.writes[place], record_id=record_id, refused=True)
        self.writes[place] = refused

    async def call(
        self, connection: Connection, operation: Operation[In, Out], given: In, priority: Priority = "live"
    ) -> Answer[Out]:
        """The far side's answer to a read. Raises Captured for a write, unless it is to a call: the account's answer
        is then the call as it would be."""
        if is_read(operation):
            if not _aside.get():
                self.reads[connection.id] += 1
            if (
                isinstance(given, CallId)
                and (known := self._calls.get((given.project, given.id))) is not None
            ):
                return _answer(One(record=known))
            return await self._real.call(connection, operation, given, "backfill")
        method, url, body = self._real.rendered(connection, operation, given)
        self.writes.append(
            Previewed(
                side="nimbata" if operation.app == "nimbata" else "contacts_api", operation=operation.id,
                method=method, path=url.raw_path_qs, record_id=_about(given), body=body,
            )
        )  # fmt: skip
        if operation.id in (UPDATE_CALL.id, TAG_CALL.id, COMMENT_CALL.id):
            return await self._written_call(connection, operation, given, len(self.writes) - 1)
        raise Captured(len(self.writes) - 1)

    def governor(self, connection: Connection) -> Governor:
        """The real one."""
        return self._real.governor(connection)

    async def _written_call(
        self, connection: Connection, operation: AnyOperation, given: Any, place: int
    ) -> Answer[Any]:
        key = (given.project, given.id)
        record = self._calls.get(key)
        if record is None:
            asked = CallId(project=given.project, id=given.id)
            record = (await self._real.call(connection, GET_CALL, asked, "backfill")).value.record
        made: Any = None
        if operation.id == TAG_CALL.id:
            new = tuple(tag for tag in given.tags if tag not in record.tags)
            record = msgspec.structs.replace(record, tags=(*record.tags, *new))
        elif operation.id == COMMENT_CALL.id:
            made = Comment(id=self.new_id(place), body=given.body)
            record = msgspec.structs.replace(record, comments=(*record.comments, made))
        else:
            named = {"caller_name": given.caller_name, "value": given.value}
            record = msgspec.structs.replace(
                record, **{name: value for name, value in named.items() if value is not UNSET}
            )
        self._calls[key] = record
        self._calls.move_to_end(key)
        if len(self._calls) > _KEPT_CALLS:
            self._calls.popitem(last=False)
        return _answer(One(record=record if made is None else made))


def is_read(operation: AnyOperation) -> bool:
    """Whether a call changes nothing, by its method, by the scopes that it needs, or by being a list."""
    only_reads = bool(operation.scopes) and all(scope.endswith(".readonly") for scope in operation.scopes)
    is_list = operation.paging is not None or operation.output is Listing
    return operation.method == "GET" or only_reads or is_list


def _about(given: Any) -> str | None:
    for name in ("event_id", "task_id", "note_id", "appointment_id", "id", "contact_id"):
        found = getattr(given, name, UNSET)
        if isinstance(found, str):
            return found
    return None


def _answer(value: Any) -> Answer[Any]:
    return Answer(value=value, status=200, trace_id=None, started_at=datetime.now(UTC), duration_s=0.0)
