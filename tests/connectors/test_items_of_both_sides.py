"""Tasks, notes, appointments and people of both sides: what is written of one is what is read of it again, and events
show the same, or say that it is to be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.crm_door import CrmDoor
from tests.sandbox.nimbata_door import Door
from tieline.catalogue.spec import AnyOperation
from tieline.connectors.contacts_api import item_inputs
from tieline.connectors.contacts_api import items as crm_items
from tieline.connectors.contacts_api import shapes as crm_shapes
from tieline.connectors.contacts_api.operations import appointments as crm_appointments
from tieline.connectors.contacts_api.operations import notes as crm_notes
from tieline.connectors.contacts_api.operations import tasks as crm_tasks
from tieline.connectors.contacts_api.shapes_calendars import Event
from tieline.connectors.contacts_api.webhooks import parse as parse_crm
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.route import Route, compile_route
from tieline.connectors.nimbata import activity, whole
from tieline.connectors.nimbata import items as nimbata_items
from tieline.connectors.nimbata.config import build
from tieline.connectors.nimbata.operations import appointments, contacts, notes, tasks
from tieline.connectors.nimbata.people import (
    changed_contact,
    contact_of,
    new_contact,
    record_change,
    record_row,
)
from tieline.connectors.nimbata.shapes import ContactRecord
from tieline.domain.change import RecordChanged
from tieline.domain.contact import NIMBATA_FIELDS, field_of
from tieline.domain.ids import ConnectionId
from tieline.domain.items import APPOINTMENT_STATUSES, Appointment, Item, Note, Task, kind_of
from tieline.errors import ConfigurationError, UnreadableError
from tieline.mapping.appointment_status import read_status
from tieline.mapping.reference import carries, split_reference, with_reference
from tieline.sandbox.exchanges import Exchanges

REFERENCE = "abcdefghij234567"
CHICAGO, BERLIN = ZoneInfo("America/Chicago"), ZoneInfo("Europe/Berlin")
CONFIG = build({"mode": "native"})
PHONE = "+12015550123"
Some = TypeVar("Some", bound=Item)

_EMPTY = {"", "-", "(none)", "(not set)", "(direct)"}
words = (
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
    .map(str.strip)
    .filter(lambda text: text.casefold() not in _EMPTY and split_reference(text) == (text, None))
)
moments = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    datetime(2099, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda at: at.replace(microsecond=0))
lengths = st.integers(1, 3000).map(lambda minutes: timedelta(minutes=minutes))
statuses = st.sampled_from(APPOINTMENT_STATUSES)


@st.composite
def visits(draw: st.DrawFn, *, ours: bool) -> Appointment:
    """An appointment as the CRM has it (`ours`: as the account has it, with its time zone and an e-mail)."""
    start = draw(moments)
    return Appointment(
        id="", title=draw(words), starts_at=start, ends_at=start + draw(lengths), status=draw(statuses),
        location=draw(st.none() | words), notes=draw(st.none() | words),
        timezone=draw(st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "UTC"])) if ours else None,
        assignee=draw(st.none() | st.just("ana@example.com")) if ours else None,
    )  # fmt: skip


tasks_ = st.builds(
    Task, id=st.just(""), title=words, body=st.none() | words, due_at=moments, completed=st.booleans(),
    assignee=st.none() | st.just("ana@example.com"),
)  # fmt: skip
notes_ = st.builds(Note, id=st.just(""), body=words)


@lru_cache
def crm() -> tuple[CrmDoor, str]:
    """A location in Chicago, and a contact of it."""
    door = CrmDoor(Exchanges.asked_for())
    return door, door.contact(phone=PHONE)


@lru_cache
def nimbata() -> tuple[Door, str]:
    """An account that tells of items, and a person of it."""
    door = Door()
    door.side.set_targets({"url": "http://hub.example/hooks", "events": ["*.changed"]})
    return door, str(door.create(phone=PHONE)["id"])


@lru_cache
def _renderer(operation: AnyOperation, account_field: str, account: str) -> Any:
    connection = Connection(
        id=ConnectionId(1), name="far", connector="nimbata", base_url="http://far.example", account=account,
        token="t",
    )  # fmt: skip
    return compile_route(
        operation, connection, Route(method=operation.method, path=operation.path), account_field
    )


def to_crm(operation: AnyOperation, given_: Any) -> Any:
    """The location's answer to what our client would send."""
    door, _ = crm()
    url, body = _renderer(operation, "locationId", door.location)(given_)
    sent = None if body is None else msgspec.json.decode(body)
    return door.done(operation.method, url.path, sent)


