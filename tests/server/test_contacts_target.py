"""A CRM location as a target: every command takes effect once, and what its answer shows is what then stands there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.server.far_targets import PHONE, RULES, Far, crm
from tieline.domain.command import (
    AddNote,
    AddTags,
    CreateContact,
    CreateItem,
    DeleteContact,
    DeleteItem,
    RemoveTags,
    UpdateContact,
    UpdateItem,
)
from tieline.domain.items import Appointment, Item, ItemKind, Note, Task, kind_of
from tieline.errors import CredentialError, MappingError, NotFoundError, RejectedError
from tieline.mapping.two_way import ItemRules

DUE = datetime(2027, 3, 1, 17, 0, tzinfo=UTC)
START = datetime(2027, 3, 2, 15, 0, tzinfo=UTC)
TASK = Task(id="", title="Rückruf — 电话 📞", body="Wants: <b>offer</b>\n\nTwo lines", due_at=DUE)
NOTE = Note(id="", body="Zoë said 👍🏽\nand then “no”")
VISIT = Appointment(
    id="", title="Beratung 🦷", starts_at=START, ends_at=START + timedelta(minutes=45), status="new",
    location="Hauptstraße 1", notes="Bring the X-ray",
)  # fmt: skip
ITEMS: tuple[Item, ...] = (TASK, NOTE, VISIT)
REFERENCE = "abcdefghij234567"


def timeless(item: Item | None) -> Item:
    """Without the side's clock, which answers to a write do not show."""
    assert item is not None
    return msgspec.structs.replace(item, updated_at=None)


def renamed(item: Item, item_id: str) -> Item:
    return msgspec.structs.replace(item, id=item_id)


def rows(far: Far, kind: ItemKind) -> list[dict[str, object]]:
    found: list[dict[str, object]] = far.state()[f"{kind}s"]
    return found


async def test_fields_are_written_and_cleared() -> None:
    """None takes a value away, of a custom field too; the answer says how the record stands."""
    async with crm(fields=("Nimbata source",)) as far:
        fields = {
            "first_name": "Zoë", "email": "zoe@example.com", "city": "Köln", "company": "Zahn & Co",
            "address": "Hauptstraße 1", "custom.nimbata_source": "google",
        }  # fmt: skip
        contact = await far.person(**fields)
        cleared: dict[str, str | None] = {**dict.fromkeys(fields), "last_name": "Köhler"}
        done = await far.target.send(UpdateContact(fields=cleared), contact)
        assert done.altered == ()
        assert done.contact == await far.target.fetch(contact)
        assert done.contact is not None
        assert (done.contact.phone, done.contact.last_name) == (PHONE, "Köhler")
        for name in ("first_name", "email", "city", "company", "address"):
            assert getattr(done.contact, name) is None
        assert done.contact.custom == {}
        with pytest.raises(MappingError, match=r"custom\.none"):
            await far.target.send(UpdateContact(fields={"custom.none": "x"}), contact)


async def test_tags_are_added_and_taken_off_and_the_rest_stays() -> None:
    """The answer shows them all."""
    async with crm() as far:
        made = await far.target.send(
            CreateContact(fields={"phone": PHONE}, tags=frozenset({"a", "été"})), None
        )
        added = await far.target.send(AddTags(tags=frozenset({"b"})), made.result_id)
        assert added.tags == frozenset({"a", "b", "été"})
        for _ in range(2):
            removed = await far.target.send(RemoveTags(tags=frozenset({"été", "never"})), made.result_id)
            assert removed.tags == frozenset({"a", "b"})
        assert (await far.target.fetch(str(made.result_id))).tags == frozenset({"a", "b"})


async def test_a_deleted_contact_is_gone_and_deleting_it_again_is_no_error() -> None:
    async with crm() as far:
        contact = await far.person()
        for _ in range(2):
            assert (await far.target.send(DeleteContact(), contact)).result_id == contact
        with pytest.raises(NotFoundError):
            await far.target.fetch(contact)
        with pytest.raises(NotFoundError, match="no contact"):
            await far.target.send(DeleteContact(), None)


@pytest.mark.parametrize("item", ITEMS, ids=kind_of)
async def test_an_item_is_made_once_and_read_back_as_it_was_sent(item: Item) -> None:
    """The answer's item, a fresh one and the one of the list are the same."""
    async with crm() as far:
        contact = await far.person()
        done = await far.target.send(CreateItem(item=item, reference=REFERENCE), contact)
        assert done.altered == ()
        assert done.item == renamed(item, str(done.result_id))
        fetched = await far.target.fetch_item(kind_of(item), str(done.result_id), contact)
        assert timeless(fetched) == done.item
        assert await far.target.items(kind_of(item), contact) == [fetched]
        assert len(rows(far, kind_of(item))) == 1


