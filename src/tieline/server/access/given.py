"""What a request may give: bodies that are read strictly, numbers and moments that the store can keep."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from litestar import Request
from litestar.params import PathParameter, QueryParameter

from tieline.server.access.problems import Refusal

#: Largest number of a row.
MOST = 2**63 - 1
Number = Annotated[int, PathParameter(ge=0, le=MOST)]
NumberWanted = Annotated[int | None, QueryParameter(ge=0, le=MOST)]
RowNumber = Annotated[int, msgspec.Meta(ge=0, le=MOST)]
#: Of a body; `zoned` has it name its zone.
Moment = Annotated[datetime, msgspec.Meta(extra_json_schema={"format": "date-time"})]
#: U+0000 in JSON: no text of PostgreSQL holds it.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class Given(Request[Any, Any, Any]):
    """A request whose body is what its route says, and nothing like it."""

    async def json(self) -> Any:
        """The body, as the type that the route takes. Raises Refusal."""
        if self.content_type[0] != "application/json":
            # A page of another site may post text, and must do nothing.
            raise Refusal(415, "the body must be application/json")
        body = await self.body()
        if _NUL.search(body):
            raise Refusal(400, "a text of the body holds U+0000, which cannot be kept")
        field = self.scope["route_handler"].parsed_data_field
        try:
            return msgspec.json.decode(body, type=Any if field is None else field.annotation)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Refusal(400, f"the body: {error}") from None


def require_kept(path: str, query: str) -> None:
    """Refuse an address that names what no store can hold. Raises Refusal."""
    if "\x00" in path or "%00" in query:
        raise Refusal(400, "the address holds U+0000, which cannot be kept")


def zoned(name: str, moment: datetime) -> datetime:
    """A moment that says its zone, in UTC. Raises Refusal."""
    if moment.tzinfo is None:
        raise Refusal(400, f"{name}: the time names no zone; write it as 2026-09-03T15:00:00Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise Refusal(400, f"{name}: no clock shows that time") from None
