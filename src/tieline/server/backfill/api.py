"""`/api/syncs/{name}/{kind}`: backfills, reconciles, previews and drifts, for the console and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from tieline.errors import ConfigurationError
from tieline.server.access.given import MOST, Moment, zoned
from tieline.server.access.problems import Refusal, refused_as, told
from tieline.server.access.scopes import needs
from tieline.server.backfill.status import RunStatus, begin, move, show
from tieline.server.preview.report import ShownWrite, list_previewed
from tieline.store.backfill import RunKind

if TYPE_CHECKING:
    from tieline.server.hub import Hub


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be done with a run."""

    do: Literal["start", "pause", "resume", "cancel"]
    #: Of a backfill or preview: calls, forms and texts since then.
    since: Moment | None = None
    #: Of a drift: as many people as that, at random.
    sample: Annotated[int, msgspec.Meta(ge=1, le=MOST)] | None = None


def backfill_routes(hub: Hub) -> Router:
    """The handlers, on one hub."""
    store = hub.store

    @get("/{name:str}/{kind:str}/writes", operation_id="syncs.preview.writes", opt=needs("syncs:read"))
    async def writes(
        name: FromPath[str],
        kind: FromPath[Literal["preview"]],
        after: Annotated[int, QueryParameter(ge=0, le=MOST)] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=10_000)] = 1000,
    ) -> list[ShownWrite]:
        """A page of what the last preview found, which goes on behind the number of its last write."""
        return await list_previewed(store, name, after=after, limit=limit)

    @get(
        "/{name:str}/{kind:str}", operation_id="syncs.runs.show", opt=needs("syncs:read"), responses=told(404)
    )
    async def show_(name: FromPath[str], kind: FromPath[RunKind]) -> RunStatus:
        """How the last backfill, reconcile, preview or drift of a sync stands."""
        found = await show(store, name, kind)
        if found is None:
            raise Refusal(404, f"{name} never had a {kind}")
        return found

    @post("/{name:str}/{kind:str}", operation_id="syncs.runs.do", opt=needs("syncs:write"), status_code=200,
          responses=told(409))  # fmt: skip
    async def do(name: FromPath[str], kind: FromPath[RunKind], data: JSONBody[Asked]) -> RunStatus:
        """Begin one, pause it, go on, or cancel it."""
        since = data.since and zoned("since", data.since)
        if data.do == "start":
            return await begin(store, name, kind, since=since, sample=data.sample)
        return await move(store, name, kind, data.do)

    return Router(
        "/api/syncs", route_handlers=[writes, show_, do],
        exception_handlers={ConfigurationError: refused_as(409)},
    )  # fmt: skip
