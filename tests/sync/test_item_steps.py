"""What becomes of a change of an item before both copies are merged."""

from __future__ import annotations

import pytest

from tieline.domain.items import Note
from tieline.domain.side import SIDES, Side, other
from tieline.mapping.two_way import DIRECTIONS, Direction, ItemRules, travels
from tieline.sync.item_steps import Ignored, copies, ignored, removal


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_copy_is_made_where_there_is_none_and_nowhere_else(side: Side, direction: Direction) -> None:
    """Without the original's id, and only as far as the direction lets it."""
    rules, note = ItemRules(direction=direction), Note(id="n1", body="Rang", version=3)
    made = {other(side): Note(id="", body="Rang")} if travels(direction, other(side)) else {}
    assert copies(rules, {side: note}) == made
    assert copies(rules, {side: note, other(side): note}) == {}
    assert copies(rules, {}) == {}


def test_a_change_is_taken_in_unless_there_is_a_reason() -> None:
    """Known items are heard whichever way they travel: the merge decides about them."""
    both, one_way = ItemRules(), ItemRules(direction="to_nimbata")
    quiet = {"known": False, "gone": False, "removed": False}
    assert ignored(both, "task", "nimbata", **quiet) is None
    assert ignored(None, "task", "nimbata", **quiet) == Ignored("skipped", "tasks are not carried over")
    assert ignored(one_way, "note", "nimbata", **quiet) == Ignored("skipped", "notes do not go to the CRM")
    assert ignored(one_way, "note", "contacts_api", **quiet) is None
    assert ignored(one_way, "note", "nimbata", **{**quiet, "known": True}) is None
    late = ignored(both, "note", "nimbata", known=True, gone=True, removed=False)
    assert late is not None
    assert late.state == "stale"


@pytest.mark.parametrize(("known", "gone"), [(False, False), (True, True)])
def test_a_deletion_of_what_nobody_knows_any_more_is_no_news(known: bool, gone: bool) -> None:
    """Nor is a second one."""
    told = ignored(ItemRules(), "note", "nimbata", known=known, gone=gone, removed=True)
    assert told == Ignored("skipped", "deleted, and not linked")
    assert ignored(ItemRules(), "note", "nimbata", known=True, gone=False, removed=True) is None


def test_a_copy_goes_with_its_original_only_where_there_is_one() -> None:
    """And where the policy and the direction say so."""
    assert removal(ItemRules(), "nimbata", copied=True).delete
    assert removal(ItemRules(), "nimbata", copied=True).reason == (
        "deleted in the call-tracking account, and then in the CRM"
    )
    for rules, copied in (
        (ItemRules(), False),
        (ItemRules(deletes="unlink"), True),
        (ItemRules(direction="to_nimbata"), True),
    ):
        end = removal(rules, "nimbata", copied=copied)
        assert (end.delete, end.reason) == (False, "deleted in the call-tracking account; unlinked")
