"""The location itself, as its settings page has it. Source: contacts-api.md, section 8, and locations.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Location, shown

#: Every feature that a location can be allowed; all are, at the start.
PERMISSIONS = (
    "2-way-text-messaging", "gmb-messaging", "web-chat", "reputation-management", "facebook-messenger",
    "gmb-call-tracking", "missed-call-text-back", "text-to-pay", "calendar", "crm", "opportunities",
    "email-marketing", "form-builder", "survey-builder", "trigger-links", "html-builder", "sms-email-templates",
    "funnels", "websites", "workflow", "membership", "all-reports", "triggers", "campaigns", "launchpad",
)  # fmt: skip
#: Switches of the place, by the names of the API.
_SWITCHES = {
    "allowDuplicateOpportunity": "allow_duplicate_opportunity",
    "allowFacebookNameMerge": "allow_facebook_name_merge",
    "disableContactTimezone": "disable_contact_timezone",
}
_TEXTS = ("phone", "email", "address", "city", "state", "postalCode", "website")
#: What customers see of it.
_BUSINESS = ("name", "address", "city", "state", "country", "postalCode", "website", "timezone")


class CustomValue(msgspec.Struct, kw_only=True, rename="camel"):
    """A text of the location's own, which its messages and pages show."""

    id: str
    name: str
    #: "{{ custom_values.opening_hours }}"
    field_key: str
    value: str
    location_id: str


class Place(msgspec.Struct, kw_only=True):
    """What a location says of itself, beside what all subjects need of it."""

    #: By the names of the API.
    fields: dict[str, Any]
    allow_duplicate_opportunity: bool = False
    allow_facebook_name_merge: bool = False
    disable_contact_timezone: bool = False
    social: dict[str, str] = {}
    #: Who owns the business: firstName, lastName, email.
    owner: dict[str, str] = {}
    permissions: list[str] = []
    custom_values: dict[str, CustomValue] = {}


class PlaceBook:
    """The locations of the company."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._places = {one.id: self._begin(one) for one in office.locations.values()}

    def place(self, location: Location) -> Place:
        """What that location says of itself."""
        return self._places[location.id]

    def update(self, location: Location, given: Mapping[str, Any]) -> None:
        """Write what is given; None empties it. Raises Problem."""
        place = self.place(location)
        if zone := given.get("timezone"):
            _check_zone(zone)
        for name in ("name", "country", "timezone"):
            if value := given.get(name):
                setattr(location, name, value)
        place.fields |= {name: given[name] for name in _TEXTS if name in given}
        settings = given.get("settings") or {}
        if settings.get("allowDuplicateContact") is not None:
            location.allow_duplicates = settings["allowDuplicateContact"]
        for theirs, ours in _SWITCHES.items():
            if settings.get(theirs) is not None:
                setattr(place, ours, settings[theirs])
        place.social = shown(**{**place.social, **(given.get("social") or {})})
        place.owner |= given.get("prospectInfo") or {}
        self._office.announce.tell(
            "LocationUpdate", None, location.id,
            shown(
                id=location.id, companyId=location.company_id, name=location.name, email=place.fields.get("email")
            ),
        )  # fmt: skip

    def out(self, location: Location) -> dict[str, Any]:
        """As a search and an update show it."""
        place = self.place(location)
        return shown(
            id=location.id, companyId=location.company_id, name=location.name, country=location.country,
            timezone=location.timezone, **place.fields, social=dict(place.social),
            settings={
                "allowDuplicateContact": location.allow_duplicates,
                **{theirs: getattr(place, ours) for theirs, ours in _SWITCHES.items()},
            },
        )  # fmt: skip

    def whole(self, location: Location) -> dict[str, Any]:
        """As it is shown alone: with its owner, and with what its customers see."""
        place, out = self.place(location), self.out(location)
        seen = {name: out[name] for name in _BUSINESS if name in out}
        owner = shown(firstName=place.owner.get("firstName"), lastName=place.owner.get("lastName"))
        return {**out, **owner, "business": seen}

    def _begin(self, location: Location) -> Place:
        hours = CustomValue(
            id=self._office.new_id(location), name="Opening hours", field_key="{{ custom_values.opening_hours }}",
            value="9 am to 5 pm", location_id=location.id,
        )  # fmt: skip
        return Place(
            fields={"email": f"office.{location.id[:6].lower()}@example.com"}, permissions=list(PERMISSIONS),
            custom_values={hours.id: hours},
        )  # fmt: skip


def zone_of(location: Location) -> ZoneInfo:
    """In which its days begin and end."""
    return ZoneInfo(location.timezone)


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise Problem(422, ["timezone must be an IANA time zone"]) from error
