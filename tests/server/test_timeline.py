"""A person's time line: what is shown, why a field is so, how things stood, and the way back."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from tests.opened import items_of
from tests.server.two_way import TwoWayWorld, both_ways
from tests.world import world
from tieline.domain.contact import ABOUT_THE_RECORD, Contact
from tieline.domain.side import SIDES
from tieline.domain.undo import FieldBack, RecordBack, RecordUndo
from tieline.errors import ConfigurationError
from tieline.sandbox.faults import Rule
from tieline.server.people.history import as_of, load_lines
from tieline.server.people.people import NoSuchPerson, People, Person
from tieline.server.people.timeline import Call, Change, Decision, Told, timeline
from tieline.server.people.undo import Undo, Undoing
from tieline.server.people.undo_events import store_undo
from tieline.server.people.why import why
from tieline.store.pool import Store
from tieline.sync.merge_items import view
from tieline.sync.record_history import item_of, rebuild

ADA = "+12015550123"
ONE_WAY = """\
version: 1
contact:
  create: true
  fields:
    - {to: phone, from: phone, when: empty}
    - {to: first_name, from: first_name, when: empty}
"""


class Watched:
    """Both sides, and what is known of one person."""

    def __init__(self, both: TwoWayWorld) -> None:
        self.both = both
        hub = both.world.hub
        self.people = People(hub.store, hub.directory, hub.vault.digest)

    async def ada(self) -> Person:
        """The person of the tests."""
        return await self.people.one(ADA)

    async def meet(self, **more: Any) -> None:
        """Ada is made at the call-tracking account, and stands on both sides."""
        self.both.world.sandbox.contacts.side.set_quirks({"thin_task_events": False})
        self.both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace", tags=["VIP"], **more)
        await self.both.settled()

    @property
    def contact(self) -> str:
        """Ada's id in the CRM."""
        return str(self.both.crm["contacts"][0]["id"])

    @property
    def account_id(self) -> str:
        """Ada's id at the call-tracking account."""
        return str(self.both.account["contacts"][0]["id"])

    async def now(self) -> datetime:
        """A moment behind everything so far, and before whatever comes."""
        await asyncio.sleep(0.01)
        moment = datetime.now(UTC)
        await asyncio.sleep(0.01)
        return moment

    async def undo(self, **wanted: Any) -> Undo:
        """Carried out, on both sides."""
        done = await Undoing(self.people, await self.ada()).carry_out(**wanted)
        await self.both.settled()
        return done

    async def change_of(self, field: str, side: str) -> int:
        """The last change of a field on a side."""
        (found,) = await why(self.people, await self.ada(), field)
        (number,) = [one.change for one in found.sides if one.side == side]
        assert number is not None
        return number


@pytest.fixture
async def watched(store: Store) -> AsyncIterator[Watched]:
    """Both sides at work."""
    async with both_ways(store) as both:
        yield Watched(both)


async def test_a_person_is_found_by_every_name(watched: Watched) -> None:
    """Phone as it is written there, e-mail in any case, the id of either side, and the number."""
    await watched.meet()
    watched.both.work(kind="contact.update", id=watched.contact, fields={"email": "Ada@Example.com"})
    await watched.both.settled()
    ada = await watched.ada()
    assert (ada.name, [one.sync for one in ada.linked]) == ("Ada Lovelace", ["sync0"])
    for name in (
        "(201) 555-0123",
        "ADA@example.com",
        watched.contact,
        watched.account_id,
        f"person:{ada.id}",
    ):
        assert await watched.people.one(name) == await watched.ada(), name
    for nobody in ("+12015550199", "bob@example.com", "person:999999"):
        with pytest.raises(NoSuchPerson, match="nobody is known"):
            await watched.people.one(nobody)
    with pytest.raises(ConfigurationError, match="no sync named"):
        await watched.people.find(ADA, sync="other")


