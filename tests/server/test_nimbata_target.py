"""A call-tracking account as a target: every command takes effect once, and its answer says what then stands there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.server.far_targets import PHONE, Far, account
from tieline.domain.command import (
    AddNote,
    AddTags,
    Command,
    CreateContact,
    CreateItem,
    DeleteContact,
    DeleteItem,
    RemoveTags,
    UpdateContact,
    UpdateItem,
    UpsertContact,
)
from tieline.domain.items import Appointment, Item, ItemKind, Note, Task, kind_of
from tieline.errors import MappingError, NotFoundError, RejectedError
from tieline.sandbox.nimbata import NimbataSide

DUE = datetime(2027, 3, 1, 17, 0, tzinfo=UTC)
START = datetime(2027, 3, 2, 15, 0, tzinfo=UTC)
TASK = Task(
    id="", title="Rückruf — 电话 📞", body="Wants: offer\n\nTwo lines", due_at=DUE, assignee="ana@example.com"
)
NOTE = Note(id="", body="Zoë said 👍🏽\nand then “no”")
VISIT = Appointment(
    id="", title="Beratung 🦷", starts_at=START, ends_at=START + timedelta(minutes=45), timezone="Europe/Berlin",
    status="new", location="Hauptstraße 1", notes="Bring the X-ray", assignee="ana@example.com",
)  # fmt: skip
ITEMS: tuple[Item, ...] = (TASK, NOTE, VISIT)
REFERENCE = "abcdefghij234567"
FIELDS = {
    "first_name": "Zoë", "last_name": "van der Berg", "email": "zoe@example.com", "company": "Zahn & Co",
    "address": "Hauptstraße 1", "city": "Köln", "postal_code": "50667", "country": "DE", "lead_status": "qualified",
    "lead_score": "7", "value": "350.5", "custom.shoe_size": "42",
}  # fmt: skip


def side_of(far: Far) -> NimbataSide:
    side = far.running.side
    assert isinstance(side, NimbataSide)
    return side


def rows(far: Far, kind: ItemKind) -> list[Any]:
    book: Any = getattr(side_of(far).account.items, f"{kind}s")
    found: list[Any] = book.rows()
    return found


def same(item: Item, seen: Item | None) -> bool:
    """Whether that is what was asked for, whatever id and time the account gave it."""
    assert seen is not None
    given = msgspec.structs.replace(seen, id=item.id, updated_at=item.updated_at, version=item.version)
    return item == given


async def test_a_person_is_made_with_tags_and_the_crm_s_id() -> None:
    """All that an account stores comes back as it was written."""
    async with account(custom_fields=frozenset({"shoe_size"})) as far:
        command = CreateContact(
            fields={**FIELDS, "phone": PHONE},
            tags=frozenset({"a", "été"}),
            external_id="ocQHyuzHvysMo5N5VsXc",
        )
        done = await far.target.send(command, None)
        assert done.altered == ()
        assert done.contact == await far.target.fetch(str(done.result_id))
        assert done.contact is not None
        assert (done.contact.tags, done.tags) == (frozenset({"a", "été"}),) * 2
        assert done.contact.custom == {"shoe_size": "42"}
        held = side_of(far).account.contacts.get(str(done.result_id))
        assert held is not None
        assert (held.project_id, held.external_ids) == (far.place, {"highlevel": "ocQHyuzHvysMo5N5VsXc"})
        assert (held.name, held.lead_score, held.value) == ("Zoë van der Berg", 7, 350.5)


async def test_a_person_who_is_there_already_is_named() -> None:
    """By the refusal of a create; an upsert, which an account does not have, is one."""
    async with account() as far:
        person = await far.person()
        for command in (
            CreateContact(fields={"phone": PHONE, "first_name": "Ada"}),
            UpsertContact(fields={"phone": PHONE, "first_name": "Ada"}),
        ):
            with pytest.raises(RejectedError) as refused:
                await far.target.send(command, None)
            assert refused.value.existing_id == person


@pytest.mark.parametrize(
    "command",
    [
        CreateContact(fields={"phone": PHONE, "email": "a@example.com"}, external_id="hl1"),
        CreateContact(fields={"email": "a@example.com"}),
        UpsertContact(fields={"phone": PHONE}),
    ],
)
async def test_a_person_whose_answer_was_lost_is_found(command: Command) -> None:
    async with account() as far:
        assert not far.target.repeatable(command)
        assert far.target.can_look_up(command)
        assert await far.target.look_up(command, None) is None
        found = await far.cut(command, None)
        assert found is not None
        assert found.contact == await far.target.fetch(str(found.result_id))


async def test_a_person_is_found_by_the_crm_s_id_before_anything_else() -> None:
    """Its phone may have become another one meanwhile."""
    async with account() as far:
        made = await far.target.send(CreateContact(fields={"phone": PHONE}, external_id="hl1"), None)
        await far.target.send(UpdateContact(fields={"phone": "+12015550199"}), made.result_id)
        command = CreateContact(fields={"phone": PHONE}, external_id="hl1")
        found = await far.target.look_up(command, None)
        assert found is not None
        assert found.result_id == made.result_id


async def test_people_are_found_by_phone_then_by_e_mail_in_their_project() -> None:
    """Somebody of another project is nobody of this one."""
    async with account() as far:
        other = far.other(project=side_of(far).describe()["projects"][1])
        elsewhere = await other.send(CreateContact(fields={"phone": PHONE, "email": "b@example.com"}), None)
        assert await far.target.find(phone=PHONE, email="b@example.com") is None
        by_phone = await far.person()
        by_email = await far.person(phone="+12015550199", email="a@example.com")
        for phone, email, expected in (
            (PHONE, "a@example.com", by_phone), (None, "A@example.com", by_email),
            ("+12015550155", "a@example.com", by_email),
        ):  # fmt: skip
            found = await far.target.find(phone=phone, email=email)
            assert found is not None
            assert found.id == expected
        assert await far.target.find(phone=None, email=None) is None
        assert (await other.find(phone=PHONE, email=None)).id == elsewhere.result_id


async def test_fields_are_written_and_cleared() -> None:
    """Each takes its own value away, and nothing else."""
    async with account() as far:
        person = await far.person(**FIELDS)
        for name in FIELDS:
            before = await far.target.fetch(person)
            done = await far.target.send(UpdateContact(fields={name: None}), person)
            assert done.altered == ()
            assert done.contact == await far.target.fetch(person)
            assert done.contact is not None
            if name.startswith("custom."):
                assert done.contact.custom == {}
                continue
            assert done.contact == msgspec.structs.replace(
                before, **{name: None, "updated_at": done.contact.updated_at, "version": done.contact.version}
            )
        for field, value in (
            ("lead_score", "many"),
            ("value", "NaN"),
            ("value", "1,5"),
            ("website", "x.example"),
        ):
            with pytest.raises(MappingError, match=field):
                await far.target.send(UpdateContact(fields={field: value}), person)


async def test_tags_are_added_and_taken_off_and_the_rest_stays() -> None:
    """The answer shows them all, in the one spelling that we compare."""
    async with account() as far:
        made = await far.target.send(
            CreateContact(fields={"phone": PHONE}, tags=frozenset({"a", "été"})), None
        )
        added = await far.target.send(AddTags(tags=frozenset({"b"})), made.result_id)
        assert added.tags == frozenset({"a", "b", "été"})
        for _ in range(2):
            removed = await far.target.send(RemoveTags(tags=frozenset({"été", "never"})), made.result_id)
            assert removed.tags == frozenset({"a", "b"})
        assert (await far.target.fetch(str(made.result_id))).tags == frozenset({"a", "b"})


async def test_a_deleted_person_is_gone_and_deleting_it_again_is_no_error() -> None:
    async with account() as far:
        person = await far.person()
        for _ in range(2):
            assert (await far.target.send(DeleteContact(), person)).result_id == person
        with pytest.raises(NotFoundError):
            await far.target.fetch(person)
        assert await far.target.find(phone=PHONE, email=None) is None
        with pytest.raises(NotFoundError, match="no contact"):
            await far.target.send(DeleteContact(), None)


@pytest.mark.parametrize("item", ITEMS, ids=kind_of)
async def test_an_item_is_made_once_and_read_back_as_it_was_sent(item: Item) -> None:
    """The answer's item, a fresh one and the one of the list are the same; the reference line shows nowhere."""
    async with account() as far:
        person = await far.person()
        done = await far.target.send(CreateItem(item=item, reference=REFERENCE), person)
        assert done.altered == ()
        assert same(item, done.item)
        fetched = await far.target.fetch_item(kind_of(item), str(done.result_id), person)
        assert fetched == done.item
        assert await far.target.items(kind_of(item), person) == [fetched]
        (row,) = rows(far, kind_of(item))
        assert f"[tl:{REFERENCE}]" in (row.notes if isinstance(item, Appointment) else row.body)


