"""Campaigns: the vendor's older feature, which workflows replace."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue.spec import AnyOperation, Operation
from tieline.connectors.contacts_api.shapes_surroundings import Campaign
from tieline.connectors.contacts_api.versions import CAMPAIGNS


class ListCampaigns(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose campaigns; `status` is published or draft, UNSET = both."""

    location_id: str | UnsetType = UNSET
    status: str | UnsetType = UNSET


class CampaignsAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All campaigns; there is no paging."""

    campaigns: list[Campaign] = []
    trace_id: str | None = None


LIST = Operation[ListCampaigns, CampaignsAnswer](
    id="campaigns.list", app="contacts_api", title="List campaigns",
    description="The location's campaigns, with the ids by which contacts are added.",
    method="GET", path="/campaigns/", query=frozenset({"locationId", "status"}), input=ListCampaigns,
    output=CampaignsAnswer, version=CAMPAIGNS, scopes=("campaigns.readonly",), idempotent=True,
    source="campaigns.json#get-campaigns",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (LIST,)
