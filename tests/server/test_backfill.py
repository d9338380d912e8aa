"""History of both sides is brought over once, whatever stops on the way, and makes room for what happens now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.server.backfilling import SYNC, ended, mark, ran, writes
from tests.server.two_way import DEFINITION, TwoWayWorld, both_ways
from tieline.errors import ConfigurationError
from tieline.server.backfill.status import begin, move, show
from tieline.store.backfill import start_run
from tieline.store.pool import Store

ADA, BOB, CAL = "+12015550123", "+12015550144", "+12015550155"


def with_history(both: TwoWayWorld) -> None:
    """People of either side with what hangs on them, none of whom the hub was told of."""
    both.world.sandbox.contacts.side.set_quirks({"search_lag_s": 0})
    ada = both.emit(
        kind="contact.create", caller=ADA, caller_name="Ada Lovelace", tags=["VIP"], deliver=False
    )
    person = ada["activity_id"]
    for kind, changes in (
        ("task", {"title": "Ring back", "assignee": None}), ("note", {"body": "Prefers mornings"}),
        ("appointment", {"title": "Visit"}),
    ):  # fmt: skip
        both.emit(kind=f"{kind}.create", contact=person, changes=changes, deliver=False)
    bob = both.work(
        kind="contact.create", fields={"firstName": "Bob", "phone": BOB, "email": "Bob@Example.com"}, tags=["hot"]
    )["contact"]  # fmt: skip
    for kind in ("task", "note", "appointment"):
        both.work(kind=f"{kind}.create", id=bob)
    both.emit(kind="contact.create", caller=CAL, caller_name="Cal Older", deliver=False)
    both.work(kind="contact.create", fields={"firstName": "Cal", "phone": CAL, "companyName": "Acme"})


async def test_people_of_both_sides_and_what_hangs_on_them_are_brought_over(store: Store) -> None:
    """Once; a second backfill, and a reconcile, write nothing."""
    async with both_ways(store, echoes=False) as both:
        with_history(both)
        run = await ran(both, "backfill")
        assert run.state == "done", run
        await both.settled()
        assert both.unequal() == [], both.unequal()
        here, _ = both.people()
        assert {one["first"] for one in here} == {"Ada", "Bob", "Cal"}
        assert {len(one["tasks"]) for one in here} == {0, 1}
        assert run.progress["contacts_api.people"].total is not None
        counted = (count for name, count in run.tally.items() if name.startswith(("write:", "found:")))
        assert sum(counted) == len(writes(both))
        before = mark(both)
        for kind in ("backfill", "reconcile"):
            assert (await ran(both, kind)).state == "done"
        assert writes(both, before) == []


async def test_history_takes_the_lowest_class_and_what_is_new_goes_before_it(store: Store) -> None:
    """A call comes in while a thousand contacts are brought over, over a quota."""
    people_only = DEFINITION.partition("tasks:")[0]
    async with both_ways(
        store, echoes=False, definition=people_only, sandbox={"limits": "production"}, settings={"limits": "on"},
        source_settings={"limits": "on"},
    ) as both:  # fmt: skip
        both.world.sandbox.contacts.side.set_quirks({"search_lag_s": 0})
        crowd(both, 400)
        assert await start_run(store, SYNC, "backfill") is not None
        await until(lambda: len(both.crm["contacts"]) > 20)
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace", email=None, tags=[])
        began = time.monotonic()
        await until(lambda: any(one["phone"] == ADA for one in both.crm["contacts"]), within_s=20)
        assert time.monotonic() - began < 8
        assert len(both.crm["contacts"]) < 400
        status = await show(store, SYNC, "backfill")
        assert status is not None
        assert status.state == "running"
        assert 0 < status.read <= 400
        assert (await move(store, SYNC, "backfill", "cancel")).state == "cancelled"


async def test_a_paused_backfill_goes_on_where_it_was(store: Store) -> None:
    """Nothing is read while it is paused, and nothing twice afterwards."""
    async with both_ways(store, echoes=False) as both:
        both.world.sandbox.contacts.side.set_quirks({"search_lag_s": 0})
        both.world.sandbox.nimbata.side.targets.clear()
        crowd(both, 350)
        assert await start_run(store, SYNC, "backfill") is not None
        await until(lambda: len(both.crm["contacts"]) > 20)
        paused = await move(store, SYNC, "backfill", "pause")
        await both.settled()
        stands = await show(store, SYNC, "backfill")
        assert stands is not None
        assert stands.read == paused.read
        assert stands.read < 350
        assert len(both.crm["contacts"]) <= stands.read
        await move(store, SYNC, "backfill", "resume")
        run = await ended(both, "backfill")
        await both.settled()
        assert run.state == "done"
        assert run.progress["nimbata.people"].read == 350
        assert both.unequal() == []
        with pytest.raises(ConfigurationError, match="is done"):
            await move(store, SYNC, "backfill", "pause")


async def test_people_who_all_changed_in_one_second_are_all_met_while_they_are_written_to(
    store: Store,
) -> None:
    """A page of an account is asked for by time of change, which every write moves."""
    async with both_ways(store, echoes=False) as both:
        both.world.sandbox.contacts.side.set_quirks({"search_lag_s": 0})
        both.world.sandbox.nimbata.side.targets.clear()
        crowd(both, 330, company="Theirs")
        for number in range(330):
            # Each has a twin in the CRM, whose company goes to the account.
            both.work(kind="contact.create", fields={"phone": f"+1201555{1000 + number}", "city": "Austin"})
        run = await ran(both, "backfill", within_s=90)
        await both.settled()
        assert run.state == "done"
        assert both.unequal() == []


async def test_a_sync_that_cannot_be_read_says_why(store: Store) -> None:
    """A derived account without a named project."""
    async with both_ways(store, echoes=False) as both:
        async with store.transaction() as db:
            await db.execute("UPDATE sync SET project = ''")
        await both.world.hub.directory.load()
        run = await ran(both, "backfill", since=datetime(2026, 1, 1, tzinfo=UTC))
        assert run.state == "failed"
        assert run.reason is not None
        assert "projects" in run.reason
        with pytest.raises(ConfigurationError, match="no sync named"):
            await begin(store, "nobody", "backfill")


async def test_only_one_run_that_writes_goes_on_at_a_time(store: Store) -> None:
    """A reconcile beside a backfill would count the other's work as its own."""
    async with both_ways(store, echoes=False) as both:
        crowd(both, 120)
        await begin(store, SYNC, "backfill")
        with pytest.raises(ConfigurationError, match="the backfill of sync0 is running"):
            await begin(store, SYNC, "reconcile")
        await ended(both, "backfill")


def crowd(both: TwoWayWorld, count: int, **changes: str) -> None:
    """People of the account of whom the hub was not told."""
    for number in range(count):
        both.emit(
            kind="contact.create", caller=f"+1201555{1000 + number}", caller_name=f"Person {number}", email=None,
            tags=[], changes=changes, deliver=False,
        )  # fmt: skip


async def until(holds: Callable[[], bool], *, within_s: float = 30.0) -> None:
    """Wait for it."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        await asyncio.sleep(0.05)
