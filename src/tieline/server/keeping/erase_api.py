"""`/api/erasures`: a person is erased, after it was shown what would go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response, Router, post
from litestar.params import FromQuery, JSONBody

from tieline.errors import ConfigurationError
from tieline.server.access.scopes import needs
from tieline.server.keeping.erase import Eraser, Erasure
from tieline.server.people.people import NoSuchPerson, People

if TYPE_CHECKING:
    from tieline.server.hub import Hub


class Whom(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to erase. In the body, since addresses are written into logs on their way."""

    #: Phone, e-mail, a record's id on either side, or person:NUMBER.
    person: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why it was not done."""

    status: int
    message: str


def erase_routes(hub: Hub) -> Router:
    """The handlers, on one hub."""
    eraser = Eraser(People(hub.store, hub.directory, hub.vault.digest), hub.vault.digest)

    @post("/api/erasures", operation_id="people.erase", status_code=200, opt=needs("erasure:write"))
    async def erase(
        data: JSONBody[Whom], request: Request[Any, Any, Any], preview: FromQuery[bool] = True
    ) -> Erasure:
        """Erase a person. With `preview` (the default) it tells what would go, and takes nothing."""
        if request.content_type[0] != "application/json":
            raise _NotJson("the body must be application/json")
        return await (eraser.preview if preview else eraser.erase)(data.person)

    return Router(
        "/",
        route_handlers=[erase],
        exception_handlers={
            ConfigurationError: _refusal(400), NoSuchPerson: _refusal(404), _NotJson: _refusal(415),
        },
    )  # fmt: skip


class _NotJson(Exception):
    """A page of another site may post text, and must change nothing."""


def _refusal(status: int) -> Any:
    def answer(_: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
        return Response(Problem(status=status, message=str(error)), status_code=status)

    return answer
