"""What an account consists of: projects, tracking numbers, tags, campaigns. Of the paths only names were seen."""

from __future__ import annotations

from tieline.catalogue.spec import AnyOperation, Operation
from tieline.connectors.nimbata.operations.inputs import ACCOUNT, PAGE, Paged
from tieline.connectors.nimbata.rows import PAGED, Rows
from tieline.connectors.nimbata.shapes import Campaign, Project, TagRecord, TrackingNumber

LIST_PROJECTS = Operation[Paged, Rows[Project]](
    id="nimbata.project.list", app="nimbata", title="List the projects of the account",
    description="All projects that the token can read.", method="GET", path=f"{ACCOUNT}/projects",
    query=PAGE, input=Paged, output=Rows[Project], idempotent=True, paging=PAGED, status="assumption",
    source="nimbata.md#A1",
)  # fmt: skip

LIST_TRACKING_NUMBERS = Operation[Paged, Rows[TrackingNumber]](
    id="nimbata.tracking_number.list", app="nimbata", title="List the tracking numbers of the account",
    description="Numbers of all projects, with what they forward to.", method="GET",
    path=f"{ACCOUNT}/tracking-numbers", query=PAGE, input=Paged, output=Rows[TrackingNumber],
    idempotent=True, paging=PAGED, status="assumption", source="nimbata.md#A1",
)  # fmt: skip

LIST_TAGS = Operation[Paged, Rows[TagRecord]](
    id="nimbata.tag.list", app="nimbata", title="List the tags of the account",
    description="Tags of all projects.", method="GET", path=f"{ACCOUNT}/tags", query=PAGE, input=Paged,
    output=Rows[TagRecord], idempotent=True, paging=PAGED, status="assumption", source="nimbata.md#B3",
)  # fmt: skip

LIST_CAMPAIGNS = Operation[Paged, Rows[Campaign]](
    id="nimbata.campaign.list", app="nimbata", title="List the campaigns of the account",
    description="Named sources of all projects, with their tracking numbers.", method="GET",
    path=f"{ACCOUNT}/campaigns", query=PAGE, input=Paged, output=Rows[Campaign], idempotent=True,
    paging=PAGED, status="assumption", source="nimbata.md#B3",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (LIST_PROJECTS, LIST_TRACKING_NUMBERS, LIST_TAGS, LIST_CAMPAIGNS)
