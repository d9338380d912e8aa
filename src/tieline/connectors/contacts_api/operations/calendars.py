"""Calendars of a location: which there are, when they are free, what stands in them, blocked time."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue import paging
from tieline.catalogue.look_up import at, plain, says
from tieline.catalogue.spec import AnyOperation, LookUp, Operation
from tieline.connectors.contacts_api.making import made_at
from tieline.connectors.contacts_api.shapes import Loose
from tieline.connectors.contacts_api.shapes_calendars import Calendar, Event, FreeSlots, free_slots
from tieline.connectors.contacts_api.versions import CALENDARS, SETTLE_S
from tieline.connectors.kit.route import Milliseconds, Zoned

Text = str | UnsetType
_READ = ("calendars.readonly",)
EVENTS_READ, EVENTS_WRITE = ("calendars/events.readonly",), ("calendars/events.write",)
#: What the far side takes at once of free slots. A millisecond less, so that no slot, which begins with a full minute
#: as the first piece does, stands on the edge of two pieces; lists of events have no limit that is known.
LONGEST = timedelta(days=31, milliseconds=-1)


class ListCalendars(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Calendars of a location, or of one group of it."""

    location_id: Text = UNSET
    group_id: Text = UNSET
    #: Those that cannot be booked yet as well; UNSET = yes.
    show_drafted: bool | UnsetType = UNSET