async def test_the_time_line_tells_event_call_change_and_decision(watched: Watched) -> None:
    """With who told, what was written where, the retries of a call, and what became of the event."""
    await watched.meet()
    watched.both.world.sandbox.contacts.faults.add([Rule(kind="503", operation="contacts.update", count=1)])
    watched.both.emit(kind="contact.update", id=watched.account_id, changes={"company": "Acme"})
    await watched.both.settled()
    page = await timeline(watched.people, await watched.ada(), limit=1000)
    assert page.before is None
    assert [one.at for one in page.entries] == sorted(one.at for one in page.entries)
    (seen,) = [one for one in page.entries if isinstance(one, Change) and one.fields == {"company": "Acme"}
               and one.side == "nimbata"]  # fmt: skip
    about = [one for one in page.entries if one.event == seen.event]
    assert [type(one) for one in about] == [Told, Change, Call, Change, Decision]
    told, _, call, written, decision = about
    assert isinstance(told, Told)
    assert isinstance(call, Call)
    assert isinstance(written, Change)
    assert isinstance(decision, Decision)
    assert (told.source, told.kind, told.connection) == ("webhook", "contact.updated", "calls")
    assert (written.side, written.what, written.fields["company"]) == ("contacts_api", "written", "Acme")
    assert (call.operation, call.state, [one.status for one in call.attempts]) == (
        "contacts.update", "confirmed", [503, 200],
    )  # fmt: skip
    assert all(one.trace_id and one.duration_ms > 0 for one in call.attempts)
    assert decision.words.startswith("carried out")
    # An echo changes nothing, and is told all the same.
    echoes = [one for one in page.entries if isinstance(one, Decision) and one.reason == "echo"]
    assert echoes


async def test_pages_of_a_time_line_join_without_a_gap(watched: Watched) -> None:
    """However many entries a page has."""
    await watched.meet()
    watched.both.emit(kind="call", caller=ADA, caller_name="Ada Lovelace", outcome="ANSWERED")
    await watched.both.settled()
    ada = await watched.ada()
    whole = await timeline(watched.people, ada, limit=1000)
    assert len(whole.entries) > 8
    for limit in (1, 3, len(whole.entries)):
        pages, before = list[Any](), None
        while True:
            page = await timeline(watched.people, ada, before=before, limit=limit)
            assert len(page.entries) <= limit
            pages = [*page.entries, *pages]
            before = page.before
            if before is None:
                break
        assert tuple(pages) == whole.entries
    with pytest.raises(ConfigurationError, match="no place in a time line"):
        await timeline(watched.people, ada, before="yesterday")


async def test_why_a_field_is_so(watched: Watched) -> None:
    """Who told it and when, what it was before, and the rule that let it travel."""
    await watched.meet()
    watched.both.work(kind="contact.update", id=watched.contact, fields={"firstName": "Augusta"})
    await watched.both.settled()
    (found,) = await why(watched.people, await watched.ada(), "first_name")
    assert found.origin == "contacts_api"
    assert "the CRM showed it" in found.words
    assert "written to the call-tracking account" in found.words
    by_side = {one.side: one for one in found.sides}
    for side in SIDES:
        assert (by_side[side].value, by_side[side].before) == ("Augusta", "Ada")
    told = by_side["contacts_api"].told
    assert told is not None
    assert (told.source, told.kind) == ("webhook", "ContactUpdate")
    assert told.received_at is not None
    assert found.rules[0].startswith(
        "person.fields first_name: goes both ways; where both changed, the later"
    )
    (tags,) = await why(watched.people, await watched.ada(), "tags")
    assert {tuple(one.value) for one in tags.sides} == {("vip",)}
    with pytest.raises(ConfigurationError, match="is no field"):
        await why(watched.people, await watched.ada(), "colour")


async def test_a_change_is_undone_on_both_sides_and_the_undo_too(watched: Watched) -> None:
    """One side is written, the merge carries it; nothing goes back and forth."""
    await watched.meet()
    watched.both.emit(
        kind="contact.update", id=watched.account_id, changes={"first_name": "Wrong", "company": "Acme"}
    )
    await watched.both.settled()
    change = await watched.change_of("first_name", "nimbata")
    shown = await Undoing(watched.people, await watched.ada()).preview(change=change)
    assert shown.event is None
    assert {(one.side, one.field, one.before, one.after, one.how) for one in shown.writes} == {
        ("nimbata", "first_name", "Wrong", "Ada", "written"), ("nimbata", "company", "Acme", None, "written"),
        ("contacts_api", "first_name", "Wrong", "Ada", "carried"),
        ("contacts_api", "company", "Acme", None, "carried"),
    }  # fmt: skip
    assert watched.both.people()[0][0]["first"] == "Wrong", "a preview writes nothing"
    assert (await watched.undo(change=change)).event is not None
    (here,), (there,) = watched.both.people()
    assert here == there
    assert (here["first"], here["company"]) == ("Ada", "")
    (found,) = await why(watched.people, await watched.ada(), "first_name")
    assert "put back by hand" in found.words
    await watched.undo(change=await watched.change_of("first_name", "nimbata"))
    (here,), (there,) = watched.both.people()
    assert here == there
    assert (here["first"], here["company"]) == ("Wrong", "Acme")


