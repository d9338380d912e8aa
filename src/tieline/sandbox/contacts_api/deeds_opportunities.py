"""What somebody in the CRM does with opportunities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tieline.sandbox.contacts_api.driver import Deed, Done, Emission, Hand
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.opportunities import OpportunityBook
from tieline.sandbox.contacts_api.records import Location, full_name
from tieline.sandbox.contacts_api.records_opportunities import Opportunity


class OpportunityDeeds:
    """All of them, by name. `id` is the opportunity; of a create it is the contact."""

    def __init__(self, office: Office, hand: Hand, book: OpportunityBook) -> None:
        self._office = office
        self._hand = hand
        self._book = book

    def deeds(self) -> Mapping[str, Deed]:
        """For the driver."""
        return {
            "opportunity.create": self._create,
            "opportunity.update": self._update,
            "opportunity.move": self._move,
            "opportunity.won": self._won,
            "opportunity.lost": self._lost,
            "opportunity.assign": self._assign,
            "opportunity.delete": self._delete,
        }

    def _create(self, location: Location, wanted: Emission) -> Done:
        contact = self._hand.contact(location, wanted.id)
        pipeline = next(iter(self._book.shelf(location).pipelines))
        given = {
            "contactId": contact.id, "pipelineId": pipeline, "name": f"Quote for {full_name(contact) or 'a caller'}",
            "status": "open", **wanted.fields,
        }  # fmt: skip
        made = self._book.create(location, given)
        return Done(made.id, made.contact_id)

    def _update(self, location: Location, wanted: Emission) -> Done:
        return self._change(location, wanted, wanted.fields or {"monetaryValue": 500})

    def _move(self, location: Location, wanted: Emission) -> Done:
        """To the stage that the fields name, else to the next one; from the last to the first."""
        found = self._found(location, wanted)
        stages = self._book.shelf(location).pipelines[found.pipeline_id].stages
        place = next(number for number, stage in enumerate(stages) if stage.id == found.stage_id)
        following = stages[(place + 1) % len(stages)].id
        self._book.update(location, found, wanted.fields or {"pipelineStageId": following})
        return Done(found.id, found.contact_id)

    def _won(self, location: Location, wanted: Emission) -> Done:
        return self._change(location, wanted, {"status": "won", **wanted.fields})

    def _lost(self, location: Location, wanted: Emission) -> Done:
        reason = next(iter(self._book.shelf(location).lost_reasons))
        return self._change(location, wanted, {"status": "lost", "lostReasonId": reason, **wanted.fields})

    def _assign(self, location: Location, wanted: Emission) -> Done:
        user = self._hand.pick(self._office.users_of(location), "user")
        return self._change(location, wanted, {"assignedTo": user.id, **wanted.fields})

    def _delete(self, location: Location, wanted: Emission) -> Done:
        found = self._found(location, wanted)
        self._book.delete(location, found)
        return Done(found.id, found.contact_id)

    def _change(self, location: Location, wanted: Emission, fields: dict[str, Any]) -> Done:
        found = self._found(location, wanted)
        self._book.update(location, found, fields)
        return Done(found.id, found.contact_id)

    def _found(self, location: Location, wanted: Emission) -> Opportunity:
        held = self._book.shelf(location).opportunities.values()
        return self._hand.pick([one for one in held if wanted.id in (None, one.id)], "opportunity")
