"""The vendor's client and calendars: every method whose path the sandbox offers, and what it gives back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.sdk.client import GHLError, Sdk, sdk

HOURS = {
    "daysOfTheWeek": [0, 1, 2, 3, 4, 5, 6],
    "hours": [{"openHour": 0, "openMinute": 0, "closeHour": 23, "closeMinute": 60}],
}
WEEK = timedelta(days=7)


def now(vendor: Sdk) -> datetime:
    """By the sandbox's clock, to the second."""
    return vendor.sandbox.contacts.clock.now().replace(microsecond=0)


def ms(moment: datetime) -> int:
    """As lists and slots want it."""
    return int(moment.timestamp() * 1000)


def user(vendor: Sdk, number: int = 0) -> str:
    """Id of one of the two who work there."""
    found: str = vendor.state()["users"][number]["id"]
    return found


def calendar(vendor: Sdk, name: str = "Consultation") -> dict[str, Any]:
    """A calendar that the location has from the start."""
    return next(one for one in vendor.state()["calendars"] if one["name"] == name)


async def slots(vendor: Sdk, calendar_id: str, **more: Any) -> list[str]:
    """What is free within a week."""
    answer = await vendor.calendars.get_slots(calendar_id, ms(now(vendor)), ms(now(vendor) + WEEK), **more)
    return [slot for day, held in answer.items() if day != "traceId" for slot in held["slots"]]


async def contact(vendor: Sdk) -> str:
    """Id of a new contact."""
    made = await vendor.contacts.create_contact({"locationId": vendor.location, "firstName": "Zoë"})
    contact_id: str = made["contact"]["id"]
    return contact_id


async def book(vendor: Sdk, **more: Any) -> dict[str, Any]:
    """An appointment on the second free slot: the first one may begin this very second."""
    which = calendar(vendor)["id"]
    given = {
        "locationId": vendor.location, "calendarId": which, "contactId": await contact(vendor),
        "assignedUserId": user(vendor), "startTime": (await slots(vendor, which, user_id=user(vendor)))[1], **more,
    }  # fmt: skip
    made: dict[str, Any] = await vendor.calendars.create_appointment(given)
    return made


async def test_a_calendar_lives_from_create_to_delete() -> None:
    """Through create, get, list, update and delete."""
    async with sdk() as vendor:
        group = calendar(vendor)["groupId"]
        given = {
            "locationId": vendor.location, "name": "Räume", "calendarType": "event", "groupId": group,
            "openHours": [HOURS], "isActive": False,
        }  # fmt: skip
        made = (await vendor.calendars.create_calendar(given))["calendar"]
        got = (await vendor.calendars.get_calendar(made["id"]))["calendar"]
        assert (got["name"], got["calendarType"], got["openHours"]) == ("Räume", "event", [HOURS])
        listed = await vendor.calendars.get_calendars(vendor.location, group_id=group, show_drafted=False)
        assert made["id"] not in [one["id"] for one in listed["calendars"]]
        assert await slots(vendor, made["id"]) == []
        changes = {
            "isActive": True,
            "slotInterval": 60,
            "allowBookingAfter": 5,
            "allowBookingAfterUnit": "mins",
        }
        changed = (await vendor.calendars.update_calendar(made["id"], changes))["calendar"]
        assert (changed["isActive"], changed["allowBookingAfterUnit"]) == (True, "mins")
        listed = await vendor.calendars.get_calendars(vendor.location)
        assert [one["id"] for one in listed["calendars"]][-1] == made["id"]
        assert len(await slots(vendor, made["id"])) > 160
        assert (await vendor.calendars.delete_calendar(made["id"]))["success"] is True
        assert made["id"] not in [one["id"] for one in vendor.state()["calendars"]]
        with pytest.raises(GHLError) as refused:
            await vendor.calendars.get_calendar(made["id"])
        assert refused.value.status_code == 404


async def test_a_group_lives_from_create_to_delete() -> None:
    """Through its six methods."""
    async with sdk() as vendor:
        location = vendor.location
        asked = {"locationId": location, "slug": "büro"}
        assert (await vendor.calendars.validate_groups_slug(asked))["available"] is True
        given = {**asked, "name": "Büro", "description": "Vor Ort"}
        group = (await vendor.calendars.create_calendar_group(given))["group"]
        assert (await vendor.calendars.validate_groups_slug(asked))["available"] is False
        renamed = {"name": "Bureau", "description": "Sur place", "slug": "bureau"}
        changed = (await vendor.calendars.edit_group(group["id"], renamed))["group"]
        assert (changed["id"], changed["name"], changed["slug"]) == (group["id"], "Bureau", "bureau")
        assert (await vendor.calendars.disable_group(group["id"], {"isActive": False}))["success"] is True
        groups = (await vendor.calendars.get_groups(location))["groups"]
        assert [(one["slug"], one["isActive"]) for one in groups] == [("bookings", True), ("bureau", False)]
        assert (await vendor.calendars.delete_group(group["id"]))["success"] is True
        assert [one.slug for one in vendor.state()["calendar_groups"]] == ["bookings"]


async def test_free_slots_are_given_for_users_and_time_zones() -> None:
    """Only what the asked-for user has free, and under the dates of the asked-for zone."""
    async with sdk() as vendor:
        which = calendar(vendor)["id"]
        made = await book(vendor)
        assert made["startTime"] in await slots(vendor, which)
        assert made["startTime"] not in await slots(vendor, which, user_id=user(vendor))
        assert made["startTime"] in await slots(vendor, which, user_ids=[user(vendor, 1)])
        assert made["startTime"] in await slots(vendor, which, user_ids=[user(vendor, 0), user(vendor, 1)])
        tokyo = await slots(vendor, which, timezone="Asia/Tokyo")
        assert all(slot.endswith("+09:00") for slot in tokyo)
        assert len(tokyo) == len(await slots(vendor, which))
        with pytest.raises(GHLError) as refused:
            await vendor.calendars.get_slots(which, ms(now(vendor)), ms(now(vendor) + timedelta(days=32)))
        assert refused.value.status_code == 400


