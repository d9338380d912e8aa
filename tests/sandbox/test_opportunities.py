"""Opportunities: what they may be, who is told, and when a second one is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sandbox.crm_door import DATED, V3, CrmDoor, crm_door

#: What the docs' examples of all seven events have.
TOLD = {
    "type", "locationId", "id", "assignedTo", "contactId", "monetaryValue", "name", "pipelineId", "pipelineStageId",
    "source", "status", "dateAdded",
}  # fmt: skip
ADDED_BY_DELIVERY = {"timestamp", "webhookId", "appId", "versionId"}


def pipelines(door: CrmDoor) -> list[dict[str, Any]]:
    """Those of the first location."""
    held: list[dict[str, Any]] = door.state()["pipelines"]
    return held


def create(door: CrmDoor, contact: str | None = None, **more: Any) -> dict[str, Any]:
    """A new opportunity of a contact, in the first pipeline; what it told is forgotten."""
    given = {
        "locationId": door.location, "pipelineId": pipelines(door)[0]["id"], "name": "Roof", "status": "open",
        "contactId": contact or door.contact(), **more,
    }  # fmt: skip
    made: dict[str, Any] = door.done("POST", "/opportunities/", given)["opportunity"]
    door.sent.clear()
    return made


def get(door: CrmDoor, opportunity: dict[str, Any]) -> dict[str, Any]:
    """As it stands now."""
    found: dict[str, Any] = door.done("GET", f"/opportunities/{opportunity['id']}")["opportunity"]
    return found


def test_an_opportunity_lives_from_create_to_delete() -> None:
    """201, then 200s; it starts in the first stage, and is gone with a 400."""
    with crm_door() as door:
        contact = door.contact(lastName="Ångström", email="ada@example.com", tags=["vip"])
        made = create(door, contact, name="Dach für Zoë", monetaryValue=4200.5)
        first = pipelines(door)[0]["stages"][0]["id"]
        assert (made["pipelineStageId"], made["status"], made["monetaryValue"]) == (first, "open", 4200.5)
        assert made["contact"] == {
            "id": contact, "name": "Ada Ångström", "email": "ada@example.com", "tags": ["vip"],
        }  # fmt: skip
        at = f"/opportunities/{made['id']}"
        door.wait(60)
        changed = door.done("PUT", at, {"name": "Dach", "monetaryValue": 0})["opportunity"]
        assert (changed["name"], changed["monetaryValue"]) == ("Dach", 0)
        assert changed["createdAt"] == changed["lastStageChangeAt"] == "2026-09-01T22:14:07.900Z"
        assert changed["updatedAt"] == "2026-09-01T22:15:07.900Z"
        assert door.done("PUT", f"{at}/status", {"status": "won"}) | {"traceId": ""} == {
            "succeded": True, "traceId": "",
        }  # fmt: skip
        assert get(door, made)["lastStatusChangeAt"] == "2026-09-01T22:15:07.900Z"
        assert door.done("DELETE", at)["succeded"] is True
        assert door.refused("GET", at) == (400, f"Opportunity with id {made['id']} not found")
        assert door.refused("DELETE", at)[0] == 400


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"pipelineId": "nope"}, 400, "Pipeline with id nope not found"),
        ({"pipelineStageId": "nope"}, 400, "Pipeline stage with id nope not found"),
        ({"contactId": "nope"}, 400, "Contact with id nope not found"),
        ({"assignedTo": "nope"}, 400, "User with id nope not found in this location"),
        ({"status": "all"}, 422, "status must be one of the following values: open, won, lost, abandoned"),
        ({"status": "Won"}, 422, "status must be one of the following values: open, won, lost, abandoned, all"),
        ({"name": " "}, 422, "name should not be empty"),
        ({"monetaryValue": "12"}, 422, "monetaryValue must be a number conforming to the specified constraints"),
        ({"source": "api"}, 422, "property source should not exist"),
        ({"forecastProbability": 20}, 422, "property forecastProbability should not exist"),
        ({"locationId": None}, 422, "locationId must be a string"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_leaves_nothing(
    changes: dict[str, Any], status: int, words: str
) -> None:
    """Neither a record nor an event."""
    with crm_door() as door:
        given = {
            "locationId": door.location, "pipelineId": pipelines(door)[0]["id"], "name": "Roof", "status": "open",
            "contactId": door.contact(), **changes,
        }  # fmt: skip
        got, message = door.refused("POST", "/opportunities/", given)
        assert got == status
        assert words in (message if isinstance(message, list) else [message])
        assert (door.state()["opportunities"], door.sent) == ([], [])


def test_every_required_property_is_named_when_all_are_missing() -> None:
    """In one answer."""
    with crm_door() as door:
        _, messages = door.refused("POST", "/opportunities/", {})
        assert messages == [
            f"{name} should not be empty"
            for name in ("pipelineId", "locationId", "name", "status", "contactId")
        ]


def test_nothing_of_another_location_can_be_used() -> None:
    """Neither its contact, nor its user, nor its pipeline; and its token does not see ours."""
    with crm_door() as door:
        other = door.side.state()["locations"][door.place(1)]
        foreign = {
            "pipelineId": other["pipelines"][0].id,
            "assignedTo": other["users"][0]["id"],
            "pipelineStageId": other["pipelines"][0].stages[0].id,
        }
        made = create(door)
        for name, value in foreign.items():
            assert door.refused("PUT", f"/opportunities/{made['id']}", {name: value})[0] == 400
        token = door.told["locations"][1]["token"]
        assert door.refused("GET", f"/opportunities/{made['id']}", token=token)[0] == 400
        agency = door.told["token"]
        assert (
            door.done("GET", f"/opportunities/{made['id']}", token=agency)["opportunity"]["id"] == made["id"]
        )
        assert door.refused("GET", "/opportunities/nope", token=agency) == (
            400, "Opportunity with id nope not found",
        )  # fmt: skip


def test_a_location_id_has_no_place_in_an_update() -> None:
    """As everywhere: 422, and nothing changes."""
    with crm_door() as door:
        made = create(door)
        at = f"/opportunities/{made['id']}"
        assert door.refused("PUT", at, {"locationId": door.location, "name": "x"}) == (
            422, ["property locationId should not exist"],
        )  # fmt: skip
        assert get(door, made)["name"] == "Roof"


def test_a_second_one_in_the_same_pipeline_is_refused_naming_the_first() -> None:
    """Whatever became of the first; another pipeline is free, unless it is moved from there."""
    with crm_door() as door:
        contact = door.contact()
        first = create(door, contact)
        door.done("PUT", f"/opportunities/{first['id']}/status", {"status": "lost"})
        door.sent.clear()
        sales, service = pipelines(door)
        given = {
            "locationId": door.location, "pipelineId": sales["id"], "name": "Again", "status": "open",
            "contactId": contact,
        }  # fmt: skip
        status, answer = door.ask("POST", "/opportunities/", given)
        assert (status, answer["code"], answer["meta"]) == (
            400, "OPPORTUNITY_NO_DUPLICATE", {"existingId": first["id"]},
        )  # fmt: skip
        assert door.sent == []
        second = create(door, contact, pipelineId=service["id"])
        status, answer = door.ask("PUT", f"/opportunities/{second['id']}", {"pipelineId": sales["id"]})
        assert (status, answer["meta"]) == (400, {"existingId": first["id"]})
        assert get(door, second)["pipelineId"] == service["id"]


def test_a_location_that_allows_duplicates_takes_as_many_as_come() -> None:
    """The switch stands in the location's settings."""
    with crm_door() as door:
        contact = door.contact()
        create(door, contact)
        door.emit("location.update", fields={"settings": {"allowDuplicateOpportunity": True}})
        create(door, contact)
        assert len(door.state()["opportunities"]) == 2
        assert door.side.doubled() == [
            {"kind": "opportunity", "location": door.location, "contact": contact, "body": "Roof"}
        ]