def to_nimbata(operation: AnyOperation, given_: Any, shape: Any = None) -> Any:
    """The account's record after what our client would send."""
    door, _ = nimbata()
    url, body = _renderer(operation, "account", door.side.account.id)(given_)
    status, answer = door.raw(
        operation.method, url.path, None if body is None else msgspec.json.decode(body),
        {"Authorization": f"Bearer {door.side.account.token}"}, dict(parse_qsl(url.query_string)),
    )  # fmt: skip
    assert status < 300, answer
    return whole.read_whole(shape, msgspec.json.encode(answer["data"]), CONFIG) if shape else answer


def ana() -> str:
    """Id of somebody who works at the location."""
    found: str = crm()[0].state()["users"][0]["id"]
    return found


def bare(item: Some | None) -> Some:
    """Without what the side itself gives it."""
    assert item is not None
    return msgspec.structs.replace(item, id="", updated_at=None, version=None)


@given(tasks_)
def test_a_task_of_the_crm_comes_back_as_it_was_written(task: Task) -> None:
    _, contact = crm()
    emails = {ana(): "ana@example.com"}
    user = ana() if task.assignee else None
    made = item_inputs.new_task(contact, task, due_at=datetime.now(UTC), user_id=user, reference=REFERENCE)
    record = msgspec.convert(to_crm(crm_tasks.CREATE, made)["task"], crm_shapes.Task)
    assert carries(str(record.body), REFERENCE)
    assert bare(crm_items.task_of(record, emails)) == task
    blank = Task(id=record.id, title="x", completed=not task.completed, due_at=task.due_at)
    names = ("title", "body", "completed", "assignee")
    cleared = item_inputs.changed_task(contact, blank, names, user_id=None, reference=None)
    after = msgspec.convert(to_crm(crm_tasks.UPDATE, cleared)["task"], crm_shapes.Task)
    assert crm_items.task_of(after, emails) == blank


@given(notes_)
def test_a_note_of_the_crm_comes_back_as_it_was_written_and_its_event_shows_it(note: Note) -> None:
    door, contact = crm()
    door.sent.clear()
    made = item_inputs.new_note(contact, note, reference=REFERENCE)
    record = msgspec.convert(to_crm(crm_notes.CREATE, made)["note"], crm_shapes.Note)
    seen = crm_items.note_of(record)
    assert bare(seen) == note
    changed = item_inputs.changed_note(contact, seen, reference=None)
    to_crm(crm_notes.UPDATE, changed)
    created, updated = (crm_items.item_change(one.body, "", "America/Chicago") for one in door.sent)
    assert created is not None
    assert updated is not None
    assert created.item == updated.item == seen
    assert (created.kind, created.item_id, created.record_id) == ("note", record.id, contact)
    assert (created.reference, updated.reference) == (REFERENCE, None)


@given(visits(ours=False))
def test_an_appointment_of_the_crm_comes_back_as_it_was_written(visit: Appointment) -> None:
    """By its id, and in an event that says what it is."""
    door, contact = crm()
    room = next(one["id"] for one in door.state()["calendars"] if one["name"] == "Room")
    made = item_inputs.new_appointment(
        contact, visit, calendar_id=room, zone=CHICAGO, user_id=None, any_time=True, notify=False
    )
    written = msgspec.convert(to_crm(crm_appointments.CREATE, made), crm_appointments.WrittenAppointment)
    shown = crm_items.appointment_of(written, CHICAGO, {})
    assert bare(shown) == msgspec.structs.replace(visit, notes=None)
    asked = crm_appointments.EventId(event_id=written.id)
    record = msgspec.convert(to_crm(crm_appointments.GET, asked)["event"], Event)
    seen = crm_items.appointment_of(record, CHICAGO, {})
    assert bare(seen) == visit
    door.sent.clear()
    moved = msgspec.structs.replace(visit, id=written.id, starts_at=visit.starts_at - timedelta(minutes=5))
    to_crm(
        crm_appointments.UPDATE,
        item_inputs.changed_appointment(
            moved, ("starts_at",), zone=CHICAGO, user_id=None, any_time=True, notify=False
        ),
    )
    told = crm_items.item_change(door.sent[-1].body, "AppointmentUpdate", "America/Chicago")
    assert told is not None
    assert isinstance(told.item, Appointment)
    assert msgspec.structs.replace(told.item, updated_at=None, version=None) == moved
    assert told.item.updated_at == datetime(2026, 9, 1, 22, 14, 7, 900_000, tzinfo=UTC)


