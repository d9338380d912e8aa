"""Opportunities in their pipelines."""

from __future__ import annotations

from typing import Any

from tests.conformance.ready import Example, Ready
from tieline.connectors.contacts_api.operations import opportunities


def pipeline(ready: Ready) -> Any:
    """The location's first pipeline."""
    return ready.state()["pipelines"][0]


async def create(ready: Ready) -> Any:
    held = pipeline(ready)
    return opportunities.CreateOpportunity(
        contact_id=await ready.contact(), pipeline_id=held.id, pipeline_stage_id=held.stages[1].id, name="Neues Dach",
        monetary_value=4200.5, assigned_to=ready.user,
    )  # fmt: skip


async def opportunity(ready: Ready) -> Any:
    made = await ready.api.call(opportunities.CREATE, await create(ready))
    return opportunities.OpportunityId(id=made.opportunity.id)


async def update(ready: Ready) -> Any:
    which = await opportunity(ready)
    return opportunities.UpdateOpportunity(id=which.id, name="Neues Dach, größer", monetary_value=5000)


async def upsert(ready: Ready) -> Any:
    return opportunities.UpsertOpportunity(
        contact_id=await ready.contact(), pipeline_id=pipeline(ready).id, name="New roof", monetary_value=100
    )


async def set_status(ready: Ready) -> Any:
    which = await opportunity(ready)
    reason = ready.state()["lost_reasons"][0].id
    return opportunities.SetStatus(id=which.id, status="lost", lost_reason_id=reason)


async def search(ready: Ready) -> Any:
    await opportunity(ready)
    ready.sandbox.contacts.clock.advance(6)
    return opportunities.SearchOpportunities(
        query="dach", limit=10, additional_details=opportunities.Details(notes=True)
    )


async def add_followers(ready: Ready) -> Any:
    which = await opportunity(ready)
    return opportunities.AddFollowers(id=which.id, followers=[ready.user])


async def remove_followers(ready: Ready) -> Any:
    given = await add_followers(ready)
    await ready.api.call(opportunities.ADD_FOLLOWERS, given)
    return opportunities.RemoveFollowers(id=given.id, followers=[], is_remove_all_followers=True)


async def pipelines(ready: Ready) -> Any:
    return opportunities.OfLocation()


EXAMPLES: dict[str, Example] = {
    "opportunities.create": create,
    "opportunities.get": opportunity,
    "opportunities.update": update,
    "opportunities.upsert": upsert,
    "opportunities.set_status": set_status,
    "opportunities.delete": opportunity,
    "opportunities.search": search,
    "opportunities.add_followers": add_followers,
    "opportunities.remove_followers": remove_followers,
    "opportunities.list_pipelines": pipelines,
}
