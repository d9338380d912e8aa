"""Appointments: what can be booked, how they change, who is told, and the traps that cost integrations bookings."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.crm import crm
from tests.sandbox.crm_door import V3, CrmDoor, crm_door
from tests.sandbox.diary import ALL, book, calendar, draft, free, get, slots, switch, user

TAKEN = (400, "The slot you have selected is no longer available.")
#: What the docs' example of an appointment's events has; not all of it is always there.
TOLD = {
    "id", "address", "title", "calendarId", "contactId", "groupId", "appointmentStatus", "assignedUserId", "users",
    "notes", "source", "startTime", "endTime", "dateAdded", "dateUpdated",
}  # fmt: skip


def of_contact(door: CrmDoor, contact: str) -> list[dict[str, Any]]:
    """The appointments of a contact."""
    rows: list[dict[str, Any]] = door.done("GET", f"/contacts/{contact}/appointments")["events"]
    return rows


def test_an_appointment_lives_from_booking_to_deletion() -> None:
    """200 flat, 200 nested, 200 flat, 201, and then 404."""
    with crm_door() as door:
        contact = door.contact(lastName="Ångström")
        made = book(door, contactId=contact, description="Dach", address="1 Main St")
        made.pop("traceId")
        assert made == {
            "id": made["id"], "calendarId": calendar(door)["id"], "locationId": door.location, "contactId": contact,
            "title": "Ada Ångström", "startTime": "2026-09-02T09:00:00-05:00", "endTime": "2026-09-02T09:30:00-05:00",
            "appointmentStatus": "confirmed", "assignedUserId": user(door), "address": "1 Main St",
            "meetingLocationType": "custom", "isRecurring": False,
        }  # fmt: skip
        got = get(door, made)
        assert (got["users"], got["groupId"]) == ([user(door)], calendar(door)["groupId"])
        assert (got["description"], got["createdBy"]) == ("Dach", {"source": "api"})
        assert got["dateAdded"] == got["dateUpdated"] == "2026-09-01T22:14:07.900Z"
        door.wait(60)
        at = f"{ALL}/{made['id']}"
        moved = door.done("PUT", at, {"startTime": "2026-09-03T10:00:00-05:00", "title": "Zoë"})
        assert (moved["startTime"], moved["endTime"]) == (
            "2026-09-03T10:00:00-05:00", "2026-09-03T10:30:00-05:00",
        )  # fmt: skip
        assert get(door, made)["dateUpdated"] == "2026-09-01T22:15:07.900Z"
        status, answer = door.ask("DELETE", f"/calendars/events/{made['id']}", {})
        assert (status, answer["succeeded"]) == (201, True)
        for method, path in (("GET", at), ("PUT", at), ("DELETE", f"/calendars/events/{made['id']}")):
            assert door.refused(method, path, {} if method != "GET" else None) == (
                404, f"Event with id {made['id']} not found",
            )  # fmt: skip
        assert of_contact(door, contact) == []


async def test_there_is_no_booking_under_the_contact() -> None:
    """POST /contacts/{id}/appointments is a path that nobody knows, in both versions; the GET beside it is one."""
    async with crm() as api:
        made = await api.create(firstName="Ada")
        path = f"/contacts/{made['id']}/appointments"
        for version in ("2021-07-28", "v3"):
            headers = {"Version": version}
            status, answer = await api.ask(
                "POST", path, {"startTime": "2026-09-02T09:00:00-05:00"}, headers=headers
            )
            message = answer["message"] if version != "v3" else answer["error"]["message"]
            assert (status, message) == (404, f"Cannot POST {path}")
            assert (await api.ask("GET", path, headers=headers))[0] == 200


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"calendarId": None}, "calendarId should not be empty"),
        ({"contactId": ""}, "contactId should not be empty"),
        ({"startTime": "tomorrow"}, "startTime must be a valid ISO 8601 date string"),
        ({"startTime": "2026-09-02T09:00:00"}, "startTime must be a valid ISO 8601 date string"),
        ({"endTime": "2026-09-02T09:00:00-05:00"}, "endTime must be after startTime"),
        ({"appointmentStatus": "no-show"}, "appointmentStatus must be a valid enum value"),
        ({"appointmentStatus": "completed"}, "appointmentStatus must be a valid enum value"),
        ({"toNotify": "false"}, "toNotify must be a boolean value"),
        ({"userId": "x"}, "property userId should not exist"),
        ({"notes": "x"}, "property notes should not exist"),
    ],
)
def test_what_an_appointment_must_not_be_is_422(change: dict[str, Any], message: str) -> None:
    """Nothing is booked then."""
    with crm_door() as door:
        given = draft(door)
        given |= change
        given = {name: value for name, value in given.items() if value is not None}
        status, messages = door.refused("POST", ALL, given)
        assert (status, message in messages) == (422, True), messages
        assert door.state()["appointments"] == []


def test_whom_an_appointment_names_must_be_there() -> None:
    """400 for contact, calendar and user; 422 for a user off the team; 403 for another location."""
    with crm_door() as door:
        given = draft(door)
        nobody = (400, "Contact with id nope not found")
        assert door.refused("POST", ALL, {**given, "contactId": "nope"}) == nobody
        unknown = (400, "Calendar with id nope not found")
        assert door.refused("POST", ALL, {**given, "calendarId": "nope"}) == unknown
        assert door.refused("POST", ALL, {**given, "assignedUserId": "nope"})[0] == 400
        assert door.refused("POST", ALL, {**given, "locationId": door.place(1)})[0] == 403
        start = slots(door, "Site visit")[0]
        visit = draft(door, "Site visit", startTime=start, assignedUserId=user(door, 1))
        off_team = (422, ["The user id not part of calendar team."])
        assert door.refused("POST", ALL, visit) == off_team
        made = book(door, "Site visit")
        assert door.refused("PUT", f"{ALL}/{made['id']}", {"assignedUserId": user(door, 1)}) == off_team
        assert door.refused("PUT", f"{ALL}/{made['id']}", {"contactId": given["contactId"]})[0] == 422
        assert door.refused("PUT", f"{ALL}/{made['id']}", {"locationId": door.location})[0] == 422


@pytest.mark.parametrize(
    "start",
    [
        "2026-09-02T09:10:00-05:00",  # no slot begins there
        "2026-09-02T08:30:00-05:00",  # not open yet
        "2026-09-02T16:45:00-05:00",  # would end after closing
        "2026-09-05T09:00:00-05:00",  # a Saturday
        "2026-09-01T09:00:00-05:00",  # over
        "2026-09-02T09:00:00.500-05:00",
        "2026-09-02T14:00:00Z",  # right, and not as free slots show it
        "2026-09-02T16:00:00+02:00",
    ],
)
def test_a_time_that_is_no_free_slot_is_refused_unless_asked_not_to_look(start: str) -> None:
    """On create and on update alike; a slot is one only as free slots write it."""
    with crm_door() as door:
        assert door.refused("POST", ALL, draft(door, startTime=start)) == TAKEN
        made = book(door, startTime=slots(door)[3])
        assert door.refused("PUT", f"{ALL}/{made['id']}", {"startTime": start}) == TAKEN
        assert get(door, made)["startTime"] == made["startTime"]
        at_will = book(door, startTime=start, ignoreFreeSlotValidation=True)
        assert datetime.fromisoformat(at_will["startTime"]) == datetime.fromisoformat(start).replace(
            microsecond=0
        )
    with crm_door() as door:
        switch(door, slots_are_checked=False)
        assert book(door, startTime=start)


def test_offsets_of_a_slot_matter_only_as_long_as_the_quirk_is_on() -> None:
    """The same moment in other words."""
    with crm_door() as door:
        switch(door, slots_want_their_own_offset=False)
        assert book(door, startTime="2026-09-02T14:00:00Z")["startTime"] == "2026-09-02T09:00:00-05:00"
        book(door, startTime="2026-09-02T16:30:00+02:00")
        assert door.refused("POST", ALL, draft(door, startTime="2026-09-02T09:00:00-05:00")) == TAKEN


def test_of_two_who_book_one_slot_the_second_is_refused() -> None:
    """Also one whose time only overlaps, and one who comes by moving."""
    with crm_door() as door:
        nine, half_past = slots(door, "Board")[:2]
        book(door, "Board", startTime=nine)
        assert door.refused("POST", ALL, draft(door, "Board", startTime=nine)) == TAKEN
        other = book(door, "Board", startTime=half_past)
        assert door.refused("PUT", f"{ALL}/{other['id']}", {"startTime": nine}) == TAKEN
        overlapping = draft(door, "Site visit", startTime="2026-09-02T09:00:00-05:00")
        assert door.refused("POST", ALL, overlapping) == TAKEN
        assert [one["kind"] for one in door.side.doubled()] == []


def test_notice_and_horizon_can_be_ignored_alone() -> None:
    """Then the slot still has to be one."""
    with crm_door() as door:
        at = f"/calendars/{calendar(door)['id']}"
        door.done("PUT", at, {"allowBookingAfter": 5, "allowBookingAfterUnit": "days"})
        slot = "2026-09-02T09:00:00-05:00"
        assert door.refused("POST", ALL, draft(door, startTime=slot)) == TAKEN
        assert book(door, startTime=slot, ignoreDateRange=True)["startTime"] == slot
        off = draft(door, startTime="2026-09-02T09:10:00-05:00", ignoreDateRange=True)
        assert door.refused("POST", ALL, off) == TAKEN


def test_an_appointment_lasts_as_long_as_its_calendar_s_slots() -> None:
    """Another length is refused on a slot, with the quirk on; without it, the rest must be free."""
    with crm_door() as door:
        nine, ten = "2026-09-02T09:00:00-05:00", "2026-09-02T10:00:00-05:00"
        long = draft(door, startTime=nine, endTime=ten)
        status, message = door.refused("POST", ALL, long)
        assert (status, message) == (
            400, "Selected slot duration is not a valid duration option for this calendar",
        )  # fmt: skip
        switch(door, durations_are_checked=False)
        taken = book(door, startTime="2026-09-02T09:30:00-05:00")
        assert door.refused("POST", ALL, long) == TAKEN
        door.done("DELETE", f"/calendars/events/{taken['id']}", {})
        made = door.done("POST", ALL, long)
        assert (made["startTime"], made["endTime"]) == (nine, ten)
        assert slots(door, userId=user(door))[0] == ten


def test_a_calendar_with_a_team_wants_a_user_or_picks_one() -> None:
    """With the quirk off whoever is free gets it, by priority, or whoever has least to do."""
    with crm_door() as door:
        slot = slots(door)[0]
        nobody = draft(door, startTime=slot, assignedUserId=None)
        assert door.refused("POST", ALL, nobody) == (422, ["assignedUserId should not be empty"])
        switch(door, appointments_want_a_user=False)
        picked = [book(door, startTime=slot, assignedUserId=None)["assignedUserId"] for _ in range(2)]
        assert picked == [user(door, 0), user(door, 1)]
        assert door.refused("POST", ALL, nobody) == TAKEN
        team = [{"userId": user(door, 0), "priority": 0}, {"userId": user(door, 1), "priority": 1}]
        at = f"/calendars/{calendar(door)['id']}"
        door.done("PUT", at, {"teamMembers": team})
        later = slots(door)[3]
        assert book(door, startTime=later, assignedUserId=None)["assignedUserId"] == user(door, 1)
        door.done("PUT", at, {"eventType": "RoundRobin_OptimizeForEqualDistribution"})
        later = slots(door)[6]
        assert book(door, startTime=later, assignedUserId=None)["assignedUserId"] == user(door, 0)
        whole = get(door, book(door, "Board", assignedUserId=None))
        assert (whole["assignedUserId"], whole["users"]) == (user(door, 0), [user(door, 0), user(door, 1)])


def test_an_event_calendar_needs_nobody() -> None:
    """Nobody is assigned then, and the answer does not pretend otherwise."""
    with crm_door() as door:
        made = book(door, "Room", assignedUserId=None)
        assert "assignedUserId" not in made
        assert get(door, made)["users"] == []


def test_status_words_are_taken_as_the_version_knows_them() -> None:
    """v3 has two more, which are kept as older ones; a calendar that does not confirm by itself starts with new."""
    with crm_door() as door:
        assert book(door, "Board")["appointmentStatus"] == "new"
        made = book(door, appointmentStatus="showed")
        assert made["appointmentStatus"] == "showed"
        at = f"{ALL}/{made['id']}"
        for word, kept in (("completed", "showed"), ("active", "confirmed"), ("noshow", "noshow")):
            answer = door.done("PUT", at, {"appointmentStatus": word}, version=V3)
            assert answer["appointmentStatus"] == kept
            assert get(door, made)["appointmentStatus"] == kept


def test_an_update_without_a_status_confirms_unless_the_quirk_is_off() -> None:
    """Whoever only renames an appointment that nobody came to loses that."""
    with crm_door() as door:
        made = book(door)
        at = f"{ALL}/{made['id']}"
        door.done("PUT", at, {"appointmentStatus": "noshow"})
        assert door.done("PUT", at, {"title": "Ada"})["appointmentStatus"] == "confirmed"
        switch(door, appointment_update_confirms=False)
        door.done("PUT", at, {"appointmentStatus": "noshow"})
        assert door.done("PUT", at, {"title": "Zoë"})["appointmentStatus"] == "noshow"


def test_a_cancelled_appointment_comes_back_only_where_its_slot_is_free_still() -> None:
    """Its time was given to somebody else meanwhile."""
    with crm_door() as door:
        made = book(door, "Board")
        at = f"{ALL}/{made['id']}"
        door.done("PUT", at, {"appointmentStatus": "cancelled"})
        other = book(door, "Board", startTime=made["startTime"])
        assert door.refused("PUT", at, {"appointmentStatus": "confirmed"}) == TAKEN
        assert get(door, made)["appointmentStatus"] == "cancelled"
        door.done("PUT", f"{ALL}/{other['id']}", {"appointmentStatus": "invalid"})
        assert door.done("PUT", at, {"appointmentStatus": "confirmed"})["appointmentStatus"] == "confirmed"


def test_answers_to_writes_lack_their_dates_under_dated_versions() -> None:
    """v3 has them, and so has everybody with the quirk off."""
    with crm_door() as door:
        made = book(door)
        at = f"{ALL}/{made['id']}"
        assert not {"dateAdded", "dateUpdated"} & made.keys()
        new = door.done("PUT", at, {"title": "x"}, version=V3)
        assert new["dateAdded"] == "2026-09-01T22:14:07.900Z"
        switch(door, appointment_answers_lack_dates=False)
        assert {"dateAdded", "dateUpdated"} <= door.done("PUT", at, {"title": "y"}).keys()


def test_the_appointments_of_a_contact_have_local_times_without_an_offset() -> None:
    """Latest first, cancelled ones too; with the quirk off they have one."""
    with crm_door() as door:
        contact = door.contact()
        first, second = slots(door)[0], slots(door)[20]
        made = book(door, contactId=contact, startTime=first)
        book(door, contactId=contact, startTime=second)
        book(door, startTime=slots(door)[4])
        door.done("PUT", f"{ALL}/{made['id']}", {"appointmentStatus": "cancelled"})
        rows = of_contact(door, contact)
        assert [row["startTime"] for row in rows] == ["2026-09-03 11:00:00", "2026-09-02 09:00:00"]
        assert [(row["status"], row["appointmentStatus"]) for row in rows] == [
            ("booked", "confirmed"), ("cancelled", "cancelled"),
        ]  # fmt: skip
        assert rows[0]["dateAdded"] == "2026-09-01 17:14:07"
        switch(door, contact_appointments_are_local=False)
        assert of_contact(door, contact)[0]["startTime"] == second
        assert door.refused("GET", "/contacts/nope/appointments")[0] == 400


def test_a_local_time_that_the_clock_shows_twice_is_two_appointments() -> None:
    """In the list of a contact nothing tells them apart: only the appointments themselves do."""
    with crm_door(countries=("DE",)) as door:
        contact = door.contact()
        door.now = datetime.fromisoformat("2026-10-24T12:00:00+00:00")
        twice = [one for one in free(door, "Room")["2026-10-25"] if "T02:00" in one]
        assert twice == ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]
        ids = [book(door, "Room", contactId=contact, assignedUserId=None, startTime=one) for one in twice]
        assert {row["startTime"] for row in of_contact(door, contact)} == {"2026-10-25 02:00:00"}
        assert [get(door, one)["startTime"] for one in ids] == twice
        assert door.side.doubled() == []


def test_an_appointment_outlives_its_contact() -> None:
    """By its id and in its calendar; the contact's list is gone with the contact, and nothing is told of it."""
    with crm_door() as door:
        contact = door.contact()
        made = book(door, contactId=contact)
        door.done("DELETE", f"/contacts/{contact}")
        assert door.types() == ["ContactDelete"]
        assert get(door, made)["contactId"] == contact
        assert door.refused("GET", f"/contacts/{contact}/appointments") == (
            400, f"Contact with id {contact} not found",
        )  # fmt: skip
        assert door.done("PUT", f"{ALL}/{made['id']}", {"appointmentStatus": "cancelled"})


