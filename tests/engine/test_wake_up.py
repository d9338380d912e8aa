"""A wake-up cannot be lost: every interleaving of an intake with a lane going to rest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import psycopg
import pytest

from tieline.store.queries import query

Step = Callable[[], Awaitable[Any]]


def schedules(first: int, second: int) -> Iterator[str]:
    """Every order in which two sequences of steps can be mixed, as a string of "a" and "b"."""
    for places in combinations(range(first + second), first):
        yield "".join("a" if place in places else "b" for place in range(first + second))


class Intake:
    """The statements of `Inbox._commit`, one at a time."""

    def __init__(self, db: psycopg.AsyncConnection[Any], lane: int, event: int) -> None:
        self._db, self._lane, self._event = db, lane, event

    def steps(self) -> list[Step]:
        return [
            self._insert,
            lambda: self._db.execute(query("lock_lanes"), {"lanes": [self._lane]}),
            lambda: self._db.execute(query("wake_lanes"), {"lanes": [self._lane]}),
            self._db.commit,
        ]

    async def _insert(self) -> None:
        await self._db.execute(
            query("receive_events"),
            {
                "ids": [self._event], "connection_ids": [1], "keys": [self._event.to_bytes(8)],
                "expires": [datetime.now(UTC) + timedelta(days=1)], "sources": ["webhook"], "kinds": ["x"],
                "projects": [None], "states": ["routed"], "reasons": [None], "bodies": [b"{}"], "seals": [0],
                "route_events": [self._event], "route_consumers": [1], "route_lanes": [self._lane],
            },
        )  # fmt: skip


class Rest:
    """The statements of `Leases.rest`, one at a time."""

    def __init__(self, db: psycopg.AsyncConnection[Any], lane: int) -> None:
        self._db, self._lane = db, lane
        self.found_work = False

    def steps(self) -> list[Step]:
        return [
            lambda: self._db.execute(query("lock_lane"), {"lane": self._lane, "epoch": 1}),
            self._look,
            self._rest,
            self._db.commit,
        ]

    async def _look(self) -> None:
        rows = await self._db.execute(query("next_due"), {"lane": self._lane})
        row = await rows.fetchone()
        self.found_work = bool(row and row[1])

    async def _rest(self) -> None:
        if not self.found_work:
            await self._db.execute(query("rest_lane"), {"lane": self._lane, "due": None, "release": True})


async def play(schedule: str, a: list[Step], b: list[Step]) -> None:
    """Run the steps in that order; a step that waits for the other side's lock lets the other side go on."""
    sides = {"a": iter(a), "b": iter(b)}
    waiting: dict[str, asyncio.Future[Any]] = {}
    backlog = {"a": 0, "b": 0}
    for side in schedule:
        backlog[side] += 1
        for one in ("a", "b"):
            while backlog[one]:
                task = waiting.pop(one, None) or asyncio.ensure_future(next(sides[one])())
                done, _ = await asyncio.wait([task], timeout=0.03)
                if not done:
                    waiting[one] = task
                    break
                task.result()
                backlog[one] -= 1
    for _ in range(2):
        for one in ("a", "b"):
            while backlog[one]:
                async with asyncio.timeout(5):
                    await (waiting.pop(one, None) or asyncio.ensure_future(next(sides[one])()))
                backlog[one] -= 1


@pytest.mark.parametrize("at_rest", [True, False], ids=["lane at rest", "lane awake"])
async def test_no_interleaving_of_intake_and_release_loses_the_wake_up(
    database_url: str, at_rest: bool
) -> None:
    """After both have committed the lane is due, or the release has seen the assignment and kept it."""
    async with (
        await psycopg.AsyncConnection.connect(database_url) as intake_db,
        await psycopg.AsyncConnection.connect(database_url) as rest_db,
        await psycopg.AsyncConnection.connect(database_url, autocommit=True) as db,
    ):
        played = 0
        for number, schedule in enumerate(schedules(4, 4), start=1):
            ready_at = "infinity" if at_rest else "epoch"
            row = await (
                await db.execute(
                    "INSERT INTO lane (name, epoch, owner, ready_at) VALUES (%s, 1, 'us', %s) RETURNING id",
                    (f"lane{number}{at_rest}", ready_at),
                )
            ).fetchone()
            assert row is not None
            lane = row[0]
            rest = Rest(rest_db, lane)
            await play(schedule, Intake(intake_db, lane, number).steps(), rest.steps())
            due = await (
                await db.execute("SELECT ready_at <= now() FROM lane WHERE id = %s", (lane,))
            ).fetchone()
            assert due is not None
            assert due[0] or rest.found_work, f"{schedule}: the lane sleeps on an assignment"
            played += 1
        assert played == 70