def test_a_row_that_shows_notes_is_whole() -> None:
    """Those of the vendor's spec do, the ones that integrators met do not: then each appointment is read by its id."""
    assert crm_items.is_whole(Event(id="e", notes=""))
    assert crm_items.is_whole(Event(id="e", description="Bring the X-ray"))
    assert not crm_items.is_whole(Event(id="e", title="Beratung"))


@given(moments)
def test_local_times_of_a_contact_s_list_are_read_in_the_location_s_zone(at: datetime) -> None:
    """Of an hour that the clock shows twice it is the first: a few of them are an hour off, and no other."""
    local = at.astimezone(BERLIN)
    row = Event(id="e", start_time=f"{local:%Y-%m-%d %H:%M:%S}", date_updated=f"{local:%Y-%m-%d %H:%M:%S}")
    seen = crm_items.appointment_of(row, BERLIN, {})
    assert seen is not None
    assert seen.starts_at.tzinfo is UTC
    assert seen.starts_at == (at - timedelta(hours=1) if local.fold else at)
    assert seen.updated_at == seen.starts_at


def test_events_that_do_not_show_the_whole_item_say_so() -> None:
    """A new task (done or not?), and appointments that call themselves new long after they were made."""
    door, contact = crm()
    door.sent.clear()
    task = door.emit("task.create", id=contact, fields={"body": with_reference("B", REFERENCE)})["record"]
    door.emit("task.complete", id=task)
    door.emit("task.delete", id=task)
    created, completed, deleted = (
        crm_items.item_change(one.body, "", "America/Chicago") for one in door.sent
    )
    assert created is not None
    assert (created.item_id, created.record_id, created.item) == (task, None, None)
    assert completed is not None
    assert isinstance(completed.item, Task)
    assert (completed.item.completed, completed.item.body) == (True, "B")
    assert (completed.record_id, completed.reference) == (contact, REFERENCE)
    assert deleted is not None
    assert (deleted.removed, deleted.item, deleted.item_id) == (True, None, task)
    door.sent.clear()
    visit = door.emit("appointment.create", id=contact)["record"]
    door.wait(1)
    door.emit("appointment.delete", id=visit)
    created, gone = (
        crm_items.item_change(one.body, "", "America/Chicago", {ana(): "ana@example.com"})
        for one in door.sent
    )
    assert created is not None
    assert isinstance(created.item, Appointment)
    assert (created.item_id, created.record_id, created.created) == (visit, contact, True)
    assert gone is not None
    assert (gone.item_id, gone.record_id, gone.item, gone.created) == (visit, contact, None, False)
    named = crm_items.item_change(door.sent[-1].body, "AppointmentDelete", "America/Chicago")
    assert named is not None
    assert named.removed


@pytest.mark.parametrize(
    ("added", "updated", "told", "sure"),
    [
        ("2027-03-01T17:00:00.000Z", "2027-03-01T17:00:00.000Z", "2027-03-01T17:00:00.999Z", True),
        ("2027-03-01T17:00:00.000Z", "2027-03-01T18:00:00.000+01:00", "2027-03-01T17:00:00.000Z", True),
        ("2027-03-01T17:00:00.000Z", "2027-03-01T17:00:00.000Z", "2027-03-01T17:00:01.000Z", False),
        ("2027-03-01T17:00:00.000Z", "2027-03-01T17:00:00.001Z", "2027-03-01T17:00:00.001Z", False),
        ("2027-03-01T17:00:00.000Z", "2027-03-01T17:00:00.000Z", "2027-03-01T16:59:59.999Z", False),
        ("2027-03-01T17:00:00.000Z", "2027-03-01T17:00:00.000Z", None, False),
        (None, "2027-03-01T17:00:00.000Z", "2027-03-01T17:00:00.000Z", False),
    ],
)
def test_an_appointment_is_new_only_where_it_was_made_just_now(
    added: str | None, updated: str, told: str | None, sure: bool
) -> None:
    """Changes and deletions call themselves AppointmentCreate as well."""
    record = {
        "id": "a", "contactId": "c", "startTime": "2027-03-02T17:00:00.000Z", "dateAdded": added,
        "dateUpdated": updated, "notes": with_reference("Bring it", REFERENCE),
    }  # fmt: skip
    body = msgspec.json.encode({"type": "AppointmentCreate", "appointment": record, "timestamp": told})
    found = crm_items.item_change(body, "", "UTC")
    assert found is not None
    assert (found.created, found.item is not None, found.reference) == (sure, sure, REFERENCE)


