"""Calendars through our own client: slots read with care, times written as they must be, long spans in pieces."""

from __future__ import annotations

from datetime import UTC, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.examples.calendars import calendar, now, slots
from tests.conformance.ready import Ready, ready
from tieline.connectors.contacts_api.operations import appointments, calendars
from tieline.connectors.contacts_api.shapes_calendars import FreeSlots, free_slots, read_moment
from tieline.errors import NotFoundError, RejectedError

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
_read = msgspec.json.Decoder(FreeSlots, strict=False).decode


async def book(at: Ready, **more: Any) -> appointments.WrittenAppointment:
    """An appointment; the first slot may begin this very second, so it is the second one."""
    given = {
        "calendar_id": calendar(at, "round_robin")["id"], "assigned_user_id": at.user,
        "contact_id": more.pop("contact_id", None) or await at.contact(), **more,
    }  # fmt: skip
    given["start_time"] = given.get("start_time") or (await slots(at))[1]
    return await at.api.call(appointments.CREATE, appointments.CreateAppointment(**given))


def test_only_dates_are_read_of_free_slots() -> None:
    """A trace id, and whatever else may come, is passed over; so is a slot that is no time."""
    answer = _read(
        b'{"2027-03-02":{"slots":["2027-03-02T09:00:00-06:00"]},"traceId":"ab12","total":3,"ok":true,"none":null,'
        b'"list":["2027-03-01T09:00:00-06:00"],"meta":{"slots":["2027-03-01T09:00:00-06:00"]},"2027-03-03":{},'
        b'"2027-03-01":{"slots":["later","2027-03-01T10:00:00","2027-03-01T09:30:00-06:00"],"more":1}}'
    )
    assert [one.isoformat() for one in free_slots(answer)] == [
        "2027-03-01T09:30:00-06:00", "2027-03-02T09:00:00-06:00",
    ]  # fmt: skip
    assert free_slots(_read(b"{}")) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-10-24 09:00:00", "2026-10-24T09:00:00+02:00"),
        ("2026-10-26 09:00:00", "2026-10-26T09:00:00+01:00"),
        # Shown twice: the first. Jumped over: the moment at which it would have been.
        ("2026-10-25 02:30:00", "2026-10-25T02:30:00+02:00"),
        ("2027-03-28 02:30:00", "2027-03-28T03:30:00+02:00"),
        # What has an offset keeps it.
        ("2026-10-24T09:00:00-05:00", "2026-10-24T09:00:00-05:00"),
        ("2026-10-24T09:00:00.000Z", "2026-10-24T09:00:00+00:00"),
    ],
)
def test_times_without_an_offset_are_the_location_s(text: str, expected: str) -> None:
    """Right on both sides of a change of the clock."""
    moment = read_moment(text, BERLIN)
    assert moment is not None
    assert moment.isoformat() == expected


@given(st.none() | st.integers() | st.booleans() | st.text() | st.floats())
def test_what_is_no_time_is_none(given_: Any) -> None:
    """Whatever the far side writes there; a local time too, as long as nobody knows the zone."""
    found = read_moment(given_)
    assert found is None or found.tzinfo is not None
    assert read_moment("2026-10-24 09:00:00") is None


async def test_free_slots_of_a_hundred_days_come_in_pieces_and_none_comes_twice() -> None:
    """Each piece within what the far side takes, without a gap between them."""
    async with ready() as at:
        begin = now(at).replace(second=0) + timedelta(minutes=1)
        given = calendars.GetFreeSlots(
            calendar_id=calendar(at, "event")["id"], start_date=begin, end_date=begin + 100 * DAY
        )
        found = [slot async for slot in at.api.each(calendars.FREE_SLOTS, given)]
        assert len(found) == len(set(found)) >= 4799
        steps = {b - a for a, b in pairwise(found)}
        assert steps == {timedelta(minutes=30)}
        asked = [
            one.body for one in at.sandbox.contacts.audit.calls if one.operation == "calendars.free_slots"
        ]
        assert len(asked) == 4
        assert all(int(one["endDate"]) - int(one["startDate"]) <= 31 * 86_400_000 for one in asked)
        with pytest.raises(RejectedError, match="31 days"):
            await at.api.call(calendars.FREE_SLOTS, given)