def test_events_nest_the_appointment_and_call_themselves_a_create() -> None:
    """In the order in which things happened; the settings' names still tell them apart."""
    with crm_door() as door:
        given = draft(door, address="Zoom", description="Dach")
        door.sent.clear()
        made = door.done("POST", ALL, given)
        door.done("PUT", f"{ALL}/{made['id']}", {"appointmentStatus": "showed"})
        door.done("DELETE", f"/calendars/events/{made['id']}", {})
        assert [one.kind for one in door.sent] == [
            "AppointmentCreate",
            "AppointmentUpdate",
            "AppointmentDelete",
        ]
        bodies = door.events()
        assert [one["type"] for one in bodies] == ["AppointmentCreate"] * 3
        told = bodies[0]["appointment"]
        assert told.keys() == TOLD
        assert bodies[0].keys() == {
            "type", "locationId", "appointment", "timestamp", "webhookId", "appId", "versionId",
        }  # fmt: skip
        assert (told["id"], told["contactId"], told["source"], told["notes"]) == (
            made["id"], given["contactId"], "api", "Dach",
        )  # fmt: skip
        assert (told["startTime"], told["endTime"]) == (made["startTime"], made["endTime"])
        assert [one["appointment"]["appointmentStatus"] for one in bodies] == [
            "confirmed",
            "showed",
            "showed",
        ]
        door.sent.clear()
        switch(door, appointment_events_say_create=False)
        made = book(door)
        door.done("PUT", f"{ALL}/{made['id']}", {"title": "x"})
        door.done("DELETE", f"/calendars/events/{made['id']}", {})
        assert door.types() == ["AppointmentUpdate", "AppointmentDelete"]


