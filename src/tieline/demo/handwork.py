"""Carries out what people do by hand at one location, on both sides, at its time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tieline.demo.hands import Deed, deeds, phone

#: One control call: side, method, path, body.
Ask = Callable[[str, str, str, Any], Awaitable[Any]]
#: A record of the other side may take so long to be there; the CRM's quota and the account's decide.
_PATIENCE_S = 60.0
_LOOK_S = 1.0


class Handwork:
    """The people of one location at work."""

    def __init__(
        self, ask: Ask, entered: set[str], location: int, location_of: Mapping[str, str], *, wave: int = 0
    ) -> None:
        """`entered` collects the phones of whoever is entered. Each `wave` enters other people."""
        self._ask = ask
        self._entered = entered
        self._number = location
        self._wave = wave
        self._project, self._location = list(location_of.items())[location]
        #: Item of the script → its id where it was made.
        self._items: dict[str, str] = {}

    async def work(self) -> None:
        """Everything, at its time or as soon after as it can be done."""
        began = time.monotonic()
        for deed in deeds(self._number, datetime.now(UTC)):
            await asyncio.sleep(max(began + deed.at_s - time.monotonic(), 0))
            await self._do(deed)

    async def _do(self, deed: Deed) -> None:
        verb = deed.kind.partition(".")[2]
        number = phone(self._number, deed.who, self._wave)
        wanted: dict[str, Any] = {"kind": deed.kind}
        if deed.kind == "contact.create":
            self._entered.add(number)
            if deed.side == "nimbata":
                # Somebody whom the sandbox's callers are not taken from: the account's own count stays as it is.
                wanted |= {"project": self._project, "caller": None, "email": None, "tags": []}
        elif deed.item is not None and verb != "create":
            wanted["id"] = self._items[deed.item]
        else:
            key = "contact" if deed.item is not None and deed.side == "nimbata" else "id"
            wanted[key] = await self._id_of(deed.side, number)
        if deed.side == "nimbata":
            wanted["changes"] = (
                {**deed.changes, "phone": number} if deed.kind == "contact.create" else deed.changes
            )
        else:
            fields = {**deed.changes, "phone": number} if deed.kind == "contact.create" else deed.changes
            wanted |= {"location": self._location, "fields": fields, "tags": deed.tags}
        done = await self._ask(deed.side, "POST", "/emit", wanted)
        if deed.item is not None and verb == "create":
            self._items[deed.item] = done[0]["activity_id" if deed.side == "nimbata" else "record"]

    async def _id_of(self, side: str, number: str) -> str:
        """The person's record on that side, once it is there. Raises TimeoutError."""
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                for one in await self._contacts(side):
                    if one.get("phone") == number and not one.get("deleted_at"):
                        found: str = one["id"]
                        return found
                await asyncio.sleep(_LOOK_S)

    async def _contacts(self, side: str) -> list[dict[str, Any]]:
        state = await self._ask(side, "GET", "/state", None)
        held = state if side == "nimbata" else state["locations"][self._location]
        found: list[dict[str, Any]] = held["contacts"]
        return found
