"""Businesses, users, campaigns and workflows of a location."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.sandbox.crm_door import V3, crm_door

#: What the vendor's example of the event has.
CAMPAIGN_TOLD = {"type", "locationId", "id", "contactId", "status", "templateId", "replied", "dateAdded"}
DELIVERY = {"timestamp", "webhookId", "appId", "versionId"}


def test_a_business_lives_from_create_to_delete_and_nothing_tells_of_it() -> None:
    """Its answer's key is misspelled where it is written, and is not where it is read."""
    with crm_door() as door:
        given = {"locationId": door.location, "name": "Bäckerei Groß", "city": "Köln", "country": "DE"}
        status, answer = door.ask("POST", "/businesses/", given)
        made = answer["buiseness"]
        assert (status, answer["success"], made["name"], made["city"]) == (201, True, "Bäckerei Groß", "Köln")
        assert re.fullmatch("[0-9a-f]{24}", made["id"])
        at = f"/businesses/{made['id']}"
        door.wait(60)
        changed = door.done("PUT", at, {"city": "Bonn"})["buiseness"]
        assert (changed["city"], changed["name"]) == ("Bonn", "Bäckerei Groß")
        assert changed["updatedAt"] > changed["createdAt"]
        assert door.done("GET", at)["business"] == changed
        assert door.refused("PUT", at, {"name": ""}) == (422, ["name should not be empty"])
        assert door.refused("PUT", at, {"locationId": door.location}) == (
            422, ["property locationId should not exist"],
        )  # fmt: skip
        assert door.done("DELETE", at)["success"] is True
        assert door.refused("GET", at) == (400, f"Business with id {made['id']} not found")
        assert door.sent == []


def test_businesses_come_page_by_page_in_the_order_of_their_making() -> None:
    """Two are there from the start; two of the same name are two."""
    with crm_door() as door:
        for _ in range(3):
            door.done("POST", "/businesses/", {"locationId": door.location, "name": "Twin"})

        def names(**query: Any) -> list[str]:
            answer = door.done("GET", "/businesses/", locationId=door.location, **query)
            return [one["name"] for one in answer["businesses"]]

        every = ["Lone Star Property Management", "Müller & Söhne GmbH", "Twin", "Twin", "Twin"]
        assert (names(), names(skip=1, limit=2), names(skip=5)) == (every, every[1:3], [])
        assert door.refused("GET", "/businesses/") == (422, ["locationId should not be empty"])
        assert door.refused("POST", "/businesses/", {"locationId": door.location}) == (
            422, ["name should not be empty"],
        )  # fmt: skip


def test_contacts_can_be_put_into_a_business_and_taken_out() -> None:
    """By the ids that the list shows; a business of another location is unknown."""
    with crm_door() as door:
        business = door.state()["businesses"][0]["id"]
        contact = door.contact()
        given = {"locationId": door.location, "ids": [contact], "businessId": business}
        door.done("POST", "/contacts/bulk/business", given)
        of_business = f"/contacts/business/{business}"
        assert door.done("GET", of_business, locationId=door.location)["count"] == 1
        door.done("POST", "/contacts/bulk/business", {**given, "businessId": None})
        assert door.done("GET", of_business, locationId=door.location)["count"] == 0
        other = door.side.state()["locations"][door.place(1)]["businesses"][0]["id"]
        assert door.ask("POST", "/contacts/bulk/business", {**given, "businessId": other})[0] == 400
        token = door.told["locations"][1]["token"]
        assert door.ask("GET", f"/businesses/{business}", token=token)[0] == 400


def test_users_are_found_only_with_the_id_of_their_company() -> None:
    """Also by a token of one location, which then sees its own people alone."""
    with crm_door() as door:
        company, agency = door.told["company_id"], door.told["token"]

        def names(token: str | None = None, **query: Any) -> list[str]:
            answer = door.done("GET", "/users/search", token=token, companyId=company, **query)
            assert answer["count"] >= len(answer["users"])
            return [one["name"] for one in answer["users"]]

        assert door.refused("GET", "/users/search") == (422, ["companyId should not be empty"])
        assert door.ask("GET", "/users/search", companyId="nope")[0] == 403
        assert names() == ["Ana Silva", "Tom Berg"]
        assert names(agency) == ["Ana Silva", "Ana Silva", "Tom Berg", "Tom Berg"]
        assert names(agency, locationId=door.place(1)) == ["Ana Silva", "Tom Berg"]
        assert (names(role="admin"), names(query="BERG"), names(query="silva@x")) == (
            ["Ana Silva"], ["Tom Berg"], [],
        )  # fmt: skip
        assert names(sortDirection="desc", limit=1) == ["Tom Berg"]
        assert names(skip=1) == ["Tom Berg"]
        assert names(type="agency") == []
        ids = [one["id"] for one in door.state()["users"]]
        assert names(ids=f"{ids[1]},nope") == ["Tom Berg"]


def test_a_user_is_read_by_id_and_listed_by_the_deprecated_path() -> None:
    """Which v3 does not know; a user of another location is unknown."""
    with crm_door() as door:
        ana = door.state()["users"][0]
        assert door.done("GET", f"/users/{ana['id']}") | {"traceId": ""} == {**ana, "traceId": ""}
        other = door.side.state()["locations"][door.place(1)]["users"][0]["id"]
        assert door.ask("GET", f"/users/{other}")[0] == 400
        assert door.done("GET", f"/users/{other}", token=door.told["token"])["id"] == other
        assert len(door.done("GET", "/users/", locationId=door.location)["users"]) == 2
        status, answer = door.ask("GET", "/users/", locationId=door.location, version=V3)
        assert (status, "not available in API version v3" in answer["error"]["message"]) == (400, True)


