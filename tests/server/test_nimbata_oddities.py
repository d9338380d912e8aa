"""Whatever is odd about the call-tracking account: no call is lost and none is doubled on its way to the CRM."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.world import World, world
from tieline.store.pool import Store

CALLS: dict[str, Any] = {"kind": "call", "count": 12, "known_share": 0.4, "outcome": "ANSWERED"}


async def _all_there(one: World, within_s: float = 30.0) -> None:
    """Wait until everything stands in the CRM; then nothing may stand there twice."""
    deadline = time.monotonic() + within_s
    while one.found().lost:
        assert time.monotonic() < deadline, one.found().missing
        await asyncio.sleep(0.1)
    await one.settled()
    found = one.found()
    assert (found.lost, found.doubled) == (0, 0), (found.missing, found.surplus)


@pytest.mark.parametrize(
    "quirks",
    [
        {"wrong_content_type": True},
        {"string_booleans": True},
        {"sparse_bodies": True},
        {"mode": "derived"},
        {"clock_skew_s": 250},
    ],
    ids=lambda quirks: next(iter(quirks)),
)
async def test_webhooks_of_an_odd_account_arrive_all_the_same(store: Store, quirks: dict[str, Any]) -> None:
    """By webhook alone: nothing is polled here."""
    async with world(store) as one:
        one.sandbox.nimbata.side.set_quirks(quirks)
        one.emit(**CALLS)
        one.emit(kind="form", count=4)
        one.emit(kind="call.update", count=4)
        await _all_there(one)


@pytest.mark.parametrize(
    ("quirks", "status"),
    [({"padding_bytes": 2_000_000}, 413), ({"clock_skew_s": 900}, 401), ({"clock_skew_s": -900}, 401)],
)
async def test_what_the_door_refuses_is_found_by_polling(
    store: Store, quirks: dict[str, Any], status: int
) -> None:
    """A body of two megabytes, a clock that is wrong by a quarter of an hour: refused, and not lost."""
    async with world(store, polls=True) as one:
        one.sandbox.nimbata.side.set_quirks(quirks)
        one.emit(**CALLS)
        await _all_there(one)
        statuses = {code for sent in one.sandbox.nimbata.audit.deliveries for code in sent.statuses}
        assert statuses == {status}


async def test_pages_that_drift_are_read_to_their_end(store: Store) -> None:
    """Rows that come twice make nothing twice."""
    async with world(store, polls=True, source_settings={"pagination": {"size": 5}}) as one:
        one.sandbox.nimbata.side.set_quirks({"page_drift": 2})
        one.emit(**CALLS, deliver=False)
        await _all_there(one)


async def test_renamed_fields_are_read_by_the_connections_settings(store: Store) -> None:
    """In webhooks and rows alike."""
    settings = {
        "fields": {"call": {"caller_phone": ["anrufer"]}},
        "response": {"items": ["liste", "data"]},
        "webhooks": {"event_key": ["ereignis"]},
    }
    async with world(store, polls=True, source_settings=settings) as one:
        one.sandbox.nimbata.side.set_quirks({"renamed_fields": {"caller": "anrufer", "event": "ereignis"}})
        one.emit(**CALLS)
        one.emit(**CALLS, deliver=False)
        await _all_there(one)


async def test_contacts_with_all_that_hangs_on_them_are_kept_and_disturb_nothing(store: Store) -> None:
    """Tasks, notes, appointments, milestones and campaign responses of a native account: stored, not carried over."""
    async with world(store) as one:
        one.emit(kind="contact.create", caller="+12015550123", deliver=False)
        for kind in ("task.create", "note.create", "appointment.create", "task.complete"):
            one.emit(kind=kind)
        one.emit(kind="call.start", caller="+12015550123")
        one.emit(kind="call.end", outcome="ANSWERED")
        one.emit(kind="form", caller="+12015550123", source={"campaign": "spring"})
        await _all_there(one)
        rows = await one.rows("SELECT DISTINCT kind FROM event WHERE source = 'webhook'")
        assert {kind for (kind,) in rows} >= {
            "task.changed", "note.changed", "appointment.changed", "call.started", "call.completed",
            "form.submitted", "contact.milestone_reached", "contact.campaign_responded",
        }  # fmt: skip
        assert await one.rows("SELECT count(*) FROM assignment WHERE state = 'dead'") == [(0,)]
