"""Rows are sealed with a key a day and a key a person, and what is sealed opens in its own place alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tieline.domain.ids import LaneId, PersonId, SyncId
from tieline.effects.statements import write
from tieline.effects.writes import ConflictRow, EffectRow, HistoryRow, ItemRow, LinkRow, Writes
from tieline.store import keyring
from tieline.store.key_table import seal_with
from tieline.store.keyring import Keyring
from tieline.store.person_rows import (
    effect_place,
    history_place,
    open_details,
    open_item,
    open_link,
    open_value,
)
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.vault.seal import BrokenSeal, Vault

MASTER = bytes(32)
ADA, BOB = PersonId(7), PersonId(8)
PRIVATE = b'{"first_name":"Ada"}'


def all_of(person: PersonId, *, new: bool = True) -> Writes:
    """One row of each kind."""
    sync, at = SyncId(1), datetime(2026, 11, 2, tzinfo=UTC)
    return Writes(
        lane_id=LaneId(1), epoch=1, persons=[person] if new else [],
        intents=[EffectRow(
            id=person, idempotency_key=f"k{person}", consumer_id=sync, person_id=person, event_id=1, operation="notes",
            state="intent", input=PRIVATE,
        )],
        links=[LinkRow(
            consumer_id=sync, person_id=person, contact_id=f"c{person}", contact=PRIVATE, nimbata_id=f"n{person}",
            nimbata=PRIVATE, merge=PRIVATE,
        )],
        items=[ItemRow(id=person, consumer_id=sync, person_id=person, kind="task", nimbata=PRIVATE, merge=PRIVATE)],
        history=[HistoryRow(
            id=person, consumer_id=sync, person_id=person, at=at, side="nimbata", what="seen", subject="contact",
            record_id="n", event_id=1, fields=PRIVATE,
        )],
        conflicts=[ConflictRow(
            consumer_id=sync, person_id=person, kind="identity", key=bytes([person]), details=PRIVATE
        )],
    )  # fmt: skip


@pytest.fixture
async def sealed(store: Store) -> Store:
    """A store with its keys."""
    await seal_with(store, Vault(MASTER), MASTER)
    return store


async def stored(store: Store, sql: str) -> list[tuple[object, ...]]:
    """What the tables hold."""
    async with store.transaction() as db:
        return await (await db.execute(sql)).fetchall()


VALUES = """
SELECT 'link', contact, seal FROM link UNION ALL SELECT 'link', nimbata, seal FROM link
UNION ALL SELECT 'link', merge, seal FROM link UNION ALL SELECT 'item', nimbata, seal FROM item
UNION ALL SELECT 'item', merge, seal FROM item UNION ALL SELECT 'effect', input, seal FROM effect
UNION ALL SELECT 'history', fields, seal FROM history UNION ALL SELECT 'conflict', details, seal FROM conflict
"""


async def require_readable(store: Store, person: PersonId) -> None:
    """By the queries that the engine reads with."""
    whom = {"consumer": 1, "person": person}
    async with store.transaction() as db:
        keys = db.keys
        row = await (await db.execute(query("load_link"), whom)).fetchone()
        assert row is not None
        assert open_link(keys, 1, person, (row[3], row[5], row[6]), row[7], row[8]) == (PRIVATE,) * 3
        row = await (await db.execute(query("load_items"), whom)).fetchone()
        assert row is not None
        assert open_item(keys, row[0], row[5:8], row[8], row[9]) == (PRIVATE, None, PRIVATE)
        row = await (await db.execute(query("load_open_effects"), whom)).fetchone()
        assert row is not None
        assert open_value(keys, effect_place(row[1]), row[7], row[13], row[14]) == PRIVATE
        row = await (await db.execute(query("load_history"), {**whom, "limit": 9})).fetchone()
        assert row is not None
        assert open_value(keys, history_place(row[0]), row[7], row[8], row[9]) == PRIVATE
        listed = await db.execute(
            query("list_conflicts"), {"id": None, "state": None, "sync": None, "limit": 9}
        )
        rows = [row for row in await listed.fetchall() if row[2] == person]
        assert open_details(keys, 1, rows[0][11], rows[0][6], rows[0][8], rows[0][9]) == PRIVATE


async def test_whatever_is_written_of_a_person_is_sealed_with_their_key(sealed: Store) -> None:
    """Two people, two keys; another process reads what this one wrote."""
    async with sealed.transaction() as db:
        await write(db, [all_of(ADA), all_of(BOB)])
    rows = await stored(sealed, VALUES)
    assert len(rows) == 16
    for table, value, seal in rows:
        assert seal in (ADA, BOB), table
        assert isinstance(value, bytes), table
        assert b"Ada" not in value, table
    (keys,) = await stored(sealed, "SELECT array_agg(DISTINCT key) FROM person")
    assert isinstance(keys[0], list)
    assert len(keys[0]) == 2
    async with Store.open(sealed.url) as other:
        await seal_with(other, Vault(MASTER), MASTER)
        await require_readable(other, ADA)
        await require_readable(other, BOB)


async def test_a_commit_that_is_repeated_seals_with_the_key_that_stands(sealed: Store) -> None:
    """Its answer was lost; the first one took place."""
    async with sealed.transaction() as db:
        await write(db, [all_of(ADA)])
    async with sealed.transaction() as db:
        await write(db, [all_of(ADA)])
    async with Store.open(sealed.url) as other:
        await seal_with(other, Vault(MASTER), MASTER)
        await require_readable(other, ADA)


async def test_who_was_known_before_there_were_keys_gets_one(store: Store) -> None:
    """Old rows stay readable, and are sealed when they are written the next time."""
    async with store.transaction() as db:
        await write(db, [all_of(ADA)])
    assert {row[2] for row in await stored(store, VALUES)} == {0}
    await seal_with(store, Vault(MASTER), MASTER)
    await require_readable(store, ADA)
    async with store.transaction() as db:
        await write(db, [all_of(ADA, new=False)])
    assert {row[2] for row in await stored(store, "SELECT '', contact, seal FROM link")} == {ADA}
    await require_readable(store, ADA)


async def test_an_effect_that_somebody_else_takes_up_stays_readable(sealed: Store) -> None:
    """Its row keeps the person it was made for; its seal says whose key it is."""
    async with sealed.transaction() as db:
        first = all_of(ADA)
        await write(db, [first])
        await db.execute("UPDATE effect SET state = 'dropped'")
        second = all_of(BOB)
        second.intents = [
            EffectRow(
                id=99, idempotency_key=f"k{ADA}", consumer_id=SyncId(1), person_id=BOB, event_id=2, operation="notes",
                state="intent", input=b"{}",
            )
        ]  # fmt: skip
        await write(db, [second])
        rows = await (await db.execute(query("load_open_effects"), {"person": ADA})).fetchall()
        (row,) = rows
        assert open_value(db.keys, effect_place(row[1]), row[7], row[13], row[14]) == b"{}"


@pytest.mark.parametrize(
    "swap",
    [
        "UPDATE link SET contact = nimbata",
        "UPDATE link SET contact = (SELECT contact FROM link AS other WHERE other.person_id <> link.person_id)",
        "UPDATE link SET contact = (SELECT contact FROM link AS other WHERE other.person_id <> link.person_id),"
        " seal = (SELECT seal FROM link AS other WHERE other.person_id <> link.person_id)",
        "UPDATE link SET seal = (SELECT seal FROM link AS other WHERE other.person_id <> link.person_id)",
        "UPDATE link SET contact = substr(contact, 1, length(contact) - 1)",
        "UPDATE person SET key = (SELECT key FROM person AS other WHERE other.id <> person.id)",
        "UPDATE person SET key = NULL",
    ],
)
async def test_no_swap_in_the_tables_opens(sealed: Store, swap: str) -> None:
    """Between columns, rows and people; a shorter value; another's key; none."""
    async with sealed.transaction() as db:
        await write(db, [all_of(ADA), all_of(BOB)])
        await db.execute(swap)
    async with Store.open(sealed.url) as other:
        await seal_with(other, Vault(MASTER), MASTER)
        with pytest.raises(BrokenSeal):
            await require_readable(other, ADA)


