"""Our client and what surrounds contacts: lists to their end, refusals that name what is there, tolerant answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from tests.conformance.examples import opportunities as examples
from tests.conformance.ready import Ready, ready
from tieline.connectors.contacts_api.errors import classify
from tieline.connectors.contacts_api.operations import (
    businesses,
    custom_values,
    forms,
    opportunities,
    tags,
    users,
)
from tieline.connectors.contacts_api.shapes_opportunities import Opportunity
from tieline.connectors.kit.answer import Deleted
from tieline.errors import NotFoundError, RejectedError


async def sell(location: Ready, names: Sequence[str]) -> None:
    """An opportunity of each name, which searches see."""
    pipeline = examples.pipeline(location).id
    for name in names:
        given = opportunities.CreateOpportunity(
            contact_id=await location.contact(), pipeline_id=pipeline, name=name
        )
        await location.api.call(opportunities.CREATE, given)
        location.sandbox.contacts.clock.advance(1)
    location.sandbox.contacts.clock.advance(6)


async def test_a_search_for_opportunities_goes_on_behind_its_last_row() -> None:
    """To the end, each once, whatever the size of a page."""
    async with ready() as location:
        names = [f"n{number}" for number in range(7)]
        await sell(location, names)
        for limit in (1, 3, 7, 100):
            asked = opportunities.SearchOpportunities(limit=limit)
            found = [one.name async for one in location.api.each(opportunities.SEARCH, asked)]
            assert found == names[::-1]


async def test_a_second_opportunity_of_a_contact_is_refused_naming_the_first() -> None:
    """So that whoever asked can go on with that one."""
    async with ready() as location:
        asked = await examples.create(location)
        made = await location.api.call(opportunities.CREATE, asked)
        with pytest.raises(RejectedError, match="duplicate opportunity") as refused:
            await location.api.call(opportunities.CREATE, asked)
        assert refused.value.existing_id == made.opportunity.id


async def test_an_opportunity_that_is_gone_counts_as_deleted_and_cannot_be_read() -> None:
    """Though the far side says 400."""
    async with ready() as location:
        which = await examples.opportunity(location)
        assert (await location.api.call(opportunities.DELETE, which)).existed
        gone = await location.api.call(opportunities.DELETE, which)
        assert isinstance(gone, Deleted)
        assert not gone.existed
        with pytest.raises(NotFoundError):
            await location.api.call(opportunities.GET, which)
        with pytest.raises(NotFoundError):
            await location.api.call(businesses.GET, businesses.BusinessId(business_id="nope"))


async def test_an_unknown_user_or_pipeline_in_a_change_is_no_missing_opportunity() -> None:
    """It is the change that is wrong."""
    async with ready() as location:
        which = await examples.opportunity(location)
        changes: tuple[dict[str, Any], ...] = (
            {"assigned_to": "nope"},
            {"pipeline_id": "nope"},
            {"pipeline_stage_id": "nope"},
        )
        for wrong in changes:
            with pytest.raises(RejectedError, match="nope"):
                await location.api.call(
                    opportunities.UPDATE, opportunities.UpdateOpportunity(id=which.id, **wrong)
                )


async def test_an_opportunity_is_read_as_it_was_written() -> None:
    """Value, owner, stage, custom fields and contact."""
    async with ready() as location:
        asked = await examples.create(location)
        made = (await location.api.call(opportunities.CREATE, asked)).opportunity
        got = (
            await location.api.call(opportunities.GET, opportunities.OpportunityId(id=made.id))
        ).opportunity
        assert (got.name, got.monetary_value, got.assigned_to) == (asked.name, 4200.5, location.user)
        assert got.pipeline_stage_id == asked.pipeline_stage_id
        assert got.contact is not None
        assert got.contact.id == asked.contact_id


async def test_form_submissions_are_read_to_their_end() -> None:
    """From the day before, since nobody says whose days they are."""
    async with ready() as location:
        emit: Any = location.sandbox.contacts.side.emit
        sent = [
            done["record"]
            for done in emit({"kind": "form.submit", "location": location.location, "count": 7})
        ]
        asked = forms.ListSubmissions(start_at=datetime.now(UTC).date() - timedelta(days=1), limit=3)
        found = [one.id async for one in location.api.each(forms.LIST_SUBMISSIONS, asked)]
        assert found == sent[::-1]
        none = forms.ListSubmissions(start_at=date(2020, 1, 1), end_at=date(2020, 1, 2))
        assert (await location.api.call(forms.LIST_SUBMISSIONS, none)).submissions == []


async def test_businesses_and_users_are_read_to_their_end() -> None:
    """By `skip`."""
    async with ready() as location:
        for number in range(3):
            await location.api.call(businesses.CREATE, businesses.CreateBusiness(name=f"b{number}"))
        found = [
            one.name async for one in location.api.each(businesses.LIST, businesses.ListBusinesses(limit=2))
        ]
        assert found[-3:] == ["b0", "b1", "b2"]
        assert len(found) == 5
        asked = users.SearchUsers(company_id=location.told["company_id"], limit=1)
        assert [one.first_name async for one in location.api.each(users.SEARCH, asked)] == ["Ana", "Tom"]


async def test_a_tag_comes_back_in_lower_case_and_a_custom_value_as_it_was_written() -> None:
    """Neither loses a letter."""
    async with ready() as location:
        made = await location.api.call(tags.CREATE, tags.CreateTag(name="Möglicher KUNDE"))
        assert made.tag.name == "möglicher kunde"
        (held,) = (await location.api.call(custom_values.LIST, custom_values.LIST.input())).custom_values
        given = custom_values.UpdateCustomValue(id=held.id, name=str(held.name), value="9–17 Uhr ☂")
        assert (await location.api.call(custom_values.UPDATE, given)).custom_value.value == "9–17 Uhr ☂"


def _answer(ids: Sequence[str], *, sort: bool) -> opportunities.OpportunitiesAnswer:
    rows = [{"id": one, **({"sort": [1, one]} if sort else {})} for one in ids]
    return msgspec.convert({"opportunities": rows, "total": len(ids)}, opportunities.OpportunitiesAnswer)


@given(st.integers(1, 100), st.integers(0, 300))
def test_rows_that_do_not_tell_where_to_go_on_are_paged_by_number(limit: int, count: int) -> None:
    """Nothing is lost silently: up to the 10,000 rows that pages reach."""
    paging = opportunities.SEARCH.paging
    assert paging is not None
    ids = [f"o{number}" for number in range(count)]
    asked = opportunities.SearchOpportunities(limit=limit)
    seen: list[str] = []
    at: Any = paging.first(asked)
    while at is not None:
        page = 1 if at.page is UNSET else at.page
        answer = _answer(ids[(page - 1) * limit : page * limit], sort=False)
        seen += [one.id for one in paging.rows(answer)]
        at = paging.following(asked, at, answer)
    assert seen == ids


def test_a_search_ends_where_a_page_points_back_at_itself_and_where_pages_end() -> None:
    """However the far side behaves, it is not read for ever."""
    paging = opportunities.SEARCH.paging
    assert paging is not None
    asked = opportunities.SearchOpportunities(limit=2)
    second: Any = paging.following(asked, asked, _answer(["a", "b"], sort=True))
    assert second.search_after == ["1", "b"]
    assert paging.following(asked, second, _answer(["a", "b"], sort=True)) is None
    assert paging.following(asked, second, _answer([], sort=True)) is None
    last = msgspec.structs.replace(asked, limit=100, page=100)
    assert paging.following(asked, last, _answer([str(n) for n in range(100)], sort=False)) is None


def test_answers_may_lack_everything_but_the_id() -> None:
    """And have what nobody knows, in other types than the specs say."""
    bare = msgspec.convert({"id": "x"}, Opportunity)
    assert (bare.name, bare.search_after) == (None, None)
    odd = {
        "id": "x", "monetaryValue": "500", "contact": {"tags": None}, "customFields": [{"id": "f"}],
        "relations": [{"a": 1}], "sort": [1628008053263, "x"], "followers": None,
    }  # fmt: skip
    read = msgspec.convert(odd, Opportunity)
    assert (read.monetary_value, read.search_after) == ("500", ["1628008053263", "x"])


@pytest.mark.parametrize("meta", [{"existingId": ""}, {"existingId": 7}, [], None, "x"])
def test_a_refusal_that_names_nothing_is_just_a_refusal(meta: Any) -> None:
    """Whatever stands in its place."""
    body = msgspec.json.encode({"statusCode": 400, "message": "no", "meta": meta})
    error = classify(opportunities.CREATE, 400, {}, body)
    assert isinstance(error, RejectedError)
    assert error.existing_id is None
