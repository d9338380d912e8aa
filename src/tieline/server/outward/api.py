"""`/api/outward`: what HTTP of users' own making may reach by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromQuery, JSONBody

from tieline.errors import ConfigurationError
from tieline.server.access.problems import Refusal, refused, refused_as, told
from tieline.server.access.scopes import needs
from tieline.server.outward.entries import OutwardEntry, allow_outward, deny_outward, list_outward

if TYPE_CHECKING:
    from tieline.server.hub import Hub


class OutwardWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be reached, and why."""

    #: "host", "host:port", "10.1.2.0/24", "10.1.2.0/24:8080".
    entry: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


def outward_routes(hub: Hub) -> Router:
    """The handlers."""

    @get("/api/outward", operation_id="outward.list", opt=needs("outward:read"))
    async def list_() -> list[OutwardEntry]:
        """What may be reached though it is not public, or at a port that needs permission."""
        return await list_outward(hub.store)

    @post("/api/outward", operation_id="outward.allow", opt=needs("outward:write"))
    async def allow(data: JSONBody[OutwardWanted]) -> OutwardEntry:
        """Let user-made HTTP go there."""
        return await allow_outward(hub.store, data.entry, data.reason)

    @delete("/api/outward", operation_id="outward.deny", opt=needs("outward:write"), responses=told(404))
    async def deny(entry: FromQuery[str]) -> None:
        """Take a permission back."""
        if not await deny_outward(hub.store, entry):
            raise Refusal(404, f"nothing was allowed as {entry}")

    return Router(
        "/", route_handlers=[list_, allow, deny],
        exception_handlers={Refusal: refused, ConfigurationError: refused_as(400)},
    )  # fmt: skip
