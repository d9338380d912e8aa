"""`/api/errors`: what failed by cause, and the ways to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromQuery, JSONBody, QueryParameter

from tieline.errors import ConfigurationError
from tieline.server.access.given import Number, NumberWanted, RowNumber
from tieline.server.access.problems import Refusal, refused_as, told
from tieline.server.access.scopes import needs
from tieline.server.trouble.causes import (
    ListedCause,
    Refused,
    ShownCause,
    ShownFailure,
    list_causes,
    list_refused,
    show_cause,
    show_failure,
)
from tieline.server.trouble.connections import ConnectionTrouble, list_trouble
from tieline.server.trouble.edits import Edit
from tieline.server.trouble.mend import Mender, Taken, Wanted
from tieline.server.trouble.replays import Preview, Replay, Replays

if TYPE_CHECKING:
    from tieline.server.hub import Hub

Shown = TypeVar("Shown")
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Edits = Annotated[tuple[Edit, ...], msgspec.Meta(max_length=50)]
Limit = Annotated[int, QueryParameter(ge=1, le=1000)]


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that somebody should look at."""

    connections: list[ConnectionTrouble]
    causes: list[ListedCause]
    #: Deliveries that were turned away.
    refused: list[Refused]


class Retrying(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Failures to be taken up, each with these edits first."""

    failures: Annotated[tuple[RowNumber, ...], msgspec.Meta(min_length=1, max_length=100)]
    edits: Edits = ()


class Ignoring(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why nobody is to be asked any more."""

    reason: Reason


class Ignored(msgspec.Struct, frozen=True, kw_only=True):
    """Failures that are open and ignored now."""

    failures: int


class Replaying(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Many failures to be taken up, in the background."""

    wanted: Wanted = Wanted()
    edits: Edits = ()
    reason: Reason


class Controlling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a replay is to go on."""

    state: Literal["running", "paused", "aborted"]


def error_routes(hub: Hub) -> Router:
    """The handlers, on one hub."""
    store = hub.store
    mender = Mender(store, hub.directory)
    replays = Replays(store, mender)

    @get("/api/errors", operation_id="errors.list", opt=needs("errors:read"))
    async def list_(
        sync: FromQuery[str | None] = None,
        ignored: FromQuery[bool] = False,
        before: NumberWanted = None,
        limit: Limit = 50,
    ) -> Trouble:
        """Connections in trouble, causes of failures, and deliveries that were turned away."""
        return Trouble(
            connections=await list_trouble(store),
            causes=await list_causes(store, sync=sync, ignored=ignored, before=before, limit=limit),
            refused=await list_refused(store),
        )

    @get("/api/errors/causes/{cause:int}", operation_id="errors.show", opt=needs("errors:read"),
         responses=told(404))  # fmt: skip
    async def show(cause: Number, limit: Limit = 20) -> ShownCause:
        """One cause with its youngest failures."""
        return _there(await show_cause(store, cause, limit=limit), f"there is no cause {cause}")

    @get("/api/errors/failures/{failure:int}", operation_id="errors.item", opt=needs("errors:read"),
         responses=told(404))  # fmt: skip
    async def item(failure: Number) -> ShownFailure:
        """One failure: what came in, what was sent, and what the far side said."""
        return _there(await show_failure(store, failure), f"there is no failure {failure}")

    @post("/api/errors/retry", operation_id="errors.retry", status_code=200, opt=needs("errors:write"),
          responses=told(409))  # fmt: skip
    async def retry(data: JSONBody[Retrying]) -> Taken:
        """Take failures up again at once, with or without edits; what took place already is not done again."""
        return await mender.retry(data.failures, data.edits)

    @post(
        "/api/errors/causes/{cause:int}/ignore", operation_id="errors.ignore", status_code=200,
        opt=needs("errors:write"), responses=told(404),
    )  # fmt: skip
    async def ignore(cause: Number, data: JSONBody[Ignoring]) -> Ignored:
        """List it, and tell of it, no more."""
        failures = await mender.ignore(cause, data.reason)
        return Ignored(failures=_there(failures, f"there is no cause {cause}"))

    @delete("/api/errors/causes/{cause:int}/ignore", operation_id="errors.heed", opt=needs("errors:write"),
            responses=told(404))  # fmt: skip
    async def heed(cause: Number) -> None:
        """List it, and tell of it, again."""
        if not await mender.heed(cause):
            raise Refusal(404, f"there is no cause {cause}")

    @get("/api/errors/replays", operation_id="errors.replays", opt=needs("errors:read"))
    async def list_replays(limit: Limit = 20) -> list[Replay]:
        """The youngest first."""
        return await replays.youngest(limit=limit)

    @get("/api/errors/replays/{replay:int}", operation_id="errors.replay.show", opt=needs("errors:read"),
         responses=told(404))  # fmt: skip
    async def show_replay(replay: Number) -> Replay:
        """How far it is."""
        return _there(await replays.show(replay), f"there is no replay {replay}")

    @post("/api/errors/replays/preview", operation_id="errors.replay.preview", status_code=200,
          opt=needs("errors:write"))  # fmt: skip
    async def preview(data: JSONBody[Replaying]) -> Preview:
        """What a replay would take up; sends nothing."""
        return await replays.preview(data.wanted, data.edits)

    @post("/api/errors/replays", operation_id="errors.replay.begin", status_code=201, opt=needs("errors:write"),
          responses=told(409))  # fmt: skip
    async def begin(data: JSONBody[Replaying]) -> Replay:
        """Take up what is open now, in the quota class of history."""
        return await replays.begin(data.wanted, data.reason, data.edits)

    @post(
        "/api/errors/replays/{replay:int}/state", operation_id="errors.replay.control", status_code=200,
        opt=needs("errors:write"), responses=told(404, 409),
    )  # fmt: skip
    async def control(replay: Number, data: JSONBody[Controlling]) -> Replay:
        """Pause it, go on with it, or end it."""
        return _there(await replays.control(replay, data.state), f"there is no replay {replay}")

    return Router(
        "/",
        route_handlers=[
            list_, show, item, retry, ignore, heed, list_replays, show_replay, preview, begin, control,
        ],
        exception_handlers={ConfigurationError: refused_as(409)},
    )  # fmt: skip


def _there(found: Shown | None, message: str) -> Shown:
    if found is None:
        raise Refusal(404, message)
    return found