def test_an_item_of_somebody_unknown_is_to_be_read() -> None:
    """An event has the user's id: whose it is by e-mail only a known one tells."""
    door, contact = crm()
    door.sent.clear()
    task = door.emit("task.create", id=contact, fields={"body": "B", "assignedTo": ana()})["record"]
    door.emit("task.complete", id=task)
    body = door.sent[-1].body
    unknown = crm_items.item_change(body, "", "America/Chicago")
    known = crm_items.item_change(body, "", "America/Chicago", {ana(): "ana@example.com"})
    assert unknown is not None
    assert unknown.item is None
    assert known is not None
    assert isinstance(known.item, Task)
    assert known.item.assignee == "ana@example.com"


@pytest.mark.parametrize("body", [b'{"type":"ContactUpdate","id":"c"}', b'{"type":"New"}', b"{}"])
def test_other_events_tell_of_no_item(body: bytes) -> None:
    assert crm_items.item_change(body, "", "UTC") is None


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"type":"NoteCreate"}', b'{"type":"AppointmentUpdate"}'])
def test_an_event_without_an_id_cannot_be_read(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        crm_items.item_change(body, "", "UTC")


@pytest.mark.parametrize(
    "body",
    [
        {"type": "NoteUpdate", "id": "n", "body": None},
        {"type": "NoteUpdate", "id": "n", "body": "b", "payloadTooLarge": True},
        {"type": "TaskComplete", "id": "t", "title": "x", "dueDate": "2027-03-01T17:00:00.000Z"},
        {"type": "AppointmentUpdate", "appointment": {"id": "a", "startTime": "soon"}},
        {"type": "AppointmentUpdate", "appointment": {"id": "a", "startTime": {"at": 1}}},
    ],
)
def test_a_thin_or_strange_event_is_to_be_read(body: dict[str, Any]) -> None:
    found = crm_items.item_change(msgspec.json.encode(body), "", "UTC")
    assert found is not None
    assert found.item is None


def test_a_zone_that_is_none_is_named() -> None:
    for name in ("Mars/Base", "", "../etc"):
        with pytest.raises(ConfigurationError, match="time zone"):
            crm_items.zone_of(name)


def test_events_of_two_items_of_a_contact_are_two_occurrences() -> None:
    """And so are two changes of one, also where the delivery has neither an id nor a time."""
    bodies = [
        {"type": "AppointmentCreate", "appointment": {"id": one, "contactId": "c", "title": title}}
        for one, title in (("a", "x"), ("b", "x"), ("a", "y"))
    ]
    bodies += [{"type": "NoteUpdate", "id": "n", "contactId": "c", "body": body} for body in ("x", "y")]
    found = [parse_crm(msgspec.json.encode(body), {}).occurrence for body in bodies]
    assert len(set(found)) == 5
    assert found == [parse_crm(msgspec.json.encode(body), {}).occurrence for body in bodies]


@given(tasks_ | notes_ | visits(ours=True))
def test_an_item_of_the_account_comes_back_as_it_was_written_and_its_event_shows_it(item: Item) -> None:
    door, person = nimbata()
    door.sent.clear()
    creates: dict[str, AnyOperation] = {
        "task": tasks.CREATE_TASK, "note": notes.CREATE_NOTE, "appointment": appointments.CREATE_APPOINTMENT,
    }  # fmt: skip
    shape = nimbata_items.SHAPES[kind_of(item)]
    record = to_nimbata(creates[kind_of(item)], nimbata_items.new_item(person, item, REFERENCE), shape)
    seen = nimbata_items.item_of(record)
    assert bare(seen) == item
    assert nimbata_items.reference_of(record) == REFERENCE
    told = nimbata_items.item_change(door.sent[-1].body, None, CONFIG)
    assert told.item == seen
    assert (told.kind, told.item_id, told.record_id) == (kind_of(item), record.id, person)
    assert (told.reference, told.removed) == (REFERENCE, False)
    assert told.at == datetime(2026, 9, 1, 22, 14, 7, tzinfo=UTC)


@pytest.mark.parametrize("profile", ["envelope", "flat"])
@pytest.mark.parametrize("kind", ["task", "note", "appointment"])
def test_changes_of_an_item_are_told_apart(kind: str, profile: str) -> None:
    """A whole body shows it, a sparse one has it read, and one that is gone is gone; each is an occurrence."""
    door = Door()
    person = str(door.create(phone=PHONE)["id"])
    hint, sparse = f"{kind}.changed", profile == "envelope"
    door.side.set_targets({
        "url": "http://hub.example/hooks", "profile": profile, "events": [hint], "sparse": sparse,
    })  # fmt: skip
    made = door.side.emit({"kind": f"{kind}.create", "contact": person})[0].activity_id
    door.side.emit({"kind": f"{kind}.update", "id": made})
    door.side.emit({"kind": f"{kind}.delete", "id": made})
    second = door.side.emit({"kind": f"{kind}.create", "contact": person})[0].activity_id
    found = [nimbata_items.item_change(one.body, hint, CONFIG) for one in door.sent]
    assert [one.item_id for one in found] == [made, made, made, second]
    assert {one.record_id for one in found} == {person}
    assert [one.removed for one in found] == [False, False, True, False]
    # A note is its words: what changed is all of it.
    assert [one.item is None for one in found] == [False, sparse and kind != "note", True, False]
    names = [activity.parse(one.body, hint, CONFIG).occurrence for one in door.sent]
    assert len(set(names)) == 4
    assert names[0].startswith(f"{hint}:{made}:created")


def test_an_event_about_something_else_is_refused() -> None:
    body = b'{"id":"e","event":"call.completed","data":{"id":"c"}}'
    with pytest.raises(UnreadableError, match=r"call\.completed"):
        nimbata_items.item_change(body, None, CONFIG)
    with pytest.raises(UnreadableError, match=r"call\.completed"):
        record_change(body, None, CONFIG)


people = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(
            ("first_name", "last_name", "company", "address", "city", "state", "country", "lead_status"),
            words,
        ),
        "lead_score": st.integers(-1000, 1000).map(str),
        "value": st.decimals(0, 10**6, places=2).map(lambda one: f"{one.normalize():f}"),
        "custom.size": words,
        "custom.Größe": words,
    },
)