class CalendarId(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which calendar."""

    calendar_id: str


class GetFreeSlots(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """When a calendar is free. One call takes 31 days at most; pages take any span."""

    calendar_id: str
    start_date: Milliseconds
    end_date: Milliseconds
    #: IANA name; UNSET = the location's. A slot under another one's offset cannot be booked as it stands.
    timezone: Text = UNSET
    #: With this member of the team alone.
    user_id: Text = UNSET
    user_ids: list[str] | UnsetType = UNSET


class ListEvents(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What stands in calendars within a time. One of user, calendar and group must be named."""

    location_id: Text = UNSET
    user_id: Text = UNSET
    calendar_id: Text = UNSET
    group_id: Text = UNSET
    start_time: Milliseconds
    end_time: Milliseconds


class CreateBlockSlot(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Time to block: of a user in all calendars, or of a calendar, of which only the type `event` can be blocked."""

    location_id: Text = UNSET
    title: Text = UNSET
    #: One of the two, never both.
    calendar_id: Text = UNSET
    assigned_user_id: Text = UNSET
    start_time: Zoned
    end_time: Zoned


class UpdateBlockSlot(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Changes of blocked time; whose it is must be said again."""

    event_id: str
    location_id: Text = UNSET
    title: Text = UNSET
    #: One of the two, never both.
    calendar_id: Text = UNSET
    assigned_user_id: Text = UNSET
    start_time: Zoned | UnsetType = UNSET
    end_time: Zoned | UnsetType = UNSET


class CalendarsAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All of them; there is no paging."""

    calendars: list[Calendar] = []
    trace_id: str | None = None


class CalendarAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One calendar."""

    calendar: Calendar
    trace_id: str | None = None


class EventsAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was found."""

    events: list[Event] = []
    trace_id: str | None = None


class BlockSlotAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Blocked time, as it stands now."""

    id: str
    location_id: Loose = None
    title: Loose = None
    calendar_id: Loose = None
    assigned_user_id: Loose = None
    start_time: Loose = None
    end_time: Loose = None
    trace_id: str | None = None


_EVENTS = frozenset({"locationId", "userId", "calendarId", "groupId", "startTime", "endTime"})
_BLOCKS = "/calendars/events/block-slots"

LIST = Operation[ListCalendars, CalendarsAnswer](
    id="calendars.list", app="contacts_api", title="List calendars",
    description="All calendars of a location, with their teams and open hours.",
    method="GET", path="/calendars/", query=frozenset({"locationId", "groupId", "showDrafted"}),
    input=ListCalendars, output=CalendarsAnswer, version=CALENDARS, scopes=_READ, idempotent=True,
    source="calendars.json#get-calendars",
)  # fmt: skip

GET = Operation[CalendarId, CalendarAnswer](
    id="calendars.get", app="contacts_api", title="Get a calendar",
    description="One calendar; its team members are whom appointments can be assigned to.",
    method="GET", path="/calendars/{calendarId}", input=CalendarId, output=CalendarAnswer, version=CALENDARS,
    scopes=_READ, idempotent=True, source="calendars.json#get-calendar",
)  # fmt: skip

FREE_SLOTS = Operation[GetFreeSlots, FreeSlots](
    id="calendars.free_slots", app="contacts_api", title="Get free slots of a calendar",
    description="Times at which an appointment can begin, by date. Book one exactly as it is written here.",
    method="GET", path="/calendars/{calendarId}/free-slots",
    query=frozenset({"startDate", "endDate", "timezone", "userId", "userIds"}), input=GetFreeSlots,
    output=FreeSlots, version=CALENDARS, scopes=_READ, idempotent=True,
    paging=paging.window(free_slots, start="start_date", end="end_date", longest=LONGEST),
    source="calendars.json#get-slots",
)  # fmt: skip

LIST_EVENTS = Operation[ListEvents, EventsAnswer](
    id="calendars.list_events", app="contacts_api", title="List calendar events in a time range",
    description="Appointments of a user, a calendar or a group, without blocked time. Longer ranges are read in "
    "pieces: what runs over the edge of two may come with both, so go by its id.",
    method="GET", path="/calendars/events", query=_EVENTS, input=ListEvents, output=EventsAnswer,
    version=CALENDARS, scopes=EVENTS_READ, idempotent=True,
    paging=paging.window(
        lambda answer: answer.events, start="start_time", end="end_time", longest=LONGEST
    ),
    source="calendars.json#get-calendar-events",
)  # fmt: skip

LIST_BLOCKED_SLOTS = Operation[ListEvents, EventsAnswer](
    id="calendars.list_blocked_slots", app="contacts_api", title="List blocked slots",
    description="Blocked time of a user, a calendar or a group; busy times of calendars that are synced from outside "
    "come here too.",
    method="GET", path="/calendars/blocked-slots", query=_EVENTS, input=ListEvents, output=EventsAnswer,
    version=CALENDARS, scopes=EVENTS_READ, idempotent=True,
    paging=paging.window(
        lambda answer: answer.events, start="start_time", end="end_time", longest=LONGEST
    ),
    source="calendars.json#get-blocked-slots",
)  # fmt: skip


def _blocked_then(given: CreateBlockSlot) -> ListEvents | None:
    """What is blocked in that time, of the same calendar or user."""
    if given.calendar_id is UNSET and given.assigned_user_id is UNSET:
        return None
    return ListEvents(
        location_id=given.location_id, user_id=given.assigned_user_id, calendar_id=given.calendar_id,
        start_time=given.start_time, end_time=given.end_time,
    )  # fmt: skip


def _is_blocked(row: Event, given: CreateBlockSlot, _: str) -> bool:
    return (
        at(row.starts(), given.start_time)
        and at(row.ends(), given.end_time)
        and says(row.title, given.title)
        # A list of one calendar's, or one user's, need not say whose they are.
        and plain(row.calendar_id) in ("", plain(given.calendar_id))
        and plain(row.assigned_user_id) in ("", plain(given.assigned_user_id))
    )


_BLOCKED = LookUp[CreateBlockSlot, ListEvents, EventsAnswer, Event](
    kind="list", operation="calendars.list_blocked_slots", settle_s=SETTLE_S, ask=_blocked_then,
    rows=lambda answer: answer.events, same=_is_blocked, made_at=lambda row: made_at(row.date_added),
)  # fmt: skip

CREATE_BLOCK_SLOT = Operation[CreateBlockSlot, BlockSlotAnswer](
    id="calendars.create_block_slot", app="contacts_api", title="Block time on a calendar",
    description="Nobody can book it then. Give a user or a calendar, not both; calendars of a team cannot be blocked.",
    method="POST", path=_BLOCKS, input=CreateBlockSlot, output=BlockSlotAnswer, version=CALENDARS,
    scopes=EVENTS_WRITE, look_up=_BLOCKED, source="calendars.json#create-block-slot",
)  # fmt: skip

UPDATE_BLOCK_SLOT = Operation[UpdateBlockSlot, BlockSlotAnswer](
    id="calendars.update_block_slot", app="contacts_api", title="Change a blocked slot",
    description="Another time or title, or another user or calendar.",
    method="PUT", path=f"{_BLOCKS}/{{eventId}}", input=UpdateBlockSlot, output=BlockSlotAnswer,
    version=CALENDARS, scopes=EVENTS_WRITE, idempotent=True, source="calendars.json#edit-block-slot",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (
    LIST, GET, FREE_SLOTS, LIST_EVENTS, LIST_BLOCKED_SLOTS, CREATE_BLOCK_SLOT, UPDATE_BLOCK_SLOT,
)  # fmt: skip
