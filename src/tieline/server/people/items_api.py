"""`/api/items`: tasks, notes and appointments of accounts that have none of their own, for the console and programs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
from litestar import Response, Router, delete, get, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from tieline.domain.items import ItemKind
from tieline.errors import ConfigurationError
from tieline.server.access.given import MOST, zoned
from tieline.server.access.problems import Refusal, refused_as, told
from tieline.server.access.scopes import needs
from tieline.server.people.item_input import ItemFields
from tieline.server.people.own_items import OwnItems, ShownItem, Stale

if TYPE_CHECKING:
    from tieline.server.hub import Hub

Version = Annotated[int, msgspec.Meta(ge=1, le=MOST)]


class ItemWanted(ItemFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new item."""

    #: Name of a call-tracking connection.
    connection: str
    #: Phone, e-mail, or the id that an item shows.
    person: str
    #: Only where the connection has several.
    project: str | None = None
    kind: ItemKind
    #: Same reference, same item, however often it is asked for.
    reference: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None


class ItemChange(ItemFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be otherwise: absent stays, null clears."""

    #: Refuse the change where the item does not stand at this version any more.
    version: Version | None = None


def item_routes(hub: Hub) -> Router:
    """The handlers, on one hub."""
    items = OwnItems(hub.store, hub.directory)

    @get("/api/items", operation_id="items.list", opt=needs("items:read"))
    async def list_(
        connection: FromQuery[str],
        person: FromQuery[str | None] = None,
        project: FromQuery[str | None] = None,
        kind: FromQuery[ItemKind | None] = None,
        deleted: FromQuery[bool] = False,
        since: FromQuery[datetime | None] = None,
        after: FromQuery[str] = "",
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    ) -> list[ShownItem]:
        """A person's items, the oldest first; or, with `since` in place of `person`, a page of an account's changes,
        deleted items among them, which goes on at the last one's `updated_at` and id (`after`)."""
        if (person is None) == (since is None):
            raise ConfigurationError("say whose items (person), or from when on (since)")
        if since is not None:
            return await items.list_changed(connection, since=zoned("since", since), after=after, limit=limit)
        return await items.list_of(items.place(connection, person or "", project), kind, deleted=deleted)

    @post(
        "/api/items",
        operation_id="items.add",
        opt=needs("items:write"),
        responses={200: ResponseSpec(ShownItem)},
    )
    async def add(data: JSONBody[ItemWanted]) -> Response[ShownItem]:
        """A new item, which is told to the syncs. 200 with the first one where its reference was used before."""
        place = items.place(data.connection, data.person, data.project)
        made, created = await items.add(place, data.kind, _fields(data), reference=data.reference)
        return Response(made, status_code=201 if created else 200)

    @get("/api/items/{item_id:str}", operation_id="items.show", opt=needs("items:read"), responses=told(404))
    async def show(item_id: FromPath[str]) -> ShownItem:
        """One item."""
        return _there(await items.show(item_id), item_id)

    @put(
        "/api/items/{item_id:str}",
        operation_id="items.change",
        opt=needs("items:write"),
        responses=told(404, 409),
    )
    async def change(item_id: FromPath[str], data: JSONBody[ItemChange]) -> ShownItem:
        """The item after a change, which is told to the syncs unless nothing differs."""
        return _there(await items.change(item_id, _fields(data), version=data.version), item_id)

    @delete(
        "/api/items/{item_id:str}",
        operation_id="items.remove",
        opt=needs("items:write"),
        responses=told(404, 409),
    )
    async def remove(
        item_id: FromPath[str], version: Annotated[int | None, QueryParameter(ge=1, le=MOST)] = None
    ) -> None:
        """Delete an item, which is told to the syncs; their policy says what becomes of its other side."""
        _there(await items.remove(item_id, version=version), item_id)

    return Router(
        "/",
        route_handlers=[list_, add, show, change, remove],
        exception_handlers={
            ConfigurationError: refused_as(400), Stale: refused_as(409),
        },
    )  # fmt: skip


def _fields(data: ItemFields) -> ItemFields:
    names = ItemFields.__struct_fields__
    return ItemFields(**{name: getattr(data, name) for name in names})


def _there(found: ShownItem | None, item_id: str) -> ShownItem:
    if found is None:
        raise Refusal(404, f"there is no item {item_id}")
    return found
