"""What the CRM does with opportunities, whoever asks. Source: contacts-api.md, sections 8 and 11 (29, 43).

Assumed, since nothing says it: an opportunity starts in its pipeline's first stage; a contact's second one in the same
pipeline counts as a duplicate whatever the status of the first; an upsert without an id takes the contact's oldest one
in that pipeline; both searches lag behind writes as that for contacts does; nobody sets the status "all", which the
specs allow and which only a search can mean.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from tieline.sandbox.contacts_api.contacts import ContactBook
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.places import PlaceBook
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Contact, Location, full_name
from tieline.sandbox.contacts_api.records_opportunities import (
    LostReason,
    Opportunity,
    Pipeline,
    Stage,
)

STATUSES = ("open", "won", "lost", "abandoned")
_PIPELINES = {
    "Sales": ("New lead", "Contacted", "Quote sent", "Closing"),
    "Service": ("Requested", "Booked", "Done"),
}
_REASONS = ("Too expensive", "No answer", "Went elsewhere")
#: By the names of the API, what a write may set as it stands.
_PLAIN = {
    "name": "name", "monetaryValue": "monetary_value", "source": "source",
    "forecastExpectedCloseDate": "expected_close_date", "forecastProbability": "probability",
}  # fmt: skip


class Shelf(msgspec.Struct, kw_only=True):
    """What one location sells."""

    pipelines: dict[str, Pipeline] = {}
    lost_reasons: dict[str, LostReason] = {}
    opportunities: dict[str, Opportunity] = {}
    #: What a search sees.
    indexed: dict[str, Opportunity] = {}
    #: Changes that a search does not see yet: when it will, which one, and how it then was (None = deleted).
    unseen: deque[tuple[float, str, Opportunity | None]] = msgspec.field(default_factory=deque)


class OpportunityBook:
    """The opportunities of all locations."""

    def __init__(self, office: Office, contacts: ContactBook, places: PlaceBook) -> None:
        self._office = office
        self._contacts = contacts
        self._places = places
        self._shelves = {location.id: self._begin(location) for location in office.locations.values()}

        office.on_merge.append(self._merged)

    def _merged(self, location: Location, kept: Contact, lost: Contact) -> None:
        for one in self.shelf(location).opportunities.values():
            if one.contact_id == lost.id:
                one.contact_id = kept.id

    def shelf(self, location: Location) -> Shelf:
        """What that location has."""
        return self._shelves[location.id]

    def opportunity(self, location: Location | None, opportunity_id: str) -> tuple[Location, Opportunity]:
        """The opportunity, at `location` where one is named. Raises Problem 400."""
        home = self._office.home_of(opportunity_id)
        found = self.shelf(home).opportunities.get(opportunity_id) if home else None
        if home is None or found is None or location not in (None, home):
            raise Problem(400, f"Opportunity with id {opportunity_id} not found")
        return home, found

    def create(self, location: Location, given: Mapping[str, Any]) -> Opportunity:
        """A new one. Raises Problem 400 naming the one in the way where the location forbids duplicates."""
        _, contact = self._contacts.contact(location, given["contactId"])
        pipeline, stage = self._stage(location, given["pipelineId"], given.get("pipelineStageId"))
        changes = self._read(location, given)
        self._refuse_duplicate(location, contact.id, pipeline.id)
        now = self._office.now()
        opportunity = Opportunity(
            id="", location_id=location.id, contact_id=contact.id, name="", pipeline_id=pipeline.id, stage_id=stage,
            status="open", created_at=now, updated_at=now, status_changed_at=now, stage_changed_at=now,
        )  # fmt: skip
        _apply(opportunity, changes)
        opportunity.id = self._office.new_id(location)
        self.shelf(location).opportunities[opportunity.id] = opportunity
        self._tell(location, opportunity, "OpportunityCreate")
        return opportunity

    def update(self, location: Location, opportunity: Opportunity, given: Mapping[str, Any]) -> None:
        """Write what is given; None empties it."""
        changes = self._read(location, given)
        if given.get("pipelineId") or given.get("pipelineStageId"):
            target = given.get("pipelineId") or opportunity.pipeline_id
            kept = opportunity.stage_id if target == opportunity.pipeline_id else None
            pipeline, stage = self._stage(location, target, given.get("pipelineStageId") or kept)
            if pipeline.id != opportunity.pipeline_id:
                self._refuse_duplicate(location, opportunity.contact_id, pipeline.id)
            changes |= {"pipeline_id": pipeline.id, "stage_id": stage}
        before = opportunity.copy()
        _apply(opportunity, changes)
        self._written(location, before, opportunity)

    def upsert(self, location: Location, given: Mapping[str, Any]) -> tuple[Opportunity, bool]:
        """The one with that id, else the contact's in that pipeline, changed, else a new one; whether it is new."""
        found = self._match(location, given)
        followers = self._followers(location, found, given)
        if found is not None:
            self.update(location, found, {**given, "followers": followers})
            return found, False
        _, contact = self._contacts.contact(location, given["contactId"])
        name = given.get("name") or full_name(contact) or "Opportunity"
        return self.create(location, {"status": "open", **given, "name": name, "followers": followers}), True

    def delete(self, location: Location, opportunity: Opportunity) -> None:
        """Gone."""
        del self.shelf(location).opportunities[opportunity.id]
        self._tell(location, opportunity, "OpportunityDelete")

    def follow(self, location: Location, opportunity: Opportunity, users: Iterable[str]) -> list[str]:
        """Who did not follow it, and does now."""
        wanted = [self._office.user(location, one).id for one in users]
        added = [one for one in dict.fromkeys(wanted) if one not in opportunity.followers]
        if added:
            self.update(location, opportunity, {"followers": [*opportunity.followers, *added]})
        return added

    def unfollow(self, location: Location, opportunity: Opportunity, users: Iterable[str]) -> list[str]:
        """Who followed it, and does no more."""
        gone = set(users)
        removed = [one for one in opportunity.followers if one in gone]
        if removed:
            kept = [one for one in opportunity.followers if one not in gone]
            self.update(location, opportunity, {"followers": kept})
        return removed

    def search(self, location: Location) -> list[Opportunity]:
        """What the search index holds now."""
        shelf = self.shelf(location)
        while shelf.unseen and shelf.unseen[0][0] <= self._office.monotonic():
            _, opportunity_id, seen = shelf.unseen.popleft()
            if seen is None:
                shelf.indexed.pop(opportunity_id, None)
            else:
                shelf.indexed[opportunity_id] = seen
        return list(shelf.indexed.values())

    def _begin(self, location: Location) -> Shelf:
        new = self._office
        pipelines = [
            Pipeline(
                id=new.new_id(location), name=name, location_id=location.id,
                stages=[
                    Stage(id=new.new_uuid(location), name=stage, position=position)
                    for position, stage in enumerate(stages)
                ],
            )
            for name, stages in _PIPELINES.items()
        ]  # fmt: skip
        now = new.stamp()
        reasons = [
            LostReason(
                id=new.new_id(location), name=name, location_id=location.id, created_at=now, updated_at=now
            )
            for name in _REASONS
        ]
        return Shelf(
            pipelines={one.id: one for one in pipelines}, lost_reasons={one.id: one for one in reasons}
        )

    def _stage(self, location: Location, pipeline_id: str, stage_id: str | None) -> tuple[Pipeline, str]:
        pipeline = self.shelf(location).pipelines.get(pipeline_id)
        if pipeline is None:
            raise Problem(400, f"Pipeline with id {pipeline_id} not found")
        if stage_id is None:
            return pipeline, pipeline.stages[0].id
        if not pipeline.has(stage_id):
            raise Problem(400, f"Pipeline stage with id {stage_id} not found")
        return pipeline, stage_id

    def _read(self, location: Location, given: Mapping[str, Any]) -> dict[str, Any]:
        """By the record's names, what a write sets. Raises Problem."""
        changes = {ours: given[theirs] for theirs, ours in _PLAIN.items() if theirs in given}
        if status := given.get("status"):
            if status not in STATUSES:
                raise Problem(422, [f"status must be one of the following values: {', '.join(STATUSES)}"])
            changes["status"] = status
        if "assignedTo" in given:
            user = given["assignedTo"]
            changes["assigned_to"] = self._office.user(location, user).id if user else None
        if reason := given.get("lostReasonId"):
            if reason not in self.shelf(location).lost_reasons:
                raise Problem(400, f"Lost reason with id {reason} not found")
            changes["lost_reason_id"] = reason
        if given.get("followers") is not None:
            changes["followers"] = list(given["followers"])
        if given.get("customFields"):
            changes["custom"] = self._custom(location, given["customFields"])
        if not changes.get("name", "x"):
            raise Problem(422, ["name should not be empty"])
        return changes

    def _custom(self, location: Location, items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """By id, else by key; None or "" empties one. Raises Problem where the quirk of vanishing is off."""
        known = {one.id: one for one in location.custom_fields.values() if one.model == "opportunity"}
        by_key = {one.field_key: one for one in known.values()}
        found: dict[str, Any] = {}
        for item in items:
            key = str(item.get("key")).removeprefix("opportunity.")
            field = known.get(str(item.get("id"))) or by_key.get(f"opportunity.{key}")
            if field is None or "field_value" not in item:
                if not self._office.quirks.wrong_custom_fields_vanish:
                    raise Problem(422, [f"customFields {item} names no field and value of this location"])
                continue
            found[field.id] = item["field_value"]
        return found

    def _match(self, location: Location, given: Mapping[str, Any]) -> Opportunity | None:
        if opportunity_id := given.get("id"):
            return self.opportunity(location, opportunity_id)[1]
        if not given.get("contactId"):
            raise Problem(422, ["contactId should not be empty"])
        return self._of_contact(location, given["contactId"], given["pipelineId"])

    def _of_contact(self, location: Location, contact_id: str, pipeline_id: str) -> Opportunity | None:
        """The contact's oldest in that pipeline."""
        held = self.shelf(location).opportunities.values()
        return next(
            (one for one in held if one.contact_id == contact_id and one.pipeline_id == pipeline_id), None
        )

    def _followers(
        self, location: Location, found: Opportunity | None, given: Mapping[str, Any]
    ) -> list[str] | None:
        """Who follows after an upsert; None = as before."""
        named = given.get("followers")
        if named is None and not given.get("isRemoveAllFollowers"):
            return None
        before = [] if found is None or given.get("isRemoveAllFollowers") else found.followers
        users = [self._office.user(location, one).id for one in named or ()]
        if given.get("followersActionType") == "remove":
            return [one for one in before if one not in users]
        return list(dict.fromkeys((*before, *users)))

    def _refuse_duplicate(self, location: Location, contact_id: str, pipeline_id: str) -> None:
        if self._places.place(location).allow_duplicate_opportunity:
            return
        if found := self._of_contact(location, contact_id, pipeline_id):
            raise Problem(
                400, "Can not create duplicate opportunity for the contact.", code="OPPORTUNITY_NO_DUPLICATE",
                meta={"existingId": found.id},
            )  # fmt: skip

    def _written(self, location: Location, before: Opportunity, now: Opportunity) -> None:
        moment = self._office.now()
        now.updated_at = moment
        now.version += 1
        events = []
        if (now.pipeline_id, now.stage_id) != (before.pipeline_id, before.stage_id):
            now.stage_changed_at = moment
            events.append("OpportunityStageUpdate")
        if now.status != before.status:
            now.status_changed_at = moment
            events.append("OpportunityStatusUpdate")
        if now.assigned_to != before.assigned_to:
            events.append("OpportunityAssignedToUpdate")
        if now.monetary_value != before.monetary_value:
            events.append("OpportunityMonetaryValueUpdate")
        self._tell(location, now, *(events or ["OpportunityUpdate"]))

    def _tell(self, location: Location, opportunity: Opportunity, *events: str) -> None:
        """Also to the search index, which listens later."""
        shelf, quirks = self.shelf(location), self._office.quirks
        held = shelf.opportunities.get(opportunity.id)
        seen_at = self._office.monotonic() + quirks.search_lag_s
        shelf.unseen.append((seen_at, opportunity.id, held and held.copy()))
        burst = (
            () if "OpportunityUpdate" in events or not quirks.opportunity_bursts else ("OpportunityUpdate",)
        )
        for event in (*events, *burst):
            self._office.announce.tell(event, location.id, opportunity.id, opportunity.told())


def _apply(opportunity: Opportunity, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        if name == "custom":
            both = {**opportunity.custom, **value}
            value = {key: one for key, one in both.items() if one is not None and one != ""}
        setattr(opportunity, name, value)
    if opportunity.status != "lost":
        opportunity.lost_reason_id = None
