"""The inbox: stored before it is acknowledged, once however often it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tieline.domain.ids import ConnectionId, LaneId, SyncId
from tieline.inbox.receive import Delivery, Inbox, delivery_key
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.vault.seal import Vault


@pytest.fixture
async def lane(store: Store) -> LaneId:
    """A lane at rest, with a consumer."""
    async with store.transaction() as db:
        row = await (await db.execute("INSERT INTO lane (name) VALUES ('crm') RETURNING id")).fetchone()
        assert row is not None
        await db.execute("INSERT INTO consumer (kind, lane_id) VALUES ('sync', %s)", (row[0],))
    return LaneId(row[0])


@asynccontextmanager
async def running(store: Store) -> AsyncIterator[Inbox]:
    """An inbox that commits."""
    inbox = Inbox(store, Vault(bytes(32)))
    task = asyncio.create_task(inbox.run())
    try:
        yield inbox
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def delivery(lane: LaneId, body: bytes, delivery_id: str | None = None) -> Delivery:
    """One webhook delivery for the lane's consumer."""
    key, ttl = delivery_key("webhook", "call.completed", delivery_id, body)
    return Delivery(
        connection_id=ConnectionId(1), key=key, ttl=ttl, source="webhook", kind="call.completed", project=None,
        state="routed", body=body, routes=((SyncId(1), lane),),
    )  # fmt: skip


async def count(store: Store, table: str) -> int:
    """Rows of a table."""
    async with store.transaction() as db:
        row = await (await db.execute(f"SELECT count(*) FROM {table}")).fetchone()
    assert row is not None
    return int(row[0])


async def test_one_transaction_stores_event_assignment_and_wake_up(store: Store, lane: LaneId) -> None:
    """When receive returns, the event stands, its consumer has it, and the lane is due."""
    async with running(store) as inbox:
        assert await inbox.receive([delivery(lane, b'{"id":1}')]) == 1
    assert await count(store, "event") == 1
    assert await count(store, "assignment WHERE state = 'ready'") == 1
    assert await count(store, "lane WHERE ready_at <= now()") == 1


async def test_a_repeated_delivery_is_stored_once(store: Store, lane: LaneId) -> None:
    """By its id, whatever the body; without an id by its content; within one batch and across."""
    async with running(store) as inbox:
        first = await asyncio.gather(
            *(inbox.receive([delivery(lane, b'{"n":%d}' % number, "wh_1")]) for number in range(20))
        )
        second = await inbox.receive([delivery(lane, b'{"n":99}', "wh_1")])
        content = [await inbox.receive([delivery(lane, b'{"flat":1}')]) for _ in range(3)]
    assert sum(first) == 1
    assert second == 0
    assert content == [1, 0, 0]
    assert await count(store, "event") == 2


async def test_equal_content_after_its_time_is_a_second_event(store: Store, lane: LaneId) -> None:
    """An honest repeat, an hour later, is not lost."""
    async with running(store) as inbox:
        await inbox.receive([delivery(lane, b'{"flat":1}')])
        async with store.transaction() as db:
            await db.execute("UPDATE delivery SET expires_at = now() - interval '1 second'")
        assert await inbox.receive([delivery(lane, b'{"flat":1}')]) == 1
    assert await count(store, "event") == 2


async def test_order_of_arrival_is_the_order_of_ids(store: Store, lane: LaneId) -> None:
    """Events of one person take effect in the order in which they came."""
    async with running(store) as inbox:
        await asyncio.gather(
            *(inbox.receive([delivery(lane, str(number).encode())]) for number in range(300))
        )
    async with store.transaction() as db:
        rows = await (await db.execute("SELECT body FROM event ORDER BY id")).fetchall()
    assert [int(row[0]) for row in rows] == list(range(300))


async def test_any_bytes_are_kept_as_they_came(store: Store, lane: LaneId) -> None:
    """NUL, invalid UTF-8, emoji, empty, a megabyte."""
    bodies = [b"\x00\xff\xfe", "🦊 Zoë Ångström 北京".encode(), b"", b"x" * 1_000_000]
    async with running(store) as inbox:
        for body in bodies:
            await inbox.receive([delivery(lane, body)])
    async with store.transaction() as db:
        rows = await (await db.execute("SELECT body FROM event ORDER BY id")).fetchall()
    assert [bytes(row[0]) for row in rows] == bodies


async def test_one_bad_row_does_not_take_its_neighbours_along(store: Store, lane: LaneId) -> None:
    """A kind that the database cannot hold fails alone."""
    bad = Delivery(
        connection_id=ConnectionId(1), key=b"bad", ttl=delivery(lane, b"").ttl, source="webhook",
        kind="nul\x00", project=None, state="routed", body=b"{}",
    )  # fmt: skip
    async with running(store) as inbox:
        results = await asyncio.gather(
            inbox.receive([delivery(lane, b"1")]),
            inbox.receive([bad]),
            inbox.receive([delivery(lane, b"2")]),
            return_exceptions=True,
        )
    assert results[0] == results[2] == 1
    assert isinstance(results[1], Exception)
    assert await count(store, "event") == 2


@pytest.mark.parametrize("name", ["load_assignments", "claim_lanes", "next_due", "load_open_effects"])
async def test_hot_queries_use_their_indexes(store: Store, lane: LaneId, name: str) -> None:
    """With many rows about, no hot query reads a whole table."""
    async with store.transaction() as db:
        await db.execute("INSERT INTO lane (name) SELECT 'lane' || n FROM generate_series(1, 5000) AS n")
        await db.execute(
            "INSERT INTO event (id, connection_id, source, kind, state, body)"
            " SELECT n, 1, 'webhook', 'x', 'routed', '' FROM generate_series(1, 20000) AS n"
        )
        await db.execute(
            "INSERT INTO assignment (event_id, consumer_id, lane_id, state)"
            " SELECT n, 1, n % 100 + 1, CASE WHEN n % 50 = 0 THEN 'ready' ELSE 'done' END"
            " FROM generate_series(1, 20000) AS n"
        )
        await db.execute(
            "INSERT INTO effect (id, idempotency_key, lane_id, consumer_id, person_id, event_id, operation, state,"
            " input) SELECT n, n::text, 1, 1, n, n, 'notes.create', 'confirmed', '' FROM generate_series(1, 20000) n"
        )
        for table in ("lane", "event", "assignment", "effect"):
            await db.execute(f"ANALYZE {table}")
        parameters = {
            "lanes": [1, 2], "marks": [0, 0], "limits": [64, 64], "waited": [48, 48], "held": [], "limit": 10,
            "owner": "w", "lease": "15 s", "lane": 1, "person": 5,
        }  # fmt: skip
        plan = await (await db.execute(b"EXPLAIN " + query(name), parameters)).fetchall()
    text = "\n".join(row[0] for row in plan)
    for table in ("assignment", "event", "effect", "lane"):
        assert f"Seq Scan on {table}" not in text, text
