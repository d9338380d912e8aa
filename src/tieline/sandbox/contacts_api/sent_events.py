"""Any event, sent when it is wanted: out of the state of its subject, or with a body that stands ready."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from random import Random
from typing import Any

import msgspec

from tieline.sandbox.contacts_api.driver import Deed, Done, Emission
from tieline.sandbox.contacts_api.event_bodies import BODIES, NAMELESS, OF_COMPANY, OWN_NAMES
from tieline.sandbox.contacts_api.offer import Offer
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.records import Location, mint

#: Event → the deed that it comes of, and what the deed is given where nobody says otherwise.
_DEEDS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "AppInstall": ("app.install", {}),
    "AppUninstall": ("app.uninstall", {}),
    "AppointmentCreate": ("appointment.create", {}),
    "AppointmentUpdate": ("appointment.update", {}),
    "AppointmentDelete": ("appointment.delete", {}),
    "CampaignStatusUpdate": ("campaign.status", {}),
    "ContactCreate": ("contact.create", {}),
    "ContactUpdate": ("contact.update", {}),
    "ContactDelete": ("contact.delete", {}),
    "ContactDndUpdate": ("contact.update", {"dnd": True}),
    "ContactTagUpdate": ("tag.add", {}),
    "ConversationUnreadWebhook": ("conversation.read", {}),
    "InboundMessage": ("message.inbound", {}),
    "OutboundMessage": ("message.outbound", {}),
    "ProviderOutboundMessage": ("message.outbound", {}),
    "LocationUpdate": ("location.update", {}),
    "NoteCreate": ("note.create", {}),
    "NoteUpdate": ("note.update", {}),
    "NoteDelete": ("note.delete", {}),
    "OpportunityCreate": ("opportunity.create", {}),
    "OpportunityUpdate": ("opportunity.update", {"name": "Second quote"}),
    "OpportunityDelete": ("opportunity.delete", {}),
    "OpportunityAssignedToUpdate": ("opportunity.assign", {}),
    "OpportunityMonetaryValueUpdate": ("opportunity.update", {"monetaryValue": 1200}),
    "OpportunityStageUpdate": ("opportunity.move", {}),
    "OpportunityStatusUpdate": ("opportunity.won", {}),
    "TaskCreate": ("task.create", {}),
    "TaskComplete": ("task.complete", {}),
    "TaskDelete": ("task.delete", {}),
    "UserCreate": ("user.create", {}),
}
#: Every event of the docs.
EVENTS = tuple(sorted({*_DEEDS, *BODIES}))


class SentEvents:
    """The subject of events that somebody asks for by name."""

    def __init__(self, office: Office, rng: Random, deeds: Mapping[str, Deed]) -> None:
        """`deeds` are those of all subjects, filled later."""
        self._office = office
        self._rng = rng
        self._deeds = deeds

    def offers(self) -> list[Offer]:
        """Nothing: this is behind the API's back."""
        return []

    def deeds(self) -> Mapping[str, Deed]:
        """For the driver."""
        return {"event.send": self._send}

    def state(self, location: Location) -> dict[str, Any]:
        """Nothing is kept."""
        return {}

    def doubled(self, location: Location) -> list[dict[str, Any]]:
        """Nothing is kept."""
        return []

    def _send(self, location: Location, wanted: Emission) -> Done:
        """Fields: `event`, its name in the docs; the rest is given to the deed that it comes of, or put into the body.

        Whether such a deed sends just that event is its own business: a tag that is there already is no change.
        """
        fields = dict(wanted.fields)
        event = fields.pop("event", None)
        if event in BODIES:
            return self._send_body(location, event, wanted, fields)
        if event not in _DEEDS:
            raise ValueError(f"event can be {', '.join(EVENTS)}")
        kind, given = _DEEDS[event]
        return self._deeds[kind](
            location, msgspec.structs.replace(wanted, kind=kind, fields={**given, **fields})
        )

    def _send_body(self, location: Location, event: str, wanted: Emission, fields: dict[str, Any]) -> Done:
        body: dict[str, Any] = {**self._filled(BODIES[event], location, {}), **fields}
        name = next((one for one in ("_id", "id") if one in body), None)
        if name is not None and wanted.id is not None:
            body[name] = wanted.id
        subject = str(body[name]) if name else location.id
        quirks = self._office.quirks
        type_ = OWN_NAMES.get(event) if quirks.event_names_differ else None
        if event in NAMELESS and quirks.some_events_are_nameless:
            type_ = ""
        place = None if event in OF_COMPANY else location.id
        self._office.announce.tell(event, place, subject, body, type_=type_)
        return Done(subject)

    def _filled(self, value: Any, location: Location, same: dict[str, Any]) -> Any:
        if isinstance(value, dict):
            return {key: self._filled(one, location, same) for key, one in value.items()}
        if isinstance(value, list):
            return [self._filled(one, location, same) for one in value]
        if not isinstance(value, str) or not value.startswith("$"):
            return value
        if value in same:
            return same[value]
        found = self._moment_or_id(value.partition(":")[0], location)
        if ":" in value or value in ("$contact", "$now"):
            same[value] = found
        return found

    def _moment_or_id(self, what: str, location: Location) -> str | int:
        now = self._office.now()
        match what:
            case "$id":
                return mint(self._rng)
            case "$short":
                return mint(self._rng, 11).lower()
            case "$hex":
                return f"{self._rng.getrandbits(96):024x}"
            case "$uuid":
                return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
            case "$now":
                return self._office.stamp()
            case "$unix":
                return int(now.timestamp())
            case "$today":
                return now.date().isoformat()
            case "$in_14_days":
                return (now.date() + timedelta(days=14)).isoformat()
            case "$location":
                return location.id
            case "$company":
                return self._office.company_id
            case "$user":
                return self._office.users_of(location)[0].id
            case "$contact":
                return next(iter(location.contacts), None) or mint(self._rng)
            case _:
                raise AssertionError(f"nothing is known of {what}")
