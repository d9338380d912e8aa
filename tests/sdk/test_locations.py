"""The vendor's client and locations: every method whose path the sandbox offers, and what it gives back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.sdk.client import GHLError, Sdk, sdk


@asynccontextmanager
async def agency() -> AsyncIterator[Sdk]:
    """The client with the agency's private token, which is the same in every sandbox of one seed."""
    async with sdk() as vendor:
        token = vendor.told["token"]
    async with sdk(token=token) as vendor:
        assert vendor.told["token"] == token
        yield vendor


async def test_the_agency_changes_a_location_and_finds_it_changed() -> None:
    """By update, get and search; the location's own token may not change it."""
    async with agency() as vendor:
        given = {
            "companyId": vendor.told["company_id"], "name": "Zahnärzte am Dom", "country": "DE",
            "settings": {"allowDuplicateContact": True, "allowDuplicateOpportunity": True},
        }  # fmt: skip
        changed = await vendor.locations.put_location(vendor.location, given)
        assert (changed["name"], changed["settings"]["allowDuplicateOpportunity"]) == (given["name"], True)
        got = (await vendor.locations.get_location(vendor.location))["location"]
        assert (got["country"], got["settings"]["allowDuplicateContact"]) == ("DE", True)
        found = await vendor.locations.search_locations(
            company_id=vendor.told["company_id"], email=got["email"], limit="5"
        )
        assert [one["id"] for one in found["locations"]] == [vendor.location]
    async with sdk() as vendor:
        with pytest.raises(GHLError):
            await vendor.locations.put_location(vendor.location, given)
        assert vendor.state()["location"]["name"] == "Austin Dental"


async def test_the_agency_reads_and_changes_what_a_location_is_allowed() -> None:
    """A list of features."""
    async with agency() as vendor:
        every = (await vendor.locations.get_location_permissions(vendor.location))["permissions"]
        assert "opportunities" in every
        wanted = {"permissions": ["crm", "calendar"]}
        assert (await vendor.locations.update_location_permissions(vendor.location, wanted))[
            "permissions"
        ] == wanted["permissions"]
        assert (await vendor.locations.get_location_permissions(vendor.location))["permissions"] == [
            "crm", "calendar",
        ]  # fmt: skip


async def test_tags_live_from_create_to_delete() -> None:
    """In lower case."""
    async with sdk() as vendor:
        made = (await vendor.locations.create_tag(vendor.location, {"name": "VIP"}))["tag"]
        assert made["name"] == "vip"
        assert (await vendor.locations.get_tag_by_id(vendor.location, made["id"]))["tag"] == made
        changed = (await vendor.locations.update_tag(vendor.location, made["id"], {"name": "Stammkunde"}))[
            "tag"
        ]
        assert changed == {**made, "name": "stammkunde"}
        listed = await vendor.locations.get_location_tags(vendor.location)
        assert listed["tags"] == [changed]
        assert (await vendor.locations.delete_tag(vendor.location, made["id"]))["succeded"] is True
        assert vendor.state()["tags"] == []


async def test_custom_fields_live_from_create_to_delete() -> None:
    """Found by id and by key."""
    async with sdk() as vendor:
        given = {"name": "Fläche", "dataType": "TEXT", "model": "opportunity", "placeholder": "m²"}
        made = (await vendor.locations.create_custom_field(vendor.location, given))["customField"]
        assert (made["fieldKey"], made["placeholder"]) == ("opportunity.fläche", "m²")
        by_id = await vendor.locations.get_custom_field(vendor.location, made["id"])
        assert by_id["customField"] == made
        listed = await vendor.locations.get_custom_fields(vendor.location, model="opportunity")
        assert listed["customFields"] == [made]
        changed = await vendor.locations.update_custom_field(vendor.location, made["id"], {"name": "Area"})
        assert (changed["customField"]["name"], changed["customField"]["fieldKey"]) == (
            "Area", "opportunity.fläche",
        )  # fmt: skip
        assert (await vendor.locations.delete_custom_field(vendor.location, made["id"]))["succeded"] is True
        assert vendor.state()["custom_fields"] == []


