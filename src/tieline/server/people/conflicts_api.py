"""`/api/conflicts`: questions for people, and their answers, for the console and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, JSONBody, QueryParameter

from tieline.errors import ConfigurationError
from tieline.server.access.given import Number
from tieline.server.access.problems import Refusal, told
from tieline.server.access.scopes import needs
from tieline.server.people.conflicts import (
    ListedConflict,
    Settled,
    ShownConflict,
    list_conflicts,
    settle,
    show_conflict,
)
from tieline.sync.who.conflicts import Choice

if TYPE_CHECKING:
    from tieline.server.hub import Hub


class Settling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An answer, and who gives it."""

    choice: Choice
    by: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    #: Answer otherwise than before.
    change: bool = False


def conflict_routes(hub: Hub) -> list[HTTPRouteHandler]:
    """The handlers, on one hub."""
    store = hub.store

    @get("/api/conflicts", operation_id="conflicts.list", opt=needs("conflicts:read"))
    async def list_(
        standing: Annotated[Literal["open", "settled", "all"], QueryParameter(name="state")] = "open",
        sync: FromQuery[str | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 50,
    ) -> list[ListedConflict]:
        """The youngest questions."""
        return await list_conflicts(
            store, state=None if standing == "all" else standing, sync=sync, limit=limit
        )

    @get("/api/conflicts/{conflict_id:int}", operation_id="conflicts.show", opt=needs("conflicts:read"),
         responses=told(404))  # fmt: skip
    async def show(conflict_id: Number) -> ShownConflict:
        """One question with the records of both sides, and what can be answered."""
        found = await show_conflict(store, conflict_id)
        if found is None:
            raise _none(conflict_id)
        return found

    @post(
        "/api/conflicts/{conflict_id:int}/choice", operation_id="conflicts.settle", status_code=200,
        opt=needs("conflicts:write"), responses=told(404, 409),
    )  # fmt: skip
    async def choose(conflict_id: Number, data: JSONBody[Settling]) -> Settled:
        """Answer a question; what waited for it is taken up again."""
        try:
            settled = await settle(store, conflict_id, data.choice, data.by, change=data.change)
        except ConfigurationError as error:
            raise Refusal(409, str(error)) from error
        if settled is None:
            raise _none(conflict_id)
        return settled

    return [list_, show, choose]


def _none(conflict_id: int) -> Refusal:
    return Refusal(404, f"there is no conflict {conflict_id}")
