"""`/api/syncs/{name}/{kind}`: backfills, reconciles, previews and drifts, for the console and for programs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from tieline.errors import ConfigurationError
from tieline.server.access.scopes import needs
from tieline.server.backfill.status import RunStatus, begin, move, show
from tieline.server.preview.report import ShownWrite, list_previewed
from tieline.store.backfill import RUN_KINDS, RunKind

if TYPE_CHECKING:
    from tieline.server.hub import Hub


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be done with a run."""

    do: Literal["start", "pause", "resume", "cancel"]
    #: Of a backfill or preview: calls, forms and texts since then.
    since: datetime | None = None
    #: Of a drift: as many people as that, at random.
    sample: Annotated[int, msgspec.Meta(ge=1)] | None = None


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why it was not done."""

    status: int
    message: str


def backfill_routes(hub: Hub) -> Router:
    """The handlers, on one hub."""
    store = hub.store

    @get("/{name:str}/preview/writes", operation_id="syncs.preview.writes", opt=needs("syncs:read"))
    async def writes(
        name: FromPath[str],
        after: Annotated[int, QueryParameter(ge=0)] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=10_000)] = 1000,
    ) -> list[ShownWrite]:
        """A page of what the last preview found, which goes on behind the number of its last write."""
        return await list_previewed(store, name, after=after, limit=limit)

    @get("/{name:str}/{kind:str}", operation_id="syncs.runs.show", opt=needs("syncs:read"))
    async def show_(name: FromPath[str], kind: FromPath[str]) -> Response[RunStatus | Problem]:
        """How the last backfill, reconcile, preview or drift of a sync stands."""
        found = await show(store, name, _kind(kind))
        if found is None:
            return _problem(404, f"{name} never had a {kind}")
        return Response(found)

    @post("/{name:str}/{kind:str}", operation_id="syncs.runs.do", opt=needs("syncs:write"), status_code=200)
    async def do(
        name: FromPath[str], kind: FromPath[str], data: JSONBody[Asked], request: Request[Any, Any, Any]
    ) -> Response[RunStatus | Problem]:
        """Begin one, pause it, go on, or cancel it."""
        if request.content_type[0] != "application/json":
            # A page of another site may post text, and must begin nothing.
            return _problem(415, "the body must be application/json")
        if data.since is not None and data.since.tzinfo is None:
            return _problem(400, "since: the time names no zone; write it as 2026-09-03T15:00:00Z")
        if data.do == "start":
            return Response(await begin(store, name, _kind(kind), since=data.since, sample=data.sample))
        return Response(await move(store, name, _kind(kind), data.do))

    return Router(
        "/api/syncs", route_handlers=[writes, show_, do],
        exception_handlers={ConfigurationError: _refused, _NoSuchKind: _unknown},
    )  # fmt: skip


class _NoSuchKind(Exception):
    """The address names something else."""


def _kind(word: str) -> RunKind:
    for kind in RUN_KINDS:
        if kind == word:
            return kind
    raise _NoSuchKind(f"{word} is none of {', '.join(RUN_KINDS)}")


def _problem(status: int, message: str) -> Response[Any]:
    return Response(Problem(status=status, message=message), status_code=status)


def _refused(_: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    return _problem(409, str(error))


def _unknown(_: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    return _problem(404, str(error))