@pytest.mark.parametrize("item", ITEMS, ids=kind_of)
async def test_an_item_whose_answer_was_lost_is_found(item: Item) -> None:
    """And one that was never made is not, though others of the contact look like it."""
    async with crm() as far:
        contact = await far.person()
        near: Item
        match item:
            case Appointment():
                near = msgspec.structs.replace(item, starts_at=START - timedelta(hours=1), ends_at=START)
            case _:
                near = item
        await far.target.send(CreateItem(item=near, reference="zzzzzzzzzzzzzzzz"), contact)
        command = CreateItem(item=item, reference=REFERENCE)
        assert not far.target.repeatable(command)
        assert far.target.can_look_up(command)
        assert await far.target.look_up(command, contact) is None
        found = await far.cut(command, contact)
        assert found is not None
        assert timeless(found.item) == renamed(item, str(found.result_id))
        assert found.altered == ()
        assert len(rows(far, kind_of(item))) == 2


@pytest.mark.parametrize(
    ("item", "changes"),
    [
        (TASK, {"title": "Später", "body": None, "completed": True, "due_at": DUE + timedelta(days=1)}),
        (NOTE, {"body": "Never mind"}),
        (
            VISIT,
            {"title": "Nachsorge", "starts_at": START + timedelta(days=1), "status": "showed", "location": None,
             "ends_at": START + timedelta(days=1, hours=1), "notes": None},
        ),
    ],
    ids=["task", "note", "appointment"],
)  # fmt: skip
async def test_only_what_changed_is_written_and_none_clears(item: Item, changes: dict[str, object]) -> None:
    """One field after the other, and all of them; the reference line stays, unseen."""
    async with crm() as far:
        contact = await far.person()
        made = (await far.target.send(CreateItem(item=item, reference=REFERENCE), contact)).item
        assert made is not None
        current = made
        for names in (*((name,) for name in changes), tuple(changes)):
            start: Item = current if len(names) == 1 else made
            if "starts_at" in names and len(names) == 1:
                # An end before the start is refused: both move.
                names = ("starts_at", "ends_at")
            wanted = msgspec.structs.replace(start, **{name: changes[name] for name in names})
            written = names if len(names) <= 2 else tuple(changes)
            done = await far.target.send(
                UpdateItem(item=wanted, changed=written, reference=REFERENCE), contact
            )
            assert done.altered == (), names
            fetched = await far.target.fetch_item(kind_of(item), made.id, contact)
            assert timeless(done.item) == timeless(fetched)
            current = timeless(fetched)
        assert current == msgspec.structs.replace(made, **changes)
        if not isinstance(item, Appointment):
            (row,) = rows(far, kind_of(item))
            assert str(row["body"]).endswith(f"[tl:{REFERENCE}]")


@pytest.mark.parametrize("item", ITEMS, ids=kind_of)
async def test_a_deleted_item_is_gone_and_deleting_it_again_is_no_error(item: Item) -> None:
    async with crm() as far:
        contact = await far.person()
        made = await far.target.send(CreateItem(item=item, reference=REFERENCE), contact)
        for _ in range(2):
            command = DeleteItem(kind=kind_of(item), item_id=str(made.result_id))
            assert (await far.target.send(command, contact)).result_id == made.result_id
        with pytest.raises(NotFoundError):
            await far.target.fetch_item(kind_of(item), str(made.result_id), contact)
        assert rows(far, kind_of(item)) == []


async def test_a_note_of_ours_is_found_also_when_somebody_wrote_below_its_line() -> None:
    """Its last line is how it is found, wherever it went."""
    async with crm() as far:
        contact = await far.person()
        command = AddNote(body=f"Call\n[tl:{REFERENCE}]", reference=REFERENCE)
        found = await far.cut(command, contact)
        assert found is not None
        (note,) = await far.target.items("note", contact)
        assert note == Note(id=str(found.result_id), body="Call")
        far.running.side.emit({
            "kind": "note.update", "id": note.id, "fields": {"body": f"Call\n[tl:{REFERENCE}]\nDone"},
        })  # fmt: skip
        again = await far.target.look_up(command, contact)
        assert again is not None
        assert again.result_id == note.id


