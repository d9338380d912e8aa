"""Items that we keep ourselves: made once, changed in order, gone for good."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tieline.domain.ids import ConnectionId
from tieline.domain.items import Appointment, Item, Note, Task
from tieline.store import own_items
from tieline.store.directory import Credential
from tieline.store.own_items import NewOwnItem
from tieline.store.pool import Store
from tieline.testing.builders import add_connection
from tieline.vault.seal import Vault

PERSON = "drv:p:+12015550123"
START = datetime(2026, 9, 4, 14, tzinfo=UTC)


@pytest.fixture
async def connection(store: Store) -> ConnectionId:
    """A call-tracking account."""
    await add_connection(
        store, Vault(bytes(32)), name="calls", connector="nimbata", base_url="http://localhost:1", account="a",
        credential=Credential(token="t"),
    )  # fmt: skip
    async with store.transaction() as db:
        row = await (await db.execute("SELECT id FROM connection")).fetchone()
    assert row is not None
    return ConnectionId(row[0])


def new(
    connection: ConnectionId, item: Item, *, reference: str | None = None, person: str = PERSON
) -> NewOwnItem:
    """An item of a project's person."""
    return NewOwnItem(connection_id=connection, project="p", person=person, item=item, reference=reference)


@pytest.mark.parametrize(
    "item",
    [
        Task(id="", title="Call back", body="a quote", due_at=START, assignee="ana@example.com"),
        Note(id="", body="Prefers mornings\n🙂"),
        Appointment(id="", title="Visit", starts_at=START, timezone="America/Chicago", status="confirmed"),
    ],
)
async def test_each_kind_comes_back_as_it_was_kept(
    store: Store, connection: ConnectionId, item: Item
) -> None:
    """With an id and a time of ours."""
    async with store.transaction() as db:
        made, created = await own_items.create(db, new(connection, item))
    async with store.transaction() as db:
        read = await own_items.load(db, made.id)
    assert created
    assert read == made
    assert made.version == 1
    assert made.item.id == made.id
    assert made.item.updated_at == made.updated_at
    assert own_items._body(made.item) == own_items._body(item)


async def test_one_reference_makes_one_item(store: Store, connection: ConnectionId) -> None:
    """A repeat gives the first, also after it was deleted; without a reference each is a new one."""
    wanted = new(connection, Task(id="", title="Call back"), reference="r1")
    async with store.transaction() as db:
        first, created = await own_items.create(db, wanted)
    async with store.transaction() as db:
        second, again = await own_items.create(db, wanted)
        assert (created, again, second) == (True, False, first)
        await own_items.remove(db, first)
        third, again = await own_items.create(db, wanted)
        assert not again
        assert (third.id, third.deleted_at is not None) == (first.id, True)
        note = new(connection, Note(id="", body="x"))
        one, other = await own_items.create(db, note), await own_items.create(db, note)
        assert one[0].id != other[0].id


async def test_a_change_raises_version_and_time_and_a_late_one_changes_nothing(
    store: Store, connection: ConnectionId
) -> None:
    """Within one transaction too, where the database's own clock stands still."""
    async with store.transaction() as db:
        first, _ = await own_items.create(db, new(connection, Task(id="", title="Call back")))
        second = await own_items.change(db, first, Task(id="", title="Call back", completed=True))
        assert second is not None
        assert second.version == 2
        assert second.updated_at > first.updated_at
        assert await own_items.change(db, first, Task(id="", title="late")) is None
        gone = await own_items.remove(db, second)
        assert gone is not None
        assert (gone.version, gone.deleted_at is not None) == (3, True)
        assert await own_items.change(db, gone, Task(id="", title="later still")) is None
        assert await own_items.remove(db, gone) is None
        assert await own_items.load(db, first.id) == gone


async def test_a_persons_items_are_listed_by_kind_without_those_that_are_gone(
    store: Store, connection: ConnectionId
) -> None:
    """Nobody else's among them."""
    async with store.transaction() as db:
        task, _ = await own_items.create(db, new(connection, Task(id="", title="one")))
        note, _ = await own_items.create(db, new(connection, Note(id="", body="two")))
        await own_items.create(db, new(connection, Note(id="", body="three"), person="drv:p:+12015550124"))
        gone, _ = await own_items.create(db, new(connection, Task(id="", title="four")))
        await own_items.remove(db, gone)
    async with store.transaction() as db:
        found = await own_items.list_of(db, connection, PERSON)
        assert {one.id for one in found} == {task.id, note.id}
        assert [one.id for one in await own_items.list_of(db, connection, PERSON, "task")] == [task.id]
        all_tasks = await own_items.list_of(db, connection, PERSON, "task", deleted=True)
        assert {one.id for one in all_tasks} == {task.id, gone.id}


async def test_changes_are_read_page_by_page_in_their_order(store: Store, connection: ConnectionId) -> None:
    """Equal times included; a changed item moves to the end."""
    async with store.transaction() as db:
        made = [
            (await own_items.create(db, new(connection, Note(id="", body=str(number)))))[0]
            for number in range(5)
        ]
        moved = await own_items.change(db, made[0], Note(id="", body="changed"))
    assert moved is not None
    seen: list[str] = []
    since, after = datetime.min.replace(tzinfo=UTC), ""
    async with store.transaction() as db:
        while page := await own_items.list_changed(db, connection, since=since, after=after, limit=2):
            assert len(page) <= 2
            seen += [one.id for one in page]
            since, after = page[-1].updated_at, page[-1].id
    assert sorted(seen) == sorted(one.id for one in made)
    assert seen[-1] == moved.id
