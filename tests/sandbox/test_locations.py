"""The location and the lists of its settings."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.crm_door import V3, CrmDoor, crm_door


def at(door: CrmDoor, rest: str = "") -> str:
    """A path below the first location."""
    return f"/locations/{door.location}{rest}"


def test_a_location_says_where_it_is_and_what_it_allows() -> None:
    """With all four settings, and no secret."""
    with crm_door() as door:
        location = door.done("GET", at(door))["location"]
        assert (location["name"], location["country"], location["timezone"]) == (
            "Austin Dental", "US", "America/Chicago",
        )  # fmt: skip
        assert location["companyId"] == door.told["company_id"]
        assert location["settings"] == {
            "allowDuplicateContact": False, "allowDuplicateOpportunity": False, "allowFacebookNameMerge": False,
            "disableContactTimezone": False,
        }  # fmt: skip
        assert location["business"] == {
            "name": "Austin Dental", "country": "US", "timezone": "America/Chicago",
        }  # fmt: skip
        assert "token" not in str(location)


def test_only_the_agency_changes_a_location() -> None:
    """A token of the location is of the wrong kind for it: 401, not 403."""
    with crm_door() as door:
        agency, given = door.told["token"], {"companyId": door.told["company_id"], "name": "Zahnärzte am Dom"}
        status, answer = door.ask("PUT", at(door), given)
        assert (status, answer["message"]) == (
            401, "This authClass type is not allowed to access this scope.",
        )  # fmt: skip
        assert door.sent == []
        changed = door.done("PUT", at(door), given, token=agency)
        assert (changed["name"], changed["id"]) == ("Zahnärzte am Dom", door.location)
        wrong = {**given, "companyId": "nope"}
        assert door.ask("PUT", at(door), wrong, token=agency)[0] == 403
        assert door.ask("PUT", "/locations/nope", given, token=agency)[0] == 403


def test_a_changed_location_behaves_by_its_new_settings() -> None:
    """Phones are read in its new country, duplicates are taken; what is not given stays."""
    with crm_door() as door:
        given = {
            "companyId": door.told["company_id"], "country": "DE", "timezone": "Europe/Berlin", "phone": "+49221",
            "settings": {"allowDuplicateContact": True}, "social": {"yelp": "https://yelp.example/x"},
            "prospectInfo": {"firstName": "Ada", "lastName": "Groß", "email": "ada@example.com"},
        }  # fmt: skip
        door.done("PUT", at(door), given, token=door.told["token"])
        location = door.done("GET", at(door))["location"]
        assert location["settings"]["allowDuplicateContact"] is True
        assert location["settings"]["allowDuplicateOpportunity"] is False
        assert (location["name"], location["firstName"], location["lastName"]) == (
            "Austin Dental", "Ada", "Groß",
        )  # fmt: skip
        assert location["social"] == {"yelp": "https://yelp.example/x"}
        ids = {door.contact(phone="0221 910 123") for _ in range(2)}
        assert len(ids) == 2
        assert {one["phone"] for one in door.state()["contacts"]} == {"+49221910123"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"country": "de"}, "country must be a valid ISO31661 Alpha2 code"),
        ({"timezone": "Mars/Olympus"}, "timezone must be an IANA time zone"),
        ({"timezone": "../etc/passwd"}, "timezone must be an IANA time zone"),
        ({"name": ""}, "name should not be empty"),
        ({"email": "x@example.com"}, "property email should not exist"),
        ({"settings": {"allowDuplicateContact": "no", "x": 1}},
         "settings is not valid: property x should not exist; allowDuplicateContact must be a boolean value"),
        ({"prospectInfo": {"firstName": "A"}},
         "prospectInfo is not valid: lastName should not be empty; email should not be empty"),
        ({"social": "x"}, "social is not valid: the body must be an object"),
    ],
)  # fmt: skip
def test_a_change_of_a_location_that_does_not_fit_is_refused(given: dict[str, Any], words: str) -> None:
    """With 422, and nothing changes."""
    with crm_door() as door:
        before = door.done("GET", at(door))["location"]
        body = {"companyId": door.told["company_id"], "city": "Köln", **given}
        assert door.refused("PUT", at(door), body, token=door.told["token"]) == (422, [words])
        assert door.done("GET", at(door))["location"] == before


def test_a_changed_location_is_told_as_the_companys_own_event() -> None:
    """With its id in `id` and no `locationId`: whoever drove it."""
    with crm_door() as door:
        body = {"companyId": door.told["company_id"], "city": "Köln"}
        door.done("PUT", at(door), body, token=door.told["token"])
        door.emit("location.update")
        told = door.events()
        assert [one["type"] for one in told] == ["LocationUpdate", "LocationUpdate"]
        assert set(told[0]) == {
            "type", "id", "companyId", "name", "email", "timestamp", "webhookId", "appId", "versionId",
        }  # fmt: skip
        assert told[0]["id"] == door.location


def test_a_search_for_locations_shows_what_the_token_may_see() -> None:
    """The agency all of them, page by page, in either order; a location itself."""
    with crm_door(countries=("US", "DE", "NZ")) as door:
        agency = door.told["token"]

        def names(**query: Any) -> list[str]:
            answer = door.done("GET", "/locations/search", token=agency, **query)
            return [one["name"] for one in answer["locations"]]

        every = ["Austin Dental", "Christchurch Roofing", "Kölner Zahnärzte"]
        assert names() == every
        assert names(order="desc") == every[::-1]
        assert (names(skip=1, limit=1), names(skip=3)) == (every[1:2], [])
        assert names(companyId="nope") == []
        email = door.done("GET", at(door))["location"]["email"]
        assert names(email=email) == ["Austin Dental"]
        own = door.done("GET", "/locations/search")["locations"]
        assert [one["id"] for one in own] == [door.location]
        assert door.ask("GET", "/locations/search", token=agency, order="up")[0] == 422


def test_tags_of_a_location_are_made_renamed_and_removed() -> None:
    """In lower case, once each; contacts keep their words."""
    with crm_door() as door:
        contact = door.contact(tags=["vip"])
        made = door.done("POST", at(door, "/tags"), {"name": " Möglicher KUNDE "})["tag"]
        assert (made["name"], made["locationId"]) == ("möglicher kunde", door.location)
        for taken in ("möglicher Kunde", "VIP"):
            assert door.ask("POST", at(door, "/tags"), {"name": taken})[0] == 400
        one = at(door, f"/tags/{made['id']}")
        assert door.done("PUT", one, {"name": "Kunde"})["tag"] == {**made, "name": "kunde"}
        assert door.done("PUT", one, {"name": "KUNDE"})["tag"]["name"] == "kunde"
        assert door.ask("PUT", one, {"name": "vip"})[0] == 400
        assert [tag["name"] for tag in door.done("GET", at(door, "/tags"))["tags"]] == ["vip", "kunde"]
        vip = next(tag for tag in door.state()["tags"] if tag["name"] == "vip")
        assert door.done("GET", at(door, f"/tags/{vip['id']}"))["tag"] == vip
        assert door.done("DELETE", at(door, f"/tags/{vip['id']}"))["succeded"] is True
        assert door.ask("GET", at(door, f"/tags/{vip['id']}"))[0] == 400
        assert door.done("GET", f"/contacts/{contact}")["contact"]["tags"] == ["vip"]
        door.side.set_quirks({"tags_in_lower_case": False})
        assert door.done("POST", at(door, "/tags"), {"name": "VIP"})["tag"]["name"] == "VIP"


def test_a_custom_field_is_found_by_id_and_by_key_and_keeps_its_key() -> None:
    """Also when it is renamed; deleted, it takes the contacts' values with it."""
    with crm_door() as door:
        fields = at(door, "/customFields")
        given = {
            "name": "Nächster Termin", "dataType": "SINGLE_OPTIONS", "options": ["früh", "spät"],
            "fieldKey": "next_slot", "placeholder": "wann?",
        }  # fmt: skip
        made = door.done("POST", fields, given)["customField"]
        assert (made["fieldKey"], made["picklistOptions"], made["model"]) == (
            "contact.next_slot", ["früh", "spät"], "contact",
        )  # fmt: skip
        contact = door.contact(customFields=[{"id": made["id"], "field_value": "spät"}])
        assert door.done("GET", f"{fields}/contact.next_slot")["customField"] == made
        changed = door.done("PUT", f"{fields}/{made['id']}", {"name": "Slot", "position": 3})["customField"]
        assert changed == {**made, "name": "Slot", "position": 3}
        assert door.ask("PUT", f"{fields}/{made['id']}", {"name": "Slot", "model": "opportunity"})[0] == 400
        assert door.ask("PUT", f"{fields}/{made['id']}", {"position": 1})[0] == 422
        assert door.done("GET", fields, model="opportunity")["customFields"] == []
        assert door.done("DELETE", f"{fields}/{made['id']}")["succeded"] is True
        assert door.ask("GET", f"{fields}/{made['id']}")[0] == 400
        assert door.done("GET", f"/contacts/{contact}")["contact"]["customFields"] == []
        assert door.done("POST", fields, given)["customField"]["id"] != made["id"]


