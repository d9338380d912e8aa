"""What the engine asks of the wiring."""

from __future__ import annotations

from tieline.connectors import CONNECTORS
from tieline.connectors.kit.gateway import Gateway
from tieline.domain.ids import SyncId
from tieline.server.handlers import HubHandlers
from tieline.store.directory import Credential, Directory
from tieline.store.pool import Store
from tieline.testing.builders import add_connection, add_sync
from tieline.vault.seal import Vault


async def test_a_sync_that_another_process_made_a_moment_ago_is_known(store: Store) -> None:
    """An event for it must not be dropped as one for a sync that is gone."""
    vault = Vault(bytes(32))
    directory = Directory(store, vault)
    await directory.load()
    async with Gateway.open(CONNECTORS) as gateway:
        handlers = HubHandlers(store, directory, gateway)
        source = await add_connection(
            store, vault, name="calls", connector="nimbata", base_url="http://localhost:1", account="a",
            credential=Credential(token="t"), settings={},
        )  # fmt: skip
        target = await add_connection(
            store, vault, name="crm", connector="contacts_api", base_url="http://localhost:1", account="l",
            credential=Credential(token="t"), settings={},
        )  # fmt: skip
        made = SyncId(await add_sync(store, name="main", source=source, project="p", target=target))
        assert not handlers.knows(made)
        await handlers.learn({made})
        assert handlers.knows(made)