@pytest.mark.parametrize("item", ITEMS, ids=kind_of)
async def test_an_item_whose_answer_was_lost_is_found(item: Item) -> None:
    """Beside one that looks the same, and on any page of a long list."""
    async with account({"pagination": {"size": 2}}) as far:
        person = await far.person()
        for number in range(5):
            await far.target.send(CreateItem(item=item, reference=f"other{number}"), person)
        command = CreateItem(item=item, reference=REFERENCE)
        assert not far.target.repeatable(command)
        assert far.target.can_look_up(command)
        assert await far.target.look_up(command, person) is None
        found = await far.cut(command, person)
        assert found is not None
        assert same(item, found.item)
        assert len(await far.target.items(kind_of(item), person)) == 6
        with pytest.raises(NotFoundError):
            await far.target.fetch_item(kind_of(item), "none", person)


@pytest.mark.parametrize(
    ("item", "changes"),
    [
        (
            TASK,
            {"title": "Später", "body": None, "completed": True, "due_at": None, "assignee": None},
        ),
        (NOTE, {"body": "Never mind"}),
        (
            VISIT,
            {"title": "Nachsorge", "ends_at": START + timedelta(hours=2), "starts_at": START + timedelta(hours=1),
             "timezone": "Asia/Tokyo", "status": "showed", "location": None, "notes": None, "assignee": None},
        ),
    ],
    ids=["task", "note", "appointment"],
)  # fmt: skip
async def test_only_what_changed_is_written_and_none_clears(item: Item, changes: dict[str, Any]) -> None:
    """One field after the other; the reference line stays, unseen."""
    async with account() as far:
        person = await far.person()
        current = (await far.target.send(CreateItem(item=item, reference=REFERENCE), person)).item
        assert current is not None
        for name, value in changes.items():
            wanted = msgspec.structs.replace(current, **{name: value})
            command = UpdateItem(item=wanted, changed=(name,), reference=REFERENCE)
            done = await far.target.send(command, person)
            assert done.altered == (), name
            assert done.item == await far.target.fetch_item(kind_of(item), current.id, person)
            assert done.item is not None
            assert done.item.id == current.id
            assert same(wanted, done.item)
            current = done.item
        assert same(msgspec.structs.replace(item, **changes), current)
        (row,) = rows(far, kind_of(item))
        text = row.notes if isinstance(item, Appointment) else row.body
        assert text.splitlines()[-1] == f"[tl:{REFERENCE}]"


