"""`/api/people`: who somebody is, what happened to their records and why, and the way back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from tieline.errors import ConfigurationError
from tieline.server.access.scopes import needs
from tieline.server.people.history import AsOf, as_of
from tieline.server.people.people import NoSuchPerson, People, Person
from tieline.server.people.timeline import Page, timeline
from tieline.server.people.undo import Undo, Undoing
from tieline.server.people.why import Why, why

if TYPE_CHECKING:
    from tieline.server.hub import Hub


class Undoable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be undone: everything since a moment, or one change."""

    to: datetime | None = None
    #: Number of a `change` of the time line.
    change: int | None = None
    #: Only where the person is linked in several.
    sync: str | None = None
    #: Also what somebody changed, or made, since.
    force: bool = False


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why it was not done."""

    status: int
    message: str


def people_routes(hub: Hub) -> Router:
    """The handlers, on one hub."""
    people = People(hub.store, hub.directory, hub.vault.digest)

    @get("/api/people", operation_id="people.find", opt=needs("people:read"))
    async def find(
        q: FromQuery[str],
        sync: FromQuery[str | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 20,
    ) -> list[Person]:
        """Everybody whom a phone, an e-mail, a record's id or `person:NUMBER` names."""
        return await people.find(q, sync=sync, limit=limit)

    @get("/api/people/{person_id:int}/timeline", operation_id="people.timeline", opt=needs("people:read"))
    async def timeline_(
        person_id: FromPath[int],
        sync: FromQuery[str | None] = None,
        before: FromQuery[str | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    ) -> Page:
        """The youngest entries, the oldest of them first; `before` of a page gives those before it."""
        return await timeline(people, await _one(person_id, sync), before=before, limit=limit)

    @get("/api/people/{person_id:int}/why", operation_id="people.why", opt=needs("people:read"))
    async def why_(
        person_id: FromPath[int], field: FromQuery[str], sync: FromQuery[str | None] = None
    ) -> tuple[Why, ...]:
        """Why a field is so, by sync: the last change on each side, the event behind it, and the rule."""
        return await why(people, await _one(person_id, sync), field)

    @get("/api/people/{person_id:int}/at", operation_id="people.at", opt=needs("people:read"))
    async def at(
        person_id: FromPath[int], moment: FromQuery[datetime], sync: FromQuery[str | None] = None
    ) -> AsOf:
        """The records of both sides as they stood at that moment."""
        return await as_of(people, await _one(person_id, sync), _zoned("moment", moment))

    @post(
        "/api/people/{person_id:int}/undo", operation_id="people.undo", status_code=200,
        opt=needs("people:write"),
    )  # fmt: skip
    async def undo(
        person_id: FromPath[int],
        data: JSONBody[Undoable],
        request: Request[Any, Any, Any],
        preview: FromQuery[bool] = True,
    ) -> Undo:
        """Put records back. With `preview` (the default) it tells what would be written, and writes nothing."""
        if request.content_type[0] != "application/json":
            # A page of another site may post text, and must not write for anybody.
            raise _NotJson("the body must be application/json")
        undoing = Undoing(people, await _one(person_id, data.sync))
        to = None if data.to is None else _zoned("to", data.to)
        go = undoing.preview if preview else undoing.carry_out
        return await go(to=to, change=data.change, sync=data.sync, force=data.force)

    async def _one(person_id: int, sync: str | None) -> Person:
        return await people.one(f"person:{person_id}", sync=sync)

    return Router(
        "/",
        route_handlers=[find, timeline_, why_, at, undo],
        exception_handlers={
            ConfigurationError: _refusal(400), NoSuchPerson: _refusal(404), _NotJson: _refusal(415),
        },
    )  # fmt: skip


class _NotJson(Exception):
    """A page of another site may post text, and must change nothing."""


def _zoned(name: str, moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ConfigurationError(f"{name}: the time names no zone; write it as 2026-09-03T15:00:00Z")
    return moment.astimezone(UTC)


def _refusal(status: int) -> Any:
    def answer(_: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
        return Response(Problem(status=status, message=str(error)), status_code=status)

    return answer