async def test_events_of_a_long_time_are_read_in_pieces_and_told_apart_by_their_ids() -> None:
    """One that runs over the edge of two pieces may come with both; none is missed."""
    async with ready() as at:
        begin = now(at) + DAY
        edge = begin + calendars.LONGEST
        starts = [begin, edge - timedelta(minutes=10), edge + DAY, begin + 99 * DAY]
        ids = [
            (
                await book(
                    at, start_time=start, end_time=start + timedelta(minutes=20), ignore_free_slot_validation=True
                )
            ).id
            for start in starts
        ]  # fmt: skip
        given = calendars.ListEvents(user_id=at.user, start_time=begin, end_time=begin + 100 * DAY)
        found = [event.id async for event in at.api.each(calendars.LIST_EVENTS, given)]
        assert list(dict.fromkeys(found)) == ids
        assert found == [ids[0], ids[1], ids[1], ids[2], ids[3]]


async def test_a_slot_is_booked_with_the_offset_that_it_was_shown_with() -> None:
    """In UTC the same moment would be refused; a time without an offset never leaves."""
    async with ready() as at:
        slot = (await slots(at))[1]
        made = await book(at, start_time=slot)
        assert made.start_time == slot.isoformat()
        assert at.sandbox.contacts.audit.calls[-1].body["startTime"] == slot.isoformat()
        with pytest.raises(RejectedError, match="no longer available"):
            await book(at, start_time=(await slots(at))[4].astimezone(UTC))
        sent = len(at.sandbox.contacts.audit.calls)
        contact = await at.contact()
        with pytest.raises(RejectedError, match="no offset"):
            await book(at, contact_id=contact, start_time=slot.replace(tzinfo=None))
        assert len(at.sandbox.contacts.audit.calls) == sent + 1, "the contact, and nothing else"


async def test_a_booking_whose_answer_was_lost_is_found_in_the_contact_s_list() -> None:
    """By calendar and time, once the local time is read in the location's zone."""
    async with ready() as at:
        made = await book(at)
        looked = await at.api.call(
            appointments.LIST_OF_CONTACT, appointments.AppointmentsOf(contact_id=str(made.contact_id))
        )
        zone = ZoneInfo(at.told["locations"][0]["timezone"])
        (row,) = looked.events
        assert (row.id, row.calendar_id) == (made.id, made.calendar_id)
        assert row.starts() is None
        assert row.starts(zone) == read_moment(made.start_time)
        assert row.ends(zone) == read_moment(made.end_time)


async def test_an_update_says_the_status_each_time() -> None:
    """So that a change of the title does not turn an appointment that nobody came to into a confirmed one."""
    async with ready() as at:
        made = await book(at)
        for title in ("eins", "zwei"):
            written = await at.api.call(
                appointments.UPDATE,
                appointments.UpdateAppointment(event_id=made.id, title=title, appointment_status="noshow"),
            )
            assert (written.title, written.appointment_status) == (title, "noshow")
        got = await at.api.call(appointments.GET, appointments.EventId(event_id=made.id))
        assert got.found is not None
        assert (got.found.appointment_status, got.found.date_added is None) == ("noshow", False)
    with pytest.raises(TypeError, match="appointment_status"):
        appointments.UpdateAppointment(event_id="x")  # type: ignore[call-arg]


async def test_what_is_gone_already_counts_as_removed() -> None:
    """And reading it is told as not found."""
    async with ready() as at:
        which = appointments.EventId(event_id=(await book(at)).id)
        assert (await at.api.call(appointments.DELETE, which)).existed is True
        assert at.sandbox.contacts.audit.calls[-1].body == {}
        assert (await at.api.call(appointments.DELETE, which)).existed is False
        with pytest.raises(NotFoundError):
            await at.api.call(appointments.GET, which)


def test_an_appointment_is_read_under_either_of_its_names() -> None:
    """`event` as the specs have it, `appointment` as some accounts answer."""
    for name in ("event", "appointment"):
        raw = f'{{"{name}":{{"id":"a1","startTime":"2027-03-01T09:00:00-06:00","groupId":7}}}}'.encode()
        answer = msgspec.json.decode(raw, type=appointments.AppointmentAnswer)
        assert answer.found is not None
        assert answer.found.id == "a1"
    assert appointments.AppointmentAnswer().found is None
