"""A question is shown with both records, answered once, and whatever waited for the answer is taken up again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.world import World, world
from tieline.domain.contact import Contact
from tieline.errors import ConfigurationError
from tieline.server.access.audit import Wanted, list_entries
from tieline.server.people.conflicts import list_conflicts, settle, show_conflict
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.sync.who.conflict_words import ended_with
from tieline.sync.who.conflicts import Answer, Choose, Conflict, Keep, Merge, Same, key_of, load_answers
from tieline.sync.who.identity import decide
from tieline.testing.conflict_rows import add_conflict, two_records
from tieline.vault.seal import Vault

VAULT = Vault(bytes(32))
ADA = Contact(id="n1", first_name="Ada", last_name="Lovelace", phone="+12015550123", email="ada@example.com")
BY_PHONE = Contact(id="c1", first_name="Ada", phone="+12015550123")
BY_EMAIL = Contact(id="c2", first_name="A.", last_name="Lovelace", email="ada@example.com")
ASKED = two_records(ADA, BY_PHONE, BY_EMAIL)


async def ask(store: Store, conflict: Conflict = ASKED, *, sync: int = 1, person: int = 7) -> int:
    """The question, as a worker leaves it."""
    return await add_conflict(store, VAULT, conflict, sync=sync, person=person)


async def assigned(store: Store) -> list[tuple[Any, ...]]:
    """(event, state, reason, due now, ended) of every assignment."""
    async with store.transaction() as db:
        rows = await db.execute(
            "SELECT event_id, state, reason, COALESCE(due_at <= now(), false), ended_at IS NOT NULL"
            " FROM assignment ORDER BY event_id"
        )
        return await rows.fetchall()


@pytest.fixture
async def lane(store: Store) -> int:
    """A sync's lane, at rest, with assignments of person 7: waiting, ended with the question, and ended well."""
    async with store.transaction() as db:
        made = await (await db.execute("INSERT INTO lane (name) VALUES ('l') RETURNING id")).fetchone()
        assert made is not None
        await db.execute("INSERT INTO consumer (kind, lane_id) VALUES ('sync', %s)", (made[0],))
        asked = ended_with(ASKED)
        for event, state, person, reason in (
            (1, "waiting", 7, asked), (2, "done", 7, asked), (3, "dead", 7, asked), (4, "done", 7, None),
            (5, "dead", 7, "refused by the far side"), (6, "done", 8, asked), (7, "done", 7, "field conflict: company"),
        ):  # fmt: skip
            await db.execute(
                "INSERT INTO assignment (event_id, consumer_id, lane_id, state, person_id, due_at, reason, ended_at)"
                " VALUES (%(event)s, 1, %(lane)s, %(state)s, %(person)s,"
                " CASE WHEN %(state)s = 'waiting' THEN now() + interval '1 day' END, %(reason)s,"
                " CASE WHEN %(state)s <> 'waiting' THEN now() END)",
                {"event": event, "lane": made[0], "state": state, "person": person, "reason": reason},
            )
            await db.execute("INSERT INTO occurrence VALUES (1, %s, %s)", (bytes([event]), event))
    return int(made[0])


async def test_a_question_is_listed_and_shown_with_both_records_and_what_can_be_answered(
    store: Store,
) -> None:
    """Asked twice, it stands once."""
    number = await ask(store)
    assert await ask(store, two_records(ADA, BY_EMAIL, BY_PHONE)) == number
    (listed,) = await list_conflicts(store)
    assert (listed.id, listed.state, listed.reason) == (number, "open", "two_records")
    assert listed.about == "Ada Lovelace / A. Lovelace / Ada"
    shown = await show_conflict(store, number)
    assert shown is not None
    assert shown.answer is None
    assert [one["id"] for one in shown.details.records["contacts_api"]] == ["c2", "c1"]
    assert {"--merge c1", "--merge c2", "--keep"} <= {one.partition(":")[0] for one in shown.options}
    assert await list_conflicts(store, state="settled") == []
    assert await list_conflicts(store, sync="another") == []
    assert await show_conflict(store, number + 1) is None
    assert await settle(store, number + 1, Keep(), "ann") is None


async def test_an_answer_takes_up_what_waited_and_what_ended_with_the_question(
    store: Store, lane: int
) -> None:
    """In one commit, with the lane woken; other people, other questions and other ends stay as they are."""
    number = await ask(store)
    before = await assigned(store)
    settled = await settle(store, number, Merge(record="c1"), "ann")
    assert settled is not None
    assert settled.events == (1, 2, 3)
    after = await assigned(store)
    reason = f"conflict {number} was settled"
    assert after[:3] == [(event, "waiting", reason, True, False) for event in (1, 2, 3)]
    assert after[3:] == before[3:]
    async with store.transaction() as db:
        left = await (await db.execute("SELECT event_id FROM occurrence ORDER BY event_id")).fetchall()
        due = await (await db.execute("SELECT ready_at <= now() FROM lane WHERE id = %s", (lane,))).fetchone()
    # The waiting one has not ended, so nothing says that it happened.
    assert [row[0] for row in left] == [1, 4, 5, 6, 7]
    assert due == (True,)


