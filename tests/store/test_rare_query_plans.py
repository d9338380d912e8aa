"""What runs seldom finds its rows by an index too: drifts, erasing, keys, access."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.server.access.test_audit import FILL as ACCESS_FILL
from tests.store.explained import Plans, explained
from tests.store.test_query_plans import FILL, LARGE
from tieline.server.access.audit import Wanted, forget_old, list_entries
from tieline.server.access.principal import utc_now
from tieline.server.access.sessions import Sessions
from tieline.server.access.tokens import Tokens
from tieline.server.access.users import Users
from tieline.server.keeping.erase import Eraser
from tieline.server.people.people import People
from tieline.store.directory import Credential, Directory
from tieline.store.key_rotation import is_unfinished, key_table
from tieline.store.key_table import seal_with
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.vault.master import fingerprint
from tieline.vault.seal import Vault

SMALL_HOUR = datetime(2026, 11, 2, tzinfo=UTC)
NO_KEY = 1_000_000
#: Ten years of days.
KEYS = """
INSERT INTO vault_key (purpose, day, wrapped, master)
    SELECT 'inbox', '2016-01-01'::date + n, 'w', 'm' FROM generate_series(1, 3650) AS n;
INSERT INTO sync (id, name, source_connection_id, project, target_connection_id, definition)
    SELECT n, 'sync' || n, n, 'p', n, '' FROM generate_series(1, 40) AS n;
INSERT INTO preview_write (sync_id, number, side, operation, method, path, refused, body, seal)
    SELECT n % 40 + 1, n, 'nimbata', 'o', 'POST', '/', false, '', 0 FROM generate_series(1, 40000) AS n;
UPDATE link SET seal = 0, contact = '{"id":"c40"}', nimbata = '{"id":"n40"}' WHERE person_id = 40;
UPDATE person SET key = NULL WHERE id = 40
"""
LARGE_TOO = (
    *LARGE,
    "vault_key",
    "session",
    "api_token",
    "login_attempt",
    "audit_entry",
    "account_user",
    "preview_write",
)
PERSONS = {"persons": [40, 41]}
RARE: dict[str, dict[str, Any]] = {
    # Drifts.
    "list_linked": {"consumer": 3, "ids": None, "after": "c2", "limit": 500},
    "load_items_of": {"consumer": 3, **PERSONS},
    "load_given_up": {"keys": ["k5", "k6"]},
    "load_pairs": {"consumer": 3, "ids": ["c2", "c42"]},
    "list_previewed": {"name": "sync3", "after": 10, "limit": 100},
    # Erasing.
    "find_namesakes": {**PERSONS, "lanes": [3, 4]},
    "count_kept": {**PERSONS, "consumers": [3], "connections": [3], "owners": ["drv:p:+11"]},
    "bury_people": {**PERSONS, "digests": [b"d"], "lanes": [3]},
    "end_erased": {**PERSONS, "reason": "erased"},
    "blank_effects": {**PERSONS, "events": [160, 161]},
    "blank_events": {"events": [160, 161]},
    # Keys of people.
    "load_person_keys": PERSONS,
    "give_person_keys": {"persons": [40], "lanes": [3], "keys": [b"k"]},
    "load_erased": {"lanes": [3, 4], "digests": [b"d", b"e"]},
}  # fmt: skip


@pytest.fixture
async def full(store: Store) -> Store:
    """A store that has seen a year, and has many users."""
    async with store.transaction() as db:
        for statement in ";\n".join((FILL.rstrip().rstrip(";"), ACCESS_FILL, KEYS)).split(";\n"):
            if statement.strip():
                await db.execute(statement.encode())
    async with store.connection() as db:
        await db.set_autocommit(True)
        await db.execute("VACUUM ANALYZE")
        await db.set_autocommit(False)
    return store


async def test_no_rare_query_reads_a_large_table_through(full: Store) -> None:
    """Those that stand in files of their own."""
    async with full.transaction() as db:
        for name, parameters in RARE.items():
            rows = await db.execute(b"EXPLAIN " + query(name), parameters)
            _require_indexed([f"{name}:\n" + "\n".join(row[0] for row in await rows.fetchall())])


async def test_no_statement_of_access_does_as_it_is_run(full: Store) -> None:
    """Log in, ask, log out; a token made, used and revoked; pages of the log, and what has grown old."""
    async with _at_work(full) as (store, vault, plans):
        users, tokens = Users(store, utc_now), Tokens(store, vault.digest, utc_now)
        sessions = Sessions(store, vault.digest, utc_now)
        await users.add("ann", "viewer", "correct horse battery")
        plans.take()
        opened = await sessions.open("ann", "correct horse battery", "127.0.0.1")
        assert opened is not None
        assert await sessions.find(opened.secret) is not None
        await sessions.close(opened.principal)
        made = await tokens.add("program", ("items:read",), life=None)
        assert await tokens.find(made.token) is not None
        for wanted in (
            Wanted(),
            Wanted(actor="u3"),
            Wanted(subject="s3"),
            Wanted(since=SMALL_HOUR),
            Wanted(before=90),
        ):
            await list_entries(store, wanted)
        await forget_old(store)
        _require_indexed(plans.take(), at_least=15)
        # By name or beginning, among as many as people make by hand: read through.
        assert await tokens.revoke("program")


async def test_no_statement_of_the_keys_does_as_it_is_run(full: Store) -> None:
    """A day's key is found and made; the keys of keys are not looked for among those of ten years."""
    async with _at_work(full) as (store, vault, plans):
        table = key_table(store)
        await table.key_of_day((SMALL_HOUR + timedelta(days=400)).date())
        assert await table.keys_of_days([NO_KEY]) == {}
        async with store.transaction() as db:
            await table.newest(db)
        await store.keys.learn([NO_KEY])
        assert not await is_unfinished(store)
        assert vault.knows(b"")
        _require_indexed(plans.take(), at_least=4)