def test_a_refused_booking_tells_nobody() -> None:
    """Neither a create nor a move."""
    with crm_door() as door:
        made = book(door, "Board")
        given = draft(door, "Board", startTime=made["startTime"])
        door.sent.clear()
        assert door.refused("POST", ALL, given) == TAKEN
        assert door.refused("PUT", f"{ALL}/{made['id']}", {"startTime": "2026-09-05T09:00:00-05:00"}) == TAKEN
        assert door.types() == []


def test_to_notify_false_stops_the_location_s_automations_and_not_the_events() -> None:
    """Confirmations and reminders would not go out; the app is told all the same."""
    with crm_door() as door:
        given = draft(door, toNotify=False)
        door.sent.clear()
        made = door.done("POST", ALL, given)
        door.done("PUT", f"{ALL}/{made['id']}", {"appointmentStatus": "confirmed"})
        (held,) = door.state()["appointments"]
        assert held["automations"] == 1
        assert len(door.types()) == 2


def test_a_rule_of_repetition_counts_only_where_slots_are_not_looked_at() -> None:
    """It is kept as it is given; no further appointments are made of it."""
    with crm_door() as door:
        rule = "RRULE:FREQ=DAILY;INTERVAL=1;COUNT=5"
        assert book(door, rrule=rule)["isRecurring"] is False
        made = book(door, rrule=rule, ignoreFreeSlotValidation=True, startTime="2026-09-05T07:00:00-05:00")
        assert (made["isRecurring"], made["rrule"]) == (True, rule)
        assert len(door.state()["appointments"]) == 2