def test_files_and_text_boxes_have_properties_of_their_own() -> None:
    """How many files, and what the boxes are called."""
    with crm_door() as door:
        fields = at(door, "/customFields")
        files = door.done(
            "POST", fields,
            {"name": "Plans", "dataType": "FILE_UPLOAD", "isMultipleFile": True, "maxNumberOfFiles": 4},
        )["customField"]  # fmt: skip
        assert (files["isMultiFileAllowed"], files["maxFileLimit"]) == (True, 4)
        boxes = door.done(
            "POST", fields,
            {"name": "Boxes", "dataType": "TEXTBOX_LIST", "textBoxListOptions": [{"label": "Erste"}]},
        )["customField"]  # fmt: skip
        assert boxes["picklistOptions"] == ["Erste"]
        assert door.ask("POST", fields, {"name": "x", "dataType": "COLOUR"})[0] == 422


def test_custom_values_come_with_the_location_and_are_made_changed_and_removed() -> None:
    """Their key is made from the name and stays."""
    with crm_door() as door:
        values = at(door, "/customValues")
        (hours,) = door.done("GET", values)["customValues"]
        assert hours["fieldKey"] == "{{ custom_values.opening_hours }}"
        made = door.done("POST", values, {"name": "Straße & Nr.", "value": ""})["customValue"]
        assert made["fieldKey"] == "{{ custom_values.straße_nr }}"
        assert door.ask("POST", values, {"name": "straße nr", "value": "x"})[0] == 400
        one = f"{values}/{made['id']}"
        changed = door.done("PUT", one, {"name": "Anschrift", "value": "Domplatz 1"})["customValue"]
        assert changed == {**made, "name": "Anschrift", "value": "Domplatz 1"}
        assert door.done("GET", one)["customValue"] == changed
        assert door.refused("PUT", one, {"name": "x"}) == (422, ["value should not be empty"])
        assert door.done("DELETE", one)["succeded"] is True
        assert door.refused("GET", one) == (400, f"Custom value with id {made['id']} not found")


