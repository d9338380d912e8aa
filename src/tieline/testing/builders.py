"""Connections and syncs for tests and benchmarks, made as the command line makes them."""

from __future__ import annotations

from typing import Any

from tieline.connectors.kit.connection import NO_WEBHOOKS, ConnectorName
from tieline.server.access.principal import utc_now
from tieline.server.access.scopes import ALL
from tieline.server.access.tokens import Tokens
from tieline.server.accounts.connections import NewConnection, NewPoll, save_connection
from tieline.server.syncs import NewSync, save_sync
from tieline.store.directory import Credential
from tieline.store.pool import Store
from tieline.sync.files.definition import default_text
from tieline.vault.seal import Vault


async def add_connection(
    store: Store,
    vault: Vault,
    *,
    name: str,
    connector: ConnectorName,
    base_url: str,
    account: str,
    credential: Credential,
    settings: dict[str, Any] | None = None,
    polls: tuple[tuple[str, str, float], ...] = (),
) -> str:
    """One connection with a lane of its own; gives its name. `polls` are (stream, project, every seconds). Without any
    secret or key it takes no webhooks."""
    proved = credential.webhook_secrets or credential.webhook_keys
    await save_connection(
        store,
        vault,
        NewConnection(
            name=name, connector=connector, base_url=base_url, account=account, credential=credential,
            settings={**({} if proved else {NO_WEBHOOKS: True}), **(settings or {})},
            polls=tuple(NewPoll(stream=stream, project=project, every_s=every_s) for stream, project, every_s in polls),
        ),
    )  # fmt: skip
    return name


async def add_token(store: Store, vault: Vault, name: str = "tests", *scopes: str) -> str:
    """An API token, which may do everything unless scopes are named; `Authorization: Bearer` of it."""
    made = await Tokens(store, vault.digest, utc_now).add(name, scopes or (ALL,), life=None)
    return made.token


async def add_sync(
    store: Store, *, name: str, source: str, project: str, target: str, definition: str | None = None
) -> int:
    """One sync in its target's lane, by the default rules where none are given."""
    return await save_sync(
        store,
        NewSync(
            name=name, source=source, project=project, target=target, definition=definition or default_text()
        ),
    )
