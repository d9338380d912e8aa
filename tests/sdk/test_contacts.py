"""The vendor's client and contacts: every method, and what it gives back."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from highlevel.services.contacts.contacts import Contacts

from tests.sdk.client import GHLError, Sdk, sdk


async def test_a_contact_lives_from_create_to_delete() -> None:
    """Through create, get, update, upsert, duplicate, search and delete."""
    async with sdk() as vendor:
        made = await vendor.contacts.create_contact(
            {"locationId": vendor.location, "firstName": "Zoë", "phone": "+15125550123", "tags": ["VIP"]}
        )
        contact_id = made["contact"]["id"]
        assert made["contact"]["tags"] == ["vip"]
        got = await vendor.contacts.get_contact(contact_id)
        assert got["contact"]["phone"] == "+15125550123"
        changed = await vendor.contacts.update_contact(contact_id, {"city": "Austin"})
        assert (changed["succeded"], changed["contact"]["city"]) == (True, "Austin")
        again = await vendor.contacts.upsert_contact(
            {"locationId": vendor.location, "phone": "+15125550123", "email": "zoe@example.com"}
        )
        assert (again["new"], again["contact"]["id"]) == (False, contact_id)
        found = await vendor.contacts.get_duplicate_contact(vendor.location, email="zoe@example.com")
        assert found["contact"]["id"] == contact_id
        vendor.sandbox.contacts.clock.advance(6)
        listed = await vendor.contacts.search_contacts_advanced(
            {"locationId": vendor.location, "pageLimit": 10, "query": "zo"}
        )
        assert [one["id"] for one in listed["contacts"]] == [contact_id]
        gone = await vendor.contacts.delete_contact(contact_id)
        assert gone["succeeded"]
        with pytest.raises(GHLError):
            await vendor.contacts.get_contact(contact_id)
        assert vendor.state()["contacts"] == []


async def test_tasks_of_a_contact() -> None:
    """Create, list, get, update, complete, delete."""
    async with sdk() as vendor:
        contact = await made(vendor)
        task = await vendor.contacts.create_task(
            contact, {"title": "Call back", "dueDate": "2027-03-01T15:00:00Z", "completed": False}
        )
        task_id = task["task"]["id"]
        assert task["task"]["dueDate"] == "2027-03-01T15:00:00.000Z"
        assert [one["id"] for one in (await vendor.contacts.get_all_tasks(contact))["tasks"]] == [task_id]
        changed = await vendor.contacts.update_task(contact, task_id, {"title": "Call today"})
        assert changed["task"]["title"] == "Call today"
        done = await vendor.contacts.update_task_completed(contact, task_id, {"completed": True})
        assert done["task"]["completed"] is True
        assert (await vendor.contacts.get_task(contact, task_id))["task"] == done["task"]
        found = await vendor.locations.task_search(vendor.location, {"completed": True, "limit": 10})
        assert [one["id"] for one in found["tasks"]] == [task_id]
        assert (await vendor.contacts.delete_task(contact, task_id))["succeeded"]
        assert vendor.state()["tasks"] == []


async def test_notes_of_a_contact() -> None:
    """Create, list, get, update, delete."""
    async with sdk() as vendor:
        contact = await made(vendor)
        note = (await vendor.contacts.create_note(contact, {"body": "Wants a quote ✓"}))["note"]
        assert [one["body"] for one in (await vendor.contacts.get_all_notes(contact))["notes"]] == [
            note["body"]
        ]
        changed = await vendor.contacts.update_note(contact, note["id"], {"body": "Wants two"})
        assert changed["note"]["body"] == "Wants two"
        assert (await vendor.contacts.get_note(contact, note["id"]))["note"]["body"] == "Wants two"
        assert (await vendor.contacts.delete_note(contact, note["id"]))["succeeded"]
        assert vendor.state()["notes"] == []


async def test_tags_and_followers() -> None:
    """Sets: what is there stays, what is not there is no error."""
    async with sdk() as vendor:
        contact, user = await made(vendor), vendor.state()["users"][0]["id"]
        assert (await vendor.contacts.add_tags(contact, {"tags": ["VIP", "hot"]}))["tags"] == ["vip", "hot"]
        assert (await vendor.contacts.remove_tags(contact, {"tags": ["hot", "cold"]}))["tags"] == ["vip"]
        # The client knows no {type}: its specs do not declare that part of the path.
        bulk = await vendor.contacts.create_association(
            {"contacts": [contact], "tags": ["spring"], "locationId": vendor.location},
            options={"url": "/contacts/bulk/tags/update/add"},
        )
        assert bulk["errorCount"] == 0
        assert vendor.state()["contacts"][0]["tags"] == ["vip", "spring"]
        assert (await vendor.contacts.add_followers_contact(contact, {"followers": [user]}))["followers"] == [
            user
        ]
        gone = await vendor.contacts.remove_followers_contact(contact, {"followers": [user]})
        assert (gone["followers"], gone["followersRemoved"]) == ([], [user])


async def test_campaigns_workflows_and_businesses() -> None:
    """In, out, and out of all."""
    async with sdk() as vendor:
        contact, held = await made(vendor), vendor.state()
        campaign, workflow = held["campaigns"][0].id, held["workflows"][0].id
        assert (await vendor.contacts.add_contact_to_campaign(contact, campaign, {}))["succeeded"]
        assert vendor.state()["in_campaigns"] == {contact: [campaign]}
        assert (await vendor.contacts.remove_contact_from_campaign(contact, campaign))["succeeded"]
        await vendor.contacts.add_contact_to_campaign(contact, campaign, {})
        assert (await vendor.contacts.remove_contact_from_every_campaign(contact))["succeeded"]
        assert vendor.state()["in_campaigns"] == {}
        start = {"eventStartTime": "2027-03-01T15:00:00+00:00"}
        assert (await vendor.contacts.add_contact_to_workflow(contact, workflow, start))["succeeded"]
        assert list(vendor.state()["in_workflows"]) == [contact]
        assert (await vendor.contacts.delete_contact_from_workflow(contact, workflow, start))["succeeded"]
        business = held["businesses"][0]["id"]
        moved = await vendor.contacts.add_remove_contact_from_business(
            {"locationId": vendor.location, "ids": [contact], "businessId": business}
        )
        assert moved["ids"] == [contact]
        listed = await vendor.contacts.get_contacts_by_business_id(business, vendor.location)
        assert [one["id"] for one in listed["contacts"]] == [contact]


def test_every_contacts_method_of_the_client_is_run() -> None:
    """31 of them; a new release of the client that has more shows here."""
    methods = {name for name, _ in inspect.getmembers(Contacts, inspect.iscoroutinefunction)}
    here = Path(__file__).parent
    texts = "".join(path.read_text("utf-8") for path in here.glob("test_*.py"))
    assert len(methods) == 31
    assert {name for name in methods if f"contacts.{name}(" not in texts} == set()


async def made(vendor: Sdk) -> str:
    """Id of a new contact."""
    answer = await vendor.contacts.create_contact({"locationId": vendor.location, "firstName": "Ada"})
    contact: str = answer["contact"]["id"]
    return contact
