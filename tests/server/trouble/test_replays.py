"""Many failures taken up again: whatever is killed meanwhile, whatever the far side answers, however many there are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.server.trouble.test_errors import _die
from tests.store.explained import explained
from tests.store.test_query_plans import FILL
from tests.world import World, world
from tieline.sandbox.faults import Rule
from tieline.server.alerts.notice import notice
from tieline.server.trouble import replays as module
from tieline.server.trouble.causes import list_causes, show_cause
from tieline.server.trouble.mend import Mender, Wanted
from tieline.server.trouble.replays import Replay, Replays
from tieline.store.directory import Directory
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.vault.seal import Vault

#: Failures of 400 causes: most of them mended long ago.
FAILURES = """
INSERT INTO cause (key, kind, consumer_id, title, open, total, last_seen)
    SELECT int8send(n), 'event', n % 40 + 1, 'cause ' || n, 5, 100, now() - n * interval '1 minute'
    FROM generate_series(1, 400) AS n;
INSERT INTO failure (cause_id, event_id, consumer_id, person_id, state, failed_at)
    SELECT n % 400 + 1, n, n % 40 + 1, n / 4, CASE WHEN n % 20 = 0 THEN 'open' ELSE 'retried' END,
           now() - n * interval '1 minute' FROM generate_series(1, 40000) AS n;
INSERT INTO alert_channel (name, kind, target, shown, kinds)
    SELECT 'c' || n, 'webhook', '', '', '{cause}' FROM generate_series(1, 5) AS n;
INSERT INTO alert (kind, title, body) SELECT 'cause', 't', '{}' FROM generate_series(1, 20000);
INSERT INTO alert_sending (alert_id, channel_id, state)
    SELECT id, id % 5 + 1, CASE WHEN id % 999 = 0 THEN 'waiting' ELSE 'sent' END FROM alert
"""
LARGE = ("failure", "event", "assignment", "alert", "alert_sending", "cause")


async def _all(world_: World, store: Store, running: Replay, replays: Replays) -> Replay:
    while await replays.step():
        pass
    await world_.settled()
    shown = await replays.show(running.id)
    assert shown is not None
    return shown


async def test_a_replay_that_is_killed_anywhere_goes_on_and_takes_up_each_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a page, within its transaction, and between two pages; another hub goes on."""
    monkeypatch.setattr(module, "PAGE", 5)
    async with world(store) as world_:
        failures = await _die(world_, store, 23)
        effects = world_.sandbox.contacts.audit.effects.copy()
        mender = Mender(store, world_.hub.directory)
        replays = Replays(store, mender)
        running = await replays.begin(Wanted(), "mended since")
        real = Mender.take_up_each

        async def cut(*given: Any, **named: Any) -> Any:
            await real(*given, **named)
            raise ConnectionError("the power went")

        for _ in range(3):
            monkeypatch.setattr(Mender, "take_up_each", cut)
            with pytest.raises(ConnectionError):
                await replays.step()
            monkeypatch.setattr(Mender, "take_up_each", real)
            # Another hub, with nothing but the row to go by.
            replays = Replays(store, Mender(store, world_.hub.directory))
            await replays.step()
        done = await _all(world_, store, running, replays)
        assert (done.state, done.taken, done.mended, done.failed) == ("done", len(failures), len(failures), 0)
        assert world_.sandbox.contacts.audit.effects == effects, "what took place is not done again"
        rows = await world_.rows(
            "SELECT max(count) FROM (SELECT count(*) FROM assignment GROUP BY event_id) AS n"
        )
        assert rows == [(1,)]


async def test_a_replay_of_new_work_gets_through_a_far_side_that_says_later(store: Store) -> None:
    """429 and 503 meanwhile, and answers that are cut off: each event is carried over once, and nothing fails anew."""
    async with world(store) as world_:
        failures = await _die(world_, store, 12)
        async with store.transaction() as db:
            # As if nothing had been written: the effects of before are none.
            await db.execute("DELETE FROM effect")
        contacts, effects = len(_of(world_)), world_.sandbox.contacts.audit.effects.copy()
        world_.sandbox.contacts.faults.add(
            [
                Rule(kind="429", share=0.3), Rule(kind="503", share=0.2),
                Rule(kind="cut_after", operation="notes.create", count=2),
            ]
        )  # fmt: skip
        replays = Replays(store, Mender(store, world_.hub.directory))
        running = await replays.begin(Wanted(), "mended since")
        while await replays.step():
            pass
        world_.sandbox.contacts.faults.clear()
        await world_.settled(60)
        done = await replays.show(running.id)
        assert done is not None
        assert (done.state, done.taken, done.mended, done.failed) == ("done", len(failures), len(failures), 0)
        assert len(_of(world_)) == contacts, "nobody is made twice"
        made = world_.sandbox.contacts.audit.effects - effects
        assert made["notes.create"] == len(failures), "each call is written down once more, and only once"
        assert await list_causes(store) == []


def _of(world_: World) -> list[Any]:
    (location,) = world_.state()["locations"].values()
    found: list[Any] = list(location["contacts"])
    return found


async def test_no_look_at_failures_reads_them_all(store: Store, database_url: str) -> None:
    """Lists, previews, pages of a replay, and what alerts are made of; whatever their number."""
    async with store.transaction() as db:
        for statement in ";\n".join((FILL.rstrip().rstrip(";"), FAILURES)).split(";\n"):
            if statement.strip():
                await db.execute(statement)
        for table in LARGE:
            await db.execute(f"ANALYZE {table}")
    async with explained(database_url) as (watched, plans):
        mender = Mender(watched, Directory(watched, Vault(bytes(32))))
        replays = Replays(watched, mender)
        looks: dict[str, Any] = {
            "list": list_causes(watched, limit=20),
            "show": show_cause(watched, 7),
            "preview of a cause": replays.preview(Wanted(cause=7)),
            "page of a cause": mender.load(Wanted(cause=7), after=10, limit=20),
            "page of everything": mender.load(Wanted(), after=39_000, limit=20),
        }
        for name, look in looks.items():
            plans.take()
            await look
            told = "\n".join(plans.take())
            assert told, name
            for table in ("failure", "event", "assignment"):
                assert f"Seq Scan on {table} " not in told, (name, told)
        plans.take()
        async with watched.transaction() as db:
            lease = {"limit": 16, "of_one": 2, "lease": timedelta(seconds=40)}
            assert len(await (await db.execute(query("claim_alerts"), lease)).fetchall()) == 10
        await notice(watched, now=datetime.now(UTC))
        told = "\n".join(plans.take())
        for table in ("alert_sending", "failure"):
            assert f"Seq Scan on {table} " not in told, told
