"""Workflows of the CRM's own."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue.spec import AnyOperation, Operation
from tieline.connectors.contacts_api.shapes_surroundings import Workflow
from tieline.connectors.contacts_api.versions import WORKFLOWS


class ListWorkflows(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose workflows."""

    location_id: str | UnsetType = UNSET


class WorkflowsAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All workflows; there is no paging."""

    workflows: list[Workflow] = []
    trace_id: str | None = None


LIST = Operation[ListWorkflows, WorkflowsAnswer](
    id="workflows.list", app="contacts_api", title="List workflows",
    description="The location's workflows, with the ids by which contacts are enrolled.",
    method="GET", path="/workflows/", query=frozenset({"locationId"}), input=ListWorkflows, output=WorkflowsAnswer,
    version=WORKFLOWS, scopes=("workflows.readonly",), idempotent=True, source="workflows.json#get-workflow",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (LIST,)