@given(people, st.frozensets(st.sampled_from(["a", "été", "a b"])))
def test_a_person_of_the_account_comes_back_as_written_and_clears(
    fields: dict[str, str], tags: frozenset[str]
) -> None:
    door, _ = nimbata()
    new = new_contact({**fields, "email": f"p{len(door.side.account.contacts)}@example.com"}, tags,
                      project_id=door.projects[0], external_id="hl")  # fmt: skip
    record = to_nimbata(contacts.CREATE_CONTACT, new, ContactRecord)
    seen = contact_of(record)
    assert {name: field_of(seen, name) for name in fields} == fields
    assert seen.tags == tags
    assert record.external_ids == {"highlevel": "hl"}
    cleared = changed_contact(record.id, dict.fromkeys(fields))
    after = contact_of(to_nimbata(contacts.UPDATE_CONTACT, cleared, ContactRecord))
    assert not any(field_of(after, name) for name in fields)
    assert (after.email, after.tags) == (seen.email, tags)
    assert contact_of(to_nimbata(contacts.DELETE_CONTACT, contacts.ContactId(id=record.id)) or record).id


def test_events_of_a_person_tell_what_they_tell() -> None:
    """All of a new one; of an update what changed, and of custom fields all that the sync carries, for one that was
    cleared is not among them; of a deletion that alone."""
    door = Door()
    told = ["contact.created", "contact.updated", "contact.deleted"]
    door.side.set_targets({"url": "http://hub.example/hooks", "events": told, "sparse": True})
    person = str(door.create(phone="(201) 555-0123", custom_fields={"size": "42"}, tags=["A"])["id"])
    door.ask("PUT", f"contacts/{person}", {"email": "Zoe@Example.com", "address": {"city": "Köln"}})
    door.ask("PUT", f"contacts/{person}", {"custom_fields": {"size": None, "shoe": 7}})
    door.ask("POST", f"contacts/{person}/tags", {"tags": ["B"]})
    door.ask("DELETE", f"contacts/{person}")
    created, moved, measured, tagged, gone = (
        record_change(one.body, None, CONFIG, custom=("size", "shoe")) for one in door.sent
    )
    assert created.present is None
    assert created.record is not None
    assert (created.record.phone, created.record.custom, created.record.tags) == (
        PHONE,
        {"size": "42"},
        frozenset({"a"}),
    )
    assert moved.record is not None
    assert (moved.record.email, moved.record.city) == ("zoe@example.com", "Köln")
    assert moved.present == frozenset({"email", "address", "city", "state", "postal_code", "country"})
    assert measured.record is not None
    assert (measured.record.custom, measured.present) == (
        {"shoe": "7"},
        frozenset({"custom.size", "custom.shoe"}),
    )
    assert tagged.record is not None
    assert (tagged.record.tags, tagged.present) == (frozenset({"a", "b"}), frozenset({"tags"}))
    assert (gone.removed, gone.record, gone.record_id) == (True, None, person)
    assert {one.record_id for one in (created, moved, measured, tagged)} == {person}
    assert all(one.at is not None for one in (created, moved, measured, tagged, gone))


