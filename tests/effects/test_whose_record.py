"""A look-up never takes another's record for ours: other values, older records, the same words without our line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from tieline.catalogue.look_up import is_ours, marked
from tieline.catalogue.spec import AnyOperation
from tieline.connectors import CONNECTORS, operation
from tieline.connectors.contacts_api import (
    shapes,
    shapes_calendars,
    shapes_conversations,
    shapes_opportunities,
)
from tieline.connectors.contacts_api.operations import (
    appointments,
    businesses,
    calendars,
    contacts,
    conversations,
    locations,
    messages,
    opportunities,
    tags,
)
from tieline.connectors.contacts_api.shapes_surroundings import Business
from tieline.connectors.nimbata import shapes as nimbata
from tieline.connectors.nimbata.operations import contacts as nimbata_contacts
from tieline.connectors.nimbata.operations import webhooks
from tieline.mapping import text
from tieline.mapping.reference import with_reference

ZONE = "Europe/Berlin"
SINCE = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
BEGINS = datetime(2027, 6, 1, 14, 30, tzinfo=ZoneInfo(ZONE))
#: Just after our first try.
MADE = "2027-03-01T09:00:05.123Z"
MADE_AT = SINCE + timedelta(seconds=5)
OURS = "sync-1.note-2"


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """What was written and the record that it makes; how that record may look if it is another's, field by field."""

    given: Any
    row: Any
    others: Mapping[str, Any]
    #: The same record, made before our first try; empty where the record does not say when it was made.
    older: Mapping[str, Any] = {}


_CONTACT = shapes.ContactRecord(
    id="c1", first_name="zoë", last_name="o'neill", email="zoe@example.com", phone="+4930123456",
    date_added=MADE,
)  # fmt: skip
_DEAL = shapes_opportunities.Opportunity(
    id="o1", name="New roof", contact_id="c1", pipeline_id="p1", status="open", monetary_value="100",
    created_at=MADE,
)  # fmt: skip
_MESSAGE = shapes_conversations.MessageRecord(
    id="m1", conversation_id="v1", direction="inbound", body="Ja, bitte!", message_type="TYPE_SMS",
    date_added="2027-02-01T08:00:00.000Z",
)  # fmt: skip
_CALL = msgspec.structs.replace(
    _MESSAGE,
    direction="outbound",
    body=None,
    message_type="TYPE_CUSTOM_CALL",
    meta={"call": {"status": "busy"}},
)
_SAID_AT = datetime(2027, 2, 1, 9, 0, tzinfo=ZoneInfo(ZONE))
_LOGGED_BY_ID = msgspec.structs.replace(_MESSAGE, alt_id="text-9")

