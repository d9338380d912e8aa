"""A process of a hub in which many callers find the token of one connection refused, all at once.

Run as `python -m tests.server.renewer <store> <connection> <callers>`; prints the token that each of them was given.
"""

from __future__ import annotations

import asyncio
import sys

from tieline.server.accounts.connections import opened
from tieline.server.hub import Hub
from tieline.store.directory import Directory
from tieline.store.pool import Store
from tieline.vault.seal import Vault


async def main(url: str, name: str, callers: int) -> None:
    """Renew the token as often as there are callers."""
    vault = Vault(bytes(32))
    async with Store.open(url) as store:
        directory = Directory(store, vault)
        await directory.load()
        stored = directory.connection(name)
        assert stored is not None
        async with Hub(store=store, vault=vault, directory=directory).gateway() as (_, guardian):
            refused = await guardian.good(opened(stored))
            print("ready", flush=True)
            await asyncio.to_thread(sys.stdin.readline)
            renewed = await asyncio.gather(*(guardian.renewed(refused) for _ in range(callers)))
    for one in renewed:
        print("token", one.token)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