async def test_the_answer_comes_back_out_of_the_store_as_it_was_meant(store: Store, lane: int) -> None:
    """The next decision needs nobody."""
    await settle(store, await ask(store), Merge(record="c1"), "ann")
    async with store.transaction() as db:
        rows = await (await db.execute(query("load_answers"), {"consumer": 1, "person": 7})).fetchall()
    answers = load_answers([(bytes(row[0]), row[1]) for row in rows])
    assert answers[key_of(ASKED)] == Merge(record="c1")
    decision = decide(ADA, [BY_EMAIL, BY_PHONE], answers=answers)
    assert decision == Same(record=BY_PHONE, leave=frozenset({"email"}), duplicates=(BY_EMAIL,))


async def test_a_choice_that_answers_nothing_changes_nothing(store: Store, lane: int) -> None:
    """It is said what is needed, and the question stays open."""
    number = await ask(store)
    before = await assigned(store)
    for choice in (Merge(record="n1"), Choose(value="nimbata")):
        with pytest.raises(ConfigurationError, match="one of: c1, c2"):
            await settle(store, number, choice, "ann")
    assert await assigned(store) == before
    assert [one.state for one in await list_conflicts(store)] == ["open"]


async def test_an_answer_is_changed_only_by_whoever_says_so(store: Store, lane: int) -> None:
    """Given again it is the same answer; another one needs `change`. Of two at once, one wins and one is told."""
    number = await ask(store)
    both = await asyncio.gather(
        settle(store, number, Keep(), "ann"),
        settle(store, number, Merge(record="c2"), "bob"),
        return_exceptions=True,
    )
    (refused,) = [one for one in both if isinstance(one, ConfigurationError)]
    assert "was settled by" in str(refused)
    shown = await show_conflict(store, number)
    assert shown is not None
    assert shown.answer is not None
    first = shown.answer
    assert await settle(store, number, first.choice, first.by) is not None
    changed = await settle(store, number, Choose(value="c1"), "eve", change=True)
    assert changed is not None
    assert changed.answer == Answer(choice=Choose(value="c1"), by="eve")
    # A worker that asks again meanwhile does not open it.
    await ask(store)
    assert await list_conflicts(store) == []


async def test_an_event_that_ended_with_a_question_is_planned_anew_and_doubles_nothing(store: Store) -> None:
    """The worker takes it up at once; the note that was written for it is not written again."""
    async with world(store, echoes=False) as world_:
        world_.emit(kind="call", caller=ADA.phone, caller_name="Ada Lovelace", outcome="ANSWERED")
        await world_.settled()
        ((event, sync, person, ended),) = await world_.rows(
            "SELECT event_id, consumer_id, person_id, ended_at FROM assignment"
        )
        async with store.transaction() as db:
            await db.execute("UPDATE assignment SET reason = %s", (ended_with(ASKED),))
        number = await ask(store, sync=sync, person=person)
        settled = await _post(world_, number, {"choice": {"type": "choose", "value": "c1"}, "by": "ann"})
        assert settled["events"] == [event]
        await world_.settled()
        ((state, reason, later),) = await world_.rows("SELECT state, reason, ended_at FROM assignment")
        assert state == "done"
        assert reason is None or "conflict" not in reason
        assert later > ended
        (location,) = world_.state()["locations"].values()
        assert (len(location["contacts"]), len(location["notes"])) == (1, 1)


async def test_the_api_lists_shows_and_settles(store: Store) -> None:
    """With plain errors, and only for JSON: a page of another site must not answer for anybody."""
    async with world(store) as world_:
        ((sync,),) = await world_.rows("SELECT id FROM sync")
        number = await ask(store, sync=sync)
        assert [one["id"] for one in await _get(world_, "?sync=sync0")] == [number]
        assert await _get(world_, "?state=settled") == []
        shown = await _get(world_, f"/{number}")
        assert [one["id"] for one in shown["details"]["records"]["contacts_api"]] == ["c1", "c2"]
        assert (await _get(world_, "/999", 404))["detail"] == "there is no conflict 999"
        body = {"choice": {"type": "merge", "record": "c9"}, "by": "ann"}
        assert "one of: c1, c2" in (await _post(world_, number, body, 409))["detail"]
        await _post(world_, number, {"choice": {"type": "merge"}, "by": "ann"}, 400)
        await _post(world_, 999, {"choice": {"type": "keep"}, "by": "ann"}, 404)
        url = f"{world_.url}/api/conflicts/{number}/choice"
        text = '{"choice": {"type": "keep"}, "by": "ann"}'
        async with world_.http.post(url, data=text, headers={"Content-Type": "text/plain"}) as answer:
            assert answer.status == 415
        settled = await _post(world_, number, {"choice": {"type": "keep"}, "by": "ann"})
        assert "never joined" in settled["meaning"]
        assert (await _get(world_, f"/{number}"))["answer"]["by"] == "ann"
        refused = await _post(world_, number, {"choice": {"type": "merge", "record": "c1"}, "by": "bob"}, 409)
        assert "settled by ann" in refused["detail"]
        await _post(
            world_, number, {"choice": {"type": "merge", "record": "c1"}, "by": "bob", "change": True}
        )
        second, first = (await list_entries(store, Wanted(action="conflicts.settle"))).entries
        assert (first.actor_kind, first.subject, first.before) == ("token", str(number), None)
        assert (first.after, second.before) == ({"choice": "keep", "by": "ann"},) * 2
        assert second.after == {"choice": "merge", "by": "bob"}


async def _get(world_: World, path: str, status: int = 200) -> Any:
    async with world_.http.get(f"{world_.url}/api/conflicts{path}") as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def _post(world_: World, number: int, body: dict[str, Any], status: int = 200) -> Any:
    async with world_.http.post(f"{world_.url}/api/conflicts/{number}/choice", json=body) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()