async def test_a_task_that_is_due_at_no_time_is_due_tomorrow_at_five_by_the_location_s_clock() -> None:
    """The CRM has none without; it is said, and a due date that is taken away stays."""
    async with crm() as far:
        contact = await far.person()
        task = msgspec.structs.replace(TASK, due_at=None)
        before = datetime.now(UTC)
        done = await far.target.send(CreateItem(item=task, reference=REFERENCE), contact)
        assert isinstance(done.item, Task)
        assert done.altered == ("due_at",)
        assert done.item.due_at is not None
        due = done.item.due_at.astimezone(ZoneInfo("America/Chicago"))
        days = {(at.astimezone(due.tzinfo) + timedelta(days=1)).date() for at in (before, datetime.now(UTC))}
        assert due.date() in days
        assert (due.hour, due.minute, due.second) == (17, 0, 0)
        command = UpdateItem(
            item=msgspec.structs.replace(done.item, due_at=None, title="Now"), changed=("due_at", "title")
        )
        kept = await far.target.send(command, contact)
        assert kept.altered == ("due_at",)
        assert kept.item == msgspec.structs.replace(done.item, title="Now")


@pytest.mark.parametrize(
    "start",
    [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # 02:30 in summer time,
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),  # 02:30 again, an hour later
        datetime(2027, 3, 28, 0, 30, tzinfo=UTC),  # 01:30,
        datetime(2027, 3, 28, 1, 30, tzinfo=UTC),  # and 03:30: the clock jumped
        datetime(2026, 7, 1, 12, 0, tzinfo=UTC),
        datetime(2026, 12, 1, 12, 0, tzinfo=UTC),
    ],
)
async def test_times_are_right_around_a_change_of_the_clock(start: datetime) -> None:
    """The list of a contact has local times; what is read of it is exact, also of an hour that comes twice."""
    async with crm(number=2) as far:
        contact = await far.person(phone="+4922191234567")
        visit = msgspec.structs.replace(VISIT, starts_at=start, ends_at=start + timedelta(hours=1))
        command = CreateItem(item=visit, reference=REFERENCE)
        found = await far.cut(command, contact)
        assert found is not None
        (listed,) = await far.target.items("appointment", contact)
        assert isinstance(listed, Appointment)
        assert (listed.starts_at, listed.ends_at) == (visit.starts_at, visit.ends_at)
        assert timeless(listed) == timeless(found.item)
        moved = msgspec.structs.replace(listed, starts_at=start + timedelta(minutes=15))
        done = await far.target.send(UpdateItem(item=moved, changed=("starts_at",)), contact)
        assert done.altered == ()
        assert timeless(done.item) == timeless(moved)


async def test_of_appointments_that_look_alike_the_last_one_is_found() -> None:
    """Whoever asks knows which of them it has already."""
    async with crm() as far:
        contact = await far.person()
        command = CreateItem(item=VISIT, reference=REFERENCE)
        first = await far.target.send(command, contact)
        far.running.clock.advance(5)
        second = await far.cut(command, contact)
        assert second is not None
        assert second.result_id != first.result_id


async def test_the_calendar_is_found_by_id_by_name_or_because_it_is_the_only_one() -> None:
    """Else it is said which there are, and nothing is booked."""
    async with crm() as far:
        contact = await far.person()
        command = CreateItem(item=VISIT, reference=REFERENCE)
        room = next(one for one in far.state()["calendars"] if one["name"] == "Room")
        for name in (room["id"], " rOOm "):
            done = await far.other({"appointment": ItemRules(calendar=name)}).send(command, contact)
            booked = next(one for one in far.state()["appointments"] if one["id"] == done.result_id)
            assert booked["calendarId"] == room["id"]
        for rules in ({}, {"appointment": ItemRules(calendar="Nowhere")}):
            with pytest.raises(RejectedError, match="there are: Board, Consultation, Draft, Room"):
                await far.other(rules).send(command, contact)
        assert len(far.state()["appointments"]) == 2


async def test_who_holds_an_appointment_of_a_team_is_one_of_the_team() -> None:
    """The one that is asked for by e-mail, else the primary one; what was not as asked for is said."""
    rules: dict[ItemKind, ItemRules] = {"appointment": ItemRules(calendar="Board")}
    async with crm(rules) as far:
        contact = await far.person()
        ana, ben = (one["email"] for one in far.state()["users"][:2])
        for asked, given, altered in ((ben, ben, ()), ("who@example.com", ana, ("assignee",))):
            visit = msgspec.structs.replace(VISIT, assignee=asked)
            done = await far.target.send(CreateItem(item=visit, reference=REFERENCE), contact)
            assert isinstance(done.item, Appointment)
            assert (done.item.assignee, done.altered) == (given, altered)
            fetched = await far.target.fetch_item("appointment", done.item.id, contact)
            assert timeless(fetched) == done.item
        assert done.item is not None
        moved = msgspec.structs.replace(done.item, assignee=ben)
        changed = await far.target.send(UpdateItem(item=moved, changed=("assignee",)), contact)
        assert timeless(changed.item) == timeless(moved)


