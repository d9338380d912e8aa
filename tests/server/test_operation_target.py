"""Any call of the catalogue has the safety that a sync's commands have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from tests.conformance.nimbata_ready import ready as nimbata_ready
from tests.conformance.ready import Ready, ready
from tieline.connectors.contacts_api import CONNECTOR
from tieline.connectors.contacts_api.operations import contacts, messages, notes, opportunities, tags
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.nimbata import CONNECTOR as NIMBATA
from tieline.connectors.nimbata.operations.notes import CREATE_NOTE, CreateNote
from tieline.domain.command import CallOperation
from tieline.domain.ids import ConnectionId, LaneId, PersonId, SyncId
from tieline.effects.decide import SLOW
from tieline.effects.perform import UNTOLD, GivenUp, Later, Performer
from tieline.effects.target import Untold
from tieline.effects.writes import EffectRow, Writes
from tieline.errors import ConfigurationError, RejectedError
from tieline.sandbox.faults import Rule
from tieline.server.targets.operation import OperationTarget, call

OURS = "run-1.step-1"


@asynccontextmanager
async def at(far: Ready, **settings: Any) -> AsyncIterator[OperationTarget]:
    """A target for the location, where a cut-off call settles at once."""
    held = {**far.api.connection.settings, "settle_s": 0.0, **settings}
    async with Gateway.open((CONNECTOR,)) as gateway:
        yield OperationTarget(gateway, msgspec.structs.replace(far.api.connection, settings=held))


def effect(command: CallOperation, **more: Any) -> EffectRow:
    """As it was journalled."""
    return EffectRow(
        **{
            "id": 1, "idempotency_key": "k", "consumer_id": SyncId(1), "person_id": PersonId(1), "event_id": 1,
            "operation": command.operation, "state": "intent", "input": msgspec.json.encode(command), **more,
        }
    )  # fmt: skip


def writes() -> Writes:
    return Writes(lane_id=LaneId(1), epoch=1)


async def test_a_call_comes_back_from_the_journal_as_it_was_decided() -> None:
    """With its values, and with the offset of its times."""
    async with ready() as far:
        given = notes.CreateNote(contact_id="c", body="Größe: 5\n🙂")
        command = call(notes.CREATE, given, connection=far.api.connection, reference=OURS)
        again = msgspec.json.decode(msgspec.json.encode(command), type=CallOperation)
        assert again == command
        assert msgspec.json.decode(again.input, type=notes.CreateNote) == given


async def test_an_answer_is_handed_on_with_the_id_of_its_record() -> None:
    """Whoever called wants to know what was made."""
    async with ready() as far, at(far) as target:
        command = call(tags.CREATE, tags.CreateTag(name="VIP"), connection=far.api.connection, reference=OURS)
        done = await target.send(command, None)
        assert done.value.tag.name == "vip"
        assert done.result_id == done.value.tag.id


async def test_what_the_catalogue_does_not_know_is_refused_and_never_repeated() -> None:
    """An operation that is gone, and an input of another one; both with words for a person."""
    async with ready() as far, at(far) as target:
        good = call(tags.CREATE, tags.CreateTag(name="VIP"), connection=far.api.connection, reference=OURS)
        gone = msgspec.structs.replace(good, operation="tags.paint")
        odd = msgspec.structs.replace(good, input=msgspec.Raw(b'{"nom": "VIP"}'))
        for command, says in ((gone, "no operation tags.paint"), (odd, "no input of tags.create")):
            with pytest.raises(RejectedError, match=says):
                await target.send(command, None)
            assert not target.repeatable(command)
            assert not target.can_look_up(command)
            with pytest.raises(GivenUp, match=says):
                await Performer(target, writes()).perform(effect(command), command, None)
            with pytest.raises(GivenUp, match="may have been sent"):
                await Performer(target, writes()).resume(effect(command, state="unknown"), command, None)
        with pytest.raises(Untold):
            await target.look_up(gone, None)
        assert far.sandbox.contacts.audit.operations.total() == 0


async def test_a_call_for_another_connection_goes_nowhere() -> None:
    """Whoever mixed them up hears of it before anything was sent."""
    async with ready() as far, at(far) as target:
        ours = call(tags.CREATE, tags.CreateTag(name="VIP"), connection=far.api.connection, reference=OURS)
        command = msgspec.structs.replace(ours, connection=ConnectionId(77))
        with pytest.raises(ConfigurationError, match="connection 77"):
            await target.send(command, None)
        assert far.sandbox.contacts.audit.operations.total() == 0


async def test_an_account_without_the_list_cannot_be_looked_at() -> None:
    """What its settings switch off is not asked for."""
    async with nimbata_ready() as far, Gateway.open((NIMBATA,)) as gateway:
        given = CreateNote(contact_id="c", body="x")
        command = call(CREATE_NOTE, given, connection=far.api.connection, reference=OURS)
        assert OperationTarget(gateway, far.api.connection).can_look_up(command)
        settings = {**far.api.connection.settings, "capabilities": {"nimbata.note.list": False}}
        blind = msgspec.structs.replace(far.api.connection, settings=settings)
        assert not OperationTarget(gateway, blind).can_look_up(command)


async def test_a_refusal_that_names_our_own_record_of_an_earlier_try_is_a_success() -> None:
    """The search lagged behind for longer than it settles: the second try is refused, and names the first."""
    async with ready() as far, at(far) as target:
        given = opportunities.CreateOpportunity(
            contact_id=await far.contact(), pipeline_id=far.state()["pipelines"][0].id, name="New roof"
        )
        command = call(opportunities.CREATE, given, connection=far.api.connection, reference=OURS)
        far.sandbox.contacts.faults.add([Rule(kind="cut_after", operation="opportunities.create", count=1)])
        row, outcomes = effect(command), []
        for _ in range(6):
            said = writes()
            performer = Performer(target, said)
            try:
                go_on = performer.perform if row.state == "intent" else performer.resume
                await go_on(row, command, None)
            except Later:
                if [one.outcome for one in said.attempts][-2:] == ["rejected", "absent"]:
                    far.sandbox.contacts.clock.advance(6)
            row = said.effects[-1]
            outcomes += [one.outcome for one in said.attempts]
            if row.state == "confirmed":
                break
        assert outcomes == ["unknown", "absent", "absent", "rejected", "absent", "adopted"]
        assert far.sandbox.contacts.audit.effects["opportunities.create"] == 1


async def test_what_is_really_refused_says_so_in_the_far_sides_words() -> None:
    """Also where a search is asked twice before that is believed, and where nothing can be looked up."""
    async with ready() as far, at(far) as target:
        bad = opportunities.CreateOpportunity(contact_id="c", pipeline_id="p", name="x" * 5)
        wrong = msgspec.structs.replace(bad, status="abandoned", pipeline_id="")
        command = call(opportunities.CREATE, wrong, connection=far.api.connection, reference=OURS)
        row = effect(command)
        said = writes()
        with pytest.raises(Later):
            await Performer(target, said).perform(row, command, None)
        with pytest.raises(GivenUp) as given_up:
            await Performer(target, said).resume(said.effects[-1], command, None)
        assert "pipelineId" in given_up.value.reason
        assert said.effects[-1].reason == given_up.value.reason
        contact = await far.contact(phone="+15125550177")
        send = messages.SendMessage(type="Email", contact_id=contact)
        text = call(messages.SEND, send, connection=far.api.connection, reference=OURS)
        far.sandbox.contacts.faults.add([Rule(kind="created_422", operation="messages.send")])
        with pytest.raises(GivenUp) as given_up:
            await Performer(target, writes()).perform(effect(text), text, None)
        assert given_up.value.error is not None
        assert str(given_up.value.error) in given_up.value.reason


async def test_an_older_contact_in_the_way_is_left_to_a_person() -> None:
    """Where duplicates are allowed nobody can see whether ours stands behind it."""
    async with ready(allow_duplicates=True) as far, at(far) as target:
        await far.contact(phone="+15125550177", first_name="Bo")
        given = contacts.CreateContact(first_name="Ada", phone="+15125550177")
        command = call(contacts.CREATE, given, connection=far.api.connection, reference=OURS)
        far.sandbox.contacts.faults.add([Rule(kind="cut_after", operation="contacts.create", count=1)])
        said = writes()
        with pytest.raises(GivenUp, match="may have been sent") as given_up:
            await Performer(target, said).perform(effect(command), command, None)
        assert given_up.value.reason.startswith(UNTOLD)
        assert [one.outcome for one in said.attempts] == ["unknown", "unknown"]
        assert far.sandbox.contacts.audit.effects["contacts.create"] == 2


async def test_a_call_that_vanishes_each_time_is_not_sent_for_ever() -> None:
    """The vendor answers 201 to some and stores nothing: after the last turn a person is asked."""
    async with ready() as far, at(far) as target:
        given = notes.CreateNote(contact_id=await far.contact(), body="x")
        command = call(notes.CREATE, given, connection=far.api.connection, reference=OURS)
        far.sandbox.contacts.faults.add([Rule(kind="500", operation="notes.create")])
        row = effect(command)
        for turn in range(1, SLOW.max_attempts + 1):
            said = writes()
            performer = Performer(target, said, turn=turn)
            try:
                go_on = performer.perform if row.state == "intent" else performer.resume
                await go_on(row, command, None)
            except (Later, GivenUp) as stopped:
                row = said.effects[-1]
                if isinstance(stopped, GivenUp):
                    break
        assert row.state == "dead"
        assert "never found" in str(row.reason)