async def test_an_original_of_the_account_gets_no_reference_line() -> None:
    """Its text is changed, and cleared, as people would."""
    async with account() as far:
        person = await far.person()
        side_of(far).emit({"kind": "task.create", "contact": person, "changes": {"title": "T", "body": "B"}})
        (task,) = await far.target.items("task", person)
        for body in ("C", None):
            wanted = msgspec.structs.replace(task, body=body)
            done = await far.target.send(UpdateItem(item=wanted, changed=("body",)), person)
            assert rows(far, "task")[0].body == body
            assert done.item is not None
            task = done.item


@pytest.mark.parametrize("item", ITEMS, ids=kind_of)
async def test_a_deleted_item_is_gone_and_deleting_it_again_is_no_error(item: Item) -> None:
    async with account() as far:
        person = await far.person()
        made = await far.target.send(CreateItem(item=item, reference=REFERENCE), person)
        for _ in range(2):
            command = DeleteItem(kind=kind_of(item), item_id=str(made.result_id))
            assert (await far.target.send(command, person)).result_id == made.result_id
        with pytest.raises(NotFoundError):
            await far.target.fetch_item(kind_of(item), str(made.result_id), person)
        assert rows(far, kind_of(item)) == []


async def test_a_note_of_ours_about_an_activity_is_found() -> None:
    async with account() as far:
        person = await far.person()
        command = AddNote(body=f"Call\n[tl:{REFERENCE}]", reference=REFERENCE)
        assert await far.target.look_up(command, person) is None
        found = await far.cut(command, person)
        assert found is not None
        (note,) = await far.target.items("note", person)
        assert isinstance(note, Note)
        assert (note.id, note.body) == (found.result_id, "Call")