async def test_custom_values_live_from_create_to_delete() -> None:
    """Beside the one that the location comes with."""
    async with sdk() as vendor:
        given = {"name": "Adresse", "value": "Domplatz 1"}
        made = (await vendor.locations.create_custom_value(vendor.location, given))["customValue"]
        assert made["fieldKey"] == "{{ custom_values.adresse }}"
        got = await vendor.locations.get_custom_value(vendor.location, made["id"])
        assert got["customValue"] == made
        changed = await vendor.locations.update_custom_value(
            vendor.location, made["id"], {**given, "value": "Domplatz 2"}
        )
        assert changed["customValue"]["value"] == "Domplatz 2"
        listed = (await vendor.locations.get_custom_values(vendor.location))["customValues"]
        assert [one["name"] for one in listed] == ["Opening hours", "Adresse"]
        assert (await vendor.locations.delete_custom_value(vendor.location, made["id"]))["succeded"] is True
        assert len(vendor.state()["custom_values"]) == 1


async def test_recurring_tasks_live_from_create_to_delete() -> None:
    """With their rule."""
    async with sdk() as vendor:
        rule = {
            "intervalType": "weekly", "interval": 1, "startDate": "2026-10-25T00:00:00.000Z", "dayOfWeek": "MO",
            "dueAfterSeconds": 3600,
        }  # fmt: skip
        user = vendor.state()["users"][0]["id"]
        made = (
            await vendor.locations.create_recurring_task(
                vendor.location, {"title": "Rückruf", "rruleOptions": rule, "owners": [user]}
            )
        )["recurringTask"]
        assert (made["rruleOptions"], made["assignedTo"]) == (rule, user)
        changed = await vendor.locations.update_recurring_task(
            made["id"], vendor.location, {"title": "Anruf"}
        )
        got = await vendor.locations.get_recurring_task_by_id(made["id"], vendor.location)
        assert got["recurringTask"] == changed["recurringTask"]
        assert got["recurringTask"]["title"] == "Anruf"
        gone = await vendor.locations.delete_recurring_task(made["id"], vendor.location)
        assert (gone["id"], gone["success"]) == (made["id"], True)
        assert vendor.state()["recurring_tasks"] == []


async def test_templates_are_listed_and_removed() -> None:
    """The odd names of both methods are the client's."""
    async with sdk() as vendor:
        listed = await vendor.locations.g_e_t_all_or_email_sms_templates(
            origin_id=vendor.location, location_id=vendor.location, type="email"
        )
        (email,) = listed["templates"]
        assert (email["type"], listed["totalCount"]) == ("email", 1)
        await vendor.locations.d_e_l_e_t_e_an_email_sms_template(vendor.location, email["id"])
        assert [one["type"] for one in vendor.state()["templates"]] == ["sms"]


async def test_tasks_of_the_location_are_searched() -> None:
    """By state."""
    async with sdk() as vendor:
        vendor.emit(kind="contact.create", location=vendor.location)
        done = vendor.emit(kind="task.create", location=vendor.location)
        body = {"completed": False, "limit": 5}
        assert [
            one["id"] for one in (await vendor.locations.task_search(vendor.location, body))["tasks"]
        ] == [done[0]["record"]]
        assert (await vendor.locations.task_search(vendor.location, {"completed": True}))["tasks"] == []


async def test_time_zones_are_listed_once_the_clients_address_is_filled_in() -> None:
    """Its method leaves "{locationId}" in the path: as it stands, the call is for no location."""
    async with sdk() as vendor:
        with pytest.raises(GHLError):
            await vendor.locations.get_timezones()
        zones = await vendor.locations.get_timezones({"url": f"/locations/{vendor.location}/timezones"})
        assert "America/Chicago" in zones["timeZones"]


async def test_a_channel_has_the_provider_that_a_location_comes_with() -> None:
    """Of each kind."""
    async with sdk() as vendor:
        answer = await vendor.locations.get_conversation_channel(vendor.location, "SMS")
        (provider,) = answer["conversationChannel"]["SMS"]
        assert (provider["conversationProvider"]["type"], provider["conversationProvider"]["default"]) == (
            "SMS", True,
        )  # fmt: skip
