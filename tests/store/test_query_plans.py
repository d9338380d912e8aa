"""Every query that runs for each event finds its rows by an index, however much is stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tieline.store.pool import Store
from tieline.store.queries import query

NOW = datetime(2026, 11, 2, tzinfo=UTC)
KEY = b"\x07" * 16
#: What is large after a year: nothing may be read through as a whole.
LARGE = (
    "lane", "delivery", "event", "assignment", "occurrence", "person", "person_key", "link", "effect", "attempt",
    "item", "history", "swept", "own_item", "conflict", "tombstone",
)  # fmt: skip
#: A hub of 5,000 lanes, 40 of them busy, and 40,000 calls, nearly all of them done; a few wait, a few are dead.
FILL = """
INSERT INTO lane (name) SELECT 'lane' || n FROM generate_series(1, 5000) AS n;
INSERT INTO connection (name, connector, base_url, account, lane_id, credential)
    SELECT 'c' || n, 'contacts_api', 'http://x', 'a', n, '' FROM generate_series(1, 40) AS n;
INSERT INTO consumer (kind, lane_id) SELECT 'sync', n FROM generate_series(1, 40) AS n;
INSERT INTO delivery SELECT n % 40 + 1, int8send(n), now() FROM generate_series(1, 40000) AS n;
INSERT INTO event (id, connection_id, source, kind, state, body)
    SELECT n, n % 40 + 1, 'webhook', 'call.completed', CASE WHEN n % 5000 = 0 THEN 'unreadable' ELSE 'routed' END,
           convert_to(repeat('x', 200), 'UTF8') FROM generate_series(1, 40000) AS n;
INSERT INTO assignment (event_id, consumer_id, lane_id, state, person_id, due_at)
    SELECT n, n % 40 + 1, n % 40 + 1,
           CASE WHEN n % 2000 = 0 THEN 'waiting' WHEN n % 2001 = 0 THEN 'dead' WHEN n > 39900 THEN 'ready'
                ELSE 'done' END,
           n / 4, now() FROM generate_series(1, 40000) AS n;
INSERT INTO occurrence SELECT n % 40 + 1, int8send(n) || int8send(n), n FROM generate_series(1, 40000) AS n;
INSERT INTO person SELECT n, n % 40 + 1 FROM generate_series(1, 10000) AS n;
UPDATE person SET key = int8send(id);
INSERT INTO tombstone SELECT int8send(n) || int8send(n), n % 2 FROM generate_series(1, 10000) AS n;
INSERT INTO person_key SELECT n % 40 + 1, int8send(n) || int8send(n), 'phone', n FROM generate_series(1, 10000) AS n;
INSERT INTO link (consumer_id, person_id, contact_id, contact, nimbata_id, seal)
    SELECT n % 40 + 1, n, 'c' || n, '{}', 'n' || n, n FROM generate_series(1, 10000) AS n;
INSERT INTO effect (id, idempotency_key, lane_id, consumer_id, person_id, event_id, operation, state, input,
                    seal)
    SELECT n, 'k' || n, n % 40 + 1, n % 40 + 1, n / 4, n, 'notes.create',
           CASE WHEN n % 4000 = 0 THEN 'unknown' ELSE 'confirmed' END, '{}', n / 4 FROM generate_series(1, 40000) AS n;
INSERT INTO item (id, consumer_id, person_id, kind, nimbata_id, contacts_api_id, seal)
    SELECT n, n % 40 + 1, n / 4, 'task', 'nt' || n, 'ct' || n, n / 4 FROM generate_series(1, 40000) AS n;
INSERT INTO history (id, consumer_id, person_id, at, side, what, subject, record_id, event_id, fields, seal)
    SELECT n, n % 40 + 1, n / 4, now(), 'nimbata', 'seen', 'contact', 'c', n, '{}', n / 4
    FROM generate_series(1, 40000) AS n;
INSERT INTO own_item (id, connection_id, project, person, kind, body, reference)
    SELECT 'otk_' || n, n % 40 + 1, 'p', 'drv:p:+1' || n / 4, 'task', '{}', 'r' || n
    FROM generate_series(1, 40000) AS n;