def test_moving_to_another_pipeline_starts_in_its_first_stage() -> None:
    """Unless a stage is named, which must be one of it."""
    with crm_door() as door:
        sales, service = pipelines(door)
        made = create(door)
        at = f"/opportunities/{made['id']}"
        wrong = {"pipelineId": service["id"], "pipelineStageId": sales["stages"][1]["id"]}
        assert door.refused("PUT", at, wrong)[0] == 400
        assert get(door, made)["pipelineId"] == sales["id"]
        door.done("PUT", at, {"pipelineId": service["id"]})
        assert get(door, made)["pipelineStageId"] == service["stages"][0]["id"]
        door.done("PUT", at, {"pipelineId": sales["id"], "pipelineStageId": sales["stages"][2]["id"]})
        assert get(door, made)["pipelineStageId"] == sales["stages"][2]["id"]


def test_a_lost_reason_lives_as_long_as_the_opportunity_is_lost() -> None:
    """One that nobody knows is refused."""
    with crm_door() as door:
        made = create(door)
        reasons = door.done("GET", "/opportunities/lost-reason", locationId=door.location, query="ANSWER")
        assert (reasons["total"], reasons["lostReasons"][0]["name"]) == (1, "No answer")
        reason = reasons["lostReasons"][0]["id"]
        at = f"/opportunities/{made['id']}/status"
        assert door.refused("PUT", at, {"status": "lost", "lostReasonId": "nope"})[0] == 400
        door.done("PUT", at, {"status": "lost", "lostReasonId": reason})
        assert get(door, made)["lostReasonId"] == reason
        door.done("PUT", at, {"status": "open"})
        assert "lostReasonId" not in get(door, made)
        none = door.done("GET", "/opportunities/lost-reason", locationId=door.location, deleted="true")
        assert none["lostReasons"] == []


