"""The stores behind the account's lists, held against the plain way of doing the same."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.sandbox.nimbata.changes import with_tags
from tieline.sandbox.nimbata.contact_book import ContactBook, Duplicate
from tieline.sandbox.nimbata.records import Contact, clock_text, seconds_of
from tieline.sandbox.nimbata.shelf import Shelf

START = datetime(2026, 9, 1, tzinfo=UTC)


class Row(msgspec.Struct, frozen=True):
    """The least that a shelf can hold."""

    id: str
    project_id: str


@given(
    hours=st.lists(st.integers(-60, 60), max_size=40),
    first=st.none() | st.integers(-4, 4),
    last=st.none() | st.integers(-4, 4),
    skip=st.integers(0, 45),
    count=st.integers(1, 20),
)
def test_a_page_is_what_sorting_and_cutting_everything_gives(
    hours: list[int], first: int | None, last: int | None, skip: int, count: int
) -> None:
    """For any moments, days and page; rows of one moment stay in the order of their coming."""
    shelf: Shelf[Row] = Shelf()
    rows = [(START + timedelta(hours=hour), Row(str(place), "p")) for place, hour in enumerate(hours)]
    for at, row in rows:
        shelf.add(row, at)
    shelf.add(Row("other", "q"), START)

    def day(offset: int | None) -> date | None:
        return None if offset is None else (START + timedelta(days=offset)).date()

    low, high = day(first) or date.min, day(last) or date.max
    plain = [row for at, row in sorted(rows, key=lambda pair: pair[0]) if low <= at.date() <= high]
    assert shelf.page("p", day(first), day(last), skip=skip, count=count) == (
        plain[skip : skip + count], len(plain),
    )  # fmt: skip


def _contact(number: int, phone: int | None, email: int | None, at: int, *, deleted: bool) -> Contact:
    moment = START + timedelta(seconds=at)
    return Contact(
        id=f"nct_{number}", project_id="p", phone=None if phone is None else f"+1201555{phone:04}",
        email=None if email is None else f"e{email}@example.com", created_at=START, updated_at=moment,
        deleted_at=moment if deleted else None,
    )  # fmt: skip


_Step = st.builds(
    _contact, st.integers(0, 5), st.none() | st.integers(0, 3), st.none() | st.integers(0, 3), st.integers(0, 9),
    deleted=st.booleans(),
)  # fmt: skip


@given(steps=st.lists(_Step, max_size=40), since=st.none() | st.integers(0, 9))
def test_a_book_is_unique_and_sorted_after_any_changes(steps: list[Contact], since: int | None) -> None:
    """No two live contacts share a key, a refused change leaves everything, and lists equal a sorted dict."""
    book = ContactBook()
    plain: dict[str, Contact] = {}
    for contact in steps:
        others = [one for one in plain.values() if one.id != contact.id and one.deleted_at is None]
        clash = contact.deleted_at is None and any(
            (contact.phone is not None and one.phone == contact.phone)
            or (contact.email is not None and one.email == contact.email)
            for one in others
        )
        if clash:
            with pytest.raises(Duplicate) as caught:
                book.save(contact)
            assert caught.value.existing_id in {one.id for one in others}
        else:
            book.save(contact)
            plain[contact.id] = contact
    moment = None if since is None else START + timedelta(seconds=since)
    order = list(plain)
    for include_deleted in (False, True):
        expected = [
            one
            for one in sorted(plain.values(), key=lambda one: (one.updated_at, order.index(one.id)))
            if (include_deleted or one.deleted_at is None) and (moment is None or one.updated_at >= moment)
        ]
        found = book.page(moment, include_deleted=include_deleted, skip=0, count=100)
        assert found == (expected, len(expected))
    live = {one.id for one in plain.values() if one.deleted_at is None}
    assert len(book) == len(live)
    drawn = {one.id for _ in range(60) if (one := book.any_live("p", Random(_))) is not None}
    assert drawn <= live
    assert bool(drawn) == bool(live)
    for contact in plain.values():
        if contact.phone is not None:
            same = {one.id for one in plain.values() if one.phone == contact.phone}
            assert {one.id for one in book.matching({"phone": contact.phone})} == same


@given(seconds=st.integers(0, 400_000))
def test_a_duration_reads_back_as_it_was_written(seconds: int) -> None:
    """Also beyond a day."""
    assert seconds_of(clock_text(seconds)) == seconds


_Tags = st.lists(st.sampled_from(["A", "a", "B", "ß", "SS", "Ä", "ä"]), max_size=5).map(tuple)


@given(before=_Tags, tags=_Tags)
def test_tags_behave_as_a_set_that_ignores_case(before: tuple[str, ...], tags: tuple[str, ...]) -> None:
    """Adding is a union, removing a difference, both may be repeated without effect."""
    folded = {tag.casefold() for tag in tags}
    added = with_tags(before, tags, add=True)
    assert {tag.casefold() for tag in added} == {tag.casefold() for tag in before} | folded
    assert len(added) == len({tag.casefold() for tag in added})
    assert with_tags(added, tags, add=True) == added
    removed = with_tags(before, tags, add=False)
    assert {tag.casefold() for tag in removed} == {tag.casefold() for tag in before} - folded
    assert with_tags(removed, tags, add=False) == removed
