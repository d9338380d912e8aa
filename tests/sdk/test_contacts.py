"""The vendor's client and contacts: every method, and what it gives back."""

from __future__ import annotations

import pytest

from tests.sdk.client import GHLError, sdk


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
