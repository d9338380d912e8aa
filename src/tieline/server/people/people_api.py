"""`/api/people`: who somebody is, what happened to their records and why, and the way back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
from litestar import Router, get, post
from litestar.params import FromQuery, JSONBody, QueryParameter

from tieline.errors import ConfigurationError
from tieline.server.access.given import Moment, Number, RowNumber, zoned
from tieline.server.access.problems import refused_as, told
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

    to: Moment | None = None
    #: Number of a `change` of the time line.
    change: RowNumber | None = None
    #: Only where the person is linked in several.
    sync: str | None = None
    #: Also what somebody changed, or made, since.
    force: bool = False


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

    @get("/api/people/{person_id:int}/timeline", operation_id="people.timeline", opt=needs("people:read"),
         responses=told(404))  # fmt: skip
    async def timeline_(
        person_id: Number,
        sync: FromQuery[str | None] = None,
        before: FromQuery[str | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    ) -> Page:
        """The youngest entries, the oldest of them first; `before` of a page gives those before it."""
        return await timeline(people, await _one(person_id, sync), before=before, limit=limit)

    @get("/api/people/{person_id:int}/why", operation_id="people.why", opt=needs("people:read"),
         responses=told(404))  # fmt: skip
    async def why_(
        person_id: Number, field: FromQuery[str], sync: FromQuery[str | None] = None
    ) -> tuple[Why, ...]:
        """Why a field is so, by sync: the last change on each side, the event behind it, and the rule."""
        return await why(people, await _one(person_id, sync), field)

    @get("/api/people/{person_id:int}/at", operation_id="people.at", opt=needs("people:read"),
         responses=told(404))  # fmt: skip
    async def at(person_id: Number, moment: FromQuery[datetime], sync: FromQuery[str | None] = None) -> AsOf:
        """The records of both sides as they stood at that moment."""
        return await as_of(people, await _one(person_id, sync), zoned("moment", moment))

    @post(
        "/api/people/{person_id:int}/undo", operation_id="people.undo", status_code=200,
        opt=needs("people:write"), responses=told(404),
    )  # fmt: skip
    async def undo(
        person_id: Number,
        data: JSONBody[Undoable],
        preview: FromQuery[bool] = True,
    ) -> Undo:
        """Put records back. With `preview` (the default) it tells what would be written, and writes nothing."""
        undoing = Undoing(people, await _one(person_id, data.sync))
        to = data.to and zoned("to", data.to)
        go = undoing.preview if preview else undoing.carry_out
        return await go(to=to, change=data.change, sync=data.sync, force=data.force)

    async def _one(person_id: int, sync: str | None) -> Person:
        return await people.one(f"person:{person_id}", sync=sync)

    return Router(
        "/",
        route_handlers=[find, timeline_, why_, at, undo],
        exception_handlers={
            ConfigurationError: refused_as(400), NoSuchPerson: refused_as(404),
        },
    )  # fmt: skip