def test_an_upsert_finds_by_id_or_by_contact_and_pipeline() -> None:
    """Else it makes one, called after the contact where nobody says otherwise."""
    with crm_door() as door:
        contact = door.contact(lastName="Ångström")
        sales, service = (one["id"] for one in pipelines(door))
        base = {"locationId": door.location, "pipelineId": sales}
        status, answer = door.ask("POST", "/opportunities/upsert", base)
        assert (status, answer["message"]) == (422, ["contactId should not be empty"])
        made = door.done("POST", "/opportunities/upsert", {**base, "contactId": contact})
        assert (made["new"], made["opportunity"]["name"]) == (True, "Ada Ångström")
        again = door.done("POST", "/opportunities/upsert", {**base, "contactId": contact, "monetaryValue": 7})
        assert (again["new"], again["opportunity"]["id"]) == (False, made["opportunity"]["id"])
        assert again["opportunity"]["monetaryValue"] == 7
        moved = {"locationId": door.location, "pipelineId": service, "id": made["opportunity"]["id"]}
        assert door.done("POST", "/opportunities/upsert", moved)["opportunity"]["pipelineId"] == service
        assert door.refused("POST", "/opportunities/upsert", {**base, "id": "nope"})[0] == 400
        assert len(door.state()["opportunities"]) == 1


def test_followers_come_and_go_and_an_upsert_does_both() -> None:
    """Once each; only users of the location."""
    with crm_door() as door:
        ana, tom = (one["id"] for one in door.state()["users"])
        made = create(door)
        at = f"/opportunities/{made['id']}/followers"
        assert door.done("POST", at, {"followers": [ana, ana]})["followersAdded"] == [ana]
        assert door.done("POST", at, {"followers": [ana]})["followersAdded"] == []
        assert get(door, made)["followers"] == [ana]
        assert door.done("PUT", f"/opportunities/{made['id']}", {})["opportunity"]["followers"] == [ana]
        assert door.refused("POST", at, {"followers": ["nope"]})[0] == 400
        upsert = {
            "locationId": door.location, "pipelineId": made["pipelineId"], "id": made["id"], "followers": [tom],
            "followersActionType": "add", "isRemoveAllFollowers": False,
        }  # fmt: skip

        def upserted(**more: Any) -> Any:
            answer = door.done("POST", "/opportunities/upsert", {**upsert, **more})
            return answer["opportunity"]["followers"]

        assert upserted() == [ana, tom]
        assert upserted(followersActionType="remove") == [ana]
        assert upserted(isRemoveAllFollowers=True) == [tom]
        gone = door.done("DELETE", at, {"followers": [ana, tom]})
        assert (gone["followers"], gone["followersRemoved"]) == ([], [tom])
        door.done("POST", at, {"followers": [ana, tom]})
        every = door.done("DELETE", at, {"followers": []}, isRemoveAllFollowers="true")
        assert every["followersRemoved"] == [ana, tom]


