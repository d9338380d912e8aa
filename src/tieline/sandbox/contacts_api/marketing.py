"""Campaigns and workflows, which contacts can be put into. Source: contacts-api.md, section 8.

They are made on the screen: each location has some from the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.api_contacts import located
from tieline.sandbox.contacts_api.driver import Deed, Done, Emission, Hand
from tieline.sandbox.contacts_api.offer import OF_LOCATION, Offer, offer, query
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.records import Location, shown
from tieline.sandbox.side import Call, Reply

_CAMPAIGNS = (("Reactivation", "published"), ("Spring offer", "published"), ("Newsletter", "draft"))
_WORKFLOWS = (("New lead follow-up", "published"), ("Reminder", "published"), ("Win back", "draft"))
_LIST = query(("locationId",), locationId=checks.filled, status=checks.text)


class Campaign(msgspec.Struct, kw_only=True, rename="camel"):
    """One campaign."""

    id: str
    name: str
    #: published or draft.
    status: str
    location_id: str


class Workflow(msgspec.Struct, kw_only=True, rename="camel"):
    """One workflow of the CRM's own."""

    id: str
    name: str
    #: published or draft.
    status: str
    version: int = 1
    created_at: str
    updated_at: str
    location_id: str


class Marketing:
    """The subject."""

    def __init__(self, office: Office, hand: Hand) -> None:
        self._office = office
        self._hand = hand
        self._campaigns = {one.id: self._begin_campaigns(one) for one in office.locations.values()}
        self._workflows = {one.id: self._begin_workflows(one) for one in office.locations.values()}
        #: (contact, campaign) → id of the contact's run through it.
        self._runs: dict[tuple[str, str], str] = {}

    def offers(self) -> list[Offer]:
        """Both lists, which come whole."""
        return [
            offer("campaigns.list", "GET", "/campaigns/", self._list_campaigns, ("campaigns.readonly",), query=_LIST),
            offer(
                "workflows.list", "GET", "/workflows/", self._list_workflows, ("workflows.readonly",),
                query=OF_LOCATION,
            ),
        ]  # fmt: skip

    def deeds(self) -> Mapping[str, Deed]:
        """For the driver."""
        return {"campaign.status": self._move}

    def state(self, location: Location) -> dict[str, Any]:
        """All of them, and who is in which."""
        contacts = location.contacts.values()
        return {
            "campaigns": list(self._campaigns[location.id].values()),
            "workflows": list(self._workflows[location.id].values()),
            "in_campaigns": {one.id: list(one.campaigns) for one in contacts if one.campaigns},
            "in_workflows": {one.id: dict(one.workflows) for one in contacts if one.workflows},
        }

    def doubled(self, location: Location) -> list[dict[str, Any]]:
        """Nothing can stand there twice."""
        return []

    def _list_campaigns(self, call: Call) -> Reply:
        status = call.query.get("status")
        rows = [one for one in self._campaigns[located(call).id].values() if status in (None, "", one.status)]
        return Reply(status=200, body={"campaigns": rows})

    def _list_workflows(self, call: Call) -> Reply:
        return Reply(status=200, body={"workflows": list(self._workflows[located(call).id].values())})

    def _move(self, location: Location, wanted: Emission) -> Done:
        """A contact's run through a campaign starts, pauses, ends: `fields` has status and campaignId."""
        contact = self._hand.contact(location, wanted.id)
        held = self._campaigns[location.id]
        named = wanted.fields.get("campaignId")
        if named is not None and named not in held:
            raise ValueError(f"there is no campaign {named} at location {location.id}")
        campaign = named or next(iter(contact.campaigns), None) or next(iter(held))
        if campaign not in contact.campaigns:
            contact.campaigns.append(campaign)
        run = self._runs.setdefault((contact.id, campaign), self._office.new_id(location))
        self._office.announce.tell(
            "CampaignStatusUpdate", location.id, run,
            shown(
                id=run, contactId=contact.id, status=wanted.fields.get("status", "active"), templateId=campaign,
                replied=wanted.fields.get("replied"), dateAdded=self._office.stamp(),
            ),
        )  # fmt: skip
        return Done(run, contact.id)

    def _begin_campaigns(self, location: Location) -> dict[str, Campaign]:
        made = [
            Campaign(
                id=self._office.file("campaign", self._office.new_id(location)),
                name=name,
                status=status,
                location_id=location.id,
            )
            for name, status in _CAMPAIGNS
        ]  # fmt: skip
        return {one.id: one for one in made}

    def _begin_workflows(self, location: Location) -> dict[str, Workflow]:
        now = self._office.stamp()
        made = [
            Workflow(
                id=self._office.file("workflow", self._office.new_uuid(location)), name=name, status=status,
                created_at=now, updated_at=now, location_id=location.id,
            )
            for name, status in _WORKFLOWS
        ]  # fmt: skip
        return {one.id: one for one in made}
