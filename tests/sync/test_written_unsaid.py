"""A write of ours that nobody said took place, since the worker ended before: what somebody does after it counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from tieline.domain.contact import Contact, with_fields
from tieline.domain.ids import ConnectionId, LaneId, SyncId
from tieline.domain.items import Task
from tieline.domain.side import SIDES, Side
from tieline.engine.drain import Loaded
from tieline.mapping.two_way import FieldPair, ItemRules, PersonRules
from tieline.server.sweeps.events import swept_change
from tieline.sync.merge import MergeState
from tieline.sync.merge_items import merge_item, observe_item
from tieline.sync.merge_person import Merged, PersonMerger

START = datetime(2026, 1, 1, tzinfo=UTC)
MERGER = PersonMerger(PersonRules(fields=(FieldPair(nimbata="city", contacts_api="city"),)), "US")


class Told:
    """What a turn hears of two linked records that were equal."""

    def __init__(self) -> None:
        self.seen: dict[Side, Contact] = {
            side: Contact(id=side, city="Austin", updated_at=START) for side in SIDES
        }
        self.state = MergeState(linked=True)
        self._now = START

    def hear(self, side: Side, record: Contact) -> None:
        """One event, later than those before."""
        self._now += timedelta(seconds=5)
        record = msgspec.structs.replace(record, updated_at=self._now)
        self.state = MERGER.observe(self.state, side, self.seen[side], record, self._now)
        self.seen[side] = record
        self.state = MERGER.met(self.state, self.seen)

    def merged(self) -> Merged:
        """What follows."""
        return MERGER.merge(self.state, self.seen, dict.fromkeys(SIDES, lambda name: True))


def test_a_tag_that_we_carried_over_and_somebody_then_took_away_goes_on_both_sides() -> None:
    """Found by chaos, seed 3: a worker was frozen between the write and its commit."""
    told = Told()
    plain = told.seen["contacts_api"]
    told.hear("contacts_api", msgspec.structs.replace(plain, tags=frozenset({"vip"})))
    told.hear("nimbata", msgspec.structs.replace(told.seen["nimbata"], tags=frozenset({"vip"})))
    told.hear("contacts_api", msgspec.structs.replace(plain, tags=frozenset()))
    merged = told.merged()
    assert merged.to["contacts_api"].nothing
    assert merged.to["nimbata"].remove_tags == {"vip"}


def test_a_value_that_we_carried_over_and_somebody_then_put_back_goes_back_on_both_sides() -> None:
    """Back at what was agreed is a change, too, and the later one."""
    told = Told()
    for side in ("contacts_api", "nimbata"):
        told.hear(side, with_fields(told.seen[side], {"city": "Boston"}))
    told.hear("contacts_api", with_fields(told.seen["contacts_api"], {"city": "Austin"}))
    merged = told.merged()
    assert merged.to["contacts_api"].nothing
    assert merged.to["nimbata"].fields == {"city": "Austin"}


def test_a_task_that_is_open_again_after_its_copy_was_done_is_open_on_both_sides() -> None:
    """The same of items."""
    seen: dict[Side, Task] = {side: Task(id=side, title="Call back", completed=False) for side in SIDES}
    state = MergeState(linked=True)
    told: list[tuple[Side, bool]] = [("contacts_api", True), ("nimbata", True), ("contacts_api", False)]
    for number, (side, done) in enumerate(told):
        after = msgspec.structs.replace(seen[side], completed=done)
        state = observe_item(state, side, seen[side], after, START + timedelta(seconds=number))
        seen[side] = after
    merged = merge_item(ItemRules(), state, seen)
    assert list(merged.to) == ["nimbata"]
    assert merged.to["nimbata"][1] == ("completed",)


def test_a_note_of_ours_that_a_look_finds_is_known_by_its_mark() -> None:
    """Found by chaos, seed 3: notes about calls went back to the account as notes that somebody had made."""
    for body, mark in (("Inbound call\\n[tl:abc]", "abc"), ("Prefers mornings", None)):
        loaded = Loaded(
            lane_id=LaneId(1), event_id=1, consumer_id=SyncId(1), waited=False, tries=0,
            connection_id=ConnectionId(1), kind="note.swept", project=None,
            body=f'{{"id": "n1", "contactId": "c1", "body": "{body}"}}'.encode(), source="poll",
        )  # fmt: skip
        change = swept_change(loaded, "contacts_api")
        assert change is not None
        assert getattr(change, "reference", "?") == mark