async def test_what_an_appointment_must_have_is_chosen_and_said() -> None:
    """A title, and an end half an hour later; the account's own zone."""
    async with account() as far:
        person = await far.person()
        bare = Appointment(id="", starts_at=START)
        done = await far.target.send(CreateItem(item=bare, reference=REFERENCE), person)
        assert set(done.altered) == {"title", "ends_at", "timezone"}
        assert same(
            msgspec.structs.replace(
                bare, title="Appointment", ends_at=START + timedelta(minutes=30), timezone="America/Chicago"
            ),
            done.item,
        )


@pytest.mark.parametrize(
    "start",
    [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        datetime(2027, 3, 28, 0, 30, tzinfo=UTC),
        datetime(2027, 3, 28, 1, 30, tzinfo=UTC),
    ],
)
async def test_times_are_right_around_a_change_of_the_clock(start: datetime) -> None:
    async with account() as far:
        person = await far.person()
        visit = msgspec.structs.replace(VISIT, starts_at=start, ends_at=start + timedelta(hours=1))
        done = await far.target.send(CreateItem(item=visit, reference=REFERENCE), person)
        assert same(visit, done.item)
        assert await far.target.items("appointment", person) == [done.item]


COMMANDS: tuple[tuple[Command, str], ...] = (
    (CreateContact(fields={}), "nimbata.contact.create"),
    (UpsertContact(fields={}), "nimbata.contact.create"),
    (UpdateContact(fields={}), "nimbata.contact.update"),
    (DeleteContact(), "nimbata.contact.delete"),
    (AddTags(tags=frozenset()), "nimbata.contact.tags.add"),
    (RemoveTags(tags=frozenset()), "nimbata.contact.tags.remove"),
    (AddNote(body="", reference=""), "nimbata.note.create"),
    *((CreateItem(item=item, reference=""), f"nimbata.{kind_of(item)}.create") for item in ITEMS),
    *((UpdateItem(item=item, changed=()), f"nimbata.{kind_of(item)}.update") for item in ITEMS),
    *((DeleteItem(kind=kind_of(item), item_id=""), f"nimbata.{kind_of(item)}.delete") for item in ITEMS),
)


async def test_what_an_account_lacks_is_said_before_anything_is_sent() -> None:
    """By its mode, its capabilities, or a path that is none; the operation is named."""
    async with account() as far:
        for command, operation in COMMANDS:
            assert far.target.operation_id(command) == operation
            assert far.target.cannot(command) is None
            lacks = f"{operation} is not available on this Nimbata account"
            for settings in (
                {"mode": "derived"}, {"capabilities": {operation: False}},
                {"paths": {operation.removeprefix("nimbata."): None}},
            ):  # fmt: skip
                assert far.other(settings).cannot(command) == lacks
        blind = far.other({"capabilities": {"task.list": False}})
        assert not blind.can_look_up(CreateItem(item=TASK, reference=REFERENCE))
        assert blind.can_look_up(CreateItem(item=NOTE, reference=REFERENCE))