async def test_an_appointment_lives_from_booking_to_deletion() -> None:
    """Through create, get, both lists, edit and delete; v3 tells when it was added."""
    async with sdk() as vendor:
        made = await book(vendor, title="Beratung", toNotify=False, appointmentStatus="new")
        assert (made["title"], made["appointmentStatus"]) == ("Beratung", "new")
        assert made["dateAdded"] == made["dateUpdated"]
        got = (await vendor.calendars.get_appointment(made["id"]))["event"]
        assert (got["id"], got["startTime"], got["users"]) == (made["id"], made["startTime"], [user(vendor)])
        span = {"start_time": str(ms(now(vendor))), "end_time": str(ms(now(vendor) + WEEK))}
        events = await vendor.calendars.get_calendar_events(vendor.location, **span, user_id=user(vendor))
        assert [one["id"] for one in events["events"]] == [made["id"]]
        nothing = await vendor.calendars.get_calendar_events(
            vendor.location, **span, calendar_id=calendar(vendor, "Room")["id"]
        )
        assert nothing["events"] == []
        of_contact = (await vendor.contacts.get_appointments_for_contact(made["contactId"]))["events"]
        assert [(one["id"], one["status"]) for one in of_contact] == [(made["id"], "booked")]
        assert of_contact[0]["startTime"] == made["startTime"][:19].replace("T", " ")
        other = (await slots(vendor, made["calendarId"]))[-1]
        moved = await vendor.calendars.edit_appointment(
            made["id"], {"startTime": other, "appointmentStatus": "completed"}
        )
        assert (moved["startTime"], moved["appointmentStatus"]) == (other, "showed")
        assert (await vendor.calendars.delete_event(made["id"], {}))["succeeded"] is True
        assert vendor.state()["appointments"] == []
        with pytest.raises(GHLError) as refused:
            await vendor.calendars.get_appointment(made["id"])
        assert refused.value.status_code == 404


async def test_a_taken_slot_is_refused_to_the_vendor_s_client_too() -> None:
    """With the words that integrations look for."""
    async with sdk() as vendor:
        made = await book(vendor)
        with pytest.raises(GHLError) as refused:
            await book(vendor, startTime=made["startTime"])
        assert refused.value.status_code == 400
        assert "The slot you have selected is no longer available." in str(refused.value.response)


async def test_blocked_time_is_made_listed_changed_and_removed() -> None:
    """Of a user; the calendar's own slots are gone for him."""
    async with sdk() as vendor:
        which = calendar(vendor)["id"]
        begin, end = now(vendor), now(vendor) + WEEK
        made = await vendor.calendars.create_block_slot(
            {
                "locationId": vendor.location, "assignedUserId": user(vendor), "title": "Urlaub",
                "startTime": begin.isoformat(), "endTime": end.isoformat(),
            }
        )  # fmt: skip
        assert (made["title"], made["assignedUserId"]) == ("Urlaub", user(vendor))
        assert await slots(vendor, which, user_id=user(vendor)) == []
        span = {"start_time": str(ms(begin)), "end_time": str(ms(end))}
        listed = await vendor.calendars.get_blocked_slots(vendor.location, **span, user_id=user(vendor))
        assert [one["id"] for one in listed["events"]] == [made["id"]]
        changed = await vendor.calendars.edit_block_slot(
            made["id"],
            {
                "locationId": vendor.location, "calendarId": calendar(vendor, "Room")["id"], "title": "Maler",
                "endTime": (begin + timedelta(hours=1)).isoformat(),
            },
        )  # fmt: skip
        assert (changed["title"], "assignedUserId" in changed) == ("Maler", False)
        assert await slots(vendor, which, user_id=user(vendor))
        assert (await vendor.calendars.delete_event(made["id"], {}))["succeeded"] is True
        assert vendor.state()["block_slots"] == []


async def test_notes_of_an_appointment_are_made_listed_changed_and_removed() -> None:
    """The client forgets to fill the note's id into two of its paths: given the path, it does what it should."""
    async with sdk() as vendor:
        appointment = (await book(vendor))["id"]
        texts = ["eins", "zwei", "drei"]
        notes = [
            (await vendor.calendars.create_appointment_note(appointment, {"body": text}))["note"]
            for text in texts
        ]
        page = await vendor.calendars.get_appointment_notes(2, 0, appointment)
        assert ([one["body"] for one in page["notes"]], page["hasMore"]) == (["drei", "zwei"], True)
        with pytest.raises(GHLError) as refused:
            await vendor.calendars.update_appointment_note(appointment, {"body": "x"})
        assert refused.value.status_code == 404
        url = {"url": f"/calendars/appointments/{appointment}/notes/{notes[0]['id']}"}
        given = {"body": "uno", "userId": user(vendor)}
        changed = (await vendor.calendars.update_appointment_note(appointment, given, url))["note"]
        assert (changed["body"], changed["createdBy"]["name"]) == ("uno", "Ana Silva")
        assert (await vendor.calendars.delete_appointment_note(appointment, url))["success"] is True
        rest = await vendor.calendars.get_appointment_notes(20, 0, appointment)
        assert ([one["body"] for one in rest["notes"]], rest["hasMore"]) == (["drei", "zwei"], False)