async def test_no_statement_of_erasing_does_as_it_is_run(full: Store) -> None:
    """Whatever is kept of a person is found by the person."""
    async with _at_work(full) as (store, vault, plans):
        directory = Directory(store, vault)
        await directory.load()
        eraser = Eraser(People(store, directory, vault.digest), vault.digest)
        plans.take()
        told = await eraser.erase("person:40")
        assert (told.done, told.people, told.links) == (True, (40,), 1)
        # Questions are few, and one may be sealed with another person's key than whose it is by now.
        _require_indexed([plan for plan in plans.take() if "DELETE FROM conflict" not in plan], at_least=15)


async def test_a_plan_that_reads_a_table_through_is_found(full: Store) -> None:
    """What the others stand on."""
    async with _at_work(full) as (store, _, plans):
        async with store.transaction() as db:
            await db.execute("SELECT count(*) FROM audit_entry WHERE address = 'x'")
        with pytest.raises(AssertionError, match="Seq Scan on audit_entry"):
            _require_indexed(plans.take())


@asynccontextmanager
async def _at_work(full: Store) -> AsyncIterator[tuple[Store, Vault, Plans]]:
    vault, master = Vault(bytes(32)), bytes(32)
    sealed = [
        (vault.seal(msgspec.json.encode(Credential(token="t")), context=f"connection c{number}"), number)
        for number in range(1, 41)
    ]
    async with full.transaction() as db, db.cursor() as cursor:
        await cursor.executemany("UPDATE connection SET credential = %s WHERE id = %s", sealed)
        await cursor.execute("UPDATE vault_key SET master = %s", (fingerprint(master),))
    async with explained(full.url) as (store, plans):
        await seal_with(store, vault, master)
        plans.take()
        yield store, vault, plans


def _require_indexed(plans: list[str], *, at_least: int = 1) -> None:
    assert len(plans) >= at_least, "the server told of fewer statements than there were"
    for plan in plans:
        for table in LARGE_TOO:
            assert f"Seq Scan on {table}" not in plan, plan
