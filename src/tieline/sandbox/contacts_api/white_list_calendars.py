"""What calendars and what stands in them may be given. Source: calendars.json, of both versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.checks import Check
from tieline.sandbox.contacts_api.offer import Shape, body, nested, query


def several(shape: Shape) -> Check:
    """A list of objects of that shape."""

    def check(value: Any) -> str | None:
        if problem := checks.records(value):
            return problem
        found = [f"{number}: {one}" for number, item in enumerate(value) for one in shape.problems(item)]
        return f"is not valid: {'; '.join(found)}" if found else None

    return check


def between(low: float, high: float) -> Check:
    """A number of that range."""

    def check(value: Any) -> str | None:
        if problem := checks.amount(value):
            return problem
        return None if low <= value <= high else f"must be between {low:g} and {high:g}"

    return check


def number_of(*numbers: float) -> Check:
    """One of these numbers."""
    said = ", ".join(f"{one:g}" for one in numbers)
    return lambda value: (
        checks.amount(value) or (None if value in numbers else f"must be one of the following values: {said}")
    )


def status(*words: str) -> Check:
    """A state of an appointment. The refusal does not name the words."""
    return lambda value: None if value in words else "must be a valid enum value"


def _days(value: Any) -> str | None:
    if not isinstance(value, list):
        return "must be an array"
    return next((problem for one in value if (problem := between(0, 6)(one))), None)


_UNIT = checks.one_of("mins", "hours")
_PLACE = body(
    ("kind",), location=checks.text, kind=checks.one_of(
        "custom", "zoom_conference", "google_conference", "inbound_call", "outbound_call", "physical", "booker",
        "ms_teams_conference",
    ),
)  # fmt: skip
_MEMBER = body(
    ("userId",), userId=checks.filled, priority=number_of(0, 0.5, 1), isPrimary=checks.boolean,
    meetingLocationType=checks.text, meetingLocation=checks.text, locationConfigurations=several(_PLACE),
)  # fmt: skip
_HOUR = body(
    ("openHour", "openMinute", "closeHour", "closeMinute"), openHour=between(0, 23), openMinute=between(0, 60),
    closeHour=between(0, 23), closeMinute=between(0, 60),
)  # fmt: skip
_OPEN = body(("daysOfTheWeek", "hours"), daysOfTheWeek=_days, hours=several(_HOUR))
_DATE = {"date": checks.filled, "hours": several(_HOUR), "deleted": checks.boolean}
_NOTIFICATION = body(
    ("shouldSendToContact", "shouldSendToGuest", "shouldSendToUser", "shouldSendToSelectedUsers", "selectedUsers"),
    type=checks.one_of("email"), shouldSendToContact=checks.boolean, shouldSendToGuest=checks.boolean,
    shouldSendToUser=checks.boolean, shouldSendToSelectedUsers=checks.boolean, selectedUsers=checks.text,
)  # fmt: skip
_RECURRING = body(
    freq=checks.one_of("DAILY", "WEEKLY", "MONTHLY"), count=between(1, 24),
    bookingOption=checks.one_of("skip", "continue", "book_next"),
    bookingOverlapDefaultStatus=checks.one_of("confirmed", "new"),
)  # fmt: skip
_BUSY = body(("enabled", "LookBusyPercentage"), enabled=checks.boolean, LookBusyPercentage=between(0, 100))
_AHEAD = ("hours", "days", "weeks", "months")

_CALENDAR: Mapping[str, Check] = {
    "notifications": several(_NOTIFICATION), "groupId": checks.text, "teamMembers": several(_MEMBER),
    "eventType": checks.one_of(
        "RoundRobin_OptimizeForAvailability", "RoundRobin_OptimizeForEqualDistribution"
    ),
    "name": checks.filled, "description": checks.text, "slug": checks.text, "widgetSlug": checks.text,
    "widgetType": checks.one_of("default", "classic"), "eventTitle": checks.text, "eventColor": checks.text,
    "locationConfigurations": several(_PLACE), "meetingLocation": checks.text, "slotDuration": checks.amount,
    "slotDurationUnit": _UNIT, "preBufferUnit": _UNIT, "slotInterval": checks.amount, "slotIntervalUnit": _UNIT,
    "slotBuffer": checks.amount, "preBuffer": checks.amount, "appoinmentPerSlot": checks.amount,
    "appoinmentPerDay": checks.amount, "allowBookingAfter": checks.amount,
    "allowBookingAfterUnit": checks.one_of(*_AHEAD), "allowBookingFor": checks.amount,
    "allowBookingForUnit": checks.one_of("days", "weeks", "months"), "openHours": several(_OPEN),
    "enableRecurring": checks.boolean, "recurring": nested(_RECURRING), "formId": checks.text,
    "stickyContact": checks.boolean, "isLivePaymentMode": checks.boolean, "autoConfirm": checks.boolean,
    "shouldSendAlertEmailsToAssignedMember": checks.boolean, "alertEmail": checks.text,
    "googleInvitationEmails": checks.boolean, "allowReschedule": checks.boolean,
    "allowCancellation": checks.boolean, "shouldAssignContactToTeamMember": checks.boolean,
    "shouldSkipAssigningContactForExisting": checks.boolean, "notes": checks.text, "pixelId": checks.text,
    "formSubmitType": checks.one_of("RedirectURL", "ThankYouMessage"), "formSubmitRedirectURL": checks.text,
    "formSubmitThanksMessage": checks.text, "availabilityType": number_of(0, 1),
    "guestType": checks.one_of("count_only", "collect_detail"), "consentLabel": checks.text,
    "calendarCoverImage": checks.text, "lookBusyConfig": nested(_BUSY), "isActive": checks.boolean,
}  # fmt: skip
CREATE_CALENDAR = Shape(
    {
        **_CALENDAR, "locationId": checks.filled, "slotBufferUnit": _UNIT,
        "calendarType": checks.one_of(
            "round_robin", "event", "class_booking", "collective", "service_booking", "personal"
        ),
        "availabilities": several(Shape(_DATE, ("date", "hours"))),
    },
    ("locationId", "name"),
)  # fmt: skip
#: Neither the type nor, by a slip of the specs, the unit of the buffer behind.
UPDATE_CALENDAR = Shape(
    {**_CALENDAR, "availabilities": several(Shape({**_DATE, "id": checks.text}, ("date", "hours")))}
)
_NOTICE = {"allowBookingAfterUnit": checks.one_of(*_AHEAD, "mins")}
V3_CREATE_CALENDAR = Shape({**CREATE_CALENDAR.allowed, **_NOTICE}, CREATE_CALENDAR.required)
V3_UPDATE_CALENDAR = Shape({**UPDATE_CALENDAR.allowed, **_NOTICE})

LIST_CALENDARS = query(
    ("locationId",), locationId=checks.filled, groupId=checks.text, showDrafted=checks.flag
)
FREE_SLOTS = Shape(
    {
        "startDate": checks.digits, "endDate": checks.digits, "timezone": checks.filled, "userId": checks.filled,
        "userIds": checks.filled, "userIds[]": checks.filled,
    },
    ("startDate", "endDate"),
)  # fmt: skip
EVENTS = query(
    ("locationId", "startTime", "endTime"), locationId=checks.filled, userId=checks.filled,
    calendarId=checks.filled, groupId=checks.filled, startTime=checks.digits, endTime=checks.digits,
)  # fmt: skip

_STATUSES = ("new", "confirmed", "cancelled", "showed", "noshow", "invalid")
_APPOINTMENT: Mapping[str, Check] = {
    "title": checks.text, "meetingLocationId": checks.text, "overrideLocationConfig": checks.boolean,
    "meetingLocationType": checks.one_of("custom", "zoom", "gmeet", "phone", "address", "ms_teams", "google"),
    "appointmentStatus": status(*_STATUSES), "assignedUserId": checks.filled, "description": checks.text,
    "address": checks.text, "ignoreDateRange": checks.boolean, "toNotify": checks.boolean,
    "ignoreFreeSlotValidation": checks.boolean, "rrule": checks.text, "calendarId": checks.filled,
    "startTime": checks.moment, "endTime": checks.moment,
}  # fmt: skip
CREATE_APPOINTMENT = Shape(
    {**_APPOINTMENT, "locationId": checks.filled, "contactId": checks.filled},
    ("calendarId", "locationId", "contactId", "startTime"),
)
UPDATE_APPOINTMENT = Shape(_APPOINTMENT)
_MORE = {"appointmentStatus": status(*_STATUSES, "completed", "active")}
V3_CREATE_APPOINTMENT = Shape({**CREATE_APPOINTMENT.allowed, **_MORE}, CREATE_APPOINTMENT.required)
V3_UPDATE_APPOINTMENT = Shape({**_APPOINTMENT, **_MORE})

_BLOCK: Mapping[str, Check] = {
    "title": checks.text, "calendarId": checks.text, "assignedUserId": checks.text, "locationId": checks.filled,
    "startTime": checks.moment, "endTime": checks.moment,
}  # fmt: skip
CREATE_BLOCK = Shape(_BLOCK, ("locationId", "startTime", "endTime"))
UPDATE_BLOCK = Shape(_BLOCK, ("locationId",))

NOTE = body(("body",), body=checks.filled, userId=checks.filled)
NOTES = query(("limit", "offset"), limit=checks.digits, offset=checks.digits)

GROUP = Shape(
    {"name": checks.filled, "description": checks.text, "slug": checks.filled},
    ("name", "description", "slug"),
)
CREATE_GROUP = Shape(
    {**GROUP.allowed, "locationId": checks.filled, "isActive": checks.boolean},
    ("locationId", *GROUP.required),
)
GROUP_SLUG = body(("locationId", "slug"), locationId=checks.filled, slug=checks.filled)
GROUP_STATUS = body(("isActive",), isActive=checks.boolean)