async def test_everything_goes_back_to_a_moment(watched: Watched) -> None:
    """Fields, tags, a changed note, a deleted task; what was made since is named, and deleted only if forced."""
    await watched.meet()
    task = watched.both.emit(
        kind="task.create", contact=watched.account_id, changes={"title": "Ring back", "assignee": None}
    )
    note = watched.both.emit(
        kind="note.create", contact=watched.account_id, changes={"body": "Prefers mornings"}
    )
    await watched.both.settled()
    before = watched.both.people()[0]
    moment = await watched.now()
    watched.both.work(kind="contact.update", id=watched.contact, fields={"city": "Chicago"})
    watched.both.work(kind="tag.remove", id=watched.contact, tags=["vip"])
    watched.both.work(kind="tag.add", id=watched.contact, tags=["hot"])
    watched.both.emit(kind="note.update", id=note["activity_id"], changes={"body": "Prefers evenings"})
    watched.both.emit(kind="task.delete", id=task["activity_id"])
    await watched.both.settled()
    watched.both.work(kind="task.create", id=watched.contact)
    await watched.both.settled()
    assert watched.both.unequal() == []
    shown = await Undoing(watched.people, await watched.ada()).preview(to=moment)
    assert {one.why for one in shown.left} == {"it was made since; deleted only if forced"}
    await watched.undo(to=moment)
    assert watched.both.unequal() == []
    (ada,), _ = watched.both.people()
    assert (ada["city"], ada["tags"], ada["notes"]) == ("", ["vip"], ["Prefers mornings"])
    assert len(ada["tasks"]) == 2
    # Forced, what was made since goes too: the new task, and what the first undo made anew.
    await watched.undo(to=moment, force=True)
    assert watched.both.unequal() == []
    (ada,), _ = watched.both.people()
    assert {**ada, "tasks": []} == {**before[0], "tasks": []}
    assert len(ada["tasks"]) == 1


async def test_what_somebody_changed_since_is_left_unless_forced(watched: Watched) -> None:
    """Already when it is planned, and also when it happens while the event is on its way."""
    await watched.meet()
    watched.both.emit(
        kind="contact.update", id=watched.account_id, changes={"first_name": "Wrong", "company": "Acme"}
    )
    await watched.both.settled()
    change = await watched.change_of("first_name", "nimbata")
    watched.both.work(kind="contact.update", id=watched.contact, fields={"firstName": "Augusta"})
    await watched.both.settled()
    done = await watched.undo(change=change)
    assert [(one.field, one.why) for one in done.left] == [("first_name", "somebody changed it since")]
    (here,), (there,) = watched.both.people()
    assert here == there
    assert (here["first"], here["company"]) == ("Augusta", "")
    await watched.undo(change=change, force=True)
    (here,), (there,) = watched.both.people()
    assert here == there
    assert here["first"] == "Ada"
    # Nobody tells of this one before the undo is carried out.
    moment = await watched.now()
    watched.both.emit(kind="contact.update", id=watched.account_id, changes={"company": "Acme"})
    await watched.both.settled()
    watched.both.world.sandbox.nimbata.side.set_targets({"url": "http://127.0.0.1:9/nobody"})
    watched.both.emit(kind="contact.update", id=watched.account_id, changes={"company": "Zenith"})
    done = await Undoing(watched.people, await watched.ada()).carry_out(to=moment)
    for _ in range(200):
        rows = await watched.both.world.rows(
            f"SELECT state, reason FROM assignment WHERE event_id = {done.event}"
        )
        if rows[0][0] == "done":
            break
        await asyncio.sleep(0.05)
    assert rows[0][0] == "done"
    assert "left as it is: company" in rows[0][1]
    assert watched.both.account["contacts"][0]["company"] == "Zenith"