def test_custom_fields_of_opportunities_go_in_by_id_or_key_and_vanish_when_misnamed() -> None:
    """Those of contacts are misnamed as well; a field that is deleted is shown no more."""
    with crm_door() as door:
        at = f"/locations/{door.location}/customFields"
        field = door.done("POST", at, {"name": "Area", "dataType": "TEXT", "model": "opportunity"})
        field_id = field["customField"]["id"]
        wrong = door.done("POST", at, {"name": "Area", "dataType": "TEXT"})["customField"]["id"]
        made = create(
            door,
            customFields=[
                {"id": field_id, "field_value": "0"}, {"id": wrong, "field_value": "lost"},
                {"id": field_id, "fieldValue": "9"}, {"id": "nope", "field_value": "lost"},
            ],
        )  # fmt: skip
        assert made["customFields"] == [{"id": field_id, "fieldValue": "0"}]
        one = f"/opportunities/{made['id']}"
        door.done("PUT", one, {"customFields": [{"key": "area", "field_value": "70 m²"}]})
        assert get(door, made)["customFields"] == [{"id": field_id, "fieldValue": "70 m²"}]
        door.done("PUT", one, {"customFields": [{"id": field_id, "field_value": ""}]})
        assert get(door, made)["customFields"] == []
        door.done("PUT", one, {"customFields": [{"key": "opportunity.area", "field_value": "71 m²"}]})
        door.done("DELETE", f"{at}/{field_id}")
        assert get(door, made)["customFields"] == []


def test_with_the_quirk_off_a_misnamed_custom_field_is_told() -> None:
    """And nothing is made."""
    with crm_door() as door:
        door.side.set_quirks({"wrong_custom_fields_vanish": False})
        given = {
            "locationId": door.location, "pipelineId": pipelines(door)[0]["id"], "name": "Roof", "status": "open",
            "contactId": door.contact(), "customFields": [{"id": "nope", "field_value": 1}],
        }  # fmt: skip
        assert door.refused("POST", "/opportunities/", given)[0] == 422
        assert door.state()["opportunities"] == []


@pytest.mark.parametrize("bursts", [True, False])
@pytest.mark.parametrize(
    ("change", "events"),
    [
        ({"name": "Other"}, ["OpportunityUpdate"]),
        ({"status": "won"}, ["OpportunityStatusUpdate"]),
        ({"monetaryValue": 12}, ["OpportunityMonetaryValueUpdate"]),
        ({"assignedTo": "ana"}, ["OpportunityAssignedToUpdate"]),
        ({"pipelineStageId": "second"}, ["OpportunityStageUpdate"]),
        ({"pipelineStageId": "second", "status": "lost", "assignedTo": "ana", "monetaryValue": 1, "name": "x"},
         ["OpportunityStageUpdate", "OpportunityStatusUpdate", "OpportunityAssignedToUpdate",
          "OpportunityMonetaryValueUpdate"]),
        ({"status": "open"}, ["OpportunityUpdate"]),
        ({}, ["OpportunityUpdate"]),
    ],
)  # fmt: skip
def test_each_change_tells_its_own_event_and_in_life_an_update_as_well(
    change: dict[str, Any], events: list[str], bursts: bool
) -> None:
    """The burst is a quirk that can be switched off."""
    with crm_door() as door:
        door.side.set_quirks({"opportunity_bursts": bursts})
        names = {"ana": door.state()["users"][0]["id"], "second": pipelines(door)[0]["stages"][1]["id"]}
        made = create(door)
        given = {name: names.get(str(value), value) for name, value in change.items()}
        door.done("PUT", f"/opportunities/{made['id']}", given)
        burst = ["OpportunityUpdate"] if bursts and "OpportunityUpdate" not in events else []
        assert door.types() == [*events, *burst]


def test_create_and_delete_are_followed_by_an_update_that_must_not_recreate() -> None:
    """The order is not documented: this is the ugly one."""
    with crm_door() as door:
        contact = door.contact()
        door.emit("opportunity.create", id=contact)
        assert door.types() == ["OpportunityCreate", "OpportunityUpdate"]
        door.emit("opportunity.delete")
        assert door.types() == ["OpportunityDelete", "OpportunityUpdate"]
        door.side.set_quirks({"opportunity_bursts": False})
        door.emit("opportunity.create", id=contact)
        door.emit("opportunity.delete")
        assert door.types() == ["OpportunityCreate", "OpportunityDelete"]


def test_an_event_carries_the_whole_record_and_no_mark_of_who_changed_it() -> None:
    """Also where the API itself did: an echo."""
    with crm_door() as door:
        user = door.state()["users"][0]["id"]
        made = create(door, assignedTo=user, monetaryValue=40)
        door.emit("opportunity.update", id=made["id"], fields={"source": "Empfehlung"})
        door.done("PUT", f"/opportunities/{made['id']}", {"name": "Dach ☂"})
        last = door.events()[-1]
        assert set(last) == TOLD | ADDED_BY_DELIVERY
        assert last | {"timestamp": "", "webhookId": "", "appId": "", "versionId": ""} == {
            "type": "OpportunityUpdate", "locationId": door.location, "id": made["id"], "assignedTo": user,
            "contactId": made["contactId"], "monetaryValue": 40, "name": "Dach ☂", "pipelineId": made["pipelineId"],
            "pipelineStageId": made["pipelineStageId"], "source": "Empfehlung", "status": "open",
            "dateAdded": made["createdAt"], "timestamp": "", "webhookId": "", "appId": "", "versionId": "",
        }  # fmt: skip


