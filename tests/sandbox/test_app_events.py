"""Events of the app, and events that are sent when they are wanted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.crm_door import CrmDoor, crm_door
from tieline.sandbox.contacts_api.event_bodies import BODIES, NAMELESS
from tieline.sandbox.contacts_api.sent_events import EVENTS


def told(door: CrmDoor) -> list[tuple[str, str | None, str | None]]:
    """Type, location and company of the events that left; they are forgotten then."""
    found = [(one["type"], one.get("locationId"), one.get("companyId")) for one in door.events()]
    door.sent.clear()
    return found


def test_an_installation_at_a_location_is_told_with_whom_it_is_of() -> None:
    """INSTALL, with the app, the location, the company and the person; another time nothing is new."""
    with crm_door() as door:
        door.emit("app.install")
        (body,) = door.events()
        assert {**body, "timestamp": "", "webhookId": "", "versionId": ""} == {
            "type": "INSTALL", "appId": door.told["app_id"], "locationId": door.location,
            "companyId": door.told["company_id"], "userId": door.state()["users"][0]["id"],
            "isWhitelabelCompany": False, "whitelabelDetails": {}, "companyName": "Tieline Sandbox Agency",
            "timestamp": "", "webhookId": "", "versionId": "",
        }  # fmt: skip
        assert body["appId"] == door.told["client_id"].partition("-")[0]
        door.sent.clear()
        door.emit("app.install")
        assert told(door) == []


def test_an_installation_in_bulk_is_told_of_the_company_and_then_of_each_location() -> None:
    """Of those that were chosen, and have not got it yet."""
    with crm_door(countries=("US", "DE", "GB")) as door:
        company, places = door.told["company_id"], [door.place(number) for number in range(3)]
        door.emit("app.install")
        door.sent.clear()
        door.emit("app.install", fields={"company": True, "locations": places[:2]})
        assert told(door) == [("INSTALL", None, company), ("INSTALL", places[1], company)]
        door.emit("app.install", fields={"company": True})
        assert told(door) == [("INSTALL", places[2], company)]


def test_an_uninstallation_is_told_once() -> None:
    """Of the location, or of the company alone for all of its locations."""
    with crm_door() as door:
        door.emit("app.install", fields={"company": True})
        door.sent.clear()
        door.emit("app.uninstall")
        assert told(door) == [("UNINSTALL", door.location, None)]
        door.emit("app.uninstall", fields={"company": True})
        assert told(door) == [("UNINSTALL", None, door.told["company_id"])]
        with pytest.raises(ValueError, match="not installed"):
            door.emit("app.uninstall")


def test_events_of_the_app_have_the_names_of_the_docs_where_that_is_switched() -> None:
    """In life they have their own."""
    with crm_door() as door:
        door.side.set_quirks({"event_names_differ": False})
        door.emit("app.install")
        door.emit("app.uninstall")
        door.emit("event.send", fields={"event": "PlanChange"})
        assert door.types() == ["AppInstall", "AppUninstall", "PlanChange"]
        door.side.set_quirks({"event_names_differ": True})
        door.emit("event.send", fields={"event": "PlanChange"})
        assert door.types() == ["PLAN_CHANGE"]


def test_there_are_as_many_events_as_the_vendor_documents() -> None:
    """58, of which 28 have no state behind them."""
    assert (len(EVENTS), len(BODIES)) == (58, 28)


@pytest.mark.parametrize("event", sorted(BODIES))
def test_a_body_that_stands_ready_is_sent_with_ids_and_times_of_the_moment(event: str) -> None:
    """Twice the same event is two different records; nothing in it is left to be filled in."""
    with crm_door() as door:
        contact = door.contact(phone="+15125550123")
        for _ in range(2):
            door.emit("event.send", fields={"event": event})
        first, second = door.events()
        assert "$" not in str(first)
        assert first["webhookId"] != second["webhookId"]
        name = "_id" if "_id" in first else "id"
        if name in first:
            assert first[name] != second[name]
        for body in (first.get("contactDetails"), first.get("contactSnapshot")):
            assert body is None or body["id"] == contact
        assert ("locationId" in first) == (event != "LocationCreate")


def test_what_a_body_says_can_be_said_otherwise() -> None:
    """Fields, and the id of the record."""
    with crm_door() as door:
        done = door.emit(
            "event.send", id="65f0c0ffee", fields={"event": "InvoicePaid", "total": 12, "currency": "EUR"}
        )
        (body,) = door.events()
        assert (body["_id"], body["total"], body["currency"], body["amountDue"]) == (
            "65f0c0ffee", 12, "EUR", 0,
        )  # fmt: skip
        assert done["record"] == "65f0c0ffee"


@pytest.mark.parametrize("event", NAMELESS)
def test_some_bodies_do_not_say_which_event_they_are(event: str) -> None:
    """As the docs' examples; switched off, all but a price's own `type` do."""
    with crm_door() as door:
        door.emit("event.send", fields={"event": event})
        (body,) = door.events()
        assert body.get("type") in (None, "one_time")
        assert door.sent[0].kind == event
        door.sent.clear()
        door.side.set_quirks({"some_events_are_nameless": False})
        door.emit("event.send", fields={"event": event})
        (body,) = door.events()
        assert body["type"] in (event, "one_time")


@pytest.mark.parametrize(
    ("event", "fields", "types"),
    [
        ("ContactUpdate", {"city": "Kyiv"}, ["ContactUpdate"]),
        ("ContactDndUpdate", {}, ["ContactDndUpdate", "ContactUpdate"]),
        ("NoteCreate", {"body": "hello"}, ["NoteCreate"]),
        ("OpportunityCreate", {"name": "Roof"}, ["OpportunityCreate", "OpportunityUpdate"]),
    ],
)
def test_an_event_with_a_state_behind_it_comes_of_a_change(
    event: str, fields: dict[str, Any], types: list[str]
) -> None:
    """Its subject makes it, with all that belongs to it."""
    with crm_door() as door:
        contact = door.contact(phone="+15125550123")
        door.emit("event.send", id=contact, fields={"event": event, **fields})
        bodies = door.events()
        assert sorted(door.types()) == sorted(types)
        for body in bodies:
            assert {name: body[name] for name in fields if name in body} == fields


def test_an_event_that_cannot_be_is_refused_with_a_reason() -> None:
    """One of no name, of a name that there is not, and one whose subject has nothing to tell of."""
    with crm_door() as door:
        for fields in ({}, {"event": "TaskUpdate"}):
            with pytest.raises(ValueError, match="event can be AppInstall"):
                door.emit("event.send", fields=fields)
        with pytest.raises(ValueError, match="no note"):
            door.emit("event.send", fields={"event": "NoteUpdate"})
        assert door.sent == []
