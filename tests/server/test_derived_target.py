"""An account that knows calls alone, as the place that effects are written to: held against the sandbox's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tieline.connectors import CONNECTORS
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.nimbata.config import build
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
)
from tieline.domain.contact import Contact
from tieline.domain.items import Appointment, Note, Task
from tieline.effects.target import Target
from tieline.errors import ConnectorError, MappingError, NotFoundError, OutcomeUnknown, RejectedError
from tieline.sandbox.app import Options, RunningSide, Sandbox
from tieline.sandbox.faults import Kind, Params, Rule
from tieline.sandbox.nimbata import NimbataSide
from tieline.server.accounts.connections import opened
from tieline.server.targets.derived import DerivedTarget
from tieline.server.targets.latest_calls import DAYS
from tieline.store.directory import Credential, Directory
from tieline.store.pool import Store
from tieline.testing.builders import add_connection
from tieline.vault.seal import Vault

PHONE = "+12015550123"
START = datetime(2026, 9, 4, 14, tzinfo=UTC)
TASK = CreateItem(item=Task(id="", title="Call back", body="a quote", due_at=START), reference="r1")


@dataclass
class Account:
    """The account, and what carries commands to it."""

    side: RunningSide
    target: DerivedTarget
    project: str

    @property
    def person(self) -> str:
        """Whoever has the phone."""
        return f"drv:{self.project}:{PHONE}"

    def ring(self, **more: Any) -> str:
        """A call of theirs; its id."""
        side = self.side.side
        assert isinstance(side, NimbataSide)
        (made,) = side.emit({"kind": "call", "caller": PHONE, "tags": [], "value": None, **more})
        return made.activity_id

    def call(self, call_id: str) -> dict[str, Any]:
        """How a call stands there."""
        state: dict[str, Any] = msgspec.to_builtins(self.side.side.state())
        (found,) = [one for one in state["calls"] if one["id"] == call_id]
        return {**found, "tags": list(found["tags"])}

    def comments(self, call_id: str) -> list[str]:
        """What is written on it."""
        return [one["body"] for one in self.call(call_id)["comments"]]

    def asked(self, operation: str) -> int:
        """How often the account was asked for it."""
        return self.side.audit.operations[f"nimbata.{operation}"]

    def fail(self, kind: Kind, operation: str, count: int = 1) -> None:
        """Let the next calls of an operation go wrong."""
        params = Params(retry_after_s=0.1)
        self.side.faults.add([Rule(kind=kind, operation=f"nimbata.{operation}", count=count, params=params)])


@asynccontextmanager
async def account(store: Store, **settings: Any) -> AsyncIterator[Account]:
    """A `derived` account with one project."""
    vault = Vault(bytes(32))
    async with Sandbox.start(Options(locations=1, limits="off", nimbata_mode="derived")) as sandbox:
        told = sandbox.describe()["nimbata"]
        (project,) = told["projects"]
        own = {"mode": "derived", "projects": [project], **settings}
        await add_connection(
            store, vault, name="calls", connector="nimbata", base_url=told["base_url"], account=told["account"],
            credential=Credential(token=told["token"]), settings={"limits": "off", "settle_s": 0.2, **own},
        )  # fmt: skip
        directory = Directory(store, vault)
        await directory.load()
        stored = directory.connection("calls")
        assert stored is not None
        async with Gateway.open(CONNECTORS) as gateway:
            target = DerivedTarget(store, gateway, opened(stored), build(own), project=project, country="US")
            yield Account(sandbox.nimbata, target, project)


async def test_it_is_a_target(store: Store) -> None:
    """All that effects need of a side is there."""
    async with account(store) as it:
        target: Target = it.target
        assert target.side == "nimbata"
        assert target.forbids_duplicates
        assert [name for name in ("first_name", "value", "phone", "custom.x") if target.holds(name)] == [
            "first_name",
            "value",
        ]
        assert target.identify(Contact(id="c", phone=PHONE, email="jane@example.com")) == it.person
        by_email = target.identify(Contact(id="c", email="jane@example.com"))
        assert by_email == f"drv:{it.project}:jane@example.com"
        assert target.identify(Contact(id="c")) is None


async def test_a_task_is_a_row_a_comment_and_a_tag_on_the_latest_call(store: Store) -> None:
    """The comment ends with the reference line; the row is what is read back."""
    async with account(store) as it:
        older, latest = it.ring(at="2026-01-01T00:00:00Z"), it.ring()
        done = await it.target.send(TASK, it.person)
        assert done.result_id is not None
        assert it.comments(latest) == ["[task] Call back\ndue 2026-09-04 14:00 UTC\na quote\n[tl:r1]"]
        assert it.call(latest)["tags"] == ["tieline task"]
        assert it.comments(older) == []
        read = await it.target.fetch_item("task", done.result_id, it.person)
        assert read == done.item
        assert read == Task(
            id=done.result_id, title="Call back", body="a quote", due_at=START, updated_at=read.updated_at
        )
        assert await it.target.items("task", it.person) == [read]
        assert await it.target.items("note", it.person) == []


async def test_an_appointment_shows_the_time_at_which_people_see_it(store: Store) -> None:
    """In its own zone, with its status."""
    async with account(store) as it:
        call = it.ring()
        visit = Appointment(
            id="", title="Site visit", starts_at=START, ends_at=START + timedelta(hours=1), status="confirmed",
            timezone="America/Chicago", location="1 Main St",
        )  # fmt: skip
        await it.target.send(CreateItem(item=visit, reference="r2"), it.person)
        (comment,) = it.comments(call)
        assert comment.splitlines() == [
            "[appointment] Site visit",
            "2026-09-04 09:00 America/Chicago until 2026-09-04 10:00 America/Chicago",
            "status: confirmed", "at 1 Main St", "[tl:r2]",
        ]  # fmt: skip
        assert it.call(call)["tags"] == ["tieline appointment"]


async def test_a_note_is_a_comment_and_a_row_without_a_tag(store: Store) -> None:
    """Its words as they are."""
    async with account(store) as it:
        call = it.ring()
        done = await it.target.send(CreateItem(item=Note(id="", body="Mornings"), reference="r3"), it.person)
        assert it.comments(call) == ["Mornings\n[tl:r3]"]
        assert it.call(call)["tags"] == []
        assert [one.id for one in await it.target.items("note", it.person)] == [done.result_id]


async def test_changes_and_removal_are_told_on_the_call_and_once(store: Store) -> None:
    """Only what is named is written; a repeat changes and writes nothing."""
    async with account(store) as it:
        call = it.ring()
        made = (await it.target.send(TASK, it.person)).item
        assert isinstance(made, Task)
        wanted = msgspec.structs.replace(made, completed=True, title="not named, not written")
        update = UpdateItem(item=wanted, changed=("completed",), reference="r1")
        done = await it.target.send(update, it.person)
        assert isinstance(done.item, Task)
        assert (done.item.title, done.item.completed) == ("Call back", True)
        again = await it.target.send(update, it.person)
        assert again.item == done.item
        remove = DeleteItem(kind="task", item_id=made.id)
        await it.target.send(remove, it.person)
        await it.target.send(remove, it.person)
        told = [one.splitlines()[0] for one in it.comments(call)]
        assert told == ["[task] Call back", "[task] done: Call back", "[task] removed: Call back"]
        with pytest.raises(NotFoundError):
            await it.target.fetch_item("task", made.id, it.person)
        with pytest.raises(NotFoundError):
            await it.target.send(update, it.person)
        never = await it.target.send(DeleteItem(kind="task", item_id="otk_never"), it.person)
        assert never.result_id == "otk_never"


COMMENTED: tuple[Command, ...] = (
    TASK,
    AddNote(body="They called\n[tl:r9]", reference="r9"),
    CreateItem(item=Note(id="", body="Mornings"), reference="r3"),
)


@pytest.mark.parametrize("command", COMMENTED, ids=["task", "call note", "note"])
@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "500"])
async def test_a_comment_with_an_unclear_outcome_is_looked_up(
    store: Store, command: Command, kind: Kind
) -> None:
    """Written: found by its reference line, also beneath a newer call. Not written: absent, and sent again, once."""
    async with account(store) as it:
        call = it.ring()
        it.fail(kind, "call.comment")
        assert not it.target.repeatable(command)
        assert it.target.can_look_up(command)
        assert it.target.settle_s(command) == 0.2
        with pytest.raises(OutcomeUnknown):
            await it.target.send(command, it.person)
        found = await it.target.look_up(command, it.person)
        assert (found is not None) == (kind == "cut_after")
        if found is None:
            await it.target.send(command, it.person, repeat=True)
            found = await it.target.look_up(command, it.person)
        assert found is not None
        assert found.result_id
        assert len(it.comments(call)) == 1
        async with store.transaction() as db:
            rows = await (await db.execute("SELECT count(*) FROM own_item")).fetchone()
        assert rows == (0 if isinstance(command, AddNote) else 1,)


@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
async def test_a_change_whose_comment_was_cut_off_is_told_once(store: Store, kind: Kind) -> None:
    """The row stands already: what is looked up is the comment of that very version."""
    async with account(store) as it:
        call = it.ring()
        made = (await it.target.send(TASK, it.person)).item
        assert isinstance(made, Task)
        update = UpdateItem(item=msgspec.structs.replace(made, completed=True), changed=("completed",))
        assert await it.target.look_up(update, it.person) is None
        it.fail(kind, "call.comment")
        with pytest.raises(OutcomeUnknown):
            await it.target.send(update, it.person)
        if kind == "cut_before":
            assert await it.target.look_up(update, it.person) is None
        else:
            assert await it.target.look_up(update, it.person) is not None
        # Planned anew after a crash, say: nobody remembers that it was a repeat.
        await it.target.send(update, it.person)
        assert [one.splitlines()[0] for one in it.comments(call)] == [
            "[task] Call back",
            "[task] done: Call back",
        ]
        remove = DeleteItem(kind="task", item_id=made.id)
        assert await it.target.look_up(remove, it.person) is None
        it.fail(kind, "call.comment")
        with pytest.raises(OutcomeUnknown):
            await it.target.send(remove, it.person)
        await it.target.send(remove, it.person)
        assert await it.target.look_up(remove, it.person) is not None
        assert len(it.comments(call)) == 3


@pytest.mark.parametrize("operation", ["call.list", "call.tag", "call.comment"])
async def test_what_surely_failed_is_simply_sent_again(store: Store, operation: str) -> None:
    """One row, one comment, whichever of the calls it was."""
    async with account(store) as it:
        call = it.ring()
        it.fail("429", operation)
        with pytest.raises(ConnectorError) as refused:
            await it.target.send(TASK, it.person)
        assert not isinstance(refused.value, OutcomeUnknown | RejectedError)
        await it.target.send(TASK, it.person, repeat=True)
        assert len(it.comments(call)) == 1
        assert len(await it.target.items("task", it.person)) == 1


async def test_without_a_call_the_row_alone_is_kept(store: Store) -> None:
    """Somebody who never called, or too long ago, or whom only an e-mail names."""
    async with account(store) as it:
        long_ago = datetime.now(UTC) - timedelta(days=DAYS + 2)
        call = it.ring(at=long_ago.isoformat())
        for person in (it.person, f"drv:{it.project}:jane@example.com"):
            item = CreateItem(item=Task(id="", title="Call back"), reference=f"of {person}")
            done = await it.target.send(item, person)
            assert done.result_id is not None
            assert await it.target.look_up(item, person) is not None
            assert len(await it.target.items("task", person)) == 1
        assert it.comments(call) == []
        with pytest.raises(RejectedError, match="no call of this person"):
            await it.target.send(AddTags(tags=frozenset({"vip"})), it.person)


async def test_name_and_value_are_those_of_the_latest_call(store: Store) -> None:
    """Half a name is joined to the half that stands there; what a call cannot hold is told as not taken."""
    async with account(store) as it:
        call = it.ring(caller_name="Jane Doe")
        done = await it.target.send(UpdateContact(fields={"last_name": "Roe"}), it.person)
        assert it.call(call)["caller_name"] == "Jane Roe"
        assert done.contact is not None
        assert (done.contact.id, done.contact.phone) == (it.person, PHONE)
        assert (done.contact.first_name, done.contact.last_name, done.altered) == ("Jane", "Roe", ())
        done = await it.target.send(
            UpdateContact(fields={"value": "350.00", "email": "jane@example.com"}), it.person
        )
        assert it.call(call)["value"] == 350
        assert it.call(call)["caller_name"] == "Jane Roe"
        assert done.contact is not None
        assert (done.contact.value, done.altered) == ("350", ("email",))
        fields = {"first_name": "Ann", "last_name": None, "value": None}
        done = await it.target.send(UpdateContact(fields=fields), it.person)
        assert (it.call(call)["caller_name"], it.call(call)["value"]) == ("Ann", None)
        assert done.altered == ()
        with pytest.raises(MappingError, match="value"):
            await it.target.send(UpdateContact(fields={"value": "much"}), it.person)


async def test_tags_of_all_calls_are_the_persons_and_a_new_one_goes_on_the_latest(store: Store) -> None:
    """A new call begins without any, which takes none off; our own marks are not among them."""
    async with account(store) as it:
        hour = datetime.now(UTC) - timedelta(hours=1)
        older = it.ring(tags=["Qualified Lead"], caller_name="Jane Doe", value=20.0, at=hour.isoformat())
        latest = it.ring(caller_name=None)
        await it.target.send(TASK, it.person)
        done = await it.target.send(AddTags(tags=frozenset({"vip"})), it.person)
        assert sorted(it.call(latest)["tags"]) == ["tieline task", "vip"]
        assert it.call(older)["tags"] == ["Qualified Lead"]
        assert done.tags == frozenset({"vip", "qualified lead"})
        found = await it.target.fetch(it.person)
        assert found.tags == {"vip", "qualified lead"}
        assert (found.first_name, found.last_name, found.value) == ("Jane", "Doe", "20")


async def test_people_are_found_and_never_made(store: Store) -> None:
    """By a call, or by an item that we keep; whoever is to be created is adopted as they are."""
    async with account(store) as it:
        assert await it.target.find(phone=PHONE, email=None) is None
        adopted = await it.target.send(
            CreateContact(fields={"phone": "+12015550199", "email": "a@b.co"}), None
        )
        assert (adopted.result_id, adopted.adopted) == (f"drv:{it.project}:+12015550199", True)
        named = await it.target.send(CreateContact(fields={"email": "jane@example.com"}), None)
        assert named.result_id == f"drv:{it.project}:jane@example.com"
        assert named.contact is not None
        assert named.contact.email == "jane@example.com"
        with pytest.raises(RejectedError, match="phone or e-mail"):
            await it.target.send(CreateContact(fields={"first_name": "Jane"}), None)
        assert await it.target.find(phone=None, email="jane@example.com") is None
        await it.target.send(TASK, named.result_id)
        found = await it.target.find(phone=PHONE, email="jane@example.com")
        assert found is not None
        assert found.id == named.result_id
        with pytest.raises(NotFoundError):
            await it.target.fetch("nct_8f2")
    async with account(store) as it:
        it.ring(caller_name="Jane Doe")
        found = await it.target.find(phone=PHONE, email=None)
        assert found is not None
        assert (found.id, found.first_name) == (it.person, "Jane")


LACKING: list[tuple[Command, str, str]] = [
    (AddTags(tags=frozenset({"vip"})), "call.tag", "nimbata.call.tag"),
    (AddNote(body="x", reference="r"), "call.comment", "nimbata.call.comment"),
    (UpdateContact(fields={"value": "1"}), "call.update", "nimbata.call.update"),
    (AddTags(tags=frozenset({"vip"})), "call.list", "nimbata.call.list"),
    (UpdateContact(fields={"email": "a@b.co"}), "", "email"),
    (RemoveTags(tags=frozenset({"vip"})), "", "taking tags off"),
    (DeleteContact(), "", "deleting a person"),
]


@pytest.mark.parametrize(("command", "missing", "words"), LACKING)
async def test_what_the_account_lacks_is_named(
    store: Store, command: Command, missing: str, words: str
) -> None:
    """Before anything is planned, and again by whoever sends it all the same: nothing is dropped silently."""
    capabilities = {missing: False} if missing else {}
    async with account(store, capabilities=capabilities) as it:
        it.ring()
        why = it.target.cannot(command)
        assert why is not None
        assert words in why
        assert "not available on this Nimbata account" in why
        with pytest.raises(RejectedError, match="not available"):
            await it.target.send(command, it.person)
        assert it.target.operation_id(command)
        assert it.asked("call.list") == 0


async def test_an_account_without_comments_or_tags_keeps_rows(store: Store) -> None:
    """Then a repeat harms nobody, and the row is found again."""
    async with account(store, capabilities={"call.comment": False, "call.tag": False}) as it:
        call = it.ring()
        assert it.target.cannot(TASK) is None
        assert it.target.repeatable(TASK)
        assert it.target.settle_s(TASK) == 0
        await it.target.send(TASK, it.person)
        await it.target.send(TASK, it.person)
        assert len(await it.target.items("task", it.person)) == 1
        assert (it.comments(call), it.call(call)["tags"]) == ([], [])
        assert await it.target.look_up(TASK, it.person) is not None


async def test_an_account_that_shows_no_single_call_cannot_tell_what_became_of_a_comment(
    store: Store,
) -> None:
    """And says so, so that nobody sends it twice."""
    async with account(store, capabilities={"call.get": False}) as it:
        call = it.ring(caller_name="Jane Doe")
        assert not it.target.can_look_up(TASK)
        await it.target.send(TASK, it.person)
        assert len(it.comments(call)) == 1
        found = await it.target.find(phone=PHONE, email=None)
        assert found is not None
        assert found.first_name == "Jane"


async def test_the_list_of_calls_is_read_once_for_everybody(store: Store) -> None:
    """Whatever is written within the next minute costs no list."""
    async with account(store) as it:
        for number in range(20):
            it.ring(caller=f"+120155501{number:02}")
        await it.target.send(TASK, f"drv:{it.project}:+12015550100")
        first = it.asked("call.list")
        assert first <= DAYS // 7 + 1
        for number in range(1, 20):
            note = CreateItem(item=Note(id="", body="x"), reference=f"n{number}")
            await it.target.send(note, f"drv:{it.project}:+120155501{number:02}")
        assert it.asked("call.list") == first
        assert it.asked("call.comment") == 20
        assert it.asked("call.get") == 0