async def test_an_undo_survives_calls_that_fail(watched: Watched) -> None:
    """A note that is made anew is made once, though its answer was lost; a busy side is tried again."""
    await watched.meet()
    note = watched.both.emit(
        kind="note.create", contact=watched.account_id, changes={"body": "Prefers mornings"}
    )
    await watched.both.settled()
    moment = await watched.now()
    watched.both.emit(kind="note.delete", id=note["activity_id"])
    watched.both.work(kind="contact.update", id=watched.contact, fields={"firstName": "Wrong"})
    await watched.both.settled()
    for side in (watched.both.world.sandbox.contacts, watched.both.world.sandbox.nimbata):
        side.faults.add(
            [
                Rule(kind="cut_after", operation="notes.create", count=1),
                Rule(kind="503", operation="contacts.update", count=4),
            ]
        )
    done = await watched.undo(to=moment)
    assert watched.both.unequal() == []
    (ada,), _ = watched.both.people()
    assert (ada["first"], ada["notes"]) == ("Ada", ["Prefers mornings"])
    rows = await watched.both.world.rows(f"SELECT state FROM assignment WHERE event_id = {done.event}")
    assert rows == [("done",)]


@pytest.mark.parametrize("definition", [None, ONE_WAY], ids=["derived", "one way"])
async def test_what_a_call_brought_is_explained_and_taken_back(store: Store, definition: str | None) -> None:
    """Where the account has no records of its own, and where the sync goes one way."""
    async with world(store, definition=definition) as running:
        running.emit(kind="call", caller=ADA, caller_name="Ada Lovelace", outcome="ANSWERED")
        await running.settled()
        contact = running.state()["locations"][next(iter(running.location_of.values()))]["contacts"][0]
        people = People(running.hub.store, running.hub.directory, running.hub.vault.digest)
        ada = await people.one(ADA)
        (found,) = await why(people, ada, "first_name")
        assert found.origin is None
        assert found.words.startswith("it was written because of an activity (event")
        assert any(one.startswith("contact.fields first_name: from first_name") for one in found.rules)
        (only,) = [one for one in found.sides if one.side == "contacts_api"]
        assert (only.value, only.what) == ("Ada", "written")
        moment = datetime.now(UTC)
        running.work(
            kind="contact.update",
            id=contact["id"],
            location=contact["locationId"],
            fields={"firstName": "Wrong"},
        )
        await running.settled()
        done = await Undoing(people, ada).carry_out(to=moment)
        assert ("contacts_api", "first_name", "Ada", "written") in {
            (one.side, one.field, one.after, one.how) for one in done.writes
        }
        await running.settled()
        (contact,) = running.state()["locations"][contact["locationId"]]["contacts"]
        assert contact["firstName"] == "Ada"
        # What was foretold of the other side came to be: a derived person's name stands at their calls.
        (now,) = (await as_of(people, ada, datetime.now(UTC))).syncs
        carried = {one.field: one.after for one in done.writes if one.how == "carried"}
        assert carried == ({"first_name": "Ada"} if definition is None else {})
        assert carried.items() <= (now.nimbata.fields if now.nimbata is not None else {}).items()


async def test_an_undo_for_somebody_else_writes_nothing(watched: Watched) -> None:
    """The record's id led to another person when the event's turn came."""
    await watched.meet()
    ada = await watched.ada()
    link = await watched.people.link(ada)
    fields = (FieldBack(name="first_name", value="Bob", expected="Ada"),)
    undo = RecordUndo(
        person=ada.id + 1,
        contact_id=watched.contact,
        records=(RecordBack(side="contacts_api", record_id=watched.contact, fields=fields),),
    )
    async with watched.people.store.transaction() as db:
        event = await store_undo(db, link.sync, undo)
    await watched.both.settled()
    rows = await watched.both.world.rows(f"SELECT state, reason FROM assignment WHERE event_id = {event}")
    assert rows == [("skipped", "this record is another person's by now; nothing was put back")]
    assert watched.both.people()[1][0]["first"] == "Ada"


