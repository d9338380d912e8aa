"""The vendor's client and what surrounds contacts: businesses, users, campaigns, workflows, forms and surveys."""

from __future__ import annotations

import pytest

from tests.sdk.client import GHLError, sdk
from tests.sdk.test_locations import agency


async def test_a_business_lives_from_create_to_delete() -> None:
    """Its answers keep the vendor's misspelling."""
    async with sdk() as vendor:
        made = await vendor.businesses.create_business(
            {"locationId": vendor.location, "name": "Bäckerei Groß", "city": "Köln"}
        )
        business = made["buiseness"]
        assert (made["success"], business["city"]) == (True, "Köln")
        changed = await vendor.businesses.update_business(business["id"], {"city": "Bonn"})
        assert changed["buiseness"]["city"] == "Bonn"
        got = await vendor.businesses.get_business(business["id"])
        assert got["business"] == changed["buiseness"]
        listed = await vendor.businesses.get_businesses_by_location(vendor.location, limit="1", skip="2")
        assert [one["name"] for one in listed["businesses"]] == ["Bäckerei Groß"]
        assert (await vendor.businesses.delete_business(business["id"]))["success"] is True
        assert business["id"] not in [one["id"] for one in vendor.state()["businesses"]]


async def test_users_are_searched_and_read() -> None:
    """With the company's id."""
    async with sdk() as vendor:
        found = await vendor.users.search_users(
            vendor.told["company_id"], query="berg", location_id=vendor.location, limit="5"
        )
        assert (found["count"], found["users"][0]["firstName"]) == (1, "Tom")
        got = await vendor.users.get_user(found["users"][0]["id"])
        assert got["email"] == found["users"][0]["email"]
        with pytest.raises(GHLError):
            await vendor.users.search_users("nope")


async def test_the_agency_finds_users_by_their_addresses() -> None:
    """And no token of a location does."""
    async with agency() as vendor:
        email = vendor.state()["users"][1]["email"]
        body = {"companyId": vendor.told["company_id"], "emails": email}
        assert [one["email"] for one in (await vendor.users.filter_users_by_email(body))["users"]] == [email]
    async with sdk() as vendor:
        with pytest.raises(GHLError):
            await vendor.users.filter_users_by_email(body)


async def test_campaigns_and_workflows_are_listed() -> None:
    """Whole, with their state."""
    async with sdk() as vendor:
        campaigns = (await vendor.campaigns.get_campaigns(vendor.location, status="draft"))["campaigns"]
        assert [one["name"] for one in campaigns] == ["Newsletter"]
        workflows = (await vendor.workflows.get_workflow(vendor.location))["workflows"]
        assert [one["id"] for one in workflows] == [one.id for one in vendor.state()["workflows"]]
        assert {one["status"] for one in workflows} == {"published", "draft"}


async def test_forms_and_what_was_sent_through_them_are_listed() -> None:
    """Of one form, of some days."""
    async with sdk() as vendor:
        forms = await vendor.forms.get_forms(vendor.location, limit=50)
        assert forms["total"] == 2
        form = forms["forms"][1]["id"]
        done = vendor.emit(
            kind="form.submit", location=vendor.location, id=form, fields={"email": "zoe@example.com"}
        )
        sent = await vendor.forms.get_forms_submissions(
            vendor.location, form_id=form, q="zoe@", page=1, limit=100, start_at="2020-01-01", end_at="2100-01-01"
        )  # fmt: skip
        assert [one["id"] for one in sent["submissions"]] == [done[0]["record"]]
        assert sent["meta"] == {"total": 1, "currentPage": 1, "nextPage": None, "prevPage": None}
        none = await vendor.forms.get_forms_submissions(vendor.location, end_at="2020-01-01")
        assert none["submissions"] == []


async def test_surveys_and_what_was_sent_through_them_are_listed() -> None:
    """As forms are."""
    async with sdk() as vendor:
        surveys = await vendor.surveys.get_surveys(vendor.location)
        survey = surveys["surveys"][0]["id"]
        done = vendor.emit(kind="survey.submit", location=vendor.location, id=survey)
        sent = await vendor.surveys.get_surveys_submissions(vendor.location, survey_id=survey)
        assert [(one["id"], one["surveyId"]) for one in sent["submissions"]] == [(done[0]["record"], survey)]
        assert vendor.state()["contacts"][0]["id"] == sent["submissions"][0]["contactId"]