def test_a_row_of_the_list_tells_the_same_as_the_event() -> None:
    """Also of one that was deleted, and whatever form of webhook the account has."""
    door = Door()
    door.side.set_targets({"url": "http://hub.example/hooks", "events": ["contact.*d"]})
    person = str(door.create(phone=PHONE, custom_fields={"size": "42"}, lead_score=7)["id"])
    config = build({"mode": "native", "webhooks": {"profile": ["envelope"]}})

    def row() -> RecordChanged:
        _, listed = door.ask("GET", "contacts", include_deleted="true")
        return record_row(msgspec.json.encode(listed["data"][0]), config)

    created = record_change(door.sent[-1].body, None, config)
    assert row() == created
    assert (created.present, created.record_id) == (None, person)
    door.wait(5)
    door.ask("DELETE", f"contacts/{person}")
    # The event names the id alone, the row the whole person.
    told = record_change(door.sent[-1].body, None, config)
    assert told.record is None
    assert told.removed
    assert msgspec.structs.replace(row(), record=None) == told


def test_an_account_with_whole_names_alone_has_them_taken_apart() -> None:
    """And a flat body tells of what its user set up: no address, no score."""
    body = {"Contact ID": "n", "Name": "Ludwig van Beethoven", "Phone": "(201) 555-0123", "Tags": "A, B"}
    found = record_change(msgspec.json.encode(body), "contact.updated", CONFIG, country="US")
    assert found.record is not None
    assert (found.record.first_name, found.record.last_name) == ("Ludwig", "van Beethoven")
    assert (found.record.phone, found.record.tags) == (PHONE, frozenset({"a", "b"}))
    assert found.present == frozenset({"first_name", "last_name", "phone", "tags"})
    complete = build({"mode": "native", "webhooks": {"sparse": False}})
    assert record_change(msgspec.json.encode(body), "contact.updated", complete).present is None
    assert found.present < frozenset({*NIMBATA_FIELDS, "tags"})


@given(words, st.none() | st.from_regex(r"[a-z2-7]{1,16}", fullmatch=True))
def test_a_reference_line_is_put_on_and_taken_off(text: str, reference: str | None) -> None:
    written = with_reference(text, reference)
    assert split_reference(written) == (text, reference)
    assert reference is None or carries(written, reference)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (None, ("", None)),
        ("[tl:abc]", ("", "abc")),
        ("a\r\n[tl:abc]\r\n", ("a", "abc")),
        ("<p>a</p><p>[tl:abc]</p>", ("<p>a</p>", "abc")),
        ("a<br />[tl:abc]", ("a", "abc")),
        ("see [tl:abc]", ("see [tl:abc]", None)),
        ("[tl:abc]\nand more", ("[tl:abc]\nand more", None)),
        ("a\n[tl:abc]\n[tl:def]", ("a\n[tl:abc]", "def")),
        ("a\n[tl:]", ("a\n[tl:]", None)),
    ],
)
def test_only_the_last_line_is_a_reference(body: str | None, expected: tuple[str, str | None]) -> None:
    assert split_reference(body) == expected


@pytest.mark.parametrize(
    ("words_", "expected"),
    [
        (("Confirmed",), "confirmed"), (("no-show",), "noshow"), (("canceled",), "cancelled"),
        (("completed",), "showed"), ((None, "booked"), "confirmed"), (("?", "cancelled"), "cancelled"),
        (("?",), "new"), ((), "new"),
    ],
)  # fmt: skip
def test_statuses_are_read_in_anybody_s_words(words_: tuple[str | None, ...], expected: str) -> None:
    assert read_status(*words_) == expected