def test_templates_differ_by_kind_and_can_be_removed() -> None:
    """One of each kind is there from the start; `originId` is required."""
    with crm_door() as door:
        templates = at(door, "/templates")
        query = {"originId": door.location}
        every = door.done("GET", templates, **query)
        assert (every["totalCount"], [one["type"] for one in every["templates"]]) == (2, ["sms", "email"])
        (email,) = door.done("GET", templates, type="email", **query)["templates"]
        assert set(email["template"]) == {"subject", "html", "attachments"}
        assert door.done("GET", templates, deleted="true", **query)["templates"] == []
        assert door.refused("GET", templates) == (422, ["originId should not be empty"])
        door.done("DELETE", f"{templates}/{email['id']}")
        assert door.done("GET", templates, type="email", **query)["templates"] == []
        assert door.ask("DELETE", f"{templates}/{email['id']}")[0] == 400


def test_a_recurring_task_keeps_its_rule() -> None:
    """Only of users and contacts of the location."""
    with crm_door() as door:
        tasks, contact = at(door, "/recurring-tasks"), door.contact()
        user = door.state()["users"][0]["id"]
        rule = {
            "intervalType": "monthly", "interval": 2, "startDate": "2026-10-25T00:00:00.000Z", "dayOfMonth": 31,
            "dueAfterSeconds": 3600,
        }  # fmt: skip
        given = {"title": "Rückruf", "rruleOptions": rule, "contactIds": [contact], "owners": [user]}
        status, answer = door.ask("POST", tasks, given)
        made = answer["recurringTask"]
        assert (status, made["rruleOptions"], made["contactId"], made["assignedTo"]) == (
            201, rule, contact, user,
        )  # fmt: skip
        one = f"{tasks}/{made['id']}"
        door.wait(60)
        changed = door.done("PUT", one, {"description": "monatlich"})["recurringTask"]
        assert (changed["description"], changed["title"]) == ("monatlich", "Rückruf")
        assert changed["updatedAt"] > made["updatedAt"]
        assert door.done("GET", one)["recurringTask"] == changed
        for wrong in ({"owners": ["nope"]}, {"contactIds": ["nope"]}):
            assert door.ask("PUT", one, wrong)[0] == 400
        for broken in ({**rule, "intervalType": "sometimes"}, {"interval": 1}, "daily"):
            assert door.ask("PUT", one, {"rruleOptions": broken})[0] == 422
        assert door.done("DELETE", one)["id"] == made["id"]
        assert door.ask("GET", one)[0] == 400