PAIRS: Mapping[str, list[Pair]] = {
    "contacts.create": [
        Pair(
            given=contacts.CreateContact(
                first_name="Zoë", last_name="O'Neill", email="Zoe@example.com", phone="+4930123456"
            ),
            row=_CONTACT,
            others={"first_name": "Tom", "last_name": "Berg", "email": "z@example.com", "phone": "+4930123457"},
            older={"date_added": "2027-03-01T08:59:59Z"},
        ),
    ],
    "contacts.upsert": [
        Pair(
            given=contacts.UpsertContact(email="zoe@example.com", first_name="Zoë"), row=_CONTACT,
            others={"first_name": "Tom", "email": None},
        ),
        Pair(
            given=contacts.UpsertContact(phone="+4930123456", last_name="O'Neill"), row=_CONTACT,
            others={"last_name": None, "phone": "+49301234567"},
        ),
    ],
    "tags.create": [
        Pair(
            given=tags.CreateTag(name=" VIP  Kunde"), row=shapes.LocationTag(id="t", name="vip kunde"),
            others={"name": "vip"},
        ),
    ],
    "custom_fields.create": [
        Pair(
            given=locations.CreateCustomField(name="Source", data_type="TEXT"),
            row=shapes.CustomField(id="f", name="Source", data_type="TEXT"),
            others={"name": "Source 2", "data_type": "NUMERICAL"},
        ),
    ],
    "opportunities.create": [
        Pair(
            given=opportunities.CreateOpportunity(contact_id="c1", pipeline_id="p1", name="New roof "), row=_DEAL,
            others={"name": "New roof, large", "contact_id": "c2", "pipeline_id": "p2"},
            older={"created_at": "2027-03-01T08:59:59.999Z"},
        ),
    ],
    "opportunities.upsert": [
        Pair(
            given=opportunities.UpsertOpportunity(
                contact_id="c1", pipeline_id="p1", name="New roof", monetary_value=100, status="open"
            ),
            row=_DEAL,
            others={"name": "Roof", "contact_id": "c2", "pipeline_id": "p2", "monetary_value": 90, "status": "won"},
        ),
        Pair(
            given=opportunities.UpsertOpportunity(id="o1", pipeline_id="p1", name="New roof"), row=_DEAL,
            others={"id": "o2"},
        ),
    ],
    "businesses.create": [
        Pair(
            given=businesses.CreateBusiness(name="Bäckerei Groß", city="Köln"),
            row=Business(id="b", name="Bäckerei Groß", city="Köln", created_at=MADE),
            others={"name": "Bäckerei Klein", "city": "Bonn"}, older={"created_at": "2027-02-28T23:00:00.000Z"},
        ),
    ],
    "conversations.create": [
        Pair(
            given=conversations.CreateConversation(contact_id="c1"),
            row=shapes_conversations.ConversationRecord(id="v1", contact_id="c1"),
            others={"contact_id": "c2", "deleted": True},
        ),
    ],
    "messages.add_inbound": [
        Pair(
            given=messages.AddInbound(type="SMS", conversation_id="v1", message="Ja, bitte!", date=_SAID_AT),
            row=_MESSAGE,
            others={
                "body": "Ja, bitte! Danke", "direction": "outbound", "date_added": "2027-02-01T08:00:01.000Z",
                "message_type": "TYPE_CALL",
            },
        ),
        Pair(
            given=messages.AddInbound(type="SMS", conversation_id="v1", message="Nein", alt_id="text-9"),
            row=_LOGGED_BY_ID, others={"alt_id": "text-99"},
        ),
    ],
    "messages.add_outbound_call": [
        Pair(
            given=messages.AddOutboundCall(
                conversation_provider_id="x", conversation_id="v1", date=_SAID_AT, call=messages.Call(status="busy")
            ),
            row=_CALL,
            others={
                "direction": "inbound", "date_added": "2027-02-01T08:01:00.000Z", "message_type": "TYPE_SMS",
                "meta": {"callStatus": "completed"},
            },
        ),
    ],
    "calendars.create_block_slot": [
        Pair(
            given=calendars.CreateBlockSlot(
                assigned_user_id="u1", title="Holiday", start_time=BEGINS, end_time=BEGINS + timedelta(hours=2)
            ),
            row=shapes_calendars.Event(
                id="e", title="Holiday", assigned_user_id="u1", start_time="2027-06-01T12:30:00Z",
                end_time="2027-06-01T16:30:00+02:00", date_added=MADE,
            ),
            others={
                "title": "Holidays", "assigned_user_id": "u2", "start_time": "2027-06-01T14:30:00Z",
                "end_time": "2027-06-01T16:00:00+02:00", "calendar_id": "k9",
            },
            older={"date_added": "2027-03-01T00:00:00Z"},
        ),
    ],
    "appointments.create": [
        Pair(
            given=appointments.CreateAppointment(
                calendar_id="k1", contact_id="c1", start_time=BEGINS, title="Consultation"
            ),
            row=shapes_calendars.Event(
                id="a", title="Consultation", calendar_id="k1", start_time="2027-06-01 14:30:00",
                appointment_status="confirmed", date_added=MADE,
            ),
            others={
                "title": "Consultation 2", "calendar_id": "k2", "start_time": "2027-06-01 12:30:00",
                "appointment_status": "cancelled",
            },
            older={"date_added": "2027-02-01T09:00:00.000Z"},
        ),
    ],
    "nimbata.contact.create": [
        Pair(
            given=nimbata_contacts.CreateContact(project_id="p1", phone="+12015550123", email="Ada@example.com"),
            row=nimbata.ContactRecord(
                id="n", project_id="p1", phone="+12015550123", email="ada@example.com", created_at=MADE_AT
            ),
            others={
                "project_id": "p2", "phone": "+12015550124", "email": "b@example.com", "deleted_at": MADE_AT,
            },
            older={"created_at": SINCE - timedelta(seconds=1)},
        ),
    ],
    "nimbata.webhook.create": [
        Pair(
            given=webhooks.CreateWebhook(url="https://hub.example/a", events=["call.*"], profile="flat", project="p1"),
            row=nimbata.Webhook(id="w", url="https://hub.example/a", events=("call.*",), profile="flat", project="p1"),
            others={
                "url": "https://hub.example/ab", "events": ("call.*", "sms.received"), "profile": "envelope",
                "project": None,
            },
        ),
    ],
}  # fmt: skip
_NOT_IDEMPOTENT = [one for each in CONNECTORS for one in each.operations if not one.idempotent]
_BY_MARK = [one for one in _NOT_IDEMPOTENT if one.look_up is not None and one.look_up.mark]
_BY_WORDS = {one.id for one in _NOT_IDEMPOTENT if one.look_up is not None and one.look_up.same is not None}
#: Of these only some words count.
_NO_FREE_TEXT = frozenset({"deleted", "deleted_at", "message_type", "appointment_status", "meta"})
_EACH = [
    pytest.param(name, pair, id=f"{name}-{n}")
    for name, pairs in PAIRS.items()
    for n, pair in enumerate(pairs)
]


