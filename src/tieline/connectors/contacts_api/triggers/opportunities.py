"""Opportunities. One change is told several times: as what it is, and as an update (issue 27)."""

from __future__ import annotations

from tieline.catalogue.spec import AnyTrigger, Trigger
from tieline.connectors.contacts_api.shapes import Loose
from tieline.connectors.contacts_api.triggers.told import Told

_READ = ("opportunities.readonly",)


class OpportunityTold(Told, frozen=True, kw_only=True, rename="camel"):
    """The whole opportunity as it is now."""

    id: Loose = None
    name: Loose = None
    contact_id: Loose = None
    pipeline_id: Loose = None
    pipeline_stage_id: Loose = None
    #: open, won, lost, abandoned.
    status: Loose = None
    monetary_value: Loose = None
    assigned_to: Loose = None
    source: Loose = None
    date_added: Loose = None


def _trigger(id_: str, event: str, title: str, description: str) -> Trigger[OpportunityTold]:
    return Trigger[OpportunityTold](
        id=f"opportunities.{id_}", app="contacts_api", title=title, description=description, event=event,
        types=(event,), scopes=_READ, output=OpportunityTold, source=f"webhook-events/{event}.json",
    )  # fmt: skip


CREATED = _trigger(
    "created",
    "OpportunityCreate",
    "Opportunity created",
    "An opportunity was created; an update is told too.",
)
UPDATED = _trigger(
    "updated", "OpportunityUpdate", "Opportunity updated",
    "An opportunity changed in any way, also where another event tells of the same change; create and delete are told "
    "as an update too, in no known order.",
)  # fmt: skip
DELETED = _trigger(
    "deleted",
    "OpportunityDelete",
    "Opportunity deleted",
    "An opportunity was deleted; an update is told too.",
)
STAGE_CHANGED = _trigger(
    "stage_changed", "OpportunityStageUpdate", "Opportunity moved to another stage",
    "An opportunity moved within its pipeline, or to another one.",
)  # fmt: skip
STATUS_CHANGED = _trigger(
    "status_changed", "OpportunityStatusUpdate", "Opportunity status changed",
    "An opportunity was won, lost, abandoned, or opened again.",
)  # fmt: skip
OWNER_CHANGED = _trigger(
    "owner_changed", "OpportunityAssignedToUpdate", "Opportunity owner changed",
    "An opportunity was given to another user.",
)  # fmt: skip
VALUE_CHANGED = _trigger(
    "value_changed", "OpportunityMonetaryValueUpdate", "Opportunity value changed",
    "The worth of an opportunity changed.",
)  # fmt: skip

TRIGGERS: tuple[AnyTrigger, ...] = (
    CREATED, UPDATED, DELETED, STAGE_CHANGED, STATUS_CHANGED, OWNER_CHANGED, VALUE_CHANGED,
)  # fmt: skip
