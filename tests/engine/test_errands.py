"""An errand is done once it is done: through failures, restarts and mistakes, and whoever waits is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tests.waiting import until
from tieline.domain.ids import LaneId
from tieline.engine.errands import Errand, Errands
from tieline.engine.lane import OwnedLane
from tieline.errors import ConfigurationError, Unavailable
from tieline.store.errands import ErrandId, NewErrand, advance, default_lane, leave, wait_for
from tieline.store.pool import Store
from tieline.vault.seal import Vault

VAULT = Vault(bytes(32))
Do = Callable[[Errand], Coroutine[Any, Any, dict[str, Any]]]


async def left(store: Store, *, count: int = 1) -> tuple[OwnedLane, list[ErrandId]]:
    """Errands in the lane of nobody."""
    async with store.transaction() as db:
        lane = await default_lane(db)
        ids = await leave(
            db, VAULT, [NewErrand(lane_id=lane, kind="test", input={"n": n}) for n in range(count)]
        )
    return OwnedLane(id=LaneId(lane), epoch=1), ids


async def work(store: Store, lane: OwnedLane, do: Do, ids: list[ErrandId]) -> list[str]:
    """Run what is due until all have ended; the states."""
    errands = Errands(store, VAULT, do, nudge=lambda: None)

    async def all_ended() -> bool:
        async with store.transaction() as db:
            await db.execute("UPDATE errand SET due_at = now() WHERE due_at > now()")
        await errands.start_due([lane])
        return all([(await wait_for(store, one, within_s=0)).state != "ready" for one in ids])

    await until(all_ended)
    await errands.close()
    return [(await wait_for(store, one, within_s=0)).state for one in ids]


async def test_an_errand_is_done_and_its_input_is_gone(store: Store) -> None:
    """It may have held a code or a secret."""
    lane, ids = await left(store)

    async def do(errand: Errand) -> dict[str, Any]:
        return {"was": errand.input["n"]}

    assert await work(store, lane, do, ids) == ["done"]
    assert (await wait_for(store, ids[0], within_s=0)).output == {"was": 0}
    async with store.transaction() as db:
        assert await (await db.execute("SELECT input FROM errand")).fetchall() == [(b"",)]


async def test_what_fails_for_now_is_tried_again_and_goes_on_where_it_was(store: Store) -> None:
    """With the input that the try before left."""
    lane, ids = await left(store)
    seen = []

    async def do(errand: Errand) -> dict[str, Any]:
        seen.append((errand.tries, dict(errand.input)))
        if len(seen) < 3:
            async with store.transaction() as db:
                await advance(db, VAULT, errand.id, errand.kind, {"step": len(seen)})
            raise Unavailable("not yet")
        return {}

    assert await work(store, lane, do, ids) == ["done"]
    assert seen == [(0, {"n": 0}), (1, {"step": 1}), (2, {"step": 2})]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConfigurationError("the app is gone"), "the app is gone"),
        (ZeroDivisionError("x"), "internal error: ZeroDivisionError"),
    ],
)
async def test_what_cannot_be_done_ends_with_a_reason(store: Store, error: Exception, reason: str) -> None:
    """A mistake of ours is told as such."""
    lane, ids = await left(store)

    async def do(errand: Errand) -> dict[str, Any]:
        raise error

    assert await work(store, lane, do, ids) == ["failed"]
    assert (await wait_for(store, ids[0], within_s=0)).reason == reason


async def test_an_errand_that_was_stopped_half_way_is_done_by_the_next_worker(store: Store) -> None:
    """It stands as before."""
    lane, ids = await left(store)

    async def hang(errand: Errand) -> dict[str, Any]:
        await asyncio.sleep(3600)
        return {}

    first = Errands(store, VAULT, hang, nudge=lambda: None)
    await first.start_due([lane])
    await first.close()
    assert (await wait_for(store, ids[0], within_s=0)).state == "ready"

    async def do(errand: Errand) -> dict[str, Any]:
        assert errand.tries == 0
        return {}

    assert await work(store, lane, do, ids) == ["done"]


async def test_thousands_are_worked_off_a_few_at_a_time(store: Store) -> None:
    """None twice, and never more at once than a worker can hold."""
    lane, ids = await left(store, count=300)
    at_once, most, done = 0, 0, list[int]()

    async def do(errand: Errand) -> dict[str, Any]:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.001)
        at_once -= 1
        done.append(errand.input["n"])
        return {}

    assert await work(store, lane, do, ids) == ["done"] * 300
    assert sorted(done) == list(range(300))
    assert most <= 20