def test_only_the_agency_finds_users_by_their_addresses() -> None:
    """Whatever their case; numbers are text there."""
    with crm_door() as door:
        emails = [one["email"] for one in door.state()["users"]]
        given = {"companyId": door.told["company_id"], "emails": f"{emails[1].upper()}, nobody@example.com"}
        at = "/users/search/filter-by-email"
        assert door.ask("POST", at, given)[0] == 401
        found = door.done("POST", at, given, token=door.told["token"])
        assert [one["email"] for one in found["users"]] == emails[1:]
        none = door.done("POST", at, {**given, "deleted": True}, token=door.told["token"])
        assert none["users"] == []
        assert door.ask("POST", at, {**given, "limit": "few"}, token=door.told["token"])[0] == 422


def test_a_new_user_is_told_and_can_be_given_work() -> None:
    """One of the agency is told without a location, and works at none."""
    with crm_door() as door:
        made = door.emit("user.create", fields={"firstName": "Jürgen", "lastName": "Groß", "role": "admin"})
        (told,) = door.events()
        assert (told["type"], told["locationId"], told["id"], told["locations"]) == (
            "UserCreate", door.location, made["record"], [door.location],
        )  # fmt: skip
        assert (told["firstName"], told["role"], told["permissions"]["contactsEnabled"]) == (
            "Jürgen", "admin", True,
        )  # fmt: skip
        door.emit("opportunity.create", id=door.contact())
        opportunity = door.state()["opportunities"][0]["id"]
        door.done("PUT", f"/opportunities/{opportunity}", {"assignedTo": made["record"]})
        door.sent.clear()
        boss = door.emit("user.create", fields={"type": "agency"})["record"]
        (told,) = door.events()
        assert (told["companyId"], "locationId" in told) == (door.told["company_id"], False)
        assert door.ask("PUT", f"/opportunities/{opportunity}", {"assignedTo": boss})[0] == 400
        query = {"companyId": door.told["company_id"], "type": "agency", "token": door.told["token"]}
        assert [one["id"] for one in door.done("GET", "/users/search", **query)["users"]] == [boss]


def test_campaigns_and_workflows_are_there_from_the_start_and_take_contacts() -> None:
    """By the ids that the lists show, which have the vendor's forms."""
    with crm_door() as door:
        campaigns = door.done("GET", "/campaigns/", locationId=door.location)["campaigns"]
        assert {one["status"] for one in campaigns} == {"published", "draft"}
        published = door.done("GET", "/campaigns/", locationId=door.location, status="published")
        assert [one["id"] for one in published["campaigns"]] == [
            one["id"] for one in campaigns if one["status"] == "published"
        ]
        workflows = door.done("GET", "/workflows/", locationId=door.location)["workflows"]
        assert {one["status"] for one in workflows} == {"published", "draft"}
        assert all(re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one["id"]) for one in workflows)
        contact, campaign, workflow = door.contact(), campaigns[0]["id"], workflows[0]["id"]
        assert door.ask("POST", f"/contacts/{contact}/campaigns/{campaign}", {})[0] == 201
        assert door.ask("POST", f"/contacts/{contact}/workflow/{workflow}", {})[0] == 200
        assert door.state()["in_campaigns"] == {contact: [campaign]}
        assert door.state()["in_workflows"] == {contact: {workflow: None}}
        for path in (f"campaigns/{workflow}x", "workflow/nope"):
            assert door.ask("POST", f"/contacts/{contact}/{path}", {})[0] == 400
        foreign = door.side.state()["locations"][door.place(1)]["campaigns"][0].id
        assert door.ask("POST", f"/contacts/{contact}/campaigns/{foreign}", {})[0] == 400
        door.done("DELETE", f"/contacts/{contact}/campaigns/removeAll")
        assert door.state()["in_campaigns"] == {}


def test_a_contacts_run_through_a_campaign_is_told_under_one_id() -> None:
    """Whatever becomes of it; another contact's run is another."""
    with crm_door() as door:
        ada, zoe = door.contact(), door.contact(firstName="Zoë")
        campaign = door.state()["campaigns"][1]["id"]
        started = door.emit("campaign.status", id=ada, fields={"campaignId": campaign})
        paused = door.emit("campaign.status", id=ada, fields={"status": "paused", "replied": "Ja"})
        other = door.emit("campaign.status", id=zoe, fields={"campaignId": campaign})
        assert started["record"] == paused["record"] != other["record"]
        first, second, _ = door.events()
        assert set(second) == CAMPAIGN_TOLD | DELIVERY
        assert (first["status"], second["status"], second["replied"]) == ("active", "paused", "Ja")
        assert (second["contactId"], second["templateId"]) == (ada, campaign)
        assert door.state()["in_campaigns"] == {ada: [campaign], zoe: [campaign]}
        with pytest.raises(ValueError, match="no campaign nope"):
            door.emit("campaign.status", id=ada, fields={"campaignId": "nope"})


def test_the_same_seed_makes_the_same_surroundings_and_a_reset_brings_them_back() -> None:
    """Ids and all."""
    with crm_door() as door, crm_door() as twin:
        names = ("pipelines", "campaigns", "workflows", "forms", "businesses", "templates", "lost_reasons")
        before = {name: [one["id"] for one in door.state()[name]] for name in names}
        assert before == {name: [one["id"] for one in twin.state()[name]] for name in names}
        door.done("DELETE", f"/businesses/{before['businesses'][0]}")
        door.emit("opportunity.create", id=door.contact())
        door.side.reset()
        assert before == {name: [one["id"] for one in door.state()[name]] for name in names}
        assert door.state()["opportunities"] == []
    with crm_door(seed=8) as door:
        assert before["pipelines"] != [one["id"] for one in door.state()["pipelines"]]
