"""What fails is grouped by cause as it happens; one is mended, then the rest, and nothing is done twice."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.world import World, world
from tieline.domain.causes import Failed, field_of, suggestion_of, title_of
from tieline.domain.ids import LaneId, PersonId, SyncId
from tieline.effects.failures import failures_of, write_failures
from tieline.effects.writes import AssignmentRow, AttemptRow, EffectRow, Writes
from tieline.errors import ConfigurationError
from tieline.server.access.audit import Wanted as Entries
from tieline.server.access.audit import list_entries
from tieline.server.trouble.causes import list_causes, show_cause, show_failure
from tieline.server.trouble.connections import list_trouble
from tieline.server.trouble.edits import Edit, edited
from tieline.server.trouble.mend import Mender, Wanted
from tieline.server.trouble.replays import Replays
from tieline.store.pool import Store

ADA = "+12015550123"
BOB = "+12015550124"


def given_up(event: int, reason: str, *, person: int = 7) -> Writes:
    """A turn whose write was refused."""
    return Writes(
        lane_id=LaneId(1), epoch=1,
        effects=[EffectRow(
            id=event, idempotency_key=f"k{event}", consumer_id=SyncId(1), person_id=PersonId(person), event_id=event,
            operation="contacts.create", state="dead", input=b"{}", reason=reason,
        )],
        attempts=[AttemptRow(
            effect_id=event, number=1, started_at=datetime.now(UTC), duration_s=0.1, outcome="rejected", status=400,
            reason=reason,
        )],
        assignments=[AssignmentRow(
            event_id=event, consumer_id=SyncId(1), state="dead", person_id=PersonId(person), reason=reason,
        )],
    )  # fmt: skip


async def test_a_thousand_failures_of_three_causes_are_three_rows(store: Store) -> None:
    """Counted as they happen; a commit that is repeated counts nothing twice."""
    reasons = ("email must be an email: a{n}@x.example", "phone '+1201555{n:04d}' is no phone", "too large")
    batch = [given_up(n, reasons[n % 3].format(n=n), person=n % 10) for n in range(1, 1001)]
    for _ in range(2):
        async with store.transaction() as db:
            await write_failures(db, failures_of(batch))
    causes = await list_causes(store)
    assert sorted((one.open, one.total) for one in causes) == [(333, 333), (333, 333), (334, 334)]
    assert {one.field for one in causes} == {"email", None}
    (about,) = [one for one in causes if one.field == "email"]
    shown = await show_cause(store, about.id, limit=5)
    assert shown is not None
    assert (shown.people, len(shown.failures), shown.status) == (10, 5, 400)
    assert "x.example" not in shown.title


async def _die(world_: World, store: Store, count: int) -> list[int]:
    """Calls that were given up, as a turn leaves them; their failures."""
    for number in range(count):
        world_.emit(kind="call", caller=f"+1201555{number:04d}", outcome="ANSWERED")
    await world_.settled()
    async with store.transaction() as db:
        rows = await db.execute(
            "UPDATE assignment SET state = 'dead', reason = 'for the test' FROM event"
            " WHERE event.id = event_id AND event.kind = 'call.completed' RETURNING event_id, consumer_id"
        )
        dead = await rows.fetchall()
        keys = await db.execute("SELECT event_id, key FROM occurrence")
        happened = {row[0]: bytes(row[1]) for row in await keys.fetchall()}
        writes = Writes(
            lane_id=LaneId(1), epoch=1,
            assignments=[
                AssignmentRow(event_id=row[0], consumer_id=row[1], state="dead", reason="for the test") for row in dead
            ],
            occurrences=[(row[1], happened[row[0]], row[0]) for row in dead],
        )  # fmt: skip
        await write_failures(db, failures_of([writes]))
        found = await db.execute("SELECT id FROM failure ORDER BY id")
        return [row[0] for row in await found.fetchall()]


async def test_one_is_mended_then_the_rest_and_nothing_is_done_twice(store: Store) -> None:
    """With an edit: a copy of the event is carried over instead; without: what took place is not done again."""
    async with world(store) as world_:
        first, *rest = await _die(world_, store, 8)
        mender = Mender(store, world_.hub.directory)
        effects = world_.sandbox.contacts.audit.effects.copy()
        taken = await mender.retry(
            [first], [Edit(path="data.caller", value="+12025550199"), Edit(path="data.id", value="other")]
        )
        assert len(taken.events) == 1
        await world_.settled()
        made = world_.sandbox.contacts.audit.effects - effects
        assert (made["contacts.create"], made["notes.create"]) == (1, 1)
        shown = await show_failure(store, first)
        assert shown is not None
        assert (shown.state, shown.replaced_by) == ("replaced", taken.events[0])
        with pytest.raises(ConfigurationError, match="no failure is open"):
            await mender.retry([first])

        effects = world_.sandbox.contacts.audit.effects.copy()
        replays = Replays(store, mender)
        assert (await replays.preview(Wanted())).failures == len(rest)
        running = await replays.begin(Wanted(), "mended since")
        await replays.control(running.id, "paused")
        assert await replays.step() is False
        await replays.control(running.id, "running")
        await replays.step()
        await world_.settled()
        assert world_.sandbox.contacts.audit.effects == effects
        after = await replays.show(running.id)
        assert after is not None
        assert (after.state, after.taken, after.mended, after.failed) == ("done", 7, 7, 0)
        assert await list_causes(store) == []
        with pytest.raises(ConfigurationError, match="is done"):
            await replays.control(running.id, "aborted")
        with pytest.raises(ConfigurationError, match="nothing is open"):
            await replays.begin(Wanted(), "again")
        actions = [one.action for one in (await list_entries(store, Entries())).entries]
        assert {"errors.retry", "errors.replay"} <= set(actions)


async def test_a_cause_is_ignored_with_a_reason_and_heeded_again(store: Store) -> None:
    """It is not listed meanwhile, and a replay of everything leaves it out."""
    async with world(store) as world_:
        await _die(world_, store, 2)
        (cause,) = await list_causes(store)
        mender = Mender(store, world_.hub.directory)
        assert await mender.ignore(cause.id, "a test of ours") == 2
        assert await list_causes(store) == []
        (listed,) = await list_causes(store, ignored=True)
        assert listed.ignored_reason == "a test of ours"
        assert (await Replays(store, mender).preview(Wanted())).failures == 0
        assert await mender.heed(cause.id)
        assert len(await list_causes(store)) == 1
        assert (await mender.ignore(10**9, "x"), await mender.heed(10**9)) == (None, False)
        actions = [one.action for one in (await list_entries(store, Entries())).entries]
        assert {"errors.ignore", "errors.heed"} <= set(actions)


async def test_trouble_of_a_connection_is_one_object(store: Store) -> None:
    """However much waits for it."""
    async with world(store) as world_:
        async with store.transaction() as db:
            await db.execute(
                "UPDATE lane SET held_until = 'infinity', held_state = 'revoked', held_why = 'refused',"
                " held_since = now() WHERE id IN (SELECT lane_id FROM connection WHERE connector = 'contacts_api')"
            )
        for _ in range(5):
            world_.emit(kind="call", caller=ADA, outcome="ANSWERED")
        (trouble,) = [one for one in await list_trouble(store) if one.connection == "crm0"]
        assert (trouble.state, trouble.next_try_at) == ("revoked", None)
        assert "reconnect" in trouble.next_step


VALUES = st.one_of(
    st.emails(), st.integers(0, 10**12).map(str), st.uuids().map(str), st.datetimes().map(lambda at: at.isoformat()),
    st.from_regex(r"\+1[2-9]\d{9}", fullmatch=True), st.from_regex(r"[A-Za-z0-9]{19}[0-9]", fullmatch=True),
)  # fmt: skip


@example("'@A.ag", "ann@example.com", "refused: {} (id {})")
@example("'0@A.ag", "7", "refused: {} (id {})")
@example("'a`@A.ag", "7", "refused: {} (id {})")
@example("`0`@A.ag", "7", "refused: {} (id {})")
@given(
    VALUES,
    VALUES,
    st.sampled_from(["contact {} is not there", "phone {} is no phone", "refused: {} (id {})"]),
)
def test_messages_that_differ_by_their_values_alone_are_one_cause(one: str, other: str, text: str) -> None:
    """Ids, phones, e-mails and times."""
    count = text.count("{}")
    assert title_of(text.format(*[one] * count)) == title_of(text.format(*[other] * count))
    assert one not in title_of(text.format(*[one] * count)) or len(one) < 2


@pytest.mark.parametrize(
    ("reason", "field"),
    [
        ("email must be an email", "email"), ("property foo should not exist", "foo"),
        ("each value in tags must be a string", "tags"), ("person.phone: no such number", "person.phone"),
        ("it may have been sent; this cannot be looked up", None),
    ],
)  # fmt: skip
def test_the_field_that_is_at_fault_is_named(reason: str, field: str | None) -> None:
    assert field_of(reason) == field
    assert suggestion_of(Failed(kind="effect", reason=reason, outcome="rejected", status=400))


def test_an_edit_says_what_is_not_there() -> None:
    body = b'{"data":{"tags":["a","b"],"email":"x"}}'
    assert edited(body, [Edit(path="data.tags.1", value="c"), Edit(path="data.email", remove=True)]) == (
        b'{"data":{"tags":["a","c"]}}'
    )
    for wrong in (
        Edit(path="data.nobody.x", value=1),
        Edit(path="data.tags.7", value=1),
        Edit(path="x", remove=True),
    ):
        with pytest.raises(ConfigurationError, match=wrong.path.split(".")[-1]):
            edited(body, [wrong])
    with pytest.raises(ConfigurationError, match="not JSON"):
        edited(b"a=b", [Edit(path="a", value=1)])
