"""A location with something in it, and a client of ours: where the examples of operations are tried."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tieline.connectors.contacts_api.client import ContactsApi
from tieline.connectors.contacts_api.operations import contacts
from tieline.sandbox.app import Options, Sandbox


@dataclass
class Ready:
    """What an example may use."""

    api: ContactsApi
    sandbox: Sandbox
    told: dict[str, Any]

    @property
    def location(self) -> str:
        """Id of the first location."""
        return self.api.location

    @property
    def user(self) -> str:
        """Id of somebody who works there."""
        user: str = self.sandbox.contacts.side.state()["locations"][self.location]["users"][0]["id"]
        return user

    async def contact(self, **fields: Any) -> str:
        """Id of a new contact."""
        given = contacts.CreateContact(**{"first_name": "Ada", **fields})
        return (await self.api.call(contacts.CREATE, given)).contact.id

    def state(self) -> dict[str, Any]:
        """What the location holds."""
        held: dict[str, Any] = self.sandbox.contacts.side.state()["locations"][self.location]
        return held


#: Builds a valid input of an operation, with all that it needs in place.
Example = Callable[[Ready], Awaitable[Any]]


@asynccontextmanager
async def ready(**options: Any) -> AsyncIterator[Ready]:
    """A sandbox without limits and a client with the location's private token."""
    async with Sandbox.start(Options(**{"locations": 2, "limits": "off", **options})) as running:
        told = running.describe()["contacts"]
        location = told["locations"][0]
        async with ContactsApi.open(
            token=location["token"], location=location["id"], base_url=told["base_url"], limits=False
        ) as api:
            yield Ready(api, running, told)