INSERT INTO conflict (consumer_id, person_id, kind, key, details, seal)
    SELECT n % 40 + 1, n, 'identity', int8send(n), '{}', n FROM generate_series(1, 10000) AS n;
INSERT INTO swept (connection_id, stream, record_id, contact_id, digest, seen_at, missed_at)
    SELECT n % 40 + 1, (ARRAY['task', 'note', 'appointment', 'contact'])[n % 4 + 1], 'r' || n, 'c' || n / 4, '1',
           now(), CASE WHEN n % 2000 = 0 THEN now() END FROM generate_series(1, 40000) AS n;
INSERT INTO attempt SELECT n, 1, now(), 5, 'confirmed' FROM generate_series(1, 40000) AS n;
"""
LEASE = {
    "lanes": [3, 4], "marks": [39_000, 39_000], "limits": [128, 128], "waited": [48, 48], "held": [1, 2],
}  # fmt: skip
WALK = {
    "connection": 3, "consumers": [3], "side": "nimbata", "streams": ["task", "note", "appointment", "contact"],
}  # fmt: skip
HOT: dict[str, dict[str, Any]] = {
    "load_assignments": LEASE,
    "load_people": {"lanes": [3, 4], "digests": [KEY, KEY], "consumers": [3, 4]},
    "load_occurrences": {"consumers": [3, 4], "keys": [KEY, KEY]},
    "load_known_keys": {"lane": 3, "digests": [KEY]},
    "load_link": {"consumer": 3, "person": 40},
    "load_open_effects": {"person": 40},
    "next_due": {"lane": 3},
    "others_due": {},
    "claim_lanes": {"limit": 10, "owner": "us", "lease": timedelta(seconds=15)},
    "count_work": {},
    "write_assignments": {
        "events": [5, 6], "consumers": [6, 7], "states": ["done", "done"], "persons": [1, 1], "dues": [None, None],
        "tries": [1, 1], "reasons": [None, None],
    },
    "write_occurrences": {"consumers": [1], "keys": [KEY], "events": [5]},
    "write_links": {
        "consumers": [1], "persons": [1], "contacts": ["c"], "states": ["open"], "generations": [0],
        "records": [b"{}"], "nimbata_ids": ["n"], "nimbata": [b"{}"], "merges": [None], "seals": [1],
    },
    "advance_poll": {"connection": 1, "stream": "task"},
    "load_owners": {"lane": 3, "digests": [KEY]},
    "load_takers": {"lane": 3, "digests": [KEY], "person": 7},
    "load_items": {"consumer": 3, "person": 40},
    "write_items": {
        "ids": [1], "consumers": [1], "persons": [1], "kinds": ["task"], "nimbata_ids": ["t1"],
        "contacts_api_ids": [None], "states": ["open"], "nimbata": [b"{}"], "contacts_api": [None], "merges": [None],
        "seals": [1],
    },
    "write_conflicts": {
        "consumers": [1], "persons": [1], "kinds": ["identity"], "keys": [KEY], "details": [b"{}"],
        "seals": [1],
    },
    "create_own_item": {
        "id": "otk_new", "connection": 1, "project": "p", "person": "drv:p:+1", "kind": "task", "body": b"{}",
        "reference": "new", "seal": 4,
    },
    "load_own_item": {"id": "otk_5"},
    "lock_own_item": {"id": "otk_5"},
    "find_own_item": {"connection": 6, "reference": "r5"},
    "write_own_item": {"id": "otk_5", "version": 1, "body": b"{}", "seal": 4, "deleted": False},
    "list_own_items": {"connection": 6, "person": "drv:p:+11", "kind": None, "deleted": False},
    "list_changed_own_items": {"connection": 6, "since": NOW, "after": "", "limit": 100},
    "load_answers": {"consumer": 3, "person": 40},
    "list_conflicts": {"id": None, "state": "open", "sync": None, "limit": 50},
    "settle_conflict": {"id": 7, "choice": "{}"},
    "wake_person": {"consumer": 3, "person": 40, "reason": "settled"},
    "revive_unsettled": {"consumer": 3, "person": 40, "reason": "settled", "beginning": "identity conflict: "},
    "forget_occurrences": {"consumer": 3, "events": [80]},
    "load_swept": {"connection": 3, "stream": "task", "ids": ["r2", "r42"]},
    "load_swept_of": {"connection": 3, "contact": "c10", "streams": ["task", "contact"]},
    "load_unseen": {"connection": 3, "stream": "task", "began": NOW},
    "load_overlooked": {**WALK, "kinds": ["task", "note"], "contacts": ["n2", "n42"]},
    "load_overlooked_tasks": {"connection": 3},
    "load_missed": {**WALK, "before": NOW, "limit": 10},
    "load_to_walk": {**WALK, "began": NOW, "limit": 10},
    "write_swept": {
        "connection": 3, "streams": ["task"], "records": ["r2"], "contacts": ["c2"], "digests": [KEY], "seen": [NOW],
        "missed": [None],
    },
    "forget_gone": {"connection": 3, "stream": "task", "before": NOW},
    "forget_items_of": {"connection": 3, "contact": "c10", "streams": ["task", "note"]},
    "forget_unlinked": WALK,
    "count_found": {"connection": 3},
    "load_due_backfills": {"lanes": [3, 4]},
    "load_linked": {"consumer": 3, "side": "contacts_api", "ids": ["c2", "c42"]},
    "load_pairs": {"consumer": 3, "ids": ["c2", "c42"]},
    "count_open_history": {"lane": 3, "consumer": 3, "limit": 500},
    "count_history": {"consumer": 3, "after": 39_000, "upto": 39_100},
    "load_person_keys": {"persons": [40, 41]},
    "give_person_keys": {"persons": [40], "lanes": [3], "keys": [KEY]},
    "load_erased": {"lanes": [3, 4], "digests": [KEY, KEY]},
    "blank_events": {"events": [5, 6]},
    "write_person_keys": {"lanes": [1], "digests": [KEY], "kinds": ["phone"], "persons": [1]},
    "find_people": {"lanes": [3, 4], "digests": [KEY], "limit": 20},
    "load_links": {"consumers": [3, 4], "person": 40},
    "load_history": {"person": 40, "consumer": 3, "limit": 100_000},
    "list_pairs": {"consumer": 3, "person": 40},
    "list_timeline": {
        "person": 40, "consumers": [3, 4], "at": NOW, "sort": 1, "id": 5, "consumer": 3, "limit": 100,
    },
    "load_told": {"events": [5, 6]},
    "load_lines": {"lines": [5, 6]},
    "load_calls": {"effects": [5, 6]},
    "load_attempts": {"effects": [5, 6]},
    "load_decisions": {"events": [5, 6], "consumers": [3, 4]},
}  # fmt: skip


@pytest.fixture
async def full(store: Store) -> Store:
    """A store that has seen a year."""
    async with store.transaction() as db:
        for statement in FILL.split(";\n"):
            if statement.strip():
                await db.execute(statement)
    async with store.connection() as db:
        await db.set_autocommit(True)
        await db.execute("VACUUM ANALYZE")
        await db.set_autocommit(False)
    return store


async def test_no_hot_query_reads_a_large_table_through(full: Store) -> None:
    """The plan is asked of the server, with the parameters that it would get."""
    async with full.transaction() as db:
        for name, parameters in HOT.items():
            rows = await db.execute(b"EXPLAIN " + query(name), parameters)
            plan = "\n".join(row[0] for row in await rows.fetchall())
            for table in LARGE:
                assert f"Seq Scan on {table}" not in plan, f"{name}:\n{plan}"


async def test_the_lists_that_people_look_at_do_not_either(full: Store) -> None:
    """The youngest events, whatever their state."""
    from tieline.server import listing

    async with full.transaction() as db:
        rows = await db.execute("EXPLAIN " + listing._STANDING + " ORDER BY event.id DESC LIMIT 50")
        plan = "\n".join(row[0] for row in await rows.fetchall())
    for table in LARGE:
        assert f"Seq Scan on {table}" not in plan, plan