def test_time_zones_are_those_of_the_iana_list() -> None:
    """The location's own among them."""
    with crm_door() as door:
        zones = door.done("GET", at(door, "/timezones"))["timeZones"]
        assert {"America/Chicago", "Pacific/Auckland", "Europe/Berlin"} <= set(zones)
        assert zones == sorted(set(zones))


def test_permissions_and_channels_exist_in_v3_alone() -> None:
    """Permissions are the agency's business; a dated version does not know the paths."""
    with crm_door() as door:
        agency, permissions = door.told["token"], at(door, "/permissions")
        assert door.ask("GET", permissions, token=agency)[0] == 404
        assert door.ask("GET", permissions, version=V3)[0] == 401
        every = door.done("GET", permissions, version=V3, token=agency)["permissions"]
        assert len(every) == 25
        wanted = {"permissions": ["crm", "opportunities", "crm"]}
        for _ in range(2):
            kept = door.done("PUT", permissions, wanted, version=V3, token=agency)["permissions"]
            assert kept == ["crm", "opportunities"]
        assert door.done("GET", permissions, version=V3, token=agency)["permissions"] == kept
        assert door.ask("PUT", permissions, {"permissions": ["fly"]}, version=V3, token=agency)[0] == 422
        for kind in ("SMS", "Email"):
            answer = door.done("GET", at(door, f"/conversationChannels/{kind}"), version=V3)
            (provider,) = answer["conversationChannel"][kind]
            assert provider["conversationProvider"]["type"] == kind
        assert door.ask("GET", at(door, "/conversationChannels/Fax"), version=V3)[0] == 422


@pytest.mark.parametrize(
    "path",
    ["/tags/nope", "/customFields/nope", "/customValues/nope", "/recurring-tasks/nope"],
)
def test_what_is_not_there_is_a_400_that_names_it(path: str) -> None:
    """As for contacts: not 404."""
    with crm_door() as door:
        status, message = door.refused("GET", at(door, path))
        assert status == 400
        assert "nope not found" in message


def test_nothing_of_a_location_can_be_reached_from_another() -> None:
    """403 for every list, whatever the method."""
    with crm_door() as door:
        token = door.told["locations"][1]["token"]
        for rest in ("", "/tags", "/customFields", "/customValues", "/timezones"):
            assert door.ask("GET", at(door, rest), token=token)[0] == 403
        assert door.ask("POST", at(door, "/tags"), {"name": "x"}, token=token)[0] == 403
