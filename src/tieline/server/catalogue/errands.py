"""What a worker does in a connection's lane for somebody who waits: one call, or the choices of a field."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from tieline.catalogue.options import OPTIONS
from tieline.connectors import operation as operation_of
from tieline.connectors.kit.exchange import exchange_of, keeping
from tieline.connectors.kit.gateway import Gateway
from tieline.engine.errands import Errand
from tieline.errors import ConfigurationError, ConnectorError, OutcomeUnknown, TransientError
from tieline.server.accounts.connections import opened
from tieline.server.catalogue import asking
from tieline.server.catalogue.account_options import fetch_options
from tieline.server.catalogue.tried import Tried
from tieline.store.directory import Directory, StoredConnection
from tieline.store.errands import advance
from tieline.store.pool import Store
from tieline.vault.seal import Vault

#: Bytes of an answer that are handed on.
_MOST = 512 * 1024


class CatalogueErrands:
    """Does errands of these two kinds."""

    def __init__(self, store: Store, vault: Vault, directory: Directory, gateway: Gateway) -> None:
        self._store = store
        self._vault = vault
        self._directory = directory
        self._gateway = gateway

    async def __call__(self, errand: Errand) -> dict[str, Any]:
        """What came of it, sealed."""
        if time.time() > float(errand.input["until"]):
            raise ConfigurationError("nobody waits for it any more")
        stored = await self._connection(errand)
        if errand.kind == asking.OPTIONS:
            source = OPTIONS[str(errand.input["options"])]
            found: Any = await fetch_options(self._gateway, stored, source, within=errand.input.get("within"))
        else:
            found = await self._try(errand, stored)
        return await asking.sealed(self._store, self._vault, errand.kind, found)

    async def _connection(self, errand: Errand) -> StoredConnection:
        await self._directory.load()
        for stored in self._directory.connections.values():
            if stored.id == errand.input["connection"]:
                return stored
        raise ConfigurationError("the connection is gone")

    async def _try(self, errand: Errand, stored: StoredConnection) -> Tried:
        spec = operation_of(str(errand.input["operation"]))
        given = msgspec.convert(errand.input["input"], spec.input)
        if not spec.idempotent:
            await self._begin(errand)
        try:
            with keeping():
                answer = await self._gateway.call(opened(stored), spec, given, "interactive")
        except TransientError:
            # Nothing took effect, and whoever waits may wait a little more.
            raise
        except ConnectorError as error:
            return Tried(
                operation=spec.id, connection=stored.name, reason=str(error), status=error.status,
                outcome="unknown" if isinstance(error, OutcomeUnknown) else "refused", exchange=exchange_of(error),
            )  # fmt: skip
        value = msgspec.to_builtins(answer.value)
        cut = len(msgspec.json.encode(value)) > _MOST
        return Tried(
            operation=spec.id, connection=stored.name, outcome="done", status=answer.status,
            value=None if cut else value, exchange=answer.exchange,
            reason=f"the answer has more than {_MOST // 1024} KiB and is not shown" if cut else None,
        )  # fmt: skip

    async def _begin(self, errand: Errand) -> None:
        """A worker that is killed while it calls leaves the errand to another, which must not call again."""
        if errand.input.get("begun") == errand.tries:
            raise ConfigurationError("a worker ended while it was sent: whether it took effect is not known")
        async with self._store.transaction() as db:
            await advance(db, self._vault, errand.id, errand.kind, {**errand.input, "begun": errand.tries})