def test_the_same_contact_twice_at_one_time_is_told_as_doubled() -> None:
    """In one calendar, and only while both stand."""
    with crm_door() as door:
        contact = door.contact()
        twice = [
            book(door, contactId=contact, startTime=slots(door)[0], assignedUserId=user(door, n))
            for n in (0, 1)
        ]
        (found,) = door.side.doubled()
        assert (found["kind"], found["contact"], found["location"]) == ("appointment", contact, door.location)
        door.done("PUT", f"{ALL}/{twice[0]['id']}", {"appointmentStatus": "cancelled"})
        assert door.side.doubled() == []


def test_somebody_in_the_crm_books_moves_cancels_and_deletes() -> None:
    """On the next free slots of the first calendar; each deed is told, and a move does not change the status."""
    with crm_door() as door:
        contact = door.contact()
        done = door.emit("appointment.create", id=contact)
        assert (done["contact"], door.types()) == (contact, ["AppointmentCreate"])
        (held,) = door.state()["appointments"]
        assert (held["id"], held["startTime"]) == (done["record"], "2026-09-02T09:00:00-05:00")
        assert held["createdBy"] == {"source": "calendar_page"}
        at = f"{ALL}/{done['record']}"
        door.done("PUT", at, {"appointmentStatus": "showed"})
        door.emit("appointment.update", id=done["record"])
        (held,) = door.state()["appointments"]
        assert (held["startTime"], held["appointmentStatus"]) == ("2026-09-02T09:30:00-05:00", "showed")
        door.emit("appointment.update", fields={"startTime": "2026-09-06T03:00:00-05:00"})
        assert door.state()["appointments"][0]["endTime"] == "2026-09-06T03:30:00-05:00"
        door.emit("appointment.cancel")
        assert door.state()["appointments"][0]["appointmentStatus"] == "cancelled"
        with pytest.raises(ValueError, match="no appointment for that"):
            door.emit("appointment.cancel")
        door.emit("appointment.delete", id=done["record"])
        assert door.state()["appointments"] == []
        assert [one.kind for one in door.sent][-1] == "AppointmentDelete"
        with pytest.raises(ValueError, match="appointment nope"):
            door.emit("appointment.delete", id="nope")