def _ours(name: str, row: Any, given: Any) -> bool:
    look_up = operation(name).look_up
    assert look_up is not None
    return is_ours(look_up, row, given, reference=OURS, zone=ZONE, since=SINCE)


def test_no_look_up_that_compares_is_left_out() -> None:
    """So that a new one cannot be forgotten."""
    assert set(PAIRS) == _BY_WORDS
    assert {name for name, pairs in PAIRS.items() for one in pairs if one.older} == {
        one.id for one in _NOT_IDEMPOTENT if one.look_up is not None and one.look_up.made_at is not None
    }


@pytest.mark.parametrize(("name", "pair"), _EACH)
def test_a_record_is_ours_by_all_that_was_written(name: str, pair: Pair) -> None:
    """As it is; not with any one value otherwise; not made before our first try; not if it only begins like it."""
    assert _ours(name, pair.row, pair.given)
    for field, value in pair.others.items():
        assert not _ours(name, msgspec.structs.replace(pair.row, **{field: value}), pair.given), field
    for field, value in pair.older.items():
        assert not _ours(name, msgspec.structs.replace(pair.row, **{field: value}), pair.given), field


@pytest.mark.parametrize(("name", "pair"), _EACH)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_no_other_value_makes_a_record_ours(name: str, pair: Pair, data: st.DataObject) -> None:
    """Whatever text stands where ours would."""
    field = data.draw(st.sampled_from(sorted(set(pair.others) - _NO_FREE_TEXT)))
    held = getattr(pair.row, field)
    alike = st.sampled_from([f"x{held}", f"{held}1", str(held)[:-1], f"{held} {held}"])
    drawn = data.draw(st.text(max_size=30) | alike)
    # White space and capitals are left to the far sides.
    assume(text.clean(drawn).casefold() not in ("", text.clean(str(held)).casefold()))
    other: Any = (drawn,) if field == "events" else drawn
    assert not _ours(name, msgspec.structs.replace(pair.row, **{field: other}), pair.given)


