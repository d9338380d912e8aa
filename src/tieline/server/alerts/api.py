"""`/api/alerts`: where alerts go, and what went there."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from tieline.errors import ConfigurationError
from tieline.server.access.given import NumberWanted
from tieline.server.access.problems import Refusal, refused, refused_as, told
from tieline.server.access.scopes import needs
from tieline.server.alerts.channels import (
    Channel,
    MadeChannel,
    NewChannel,
    add_channel,
    list_channels,
    remove_channel,
    try_channel,
)
from tieline.store.pool import Store

if TYPE_CHECKING:
    from tieline.server.hub import Hub


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """An alert on its way through one channel."""

    channel: str
    state: Literal["waiting", "intent", "sent", "unknown", "given_up"]
    tries: int
    reason: str | None
    ended_at: datetime | None


class SentAlert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert, and what became of it."""

    id: int
    kind: Literal["cause", "digest", "trouble", "recovery", "test"]
    title: str
    text: str
    lines: tuple[str, ...]
    next_step: str
    created_at: datetime
    sendings: tuple[Sending, ...]


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """The test that is on its way."""

    alert: int


async def list_sent(store: Store, *, before: int | None = None, limit: int = 50) -> list[SentAlert]:
    """The youngest first; `before`: an alert's number, to page on."""
    async with store.transaction() as db:
        rows = await db.execute(
            "SELECT alert.id, alert.kind, title, body, alert.created_at, COALESCE((SELECT json_agg(json_build_object("
            " 'channel', name, 'state', state, 'tries', tries, 'reason', reason, 'ended_at', ended_at) ORDER BY name)"
            " FROM alert_sending JOIN alert_channel ON alert_channel.id = channel_id WHERE alert_id = alert.id), '[]')"
            " FROM alert WHERE %(before)s::bigint IS NULL OR alert.id < %(before)s"
            " ORDER BY alert.id DESC LIMIT %(limit)s",
            {"before": before, "limit": limit},
        )
        return [_sent(row) for row in await rows.fetchall()]


def _sent(row: tuple[Any, ...]) -> SentAlert:
    body = row[3]
    return SentAlert(
        id=row[0], kind=row[1], title=row[2], text=body.get("text", ""), lines=tuple(body.get("lines", ())),
        next_step=body.get("next_step", ""), created_at=row[4], sendings=msgspec.convert(row[5], tuple[Sending, ...]),
    )  # fmt: skip


def alert_routes(hub: Hub) -> Router:
    """The handlers."""

    @get("/api/alerts/channels", operation_id="alerts.channels", opt=needs("alerts:read"))
    async def channels() -> list[Channel]:
        """Where alerts go, and which of them take none."""
        return await list_channels(hub.store)

    @post("/api/alerts/channels", operation_id="alerts.channels.add", opt=needs("alerts:write"))
    async def add(data: JSONBody[NewChannel]) -> MadeChannel:
        """A channel, or another target for the one of that name; a webhook's secret is shown this once."""
        return await add_channel(hub.store, hub.vault, data)

    @delete("/api/alerts/channels/{name:str}", operation_id="alerts.channels.remove", opt=needs("alerts:write"),
            responses=told(404))  # fmt: skip
    async def remove(name: FromPath[str]) -> None:
        """Remove it, with what waits for it."""
        if not await remove_channel(hub.store, name):
            raise Refusal(404, f"there is no channel {name}")

    @post("/api/alerts/channels/{name:str}/test", operation_id="alerts.channels.test", opt=needs("alerts:write"),
          responses=told(404))  # fmt: skip
    async def test(name: FromPath[str]) -> Tried:
        """Let a test go through it; whether it arrived stands among what was sent."""
        number = await try_channel(hub.store, name)
        if number is None:
            raise Refusal(404, f"there is no channel {name}")
        return Tried(alert=number)

    @get("/api/alerts", operation_id="alerts.sent", opt=needs("alerts:read"))
    async def sent(
        before: NumberWanted = None, limit: Annotated[int, QueryParameter(ge=1, le=500)] = 50
    ) -> list[SentAlert]:
        """What was told of, the youngest first, and by which channels."""
        return await list_sent(hub.store, before=before, limit=limit)

    return Router(
        "/", route_handlers=[channels, add, remove, test, sent],
        exception_handlers={Refusal: refused, ConfigurationError: refused_as(400)},
    )  # fmt: skip
