"""Planted differences are all found, with their field, their age and their reason; and a reconcile mends them."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.server.backfilling import mark, ran, writes
from tests.server.two_way import DEFINITION, TwoWayWorld, both_ways
from tieline.store.pool import Store

PEOPLE = 24


async def linked_people(both: TwoWayWorld) -> None:
    """People who are equal on both sides; from then on neither side tells of anything."""
    both.world.sandbox.contacts.side.set_quirks({"search_lag_s": 0})
    both.world.sandbox.nimbata.side.targets.clear()
    for number in range(PEOPLE):
        both.emit(
            kind="contact.create", caller=f"+1201555{2000 + number}", caller_name=f"Person {number}", email=None,
            tags=[], deliver=False,
        )  # fmt: skip
    await ran(both, "backfill")
    await both.settled()
    assert both.unequal() == []


async def test_all_planted_drift_is_found_and_mended(store: Store) -> None:
    """Fields of either side, tags, and a record that is gone."""
    async with both_ways(store, echoes=False) as both:
        await linked_people(both)
        clean = (await ran(both, "drift")).report
        assert (clean["people"], clean["equal"], clean["fields"]) == (PEOPLE, PEOPLE, [])
        began = datetime.now(UTC)
        contacts = [one["id"] for one in both.crm["contacts"]]
        people = [one["id"] for one in both.account["contacts"]]
        for one in contacts[:5]:
            both.work(kind="contact.update", id=one, fields={"companyName": "Acme"})
        for one in people[:3]:
            both.emit(kind="contact.update", id=one, changes={"first_name": "Other"}, deliver=False)
        for one in contacts[6:10]:
            both.work(kind="tag.add", id=one, tags=["hot"])
        both.work(kind="contact.delete", id=contacts[-1])

        start = mark(both)
        report = (await ran(both, "drift")).report
        assert writes(both, start) == []
        fields = {one["nimbata"]: one for one in report["fields"]}
        assert {name: one["records"] for name, one in fields.items()} == {
            "company": 5,
            "first_name": 3,
            "tags": 4,
        }
        assert fields["company"]["why"] == {"unheard": 5}
        assert fields["company"]["repair"] == {"write nimbata": 5}
        assert fields["first_name"]["repair"] == {"write contacts_api": 3}
        assert report["people"] == PEOPLE - 1
        assert report["gone"] == {"contacts_api": 1}
        assert datetime.fromisoformat(fields["company"]["since"]) >= began.replace(microsecond=0)

        assert (await ran(both, "reconcile")).state == "done"
        await both.settled()
        mended = (await ran(both, "drift")).report
        assert (mended["people"], mended["equal"]) == (PEOPLE - 1, PEOPLE - 1), mended


async def test_a_sample_is_read_by_id(store: Store) -> None:
    """As many people as asked for: two calls each, and one for each list of what hangs on either record."""
    async with both_ways(store, echoes=False) as both:
        await linked_people(both)
        for one in both.crm["contacts"]:
            both.work(kind="contact.update", id=one["id"], fields={"city": "Austin"})
        start = mark(both)
        report = (await ran(both, "drift", sample=7)).report
        assert (report["people"], report["equal"]) == (7, 0)
        asked = sum(after - before for before, after in zip(start, mark(both), strict=True))
        assert asked == 7 * (2 + 2 * 3)


async def test_a_rule_that_is_younger_than_the_links_is_applied_by_a_reconcile(store: Store) -> None:
    """Nobody changed anything; the definition did."""
    old = DEFINITION.replace("    - {nimbata: company, contacts_api: company}\n", "")
    async with both_ways(store, echoes=False, definition=old) as both:
        await linked_people(both)
        for one in both.account["contacts"][:2]:
            both.emit(kind="contact.update", id=one["id"], changes={"company": "Acme"}, deliver=False)
        await ran(both, "reconcile")
        await both.settled()
        assert not any(one.get("companyName") for one in both.crm["contacts"])
        async with both.world.hub.store.transaction() as db:
            await db.execute("UPDATE sync SET definition = %s, version = version + 1", (DEFINITION,))
            await db.execute("SELECT pg_notify('tieline_directory', '')")
        await both.world.hub.directory.load()
        report = (await ran(both, "drift")).report
        assert [(one["nimbata"], one["records"], one["why"]) for one in report["fields"]] == [
            ("company", 2, {"settled": 2})
        ]
        await ran(both, "reconcile")
        await both.settled()
        assert sum(one.get("companyName") == "Acme" for one in both.crm["contacts"]) == 2
        assert both.unequal() == []
        start = mark(both)
        await ran(both, "reconcile")
        assert writes(both, start) == []