def test_many_bookings_at_once_take_one_slot_after_the_other() -> None:
    """Nobody is booked over."""
    with crm_door() as door:
        door.contact()
        door.side.emit({"kind": "appointment.create", "location": door.location, "count": 20})
        held = door.state()["appointments"]
        assert len({(one["assignedUserId"], one["startTime"]) for one in held}) == len(held) == 20
        assert {one["startTime"][:10] for one in held} == {"2026-09-02"}, "two at a time"


class TestNotes:
    """Notes of an appointment."""

    def test_notes_come_newest_first_page_by_page(self) -> None:
        """`hasMore` until the last; the same words twice are two notes."""
        with crm_door() as door:
            made = book(door)
            at = f"/calendars/appointments/{made['id']}/notes"
            texts = ["eins", "zwei", "zwei", "vier", "fünf ☎"]
            ids = [door.done("POST", at, {"body": text})["note"]["id"] for text in texts]
            seen: list[str] = []
            for offset, more in ((0, True), (2, True), (4, False), (6, False)):
                page = door.done("GET", at, limit=2, offset=offset)
                assert page["hasMore"] is more
                seen += [note["id"] for note in page["notes"]]
            assert seen == ids[::-1]
            assert door.done("GET", at, limit=5, offset=0)["hasMore"] is False

    def test_a_note_is_made_changed_and_removed(self) -> None:
        """201, 200, 200, and then 404; its author is a user of the location."""
        with crm_door() as door:
            made = book(door)
            at = f"/calendars/appointments/{made['id']}/notes"
            status, answer = door.ask("POST", at, {"body": "Bringt Pläne mit", "userId": user(door)})
            note = answer["note"]
            assert (status, note) == (201, {
                "id": note["id"], "body": "Bringt Pläne mit", "userId": user(door), "contactId": made["contactId"],
                "dateAdded": "2026-09-01T22:14:07.900Z", "createdBy": {"id": user(door), "name": "Ana Silva"},
            })  # fmt: skip
            one = f"{at}/{note['id']}"
            changed = door.done("PUT", one, {"body": "Bringt nichts mit"})["note"]
            assert (changed["body"], changed["userId"]) == ("Bringt nichts mit", user(door))
            assert door.state()["appointment_notes"] == [changed]
            assert door.done("DELETE", one)["success"] is True
            for method, body in (("PUT", {"body": "x"}), ("DELETE", None)):
                assert door.refused(method, one, body) == (404, f"Note with id {note['id']} not found")
            assert door.types() == [], "no event tells of them"

    @pytest.mark.parametrize(
        ("query", "message"),
        [
            ({"limit": 21, "offset": 0}, "limit must be between 1 and 20"),
            ({"limit": 0, "offset": 0}, "limit must be between 1 and 20"),
            ({"limit": 5, "offset": -1}, "offset must not be less than 0"),
            ({"limit": 5}, "offset should not be empty"),
            ({"offset": 0}, "limit should not be empty"),
            ({"limit": "ten", "offset": 0}, "limit must be a number conforming to the specified constraints"),
        ],
    )
    def test_both_numbers_of_the_list_are_required_and_bounded(self, query: Any, message: str) -> None:
        """422."""
        with crm_door() as door:
            at = f"/calendars/appointments/{book(door)['id']}/notes"
            status, messages = door.refused("GET", at, **query)
            assert (status, message in messages) == (422, True)

    def test_a_note_is_refused_where_it_is_too_long_empty_or_of_a_stranger(self) -> None:
        """5000 characters are taken; the location's id is no user."""
        with crm_door() as door:
            at = f"/calendars/appointments/{book(door)['id']}/notes"
            assert door.done("POST", at, {"body": "ß" * 5000})
            for body in ({"body": "x" * 5001}, {"body": " "}, {}, {"body": "x", "title": "y"}):
                assert door.refused("POST", at, body)[0] == 422
            assert door.refused("POST", at, {"body": "x", "userId": door.location})[0] == 400
            switch(door, note_user_is_checked=False)
            assert (
                door.done("POST", at, {"body": "x", "userId": door.location})["note"]["userId"]
                == door.location
            )
            assert door.refused("POST", at.replace(at.split("/")[3], "nope"), {"body": "x"})[0] == 404


def test_now_is_no_slot_and_a_second_ago_even_less() -> None:
    """A slot can be booked until it begins."""
    with crm_door() as door:
        slot = slots(door)[0]
        door.now = datetime.fromisoformat(slot)
        assert slots(door)[0] == slot
        door.now += timedelta(seconds=1)
        assert door.refused("POST", ALL, draft(door, startTime=slot)) == TAKEN
