"""What the stories of both sides found, each as small as it could be made."""

from __future__ import annotations

import asyncio

import pytest

from tests.server.two_way import TwoWayWorld, both_ways
from tieline.sandbox.faults import Rule
from tieline.store.pool import Store

ADA = "+12015550123"


async def ada(both: TwoWayWorld) -> tuple[str, str]:
    """Her ids in the account and in the CRM, once she stands on both sides."""
    both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
    await both.settled()
    return both.account["contacts"][0]["id"], both.crm["contacts"][0]["id"]


async def test_deleted_on_one_side_and_edited_on_the_other_at_once_goes_on_both(store: Store) -> None:
    """The write that meets the deletion tells of it before its webhook does."""
    async with both_ways(store) as both:
        person, contact = await ada(both)
        both.emit(kind="contact.update", id=person, changes={"company": "Acme"})
        both.work(kind="contact.delete", id=contact)
        await both.settled()
        assert both.people() == ([], [])


async def test_deleted_in_the_account_and_edited_in_the_crm_at_once_goes_on_both(store: Store) -> None:
    """The same the other way."""
    async with both_ways(store) as both:
        person, contact = await ada(both)
        both.work(kind="contact.update", id=contact, fields={"companyName": "Acme"})
        both.emit(kind="contact.delete", id=person)
        await both.settled()
        assert both.people() == ([], [])


async def test_deleted_on_one_side_while_an_item_is_made_on_the_other_goes_on_both(store: Store) -> None:
    """The new item has nowhere to go, and its person is deleted after all."""
    async with both_ways(store) as both:
        person, contact = await ada(both)
        both.emit(kind="note.create", contact=person, changes={"body": "Prefers mornings"})
        both.work(kind="contact.delete", id=contact)
        await both.settled()
        assert both.people() == ([], [])


@pytest.mark.parametrize("kind", ["task", "note", "appointment"])
@pytest.mark.parametrize("fault", ["cut_after", "500", "429"])
async def test_an_item_that_goes_before_its_copy_is_known_goes_on_both(store: Store, kind: str, fault: str) -> None:
    """Its creation on the other side was cut off, and may have taken place."""
    async with both_ways(store) as both:
        person, _ = await ada(both)
        both.world.sandbox.contacts.faults.add([Rule(kind=fault, operation=f"{kind}s.create", count=1)])
        made = both.emit(kind=f"{kind}.create", contact=person)
        for _ in range(100):
            if both.world.sandbox.contacts.audit.operations[f"{kind}s.create"]:
                break
            await asyncio.sleep(0.005)
        both.emit(kind=f"{kind}.delete", id=made["activity_id"])
        await both.settled()
        assert both.unequal() == []