async def test_a_task_is_assigned_by_the_definition_then_by_e_mail_and_taken_away() -> None:
    """The e-mail of the call-tracking account comes back, not the CRM's; nobody's stays nobody's."""
    async with crm() as far:
        contact = await far.person()
        ana, ben = far.state()["users"][:2]
        target = far.other({**RULES, "task": ItemRules(assignees={"Front@Desk.example": ana["id"]})})
        named = msgspec.structs.replace(TASK, assignee="front@desk.example")
        done = await target.send(CreateItem(item=named, reference=REFERENCE), contact)
        assert done.item == renamed(named, str(done.result_id))
        assert rows(far, "task")[0]["assignedTo"] == ana["id"]
        to_ben = msgspec.structs.replace(done.item, assignee=ben["email"])
        assert (await target.send(UpdateItem(item=to_ben, changed=("assignee",)), contact)).item == to_ben
        nobody = msgspec.structs.replace(to_ben, assignee=None)
        assert (await target.send(UpdateItem(item=nobody, changed=("assignee",)), contact)).item == nobody
        stranger = msgspec.structs.replace(nobody, assignee="who@example.com")
        kept = await target.send(UpdateItem(item=stranger, changed=("assignee",)), contact)
        assert (kept.item, kept.altered) == (nobody, ("assignee",))
        assert far.calls("users.search") == 1


async def test_a_free_slot_is_asked_for_where_the_rules_say_so() -> None:
    """And the person is told of it or not, as they say."""
    at_three = datetime(2027, 3, 6, 3, 0, tzinfo=UTC)
    visit = msgspec.structs.replace(VISIT, starts_at=at_three, ends_at=at_three + timedelta(minutes=30))
    async with crm() as far:
        contact = await far.person()
        command = CreateItem(item=visit, reference=REFERENCE)
        strict = far.other({"appointment": ItemRules(calendar="Consultation", any_time=False)})
        with pytest.raises(RejectedError, match="slot"):
            await strict.send(command, contact)
        quiet = far.other({"appointment": ItemRules(calendar="Consultation", notify=False)})
        for target, automations in ((quiet, 0), (far.target, 1)):
            done = await target.send(command, contact)
            row = next(one for one in far.state()["appointments"] if one["id"] == done.result_id)
            assert row["automations"] == automations


async def test_a_change_that_the_crm_has_no_field_for_tells_nobody() -> None:
    """An appointment's time zone: nothing is written, and what stands there is the answer."""
    async with crm() as far:
        contact = await far.person()
        made = (await far.target.send(CreateItem(item=VISIT, reference=REFERENCE), contact)).item
        assert made is not None
        zoned = msgspec.structs.replace(made, timezone="Asia/Tokyo")
        done = await far.target.send(UpdateItem(item=zoned, changed=("timezone",)), contact)
        assert (timeless(done.item), done.altered) == (made, ())
        assert far.calls("appointments.update") == 0


async def test_a_status_stays_where_something_else_changes() -> None:
    """An update that does not say it would confirm the appointment."""
    async with crm() as far:
        contact = await far.person()
        visit = msgspec.structs.replace(VISIT, status="noshow")
        made = (await far.target.send(CreateItem(item=visit, reference=REFERENCE), contact)).item
        assert made is not None
        longer = msgspec.structs.replace(made, title="Longer")
        done = await far.target.send(UpdateItem(item=longer, changed=("title",)), contact)
        assert timeless(done.item) == longer
        assert timeless(await far.target.fetch_item("appointment", made.id, contact)) == longer


async def test_a_token_that_may_not_read_users_carries_tasks_without_them() -> None:
    """A token that may not write contacts carries none."""
    async with crm() as far:
        contact = await far.person()
        may = ["contacts.readonly", "contacts.write", "locations.readonly"]
        deed = {"kind": "private_token.scopes", "location": far.place}
        far.running.side.emit({**deed, "fields": {"scopes": may}})
        named = msgspec.structs.replace(TASK, assignee="who@example.com")
        command = CreateItem(item=named, reference=REFERENCE)
        done = await far.target.send(command, contact)
        assert done.altered == ("assignee",)
        assert done.item == msgspec.structs.replace(renamed(named, str(done.result_id)), assignee=None)
        far.running.side.emit({**deed, "fields": {"scopes": may[:1]}})
        with pytest.raises(CredentialError):
            await far.target.send(command, contact)
