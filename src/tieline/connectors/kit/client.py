"""A connector used as a library: one connection, its operations, and nothing of the hub."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, TypeVar

from tieline.catalogue.spec import Operation
from tieline.connectors.kit.answer import Answer
from tieline.connectors.kit.budget import Priority
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.kit.paging import MAX_PAGES, each_page
from tieline.errors import ConfigurationError

In = TypeVar("In")
Out = TypeVar("Out")


class Client:
    """Calls operations of one connection, within its quota. Nothing is repeated: who repeats must know, and count."""

    def __init__(self, gateway: Gateway, connection: Connection) -> None:
        self._gateway = gateway
        self.connection = connection

    async def call(self, operation: Operation[In, Out], given: In, priority: Priority = "live") -> Out:
        """The value of one call. Raises the classes of `tieline.errors`."""
        return (await self.answer(operation, given, priority)).value

    async def answer(
        self, operation: Operation[In, Out], given: In, priority: Priority = "live"
    ) -> Answer[Out]:
        """One call with all that is known of it: status, the far side's trace id, how long it took."""
        return await self._gateway.call(self.connection, operation, given, priority)

    async def pages(
        self,
        operation: Operation[In, Out],
        given: In,
        priority: Priority = "sweep",
        *,
        max_pages: int = MAX_PAGES,
    ) -> AsyncIterator[Out]:
        """Every answer of a list, page by page. Raises ConfigurationError for an operation that is no list."""
        paging = operation.paging
        if paging is None:
            raise ConfigurationError(f"{operation.id} is no list that goes on")

        async def ask(at: In) -> Out:
            return await self.call(operation, at, priority)

        async for answer in each_page(ask, paging, given, max_pages=max_pages):
            yield answer

    async def each(
        self,
        operation: Operation[In, Out],
        given: In,
        priority: Priority = "sweep",
        *,
        max_pages: int = MAX_PAGES,
    ) -> AsyncIterator[Any]:
        """Every row of a list, whatever way the far side pages it."""
        async for answer in self.pages(operation, given, priority, max_pages=max_pages):
            assert operation.paging is not None
            for row in operation.paging.rows(answer):
                yield row