async def test_keys_of_people_are_kept_in_a_bounded_number(
    sealed: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And none is given up while a commit that it sealed may still be repeated."""
    monkeypatch.setattr(keyring, "PEOPLE", 10)
    keys = sealed.keys
    assert isinstance(keys, Keyring)
    made = [keys.make(PersonId(number)) for number in range(20)]
    assert [keys.make(PersonId(number)) for number in range(20)] == made
    monkeypatch.setattr(keyring, "STAY_S", 0.0)
    keys.make(PersonId(21))
    assert len(keys._people) == 10


async def test_a_day_has_one_key_whoever_needs_it_first(sealed: Store) -> None:
    """Two processes, one key; and a store that was not opened with its vault says so."""
    async with Store.open(sealed.url) as other:
        await seal_with(other, Vault(MASTER), MASTER)
        ours, theirs = await sealed.keys.today(), await other.keys.today()
        assert ours.number == theirs.number > 0
        assert theirs.open("event.body:1", ours.seal("event.body:1", b"x")) == b"x"
    async with Store.open(sealed.url) as bare:
        with pytest.raises(BrokenSeal):
            bare.keys.of_day(ours.number)


async def test_another_master_key_is_told_from_the_right_one(sealed: Store) -> None:
    """Before anything is read or written with it."""
    from tieline.errors import ConfigurationError

    async with Store.open(sealed.url) as other:
        with pytest.raises(ConfigurationError, match="wrapped by the master key"):
            await seal_with(other, Vault(b"x" * 32), b"x" * 32)
