"""What an admin allows by name is obeyed by every process, and by nobody else's leave."""

from __future__ import annotations

import pytest

from tests.server.access.desk import desk
from tieline.errors import ConfigurationError, RejectedError
from tieline.server.outward.entries import allow_outward, deny_outward, guard_of, list_outward
from tieline.store.pool import Store


async def test_an_entry_counts_from_the_next_look_at_the_directory(store: Store) -> None:
    """And no longer than until it is taken back."""
    async with desk(store) as it:
        guard = guard_of(it.hub.directory, public_url="https://tieline.example")
        with pytest.raises(RejectedError, match=r"tieline outward allow 10\.1\.2\.3:443"):
            guard.require_url("https://10.1.2.3/")
        await allow_outward(store, " 10.1.2.0/24 ", "our own office")
        await it.hub.directory.load()
        guard.require_url("https://10.1.2.3/")
        with pytest.raises(RejectedError, match="this hub itself"):
            guard.require_url("https://tieline.example/")
        assert [(one.entry, one.reason) for one in await list_outward(store)] == [
            ("10.1.2.0/24", "our own office")
        ]
        assert await deny_outward(store, "10.1.2.0/24")
        assert not await deny_outward(store, "10.1.2.0/24")
        await it.hub.directory.load()
        with pytest.raises(RejectedError):
            guard.require_url("https://10.1.2.3/")


async def test_what_is_no_entry_is_kept_nowhere(store: Store) -> None:
    """It would allow nothing, or everything."""
    async with desk(store) as it:
        with pytest.raises(ConfigurationError, match="host, host:port or network"):
            await allow_outward(store, "*", "all of them")
        answer = await it.ask(
            "POST",
            "/api/outward",
            {"entry": "*", "reason": "all"},
            **await it.bearer("outward:write", name="one"),
        )
        assert answer.status == 400
        assert await list_outward(store) == []
