"""What is written to put things back, by the rules of the sync."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tieline.domain.side import Side
from tieline.mapping.two_way import Direction, FieldPair, ItemRules, PersonRules, TagRules, TwoWay
from tieline.sync.record_history import Line, Subject, What, rebuild
from tieline.sync.undo import Put, Undoer

BEGAN = datetime(2026, 9, 3, 15, tzinfo=UTC)


def line(
    number: int,
    side: Side,
    what: What = "seen",
    record: str = "r",
    subject: Subject = "contact",
    event: int = 0,
    **fields: Any,
) -> Line:
    """The line of that number, a minute after the one before."""
    return Line(
        id=number, at=BEGAN + timedelta(minutes=number), side=side, what=what, subject=subject, record_id=record,
        event_id=event or number, fields=fields,
    )  # fmt: skip


def rules(direction: Direction = "both", **more: Any) -> TwoWay:
    """First name and tags are kept equal, notes too."""
    pair = FieldPair(nimbata="first_name", contacts_api="first_name", direction=direction)
    return TwoWay(
        person=PersonRules(fields=(pair,), tags=TagRules(direction=direction, ignore=frozenset({"nimbata"}))),
        items={"note": ItemRules(direction=direction, **more)},
    )


#: Ada on both sides, then a change in the CRM that was carried over.
ADA = [
    line(1, "nimbata", first_name="Ada", tags=["vip"]),
    line(2, "contacts_api", "written", first_name="Ada", tags=["nimbata", "vip"]),
    line(3, "contacts_api", first_name="Wrong", tags=["hot"]),
    line(4, "nimbata", "written", event=3, first_name="Wrong", tags=["hot"]),
]


def written(put: Put) -> dict[tuple[str, str], Any]:
    """(side, field) → value."""
    return {(one.side, field.name): field.value for one in put.records for field in one.fields}


def test_one_side_is_written_where_it_was_changed() -> None:
    """The other one gets it from there; a tag that does not travel is put back on its own side."""
    put = Undoer(rules(), ADA).back_to(ADA[1].at)
    assert written(put) == {("contacts_api", "first_name"): "Ada"}
    (record,) = put.records
    assert (sorted(record.add_tags), sorted(record.remove_tags)) == (["nimbata", "vip"], ["hot"])


def test_both_sides_are_written_where_nothing_travels() -> None:
    """Each gets its own value."""
    put = Undoer(rules("off"), ADA).back_to(ADA[1].at)
    assert written(put) == {("contacts_api", "first_name"): "Ada", ("nimbata", "first_name"): "Ada"}


def test_a_field_that_travels_one_way_is_put_back_where_it_comes_from() -> None:
    """Else the next change there would bring it again."""
    lines = [
        line(1, "nimbata", first_name="Ada"),
        line(2, "contacts_api", "written", first_name="Ada"),
        line(3, "nimbata", first_name="Wrong"),
        line(4, "contacts_api", "written", event=3, first_name="Wrong"),
    ]
    put = Undoer(rules("to_contacts_api"), lines).back_from(4)
    assert put is not None
    assert written(put) == {("nimbata", "first_name"): "Ada"}


def test_only_what_the_change_did_to_tags_is_taken_back() -> None:
    """Whatever else came since stays."""
    lines = [*ADA[:3], line(5, "contacts_api", tags=["hot", "late"])]
    put = Undoer(rules(), lines).back_from(3)
    assert put is not None
    (record,) = put.records
    assert (sorted(record.add_tags), sorted(record.remove_tags)) == (["nimbata", "vip"], ["hot"])


def test_what_cannot_be_put_back_is_named() -> None:
    """A person who was not known, a record that is gone, the beginning of one; a number that is none is no change."""
    undoer = Undoer(rules(), ADA)
    early = undoer.back_to(BEGAN)
    assert (early.records, len(early.left)) == ((), 2)
    first = undoer.back_from(1)
    assert first is not None
    assert (first.records, first.left[0].why) == ((), "nothing was known before")
    assert undoer.back_from(99) is None
    gone = Undoer(rules(), [*ADA, line(5, "nimbata", "gone")])
    for put in (gone.back_to(ADA[1].at), gone.back_from(5)):
        assert put is not None
        assert put.records == ()
        assert "not made anew" in put.left[0].why


def test_a_deleted_note_is_made_anew_once() -> None:
    """On one side, and not at all while its copy is still there."""
    lines = [
        line(1, "nimbata", record="n", subject="note", body="Prefers mornings"),
        line(2, "contacts_api", "written", record="c", subject="note", body="Prefers mornings"),
        line(3, "nimbata", "gone", record="n", subject="note"),
    ]
    twins: Any = [("note", {"nimbata": "n", "contacts_api": "c"})]
    put = Undoer(rules(deletes="unlink"), lines, twins).back_to(lines[1].at)
    assert put.items == ()
    assert "copy on the other side is still there" in put.left[0].why
    put = Undoer(
        rules(), [*lines, line(4, "contacts_api", "gone", record="c", subject="note")], twins
    ).back_to(lines[1].at)
    (made,) = put.items
    assert (made.side, made.anew, made.fields[0].value) == ("nimbata", True, "Prefers mornings")


def test_a_record_that_is_linked_anew_begins_anew() -> None:
    """Whichever of both was deleted; what it showed before does not linger."""
    lines = [
        line(1, "nimbata", record="n", first_name="Ada", company="Acme"),
        line(2, "contacts_api", record="c", first_name="Ada", company="Acme"),
        line(3, "nimbata", "gone", record="n"),
    ]
    history = rebuild(lines)
    assert history.record("nimbata") is None
    left = history.record("contacts_api")
    assert left is not None
    assert left.unlinked
    step = history.take(line(4, "contacts_api", record="c", first_name="Ada"))
    again = history.record("contacts_api")
    assert step.first
    assert again is not None
    assert (again.unlinked, again.fields) == (False, {"first_name": "Ada"})