def test_somebody_moves_wins_loses_assigns_and_deletes() -> None:
    """Each deed is in the log with the contact it belongs to."""
    with crm_door() as door:
        contact = door.contact(firstName="Zoë")
        done = door.emit("opportunity.create", id=contact)
        assert (done["contact"], door.state()["opportunities"][0]["name"]) == (contact, "Quote for Zoë")
        stages = [one["id"] for one in pipelines(door)[0]["stages"]]
        for expected in (*stages[1:], stages[0]):
            door.emit("opportunity.move")
            assert door.state()["opportunities"][0]["pipelineStageId"] == expected
        for deed, expected in (("won", "won"), ("lost", "lost")):
            door.emit(f"opportunity.{deed}", id=done["record"])
            assert door.state()["opportunities"][0]["status"] == expected
        assert door.state()["opportunities"][0]["lostReasonId"] == door.state()["lost_reasons"][0]["id"]
        door.emit("opportunity.assign")
        assert door.state()["opportunities"][0]["assignedTo"] in [one["id"] for one in door.state()["users"]]
        assert door.emit("opportunity.delete")["contact"] == contact
        assert door.state()["opportunities"] == []
        with pytest.raises(ValueError, match="has no opportunity"):
            door.emit("opportunity.won")


def test_v3_spells_answers_and_properties_its_own_way() -> None:
    """Its forecast is refused under a dated version; its errors look otherwise."""
    with crm_door() as door:
        field = door.done(
            "POST", f"/locations/{door.location}/customFields",
            {"name": "Area", "dataType": "TEXT", "model": "opportunity"},
        )["customField"]["id"]  # fmt: skip
        given = {
            "locationId": door.location, "pipelineId": pipelines(door)[0]["id"], "name": "Roof", "status": "open",
            "contactId": door.contact(), "forecastExpectedCloseDate": "2026-10-25", "forecastProbability": 20,
            "customFields": [{"id": field, "fieldValue": "70 m²"}],
        }  # fmt: skip
        made = door.done("POST", "/opportunities/", given, version=V3)["opportunity"]
        assert (made["forecastExpectedCloseDate"], made["forecastProbability"]) == ("2026-10-25", 20)
        assert made["customFields"] == [{"id": field, "fieldValue": "70 m²"}]
        status, answer = door.ask("POST", "/opportunities/", given, version=V3)
        assert (status, answer["error"]["meta"]) == (400, {"existingId": made["id"]})
        assert door.done("DELETE", f"/opportunities/{made['id']}", version=V3)["success"] is True
        assert door.refused("POST", "/opportunities/", given, version=DATED)[0] == 422


_CHANGES = st.one_of(
    st.fixed_dictionaries({"status": st.sampled_from(["open", "won", "lost", "abandoned"])}),
    st.fixed_dictionaries({"monetaryValue": st.integers(0, 10**9)}),
    st.fixed_dictionaries({"name": st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip)}),
    st.just({"delete": True}),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_CHANGES, max_size=12), st.booleans())
def test_whoever_follows_the_events_knows_what_the_location_holds(
    changes: list[dict[str, Any]], bursts: bool
) -> None:
    """The last event of each tells its state, as long as an update after a delete is not taken for a new one."""
    with crm_door() as door:
        door.side.set_quirks({"opportunity_bursts": bursts})
        contact = door.contact()
        known: dict[str, dict[str, Any]] = {}
        gone: set[str] = set()
        for change in ({}, *changes):
            held = door.state()["opportunities"]
            if not held:
                door.emit("opportunity.create", id=contact)
            elif change == {"delete": True}:
                door.done("DELETE", f"/opportunities/{held[0]['id']}")
            else:
                door.done("PUT", f"/opportunities/{held[0]['id']}", change)
        for event in door.events():
            if event["type"] == "OpportunityDelete":
                gone.add(event["id"])
            known[event["id"]] = event
        compared = ("id", "name", "status", "monetaryValue", "pipelineStageId")
        assert [
            {name: one.get(name) for name in compared} for key, one in known.items() if key not in gone
        ] == [{name: one.get(name) for name in compared} for one in door.state()["opportunities"]]
