"""A call-tracking account as a library."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any

from tieline.catalogue.spec import AnyOperation, Trigger
from tieline.connectors.kit.client import Client
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.nimbata.config import NimbataConfig, build
from tieline.connectors.nimbata.connector import CONNECTOR
from tieline.connectors.nimbata.created import find_created
from tieline.connectors.nimbata.operations.activities import (
    LIST_CALLS,
    LIST_FORMS,
    LIST_TEXTS,
    ListActivity,
    Stream,
    of_days,
)
from tieline.connectors.nimbata.payloads import Data, Told, read_event
from tieline.connectors.nimbata.shapes import CallRecord, FormRecord, TextRecord
from tieline.domain.ids import ConnectionId

#: Where Nimbata's API is; an account behind a proxy, or another product's, has another.
BASE_URL = "https://api.nimbata.com"


class Nimbata(Client):
    """One account, by its token. What it differs in stands in `settings`, as in those of a connection."""

    def __init__(self, gateway: Gateway, connection: Connection) -> None:
        super().__init__(gateway, connection)
        self.config: NimbataConfig = build(connection.own_settings())

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        *,
        token: str,
        account: str,
        base_url: str = BASE_URL,
        settings: Mapping[str, Any] | None = None,
        limits: bool = True,
    ) -> AsyncIterator[Nimbata]:
        """A client for one account. `limits=False` is for a far side without a rate limit, as a sandbox may be.

        An account that stores contacts needs `settings={"mode": "native"}`; without, calls, forms and texts are
        offered and nothing else. Raises ConfigurationError, which names the setting.
        """
        connection = Connection(
            id=ConnectionId(0), name=account, connector="nimbata", base_url=base_url, account=account,
            token=token, settings={**(settings or {}), **({} if limits else {"limits": "off"})},
        )  # fmt: skip
        build(connection.own_settings())
        async with Gateway.open((CONNECTOR,)) as gateway:
            yield cls(gateway, connection)

    @property
    def account(self) -> str:
        """Id of the account."""
        return self.connection.account

    def offers(self, operation: AnyOperation) -> bool:
        """Whether this account has the operation, as far as its settings tell."""
        return self.config.offers(operation.id)

    def calls(self, project: str, first: date, last: date) -> AsyncIterator[CallRecord]:
        """Calls of a project that began on these days, UTC, both included. Rows may repeat where pages shift."""
        return self.each(LIST_CALLS, self._days(project, "call", first, last))

    def forms(self, project: str, first: date, last: date) -> AsyncIterator[FormRecord]:
        """Forms submitted on these days, UTC, both included."""
        return self.each(LIST_FORMS, self._days(project, "form", first, last))

    def texts(self, project: str, first: date, last: date) -> AsyncIterator[TextRecord]:
        """Text messages of these days, UTC, both included."""
        return self.each(LIST_TEXTS, self._days(project, "text", first, last))

    async def find_created(
        self, operation: AnyOperation, given: Any, *, since: datetime | None = None
    ) -> Any | None:
        """What a create made whose answer was lost; see `created.find_created`."""
        return await find_created(self, operation, given, since=since)

    def read_event(self, trigger: Trigger[Told[Data]], body: bytes, hint: str | None = None) -> Told[Data]:
        """The payload of a webhook's body, by this account's labels. Raises UnreadableError."""
        return read_event(trigger, body, self.config, hint)

    def _days(self, project: str, stream: Stream, first: date, last: date) -> ListActivity:
        filters = of_days(stream, first, last)
        return ListActivity(project=project, filters=filters, per_page=self.config.pagination.size)
