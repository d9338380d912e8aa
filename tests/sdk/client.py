"""The vendor's own Python client, pointed at the sandbox. It speaks v3 only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from highlevel import HighLevel
from highlevel.error import GHLError
from highlevel.storage import MemorySessionStorage

from tests.conformance.numbers import note
from tieline.sandbox.app import Options, Sandbox

__all__ = ["GHLError", "Sdk", "app_sdk", "sdk"]


class _Counting:
    """A service of the client whose methods are counted once they gave a result."""

    def __init__(self, name: str, service: Any) -> None:
        self._name = name
        self._service = service

    def __getattr__(self, method: str) -> Any:
        call = getattr(self._service, method)

        async def counted(*given: Any, **named: Any) -> Any:
            result = await call(*given, **named)
            note("sdk", f"{self._name}.{method}")
            return result

        return counted


@dataclass
class Sdk:
    """The client at the sandbox's first location."""

    client: HighLevel
    sandbox: Sandbox
    told: dict[str, Any]

    def __getattr__(self, service: str) -> Any:
        """`sdk.contacts`, `sdk.calendars`, …: the client's services."""
        return _Counting(service, getattr(self.client, service))

    @property
    def location(self) -> str:
        """Id of the first location."""
        location: str = self.told["location_id"]
        return location

    def emit(self, **wanted: Any) -> Any:
        """Let somebody work in the CRM."""
        return self.sandbox.contacts.side.emit(wanted)

    def state(self) -> dict[str, Any]:
        """What the first location holds."""
        held: dict[str, Any] = self.sandbox.contacts.side.state()["locations"][self.location]
        return held


@asynccontextmanager
async def sdk(token: str | None = None, **options: Any) -> AsyncIterator[Sdk]:
    """The vendor's client with the location's private token, or another one, on a sandbox without limits."""
    async with _sandbox(options) as running:
        told = running.describe()["contacts"]
        async with _client(
            running, private_integration_token=token or told["locations"][0]["token"]
        ) as vendor:
            yield vendor


@asynccontextmanager
async def app_sdk(**options: Any) -> AsyncIterator[Sdk]:
    """The vendor's client with the app's credentials, and with no session yet."""
    async with _sandbox(options) as running:
        told = running.describe()["contacts"]
        async with _client(
            running, client_id=told["client_id"], client_secret=told["client_secret"],
            session_storage=MemorySessionStorage(),
        ) as vendor:  # fmt: skip
            yield vendor


def _sandbox(options: dict[str, Any]) -> AbstractAsyncContextManager[Sandbox]:
    return Sandbox.start(Options(**{"locations": 2, "limits": "off", **options}))


@asynccontextmanager
async def _client(running: Sandbox, **credentials: Any) -> AsyncIterator[Sdk]:
    told = running.describe()["contacts"]
    before, HighLevel.BASE_URL = HighLevel.BASE_URL, told["base_url"]
    try:
        client = HighLevel(log_level="error", **credentials)
    finally:
        HighLevel.BASE_URL = before
    try:
        yield Sdk(client, running, told)
    finally:
        await client.close()
