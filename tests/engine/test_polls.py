"""Polls and their lane: what keeps a stream from being read rests the lane, unless our own governor said so."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tieline.engine.lane import Leases
from tieline.engine.polls import DuePoll, Polls
from tieline.errors import ConnectorError, CredentialError, RateLimited
from tieline.store.pool import Store


@pytest.mark.parametrize(
    ("error", "held"),
    [
        pytest.param(
            RateLimited("kept", retry_after_s=900, daily=True, status=None), False, id="reserve"
        ),
        pytest.param(RateLimited("spent", retry_after_s=900, daily=True), True, id="day"),
        pytest.param(CredentialError("revoked"), True, id="token"),
    ],
)  # fmt: skip
async def test_what_the_far_side_refused_holds_the_lane(
    store: Store, error: ConnectorError, held: bool
) -> None:
    """The reserve of the day is there for live traffic: a poll that is denied it must not stop that."""
    async with store.transaction() as db:
        await db.execute(
            "WITH made AS (INSERT INTO lane (name, ready_at) VALUES ('crm', now()) RETURNING id), joined AS"
            " (INSERT INTO connection (name, connector, base_url, account, lane_id, credential)"
            " SELECT 'crm', 'contacts_api', 'http://x', 'a', id, '' FROM made RETURNING id, lane_id)"
            " INSERT INTO poll (connection_id, lane_id, stream, every_s) SELECT id, lane_id, 'task', 300 FROM joined"
        )
    leases = Leases(store, "worker")
    (lane,) = await leases.claim(1)

    async def refused(poll: DuePoll) -> dict[str, Any]:
        raise error

    polls = Polls(store, refused, leases, nudge=lambda: None)
    await polls.start_due([lane])
    await asyncio.gather(*lane.polls)
    async with store.transaction() as db:
        rows = await (await db.execute("SELECT held_until > now() FROM lane WHERE name = 'crm'")).fetchall()
        told = await (await db.execute("SELECT failures, reason FROM poll")).fetchall()
    assert rows == [(held,)]
    assert lane.leaving is held
    assert told[0][0] == 1
    assert str(error) in told[0][1]
