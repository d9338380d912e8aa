"""The Contacts API as a library."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tieline.connectors.contacts_api.connector import CONNECTOR
from tieline.connectors.contacts_api.custom_fields import CustomFieldKeys
from tieline.connectors.contacts_api.operations import locations
from tieline.connectors.contacts_api.vendor_keys import BASE_URL
from tieline.connectors.kit.client import Client
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.domain.ids import ConnectionId


class ContactsApi(Client):
    """One location, by a private integration token or an access token."""

    def __init__(self, gateway: Gateway, connection: Connection) -> None:
        super().__init__(gateway, connection)
        #: Keys and ids of the contacts' custom fields.
        self.custom_fields = CustomFieldKeys(self._list_custom_fields)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, *, token: str, location: str, base_url: str = BASE_URL, limits: bool = True
    ) -> AsyncIterator[ContactsApi]:
        """A client for one location. `limits=False` is for a far side without a rate limit, as a sandbox may be."""
        settings: dict[str, Any] = {} if limits else {"limits": "off"}
        connection = Connection(
            id=ConnectionId(0), name=location, connector="contacts_api", base_url=base_url, account=location,
            token=token, settings=settings,
        )  # fmt: skip
        async with Gateway.open((CONNECTOR,)) as gateway:
            yield cls(gateway, connection)

    @property
    def location(self) -> str:
        """Id of the location."""
        return self.connection.account

    async def _list_custom_fields(self) -> dict[str, str]:
        answer = await self.call(
            locations.LIST_CUSTOM_FIELDS, locations.ListCustomFields(model="contact"), "interactive"
        )
        return {str(field.field_key): field.id for field in answer.custom_fields if field.field_key}
