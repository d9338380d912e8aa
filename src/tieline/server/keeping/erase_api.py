"""`/api/erasures`: a person is erased, after it was shown what would go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from litestar import Router, post
from litestar.params import FromQuery, JSONBody

from tieline.errors import ConfigurationError
from tieline.server.access.problems import refused_as, told
from tieline.server.access.scopes import needs
from tieline.server.keeping.erase import Eraser, Erasure
from tieline.server.people.people import NoSuchPerson, People

if TYPE_CHECKING:
    from tieline.server.hub import Hub


class Whom(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to erase. In the body, since addresses are written into logs on their way."""

    #: Phone, e-mail, a record's id on either side, or person:NUMBER.
    person: str


def erase_routes(hub: Hub) -> Router:
    """The handlers, on one hub."""
    eraser = Eraser(People(hub.store, hub.directory, hub.vault.digest), hub.vault.digest)

    @post("/api/erasures", operation_id="people.erase", status_code=200, opt=needs("erasure:write"),
          responses=told(404))  # fmt: skip
    async def erase(data: JSONBody[Whom], preview: FromQuery[bool] = True) -> Erasure:
        """Erase a person. With `preview` (the default) it tells what would go, and takes nothing."""
        return await (eraser.preview if preview else eraser.erase)(data.person)

    return Router(
        "/",
        route_handlers=[erase],
        exception_handlers={
            ConfigurationError: refused_as(400), NoSuchPerson: refused_as(404),
        },
    )  # fmt: skip
