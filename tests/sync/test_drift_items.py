"""What of a person's items differs, why, and what a reconcile would do about it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tieline.domain.items import Item, Note, Task
from tieline.domain.side import Side
from tieline.mapping.two_way import Direction, ItemRules
from tieline.sync.drift_items import ComparedItems, KnownItem, ListedItem, compare_items
from tieline.sync.merge import Changed, MergeState, refused

AGREED, LATER = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
QUIET = MergeState(linked=True)


def task(side: Side, title: str = "Ring back", **fields: object) -> Item:
    """One side's copy."""
    return Task(id="n1" if side == "nimbata" else "c1", title=title, **fields)  # type: ignore[arg-type]


def both(nimbata: Item, contacts_api: Item) -> dict[Side, Item]:
    """Both copies."""
    return {"nimbata": nimbata, "contacts_api": contacts_api}


def known(seen: dict[Side, Item], merge: MergeState = QUIET, **more: bool) -> KnownItem:
    """As the sync remembers it."""
    return KnownItem(
        ids={side: item.id for side, item in seen.items()}, seen=seen, merge=merge, since=AGREED, **more
    )


def compared(
    items: list[KnownItem],
    now: dict[Side, Item],
    *,
    direction: Direction = "both",
    able: bool = True,
    waiting: bool = False,
    ours: bool = False,
) -> ComparedItems:
    """What differs where each side shows just this."""
    listed: dict[Side, dict[str, ListedItem]] = {"nimbata": {}, "contacts_api": {}}
    for side, item in now.items():
        listed[side][item.id] = ListedItem(item=item, ours=ours, since=LATER)
    rules = ItemRules(direction=direction)
    return compare_items("task", rules, items, listed, lambda side, command: able, waiting=waiting)


def test_equal_copies_differ_in_nothing() -> None:
    """Nor do they where one side has no place for a value, or spaces it otherwise."""
    seen = both(task("nimbata", "Ring  back", assignee="ana@example.com"), task("contacts_api"))
    found = compared([known(seen)], seen)
    assert (found.linked, found.equal, found.agreed, found.differences) == (1, 1, 0, ())


def test_a_value_that_a_side_altered_is_no_drift() -> None:
    """It was agreed as it stands; only that it stands so is counted."""
    seen = both(task("nimbata", "Ring back today"), task("contacts_api", "Ring back tod"))
    found = compared([known(seen)], seen)
    assert (found.linked, found.equal, found.agreed, found.differences) == (1, 1, 1, ())


def test_a_change_that_was_not_told_yet() -> None:
    """Since it was made, where its side tells; else since the two were agreed last."""
    seen = both(task("nimbata"), task("contacts_api"))
    now = both(task("nimbata", "Write", updated_at=LATER), task("contacts_api", completed=True))
    title, done = compared([known(seen)], now).differences
    assert (title.field, title.why, title.repair, title.since) == (
        "title",
        "unheard",
        "write contacts_api",
        LATER,
    )
    assert title.values == {"nimbata": "Write", "contacts_api": "Ring back"}
    assert (done.field, done.why, done.repair, done.since) == (
        "completed",
        "unheard",
        "write nimbata",
        AGREED,
    )


def test_a_change_on_the_side_that_the_rule_does_not_carry_from() -> None:
    """It goes nowhere, nor is it written over."""
    seen = both(task("nimbata"), task("contacts_api"))
    now = both(task("nimbata"), task("contacts_api", "Other"))
    (one,) = compared([known(seen)], now, direction="to_contacts_api").differences
    assert (one.why, one.repair) == ("one_way", "none")


def test_a_change_that_was_refused_and_one_that_is_on_its_way() -> None:
    """The first is not sent again, the second is."""
    now = both(task("nimbata", "Write"), task("contacts_api"))
    open_ = MergeState(linked=True, changed={"nimbata": {"title": Changed("Ring back", LATER)}})
    (one,) = compared([known(now, open_)], now).differences
    assert (one.why, one.repair, one.since) == ("waiting", "write contacts_api", LATER)
    (one,) = compared([known(now, refused(open_, "contacts_api", {"title": "Write"}))], now).differences
    assert (one.why, one.repair) == ("refused", "none")


def test_an_item_of_one_side_alone() -> None:
    """Not told, on its way, or not to be made there; one that carries our mark is no item of anybody's."""
    now: dict[Side, Item] = {"contacts_api": task("contacts_api")}
    (one,) = compared([], now).differences
    assert (one.field, one.only_on, one.why, one.repair) == (
        None,
        "contacts_api",
        "unheard",
        "create nimbata",
    )
    assert one.since == LATER
    half = known(now)
    assert [one.why for one in compared([half], now).differences] == ["waiting"]
    assert [one.why for one in compared([], now, waiting=True).differences] == ["waiting"]
    (one,) = compared([known(now, refused=True)], now).differences
    assert (one.why, one.repair) == ("refused", "create nimbata")
    (one,) = compared([], now, able=False).differences
    assert (one.why, one.repair) == ("refused", "none")
    assert compared([], now, ours=True).differences == ()
    assert compared([], now, direction="to_contacts_api").differences == ()


@pytest.mark.parametrize("left", ["nimbata", "contacts_api", None])
def test_a_linked_item_that_is_gone(left: Side | None) -> None:
    """From one side, or from both; it is mended by nobody but who finds out that it was deleted."""
    seen = both(task("nimbata"), task("contacts_api"))
    now = {left: seen[left]} if left is not None else {}
    (one,) = compared([known(seen)], now).differences
    assert (one.only_on, one.why, one.repair, one.since) == (left, "gone", "none", AGREED)


def test_what_the_rules_left_of_a_deleted_item_is_agreed() -> None:
    """With `deletes: unlink` a copy stays behind."""
    seen = both(task("nimbata"), task("contacts_api"))
    found = compared([known(seen, gone=True)], {"nimbata": seen["nimbata"]})
    assert (found.linked, found.agreed, found.differences) == (0, 1, ())


def test_of_a_long_text_the_beginning_is_told() -> None:
    """A report is no copy of all notes."""
    short: dict[Side, Item] = both(Note(id="n1", body="a"), Note(id="c1", body="a"))
    rules, long = ItemRules(), ListedItem(item=Note(id="n1", body="b" * 5000))
    listed: dict[Side, dict[str, ListedItem]] = {
        "nimbata": {"n1": long},
        "contacts_api": {"c1": ListedItem(item=short["contacts_api"])},
    }
    (one,) = compare_items("note", rules, [known(short)], listed, lambda side, command: True).differences
    assert one.values == {"nimbata": "b" * 200 + "…", "contacts_api": "a"}
