"""`/api/catalogue`: what can be picked, one entry whole, and the choices that an account knows for a field."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from litestar import Router, get
from litestar.params import FromPath, FromQuery, QueryParameter

from tieline.catalogue.entry import Entry
from tieline.catalogue.fields import Field
from tieline.catalogue.listing import Filters, Page, ShownEntry, chosen, page, shown
from tieline.catalogue.options import OPTIONS
from tieline.server.access.problems import Refusal, told
from tieline.server.access.scopes import KNOWN, needs
from tieline.server.catalogue import asking
from tieline.server.catalogue.account_options import Option
from tieline.server.catalogue.wired import catalogue

if TYPE_CHECKING:
    from tieline.server.hub import Hub

#: Seconds for which choices are shown again without a call; a form asks for the same ones many times.
_KEPT_S = 30.0
#: Kept at once; the oldest give way.
_MOST_KEPT = 200


def catalogue_routes(hub: Hub) -> Router:
    """The handlers, on one hub."""
    kept: dict[tuple[int, str, str | None], tuple[float, list[Option]]] = {}

    @get("/api/catalogue", operation_id="catalogue.list", opt=needs(KNOWN), sync_to_thread=True)
    def list_(
        app: FromQuery[str | None] = None,
        kind: FromQuery[Literal["action", "trigger", "logic"] | None] = None,
        mission: FromQuery[bool | None] = None,
        search: FromQuery[str | None] = None,
        after: FromQuery[str | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    ) -> Page:
        """Entries by id; a page goes on behind `after`."""
        filters = Filters(app=app, kind=kind, mission=mission, search=search)
        return page(chosen(catalogue(), filters), after=after, limit=limit)

    @get("/api/catalogue/{entry:str}", operation_id="catalogue.show", opt=needs(KNOWN), sync_to_thread=True,
         responses=told(404))  # fmt: skip
    def show(entry: FromPath[str]) -> ShownEntry:
        """One entry with the fields that it asks for, and what it gives to those after it."""
        return shown(_entry(entry))

    @get("/api/catalogue/{entry:str}/options", operation_id="catalogue.options", opt=needs("connections:read"),
         responses=told(404, 409))  # fmt: skip
    async def options(
        entry: FromPath[str],
        field: FromQuery[str],
        connection: FromQuery[str],
        within: FromQuery[str | None] = None,
    ) -> list[Option]:
        """Choices of a field, read from the account; also of one that comes out, for conditions. `field`: its name, or
        path as "customFields.id"; `within`: what was chosen in the field that narrows them, as a pipeline narrows its
        stages."""
        asked, path = await asyncio.to_thread(_entry, entry), field.split(".")
        found = _field(asked.fields, path) or _field(asked.output_fields, path)
        if found is None:
            raise Refusal(404, f"{entry} has no field {field}")
        if not found.options:
            raise Refusal(409, f"the choices of {field} come from no account")
        stored = hub.directory.connection(connection)
        if stored is None:
            raise Refusal(404, f"there is no connection named {connection}")
        if stored.connector != OPTIONS[found.options].app:
            raise Refusal(409, f"{connection} is no connection of {OPTIONS[found.options].app}")
        key, now = (stored.id, found.options, within), time.monotonic()
        if key in kept and now - kept[key][0] < _KEPT_S:
            return kept[key][1]
        wanted = {"options": found.options, "within": within}
        try:
            read = await asking.ask(hub.store, hub.vault, stored, asking.OPTIONS, wanted, within_s=10.0)
        except asking.NobodyAnswered as error:
            raise Refusal(503, str(error), headers={"Retry-After": "5"}) from error
        except asking.NotCarriedOut as error:
            raise Refusal(409, str(error)) from error
        choices = msgspec.convert(read, list[Option])
        kept[key] = now, choices
        while len(kept) > _MOST_KEPT:
            del kept[next(iter(kept))]
        return choices

    return Router("/", route_handlers=[list_, show, options])


def _entry(name: str) -> Entry:
    found = catalogue().get(name)
    if found is None:
        raise Refusal(404, f"there is no {name} in the catalogue")
    return found


def _field(fields: tuple[Field, ...], path: list[str]) -> Field | None:
    """The field at that path."""
    found = next((one for one in fields if one.name == path[0]), None)
    return found if found is None or len(path) == 1 else _field(found.fields, path[1:])
