"""The walk: lost notes, appointments and merges are found within a tenth of the day's calls, and each is told once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.sweeping import ONE_WAY, PEOPLE, bench, looking
from tests.server.two_way import both_ways
from tieline.errors import Unavailable
from tieline.sandbox.faults import Rule
from tieline.server.sweeps.report import sweep_findings, sweep_states
from tieline.server.sweeps.standard_polls import location_polls, walk_poll
from tieline.server.sweeps.sweep import DAILY_CALLS, SHARE
from tieline.server.sweeps.walk import calls_left
from tieline.store.directory import Credential
from tieline.store.pool import Store
from tieline.testing.builders import add_connection
from tieline.vault.seal import Vault


async def test_a_note_whose_webhook_was_lost_is_found_with_its_edits(store: Store) -> None:
    """Nothing delivers webhooks here; a note from before the walk began is history."""
    async with bench(store) as one:
        contact = one.work("contact.create")
        one.work("note.create", id=contact)
        await one.link([contact])
        one.wait(1)
        assert await one.look("walk", every_s=60) == []
        one.wait(6)
        note = one.work("note.create", id=contact, body="Wants an offer")
        ((kind, body),) = await one.look("walk", every_s=60)
        assert (kind, body["id"], body["contactId"]) == ("note.swept", note, contact)
        assert body["body"] == "Wants an offer"
        one.wait(6)
        assert await one.look("walk", every_s=60) == []
        one.work("note.update", id=note, fields={"body": "Wants two"})
        one.wait(6)
        assert [(kind, body["body"]) for kind, body in await one.look("walk")] == [
            ("note.swept", "Wants two")
        ]


async def test_an_appointment_that_was_booked_and_one_that_was_deleted_are_found(store: Store) -> None:
    """The second only after two looks, ten minutes apart; the contact is looked at again by then."""
    async with bench(store) as one:
        contact = one.work("contact.create")
        await one.link([contact])
        await one.look("walk")
        one.wait(6)
        booked = one.work("appointment.create", id=contact)
        ((kind, body),) = await one.look("walk")
        assert (kind, body["id"], body["contactId"]) == ("appointment.swept", booked, contact)
        one.work("appointment.delete", id=booked)
        one.wait(6)
        assert await one.look("walk") == []
        one.wait(11)
        gone = {"id": booked, "contactId": contact}
        assert await one.look("walk") == [("appointment.vanished", gone)]
        one.wait(11)
        assert await one.look("walk") == []


@pytest.mark.parametrize(("stream", "kind"), [("walk", "note"), ("walk", "appointment"), ("task", "task")])
async def test_what_was_made_while_the_first_looks_failed_is_news(
    store: Store, stream: str, kind: str
) -> None:
    """Found by chaos, seed 15: history ends when the account is connected, not with the first look that succeeds."""
    async with bench(store) as one:
        await add_connection(
            store, Vault(bytes(32)), name="new", connector="contacts_api", base_url="http://127.0.0.1:9", account="l2",
            credential=Credential(token="t"), polls=((stream, "", 60.0),),
        )  # fmt: skip
        ((connected,),) = await one.rows("SELECT cursor FROM poll")
        contact = one.work("contact.create")
        await one.link([contact])
        one.cursors["crm", stream] = connected
        one.wait(1)
        one.sandbox.contacts.faults.add([Rule(side="*", kind="503", count=10)])
        with pytest.raises(Unavailable):
            await one.look(stream)
        made = one.work(f"{kind}.create", id=contact)
        one.wait(1)
        one.sandbox.contacts.faults.clear()
        ((told, body),) = await one.look(stream)
        assert (told, body["id"]) == (f"{kind}.swept", made)


@pytest.mark.parametrize("kind", ["note", "appointment"])
async def test_an_item_that_went_before_any_look_goes_in_the_account_after_two(
    store: Store, kind: str
) -> None:
    """A webhook told of it; that of its deletion was lost. One that stays is not told."""
    async with both_ways(store) as both:
        hub = both.world.hub
        both.emit(kind="contact.create", caller="+12015550123", caller_name="Ada Lovelace")
        await both.settled()
        contact = both.crm["contacts"][0]["id"]
        _, goes = (both.work(kind=f"{kind}.create", id=contact)["record"] for _ in range(2))
        await both.settled()
        async with looking(store, hub.vault, both.world.sandbox, hub.directory) as one:
            with both.unheard("contacts_api"):
                both.work(kind=f"{kind}.delete", id=goes)
            await one.events()
            assert await one.look_for_gone("walk", connection="crm0") == []
            one.wait(6)
            assert await one.look_for_gone("walk", connection="crm0") == []
            assert len(both.account[f"{kind}s"]) == 2
            one.wait(11)
            gone = (f"{kind}.vanished", {"id": goes, "contactId": contact})
            assert await one.look_for_gone("walk", connection="crm0") == [gone]
            await both.settled()
            assert both.unequal() == []
            assert len(both.account[f"{kind}s"]) == 1
            await one.events()
            one.wait(11)
            assert await one.look("walk", connection="crm0") == []


@pytest.mark.parametrize("how", ["contact.delete", "contact.merge"])
async def test_a_contact_that_was_deleted_or_merged_away_is_told_once(store: Store, how: str) -> None:
    """Not found by its id, twice, ten minutes apart."""
    async with bench(store) as one:
        stays, goes = one.work("contact.create"), one.work("contact.create", fields={"phone": "+17375550199"})
        one.work("note.create", id=goes)
        await one.link([stays, goes])
        await one.look("walk")
        if how == "contact.merge":
            one.work(how, id=stays, other=goes)
        else:
            one.work(how, id=goes)
        one.wait(6)
        # The notes of a merged contact are the other one's now, and may be news there.
        assert "contact.vanished" not in {kind for kind, _ in await one.look("walk")}
        one.wait(11)
        found = [pair for pair in await one.look("walk") if pair[0] == "contact.vanished"]
        assert found == [("contact.vanished", {"id": goes, "contactId": goes})]
        for _ in range(2):
            one.wait(11)
            assert await one.look("walk") == []


async def test_the_walk_keeps_to_its_share_and_meets_those_first_that_changed_last(store: Store) -> None:
    """2 calls a contact; 20,000 calls a day are 2.3 in ten seconds."""
    async with bench(store) as one:
        contacts = [
            one.work("contact.create", fields={"phone": f"+1737555{number:04}"}) for number in range(5)
        ]
        await one.link(contacts)
        await one.look("walk", every_s=10)
        met = [call.path.split("/")[2] for call in one.sandbox.contacts.audit.calls]
        assert met == [contacts[-1]] * 2
        spent = 0
        for run in range(1, 30):
            one.wait(0.1)
            await one.look("walk", every_s=6)
            spent = one.calls("notes.list", "contacts.list_appointments")
            assert spent <= 2.4 + run * 6 * SHARE * DAILY_CALLS / 86_400 + 2
        # Everybody once, and nobody again before the round's five minutes are over.
        assert spent == 10
        walked = {call.path.split("/")[2] for call in one.sandbox.contacts.audit.calls}
        assert walked == set(contacts)


async def test_a_run_that_fails_goes_on_after_those_it_has_met(store: Store) -> None:
    """The cursor stays; what was spent is owed, so that failures do not cost the account more than its share."""
    vault = Vault(bytes(32))
    failing = False

    def digest(kind: str, value: str) -> bytes:
        nonlocal failing
        if failing and kind == "swept":
            # The first contact's note has come: the next call fails.
            failing = False
            one.sandbox.contacts.faults.add([Rule(kind="503", operation="notes.list", count=1)])
        return vault.digest(kind, value)

    async with bench(store, definition=f"{PEOPLE}notes: {{}}\n", digest=digest) as one:
        contacts = [
            one.work("contact.create", fields={"phone": f"+1737555{number:04}"}) for number in range(3)
        ]
        await one.link(contacts)
        await one.look("walk")
        one.wait(6)
        notes = [one.work("note.create", id=contact) for contact in contacts]
        before, failing = one.cursors["crm", "walk"], True
        with pytest.raises(Unavailable):
            await one.look("walk")
        assert one.cursors["crm", "walk"] == before
        ((_, first),) = await one.events()
        assert first["id"] == notes[-1]
        told = await one.look("walk")
        assert {body["id"] for _, body in told} == set(notes[:-1])
        after = one.cursors["crm", "walk"]
        waited = datetime.fromisoformat(after["at"]) - datetime.fromisoformat(before["at"])
        come = waited.total_seconds() * SHARE * DAILY_CALLS / 86_400
        # One note and a failure, then the other two.
        assert after["left"] == pytest.approx(before["left"] + come - 4)
        for _ in range(3):
            one.wait(6)
            assert await one.look("walk") == []


async def test_a_contact_that_cannot_be_asked_for_does_not_stop_the_walk(store: Store) -> None:
    """An id that fits into no path; whoever comes after it is met, and it is not told as gone."""
    async with bench(store) as one:
        contact = one.work("contact.create")
        await one.link([contact, ""])
        await one.look("walk")
        one.wait(6)
        note = one.work("note.create", id=contact)
        assert [body["id"] for _, body in await one.look("walk")] == [note]
        one.wait(11)
        assert await one.look("walk") == []
        assert await one.rows(
            "SELECT count(*) FROM swept WHERE stream = 'contact' AND missed_at IS NOT NULL"
        ) == [(0,)]


async def test_nobody_is_walked_for_a_sync_that_carries_nothing_back(store: Store) -> None:
    """Not one call."""
    async with bench(store, definition=ONE_WAY) as one:
        await one.link([one.work("contact.create")])
        assert await one.look("walk") == []
        assert one.sandbox.contacts.audit.operations == {}


async def test_the_bound_and_how_soon_triggers_fire_are_shown(store: Store) -> None:
    """Contacts by calls of a day; a stream that is not polled finds nothing."""
    async with bench(store) as one:
        await one.link([f"c{number}" for number in range(3000)])
        async with store.transaction() as db:
            await db.execute(
                "INSERT INTO poll (connection_id, lane_id, stream, every_s) SELECT id, lane_id, stream, 300"
                " FROM connection, unnest(ARRAY['contact', 'task', 'walk']) AS stream WHERE name = 'crm'"
            )
        state = {state.connection: state for state in await sweep_states(store, one.directory)}["crm"]
        assert state.walk is not None
        assert (state.walk.linked, state.walk.calls_per_contact) == (3000, 2)
        assert state.walk.bound_s == pytest.approx(3000 * 2 / (SHARE * DAILY_CALLS) * 86_400)
        words = {one.id: one.arrival for one in state.triggers}
        assert words["tasks.updated"] == "checked every 5 min"
        assert words["tasks.created"] == "instant; also checked every 5 min"
        assert words["contacts.merged"] == "checked every 7.2 h"
        assert words["forms.submitted"] == "never: its poll is switched off"
        assert words["opportunities.created"] == "instant"
        (finding,) = await sweep_findings(store, one.directory)
        assert finding.verdict == "ok"
        assert "3,000 linked contacts every 7.2 h" in finding.text


async def test_accounts_that_are_polled_already_are_swept_after_the_migration(store: Store) -> None:
    """And where polls were switched off, they stay off."""
    script = files("tieline.store.migrations.versions").joinpath("0004_sweeps.sql").read_text("utf-8")
    added = script[script.index("INSERT INTO poll") :]
    async with store.transaction() as db:
        await db.execute(
            "INSERT INTO connection (name, connector, base_url, account, lane_id, credential)"
            " SELECT one, product, 'http://x', 'a', lane.id, ''"
            " FROM lane, (VALUES ('crm', 'contacts_api'), ('quiet', 'contacts_api'), ('calls', 'nimbata'),"
            " ('people', 'nimbata'), ('still', 'nimbata')) AS wanted (one, product)"
        )
        await db.execute(
            "UPDATE connection SET settings = '{\"mode\": \"native\"}' WHERE name IN ('people', 'still')"
        )
        await db.execute(
            "INSERT INTO poll (connection_id, lane_id, stream, every_s)"
            " SELECT id, lane_id, 'contact', 60 FROM connection"
            " WHERE name NOT IN ('quiet', 'still')"
        )
        await db.execute(added)
        rows = await db.execute(
            "SELECT name, stream, every_s FROM poll JOIN connection ON connection.id = connection_id"
        )
        found = {(name, stream): every_s for name, stream, every_s in await rows.fetchall()}
    assert found == {
        ("calls", "contact"): 60, ("crm", "contact"): 60, ("people", "contact"): 60,
        ("people", "walk"): walk_poll(300).every_s,
        **{("crm", one.stream): one.every_s for one in location_polls() if one.stream != "contact"},
    }  # fmt: skip


@given(
    st.lists(st.tuples(st.floats(0.0, 90_000.0), st.floats(0.0, 1.0)), max_size=40),
    st.floats(50.0, 1_000_000.0),
)
def test_no_more_is_spent_than_has_come_together(steps: list[tuple[float, float]], per_day: float) -> None:
    """However long the pauses and however much of it is used each time."""
    at = start = datetime(2026, 11, 2, tzinfo=UTC)
    spent = used = calls_left({}, per_day=per_day, every_s=60, cost=2, now=at)
    cursor = {"at": at.isoformat(), "left": 0.0}
    for pause_s, share in steps:
        at += timedelta(seconds=pause_s)
        left = calls_left(cursor, per_day=per_day, every_s=60, cost=2, now=at)
        assert left <= max(per_day / 24, 2.0) + 1e-6
        used = left * share
        spent += used
        cursor = {"at": at.isoformat(), "left": left - used}
    assert spent <= per_day * ((at - start).total_seconds() + 60) / 86_400 * (1 + 1e-6) + 1e-6
