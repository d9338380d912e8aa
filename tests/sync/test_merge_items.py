"""Tasks, notes and appointments of two sides become equal as well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tieline.domain.items import Item, Task
from tieline.domain.side import SIDES, Side
from tieline.mapping.two_way import ItemRules
from tieline.sync.merge import MergeState
from tieline.sync.merge_items import judge_item, merge_item, observe_item, view, wrote_item

START = datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
EDITS = st.lists(
    st.tuples(
        st.sampled_from(SIDES),
        st.one_of(
            st.tuples(st.just("title"), st.sampled_from(["Call", "Write", "📞"])),
            st.tuples(st.just("body"), st.sampled_from([None, "soon", "later\nthan that"])),
            st.tuples(st.just("completed"), st.booleans()),
            st.tuples(st.just("due_at"), st.sampled_from([None, START, START + timedelta(hours=1)])),
        ),
        st.booleans(),
    ),
    max_size=12,
)


def equal(one: Item, other: Item) -> bool:
    """By what people see."""
    return view(one) == view(other)


def bring_equal(state: MergeState, seen: dict[Side, Item]) -> tuple[MergeState, int]:
    """As the turn does: one update a side; gives how many there were."""
    merged = merge_item(ItemRules(), state, seen)
    state = merged.state
    for side, (item, names) in merged.to.items():
        state = observe_item(state, side, seen[side], item, None)
        seen[side] = item
        state = wrote_item(state, names)
    return state, len(merged.to)


@given(EDITS)
def test_two_copies_that_stop_changing_become_equal_and_stay_so(edits: list[tuple[Side, Any, bool]]) -> None:
    """Completed and reopened, moved and moved back, on either side or on both."""
    seen: dict[Side, Item] = {side: Task(id=side, title="Call", due_at=START) for side in SIDES}
    state, now = MergeState(linked=True), START
    for side, (name, value), merge in edits:
        now += timedelta(seconds=1)
        after = msgspec.structs.replace(seen[side], **{name: value})
        state = observe_item(state, side, seen[side], after, now)
        seen[side] = after
        if merge:
            state, writes = bring_equal(state, seen)
            assert writes <= 2
            assert equal(seen["nimbata"], seen["contacts_api"])
    state, _ = bring_equal(state, seen)
    assert equal(seen["nimbata"], seen["contacts_api"])
    state, writes = bring_equal(state, seen)
    assert writes == 0
    assert state.quiet


def test_an_older_telling_is_stale_and_one_without_a_time_is_read() -> None:
    """The CRM tells of no time for tasks."""
    known = Task(id="t", title="Call", updated_at=START)
    older = Task(id="t", title="Write", updated_at=START - timedelta(seconds=1))
    assert judge_item(older, known) == "stale"
    assert judge_item(known, known) == "echo"
    assert judge_item(msgspec.structs.replace(older, updated_at=None), known) == "undecidable"
    assert (
        judge_item(msgspec.structs.replace(older, updated_at=START + timedelta(seconds=1)), known) == "newer"
    )