@pytest.mark.parametrize("made", _BY_MARK, ids=lambda one: one.id)
@given(
    words=st.text(max_size=60),
    other=st.from_regex(r"[a-z0-9.\-]{1,20}", fullmatch=True),
    below=st.text(max_size=20),
)
@settings(max_examples=60, deadline=None)
def test_a_text_is_ours_by_its_line_alone(made: AnyOperation, words: str, other: str, below: str) -> None:
    """The same words without the line are not, nor with another's line; words that were added below do no harm."""
    assert made.look_up is not None
    mark = made.look_up.mark
    written = marked(made.look_up, _input(made, words), OURS)
    row = _Row(**{mark: getattr(written, mark)})
    assert is_ours(made.look_up, row, written, reference=OURS, zone="UTC", since=SINCE)
    added = _Row(**{mark: f"{getattr(written, mark)}\n{below}"})
    assert is_ours(made.look_up, added, written, reference=OURS, zone="UTC", since=SINCE)
    for held in (
        words,
        f"{words} {OURS}",
        f"{words}\ntl:{OURS}",
        with_reference(words, f"{OURS}{other}"),
        None,
    ):
        assert not is_ours(
            made.look_up, _Row(**{mark: held}), written, reference=OURS, zone="UTC", since=SINCE
        )


def test_an_hour_that_the_clock_shows_twice_is_either_and_no_third() -> None:
    """In autumn lists of a contact cannot tell which of both they mean."""
    (pair,) = PAIRS["appointments.create"]
    for utc_hour in (0, 1):
        begins = datetime(2027, 10, 31, utc_hour, 30, tzinfo=UTC)
        given = msgspec.structs.replace(pair.given, start_time=begins)
        row = msgspec.structs.replace(pair.row, start_time="2027-10-31 02:30:00")
        assert _ours("appointments.create", row, given)
        for shown in ("2027-10-31 01:30:00", "2027-10-31 03:30:00"):
            assert not _ours("appointments.create", msgspec.structs.replace(row, start_time=shown), given)


def test_what_is_sent_again_anyway_is_not_taken_for_done() -> None:
    """An upsert with something that cannot be compared meets its record when it is sent again, and changes nothing."""
    custom = [contacts.CustomFieldInput(id="f", field_value="x")]
    given = msgspec.structs.replace(PAIRS["contacts.upsert"][0].given, custom_fields=custom)
    assert not _ours("contacts.upsert", _CONTACT, given)
    deal = msgspec.structs.replace(PAIRS["opportunities.upsert"][0].given, followers=["u1"])
    assert not _ours("opportunities.upsert", _DEAL, deal)


@pytest.mark.parametrize(
    "given",
    [
        contacts.CreateContact(first_name="Ada"),
        contacts.CreateContact(phone="(201) 555-0123"),
        contacts.UpsertContact(email="a@example.com", create_new_if_duplicate_allowed=True),
        opportunities.UpsertOpportunity(contact_id="c1", pipeline_id="p1"),
        messages.AddInbound(type="SMS", contact_id="c1", message="Ja", alt_id="text-9"),
        messages.AddInbound(type="SMS", conversation_id="v1", message="Ja"),
        messages.AddInbound(type="Email", conversation_id="v1", message="Ja", html="<p>Ja</p>", date=SINCE),
        calendars.CreateBlockSlot(start_time=BEGINS, end_time=BEGINS),
        nimbata_contacts.CreateContact(external_ids={"highlevel": "c1"}),
    ],
    ids=lambda given: type(given).__name__,
)  # fmt: skip
def test_what_cannot_be_told_apart_is_not_asked_for(given: Any) -> None:
    """Nobody is told then that it never happened."""
    made = next(one for one in _NOT_IDEMPOTENT if isinstance(given, one.input))
    assert made.look_up is not None
    assert made.look_up.ask is not None
    assert made.look_up.ask(given) is None


class _Row(msgspec.Struct, kw_only=True):
    """A record as far as its text goes."""

    body: str | None = None
    notes: str | None = None


def _input(made: AnyOperation, words: str) -> Any:
    """The smallest input with that text."""
    assert made.look_up is not None
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(made.input):
        if field.name == made.look_up.mark:
            values[field.name] = words
        elif field.required:
            values[field.name] = SINCE if field.type is datetime else "x"
    return made.input(**values)


def test_a_text_that_was_left_out_is_the_line_alone() -> None:
    """It is found again all the same."""
    made: Callable[..., Any] = operation("tasks.create").input
    given = marked(operation("tasks.create").look_up, made(contact_id="c", title="t", due_date=SINCE), OURS)
    assert given.body == f"[tl:{OURS}]"
    other = made(contact_id="c", title="t", due_date=SINCE)
    assert marked(None, other, OURS).body is UNSET