async def test_records_stand_as_they_did(watched: Watched) -> None:
    """At a moment before anything, between two changes, and after a deletion."""
    early = await watched.now()
    await watched.meet()
    met = await watched.now()
    watched.both.emit(kind="contact.update", id=watched.account_id, changes={"company": "Acme"})
    await watched.both.settled()
    ada = await watched.ada()
    assert (await as_of(watched.people, ada, early)).syncs == ()
    (then,) = (await as_of(watched.people, ada, met)).syncs
    for record in (then.nimbata, then.contacts_api):
        assert record is not None
        assert (record.fields["first_name"], record.fields.get("company")) == ("Ada", None)
    (now,) = (await as_of(watched.people, ada, datetime.now(UTC))).syncs
    assert now.contacts_api is not None
    assert now.contacts_api.fields["company"] == "Acme"
    watched.both.work(kind="contact.delete", id=watched.contact)
    await watched.both.settled()
    assert (await as_of(watched.people, ada, datetime.now(UTC))).syncs == ()
    with pytest.raises(ConfigurationError, match="linked no more"):
        await Undoing(watched.people, ada).preview(to=met)


@pytest.mark.parametrize("seed", range(5))
async def test_the_history_gives_the_stored_snapshots(store: Store, seed: int) -> None:
    """After any run of changes on both sides, with calls that fail on the way."""
    draw = random.Random(seed)
    faults = (
        Rule(kind="cut_after", operation="tasks.create", count=1),
        Rule(kind="503", operation="contacts.update", count=2),
        Rule(kind="cut_after", operation="contacts.update", count=1),
    )
    async with both_ways(store, sandbox={"faults": faults}) as both:
        watched = Watched(both)
        await watched.meet()
        items: list[tuple[str, str]] = []
        for number in range(25):
            _random_change(draw, watched, items, number)
            if draw.random() < 0.3:
                await both.settled()
        await both.settled()
        await _require_snapshots(watched)
        moment = (await timeline(watched.people, await watched.ada(), limit=20)).entries[0].at
        await watched.undo(to=moment, force=draw.random() < 0.5)
        await _require_snapshots(watched)
        assert both.unequal() == []


def _random_change(draw: random.Random, watched: Watched, items: list[tuple[str, str]], number: int) -> None:
    # A change that changes nothing is refused by the account.
    both, word = watched.both, f"word{number}"
    match draw.randrange(8):
        case 0:
            field = draw.choice(("first_name", "last_name", "company"))
            both.emit(kind="contact.update", id=watched.account_id, changes={field: word})
        case 1:
            field = draw.choice(("firstName", "companyName", "city", "website"))
            both.work(kind="contact.update", id=watched.contact, fields={field: word})
        case 2:
            both.work(
                kind=draw.choice(("tag.add", "tag.remove")),
                id=watched.contact,
                tags=[f"word{draw.randrange(number + 1)}"],
            )
        case 3:
            both.emit(kind="contact.update", id=watched.account_id, changes={"tags": ["VIP", word]})
        case 4 | 5:
            kind = draw.choice(("task", "note", "appointment"))
            changes: dict[str, Any] = {"body": word} if kind == "note" else {"title": word}
            if kind == "task":
                changes["assignee"] = None
            made = both.emit(kind=f"{kind}.create", contact=watched.account_id, changes=changes)
            items.append((kind, made["activity_id"]))
        case 6 if items:
            kind, item = draw.choice(items)
            both.emit(kind=f"{kind}.update", id=item, changes={"body" if kind == "note" else "title": word})
        case 7 if items:
            kind, item = items.pop(draw.randrange(len(items)))
            both.emit(kind=f"{kind}.delete", id=item)


async def _require_snapshots(watched: Watched) -> None:
    """What `link` and `item` hold is what the history gives."""
    ada = await watched.ada()
    (link,) = await watched.people.links(ada.id, watched.people.syncs(None))
    async with watched.people.store.transaction() as db:
        rebuilt = rebuild(await load_lines(db, ada.id, link.sync.id))
    items = await items_of(watched.people.store, ada.id)
    for side, record in link.records.items():
        found = rebuilt.record(side)
        assert found is not None
        assert _plain(found.contact()) == _plain(record), side
    for kind, state, *rest in items:
        for number, side in enumerate(SIDES):
            item_id, snapshot = rest[number], rest[number + 2]
            if item_id is None:
                continue
            one = rebuilt.records[side, kind, item_id]
            if state == "gone":
                assert one.gone
                continue
            stored = msgspec.json.decode(snapshot)
            expected = view(item_of(kind, item_id, stored))
            assert view(one.item()) == expected


def _plain(contact: Contact) -> dict[str, Any]:
    return {
        name: value for name, value in msgspec.structs.asdict(contact).items() if name not in ABOUT_THE_RECORD
    }
