"""From a call to a contact: what a user sees in the CRM, and what an operator sees of what was left out."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.world import World, world
from tieline.sandbox.faults import Rule
from tieline.server.listing import list_effects, list_events, replay_event, show_effect, show_event
from tieline.store.pool import Store

ADA = "+12015550123"


def contacts(world_: World) -> list[dict[str, Any]]:
    """Of the only location."""
    found: list[dict[str, Any]] = next(iter(world_.state()["locations"].values()))["contacts"]
    return found


def notes(world_: World) -> list[str]:
    """Bodies of the notes there."""
    return [note["body"] for note in next(iter(world_.state()["locations"].values()))["notes"]]


async def test_a_first_call_makes_a_contact_with_tags_and_a_note(store: Store) -> None:
    """The name is split, the tags are there beside ours, the note tells of the call."""
    async with world(store) as world_:
        world_.emit(
            kind="call", caller=ADA, caller_name="Ada Lovelace", outcome="ANSWERED", duration_s=65,
            tags=["Qualified Lead"], source={"source_type": "Google Paid", "source": "google", "medium": "cpc"},
        )  # fmt: skip
        await world_.settled()
        (contact,) = contacts(world_)
        assert (contact["firstName"], contact["lastName"], contact["phone"]) == ("Ada", "Lovelace", ADA)
        assert contact["source"] == "Google Paid"
        assert set(contact["tags"]) == {"nimbata", "qualified lead"}
        (note,) = notes(world_)
        assert "Inbound call, answered" in note
        assert "google / cpc" in note


async def test_a_repeat_caller_costs_one_call_for_the_note_and_no_other(store: Store) -> None:
    """Nothing differs: nothing is written but the note."""
    async with world(store, echoes=False) as world_:
        call = {
            "kind": "call",
            "caller": ADA,
            "caller_name": "Ada Lovelace",
            "outcome": "ANSWERED",
            "tags": ["a"],
        }
        world_.emit(**call)
        await world_.settled()
        before = world_.sandbox.contacts.audit.operations.copy()
        world_.emit(**call)
        world_.emit(**call)
        await world_.settled()
        assert world_.sandbox.contacts.audit.operations - before == {"notes.create": 2}
        assert len(contacts(world_)) == 1


async def test_withheld_blocked_and_senseless_numbers_leave_nothing_but_an_entry(store: Store) -> None:
    """Nothing in the CRM; each can be found with its reason."""
    async with world(store) as world_:
        world_.emit(kind="call", caller="anonymous", outcome="ANSWERED")
        world_.emit(kind="call", caller=ADA, outcome="BLOCKED")
        project = next(iter(world_.location_of))
        data = {"id": "n1", "caller": "12", "outcome": "ANSWERED", "project_id": project}
        body = json.dumps({"id": "e1", "event": "call.completed", "project_id": project, "data": data})
        secret = world_.sandbox.describe()["nimbata"]["webhook_secret"]
        await deliver(world_, body, secret)
        await world_.settled()
        assert contacts(world_) == []
        skipped = await list_events(store, state="skipped")
        assert len(skipped) == 3
        assert all(one.reason for one in skipped)


async def deliver(world_: World, body: str, secret: str) -> None:
    """One signed delivery of ours."""
    import hashlib
    import hmac
    import time

    stamp = str(int(time.time()))
    proof = hmac.new(secret.encode(), f"{stamp}.{body}".encode(), hashlib.sha256).hexdigest()
    headers = {"X-Nimbata-Signature": f"sha256={proof}", "X-Nimbata-Timestamp": stamp}
    async with world_.http.post(
        f"{world_.url}/hooks/nimbata/calls", data=body.encode(), headers=headers
    ) as answer:
        assert answer.status == 200, await answer.text()


async def test_any_script_and_any_length_arrives(store: Store) -> None:
    """Names and notes as they were said, emoji and all."""
    names = ["李小龍", "🧑🏽‍🚒 Zoë Ångström", "أحمد علي", "Łukasz O'Brien-Śmigły"]
    async with world(store) as world_:
        for number, name in enumerate(names):
            world_.emit(kind="call", caller=f"+1201555010{number}", caller_name=name, outcome="ANSWERED")
        world_.emit(kind="sms", caller="+12015550109", body="Ünïcödé 🚒 " * 1000)
        await world_.settled()
        written = " ".join(f"{one.get('firstName')} {one.get('lastName')}" for one in contacts(world_))
        for name in names:
            assert all(word in written for word in name.split()[-1:]), name
        assert any(len(body) > 9_000 for body in notes(world_))


async def test_tags_and_values_given_in_the_crm_are_never_overwritten(store: Store) -> None:
    """Somebody corrects the name and adds a tag; the next call leaves both alone."""
    async with world(store) as world_:
        world_.emit(kind="call", caller=ADA, caller_name="ADA L", outcome="ANSWERED", tags=["first"])
        await world_.settled()
        (contact,) = contacts(world_)
        world_.work(kind="contact.update", id=contact["id"], fields={"firstName": "Augusta"})
        world_.work(kind="tag.add", id=contact["id"], tags=["vip"])
        await world_.settled()
        world_.emit(kind="call", caller=ADA, caller_name="ADA L", outcome="ANSWERED", tags=["second"])
        await world_.settled()
        (contact,) = contacts(world_)
        assert contact["firstName"] == "Augusta"
        assert {"nimbata", "first", "second", "vip"} == set(contact["tags"])


async def test_a_contact_that_was_deleted_in_the_crm_is_made_anew_by_the_next_call(store: Store) -> None:
    """Told by a webhook, and found out by the call itself where none came."""
    async with world(store) as world_:
        for drops in (False, True):
            world_.emit(kind="call", caller=ADA, outcome="ANSWERED")
            await world_.settled()
            (contact,) = contacts(world_)
            if drops:
                world_.sandbox.contacts.faults.add([Rule(kind="drop", operation="ContactDelete", count=1)])
            world_.work(kind="contact.delete", id=contact["id"])
            await world_.settled()
            assert contacts(world_) == []
        world_.emit(kind="call", caller=ADA, outcome="ANSWERED")
        await world_.settled()
        assert len(contacts(world_)) == 1
        assert len(notes(world_)) == 1


async def test_our_own_writes_come_back_as_echoes_and_change_nothing(store: Store) -> None:
    """No ping-pong: no call follows from what the CRM tells us of our own doing."""
    async with world(store) as world_:
        world_.emit(kind="call", count=10, known_share=0.3, outcome="ANSWERED")
        await world_.settled()
        before = world_.sandbox.contacts.audit.effects.copy()
        await asyncio.sleep(0.5)
        await world_.settled()
        assert world_.sandbox.contacts.audit.effects == before
        echoes = [one for one in await list_events(store, limit=500) if one.connection == "crm0"]
        assert echoes
        assert {one.state for one in echoes} <= {"done", "skipped", "duplicate", "stale"}


async def test_a_dead_letter_is_explained_and_can_be_replayed(store: Store) -> None:
    """One verb takes it up again: it is planned anew, and what took effect before is not done twice."""
    async with world(store) as world_:
        world_.emit(kind="call", caller=ADA, outcome="ANSWERED")
        await world_.settled()
        async with store.transaction() as db:
            await db.execute(
                "UPDATE assignment SET state = 'dead', reason = 'for the test' WHERE state = 'done'"
            )
            # As the commit that gives something up leaves it.
            await db.execute(
                "WITH made AS (INSERT INTO cause (key, kind, title, open) VALUES ('k', 'event', 't', 1) RETURNING id)"
                " INSERT INTO failure (cause_id, event_id, consumer_id, occurrence)"
                " SELECT made.id, event_id, consumer_id, occurrence.key"
                " FROM made, assignment JOIN occurrence USING (event_id, consumer_id) WHERE assignment.state = 'dead'"
            )
        (dead,) = [one for one in await list_events(store, state="dead") if one.kind == "call.completed"]
        shown = await show_event(store, dead.id)
        assert shown is not None
        assert shown.body["data"]["caller"] == ADA
        assert {one.operation for one in shown.effects} == {"contacts.create", "notes.create"}
        done = await replay_event(store, world_.hub.directory, dead.id)
        assert done is not None
        assert (done.syncs, done.reason) == (1, None)
        await asyncio.sleep(0.3)
        async with store.transaction() as db:
            row = await (
                await db.execute("SELECT state FROM assignment WHERE event_id = %s", (dead.id,))
            ).fetchone()
        assert row == ("done",)
        assert (len(contacts(world_)), len(notes(world_))) == (1, 1)
        again = await replay_event(store, world_.hub.directory, dead.id)
        assert again is not None
        assert again.reason == "it is not a dead letter"
        assert await replay_event(store, world_.hub.directory, 10**9) is None


async def test_each_effect_tells_what_was_sent_and_how_it_went(store: Store) -> None:
    """With the far side's own id of the exchange, for its support."""
    async with world(store) as world_:
        world_.emit(kind="call", caller=ADA, outcome="ANSWERED")
        await world_.settled()
        listed = await list_effects(store)
        assert {one.operation for one in listed} == {"contacts.create", "notes.create"}
        for one in listed:
            shown = await show_effect(store, one.id)
            assert shown is not None
            assert shown.state == "confirmed"
            (attempt,) = shown.attempts
            assert (attempt.outcome, attempt.status) == ("confirmed", 201)
            assert attempt.trace_id
    assert await show_effect(store, 10**9) is None


async def test_an_event_that_came_before_its_sync_goes_out_when_replayed(store: Store) -> None:
    """Nobody wanted it then; now somebody does."""
    async with world(store) as world_:
        secret = world_.sandbox.describe()["nimbata"]["webhook_secret"]
        data = {"id": "n9", "caller": ADA, "outcome": "ANSWERED", "project_id": "later"}
        body = {"id": "e9", "event": "call.completed", "project_id": "later", "data": data}
        await deliver(world_, json.dumps(body), secret)
        (event,) = await list_events(store, state="unrouted")
        done = await replay_event(store, world_.hub.directory, event.id)
        assert done is not None
        assert done.reason == "there is still no sync that wants it"
        async with store.transaction() as db:
            await db.execute("UPDATE sync SET project = 'later'")
        await world_.hub.directory.load()
        async with store.transaction() as db:
            await db.execute("UPDATE sync SET version = version + 1")
        await world_.hub.directory.load()
        done = await replay_event(store, world_.hub.directory, event.id)
        assert done is not None
        assert done.syncs == 1
        await asyncio.sleep(0.3)
        await world_.settled()
        assert len(contacts(world_)) == 1
