"""The vendor's client and opportunities: every method, and what it gives back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sdk.client import GHLError, Sdk, sdk


async def contact(vendor: Sdk, **fields: Any) -> str:
    """Id of a new contact."""
    made = await vendor.contacts.create_contact(
        {"locationId": vendor.location, "firstName": "Zoë", "lastName": "Ångström", **fields}
    )
    contact_id: str = made["contact"]["id"]
    return contact_id


async def create(vendor: Sdk, **fields: Any) -> dict[str, Any]:
    """A new opportunity in the first pipeline."""
    held = vendor.state()["pipelines"][0]
    given = {
        "locationId": vendor.location, "pipelineId": held.id, "name": "Neues Dach", "status": "open",
        "contactId": fields.pop("contactId", None) or await contact(vendor), **fields,
    }  # fmt: skip
    made: dict[str, Any] = (await vendor.opportunities.create_opportunity(given))["opportunity"]
    return made


async def test_an_opportunity_lives_from_create_to_delete() -> None:
    """Through create, get, update, status and delete."""
    async with sdk() as vendor:
        pipelines = (await vendor.opportunities.get_pipelines(vendor.location))["pipelines"]
        assert [one["name"] for one in pipelines] == ["Sales", "Service"]
        stages = [one["id"] for one in pipelines[0]["stages"]]
        made = await create(vendor, monetaryValue=4200.5, forecastProbability=20)
        assert (made["pipelineStageId"], made["monetaryValue"], made["forecastProbability"]) == (
            stages[0], 4200.5, 20,
        )  # fmt: skip
        changed = await vendor.opportunities.update_opportunity(made["id"], {"pipelineStageId": stages[2]})
        assert changed["opportunity"]["pipelineStageId"] == stages[2]
        reasons = await vendor.opportunities.get_lost_reason(vendor.location, query="answer", limit=1)
        assert (reasons["total"], reasons["lostReasons"][0]["name"]) == (1, "No answer")
        lost = {"status": "lost", "lostReasonId": reasons["lostReasons"][0]["id"]}
        assert (await vendor.opportunities.update_opportunity_status(made["id"], lost))["succeded"] is True
        got = (await vendor.opportunities.get_opportunity(made["id"]))["opportunity"]
        assert (got["status"], got["lostReasonId"], got["contact"]["name"]) == (
            "lost", lost["lostReasonId"], "Zoë Ångström",
        )  # fmt: skip
        assert (await vendor.opportunities.delete_opportunity(made["id"]))["success"] is True
        assert vendor.state()["opportunities"] == []
        with pytest.raises(GHLError):
            await vendor.opportunities.get_opportunity(made["id"])


async def test_an_upsert_makes_one_and_finds_it_again() -> None:
    """By contact and pipeline; the second create is refused."""
    async with sdk() as vendor:
        who, pipeline = await contact(vendor), vendor.state()["pipelines"][0].id
        given = {
            "locationId": vendor.location, "pipelineId": pipeline, "contactId": who, "name": "Dach",
            "followers": [vendor.state()["users"][0]["id"]], "followersActionType": "add",
            "isRemoveAllFollowers": False,
        }  # fmt: skip
        made = await vendor.opportunities.upsert_opportunity(given)
        again = await vendor.opportunities.upsert_opportunity({**given, "status": "won"})
        assert (made["new"], again["new"]) == (True, False)
        assert made["opportunity"]["id"] == again["opportunity"]["id"]
        (held,) = vendor.state()["opportunities"]
        assert (held["status"], held["followers"]) == ("won", given["followers"])
        with pytest.raises(GHLError):
            await create(vendor, contactId=who)


async def test_followers_are_added_and_removed() -> None:
    """One by one, and all at once."""
    async with sdk() as vendor:
        ana, tom = (one["id"] for one in vendor.state()["users"])
        made = await create(vendor)
        added = await vendor.opportunities.add_followers_opportunity(made["id"], {"followers": [ana, tom]})
        assert added["followersAdded"] == [ana, tom]
        gone = await vendor.opportunities.remove_followers_opportunity(made["id"], {"followers": [ana]})
        assert (gone["followers"], gone["followersRemoved"]) == ([tom], [ana])
        every = await vendor.opportunities.remove_followers_opportunity(
            made["id"], {"followers": []}, is_remove_all_followers=True
        )
        assert every["followersRemoved"] == [tom]
        assert vendor.state()["opportunities"][0]["followers"] == []


async def test_both_searches_find_what_is_asked_for() -> None:
    """Some seconds after it was made; each goes on in its own way."""
    async with sdk() as vendor:
        first = await create(vendor, name="Dach")
        vendor.sandbox.contacts.clock.advance(1)
        second = await create(vendor, name="Dachrinne")
        vendor.sandbox.contacts.clock.advance(6)
        found = await vendor.opportunities.search_opportunity(
            vendor.location, q="dach", status="open", contact_id=second["contactId"], get_notes=True
        )
        assert [one["id"] for one in found["opportunities"]] == [second["id"]]
        page = await vendor.opportunities.search_opportunity(vendor.location, limit=1, order="added_asc")
        assert [one["id"] for one in page["opportunities"]] == [first["id"]]
        page = await vendor.opportunities.search_opportunity(
            vendor.location, limit=1, order="added_asc", start_after=str(page["meta"]["startAfter"]),
            start_after_id=page["meta"]["startAfterId"],
        )  # fmt: skip
        assert [one["id"] for one in page["opportunities"]] == [second["id"]]
        details = {"notes": True, "tasks": False, "calendarEvents": False, "unReadConversations": False}
        body = {
            "locationId": vendor.location, "query": "dach", "limit": 1, "page": 1, "searchAfter": [],
            "additionalDetails": details,
        }  # fmt: skip
        rows = await vendor.opportunities.search_opportunities_advanced(body)
        assert (rows["total"], rows["opportunities"][0]["id"]) == (2, second["id"])
        body["searchAfter"] = [str(one) for one in rows["opportunities"][0]["sort"]]
        rows = await vendor.opportunities.search_opportunities_advanced(body)
        assert [one["id"] for one in rows["opportunities"]] == [first["id"]]
