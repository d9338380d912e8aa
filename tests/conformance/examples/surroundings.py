"""What surrounds contacts: businesses, users, campaigns, workflows, forms, the location's lists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conformance.ready import Example, Ready
from tieline.connectors.contacts_api.operations import (
    businesses,
    campaigns,
    custom_values,
    forms,
    groups,
    tags,
    users,
    workflows,
)


async def create_tag(ready: Ready) -> Any:
    return tags.CreateTag(name="Möglicher Kunde")


async def of_location(ready: Ready) -> Any:
    return custom_values.LIST.input()


async def update_custom_value(ready: Ready) -> Any:
    held = ready.state()["custom_values"][0]
    return custom_values.UpdateCustomValue(id=held.id, name=held.name, value="9–17 Uhr")


async def list_businesses(ready: Ready) -> Any:
    return businesses.ListBusinesses(limit=10, skip=0)


async def create_business(ready: Ready) -> Any:
    return businesses.CreateBusiness(name="Bäckerei Groß", city="Köln", country="DE")


async def business(ready: Ready) -> Any:
    made = await ready.api.call(businesses.CREATE, await create_business(ready))
    return businesses.BusinessId(business_id=made.business.id)


async def in_business(ready: Ready) -> Any:
    which = await business(ready)
    return groups.BulkBusiness(ids=[await ready.contact()], business_id=which.business_id)


async def of_business(ready: Ready) -> Any:
    given = await in_business(ready)
    await ready.api.call(groups.BULK_SET_BUSINESS, given)
    return groups.ListOfBusiness(business_id=given.business_id, limit=10, skip=0)


async def search_users(ready: Ready) -> Any:
    return users.SearchUsers(company_id=ready.told["company_id"], query="ana", limit=10)


async def user(ready: Ready) -> Any:
    return users.UserId(user_id=ready.user)


async def list_campaigns(ready: Ready) -> Any:
    return campaigns.ListCampaigns(status="published")


async def list_workflows(ready: Ready) -> Any:
    return workflows.ListWorkflows()


async def in_campaign(ready: Ready) -> Any:
    held = await ready.api.call(campaigns.LIST, campaigns.ListCampaigns())
    return groups.InCampaign(contact_id=await ready.contact(), campaign_id=held.campaigns[0].id)


async def was_in_campaign(ready: Ready) -> Any:
    given = await in_campaign(ready)
    await ready.api.call(groups.ADD_TO_CAMPAIGN, given)
    return given


async def was_in_campaigns(ready: Ready) -> Any:
    return groups.OfContact(contact_id=(await was_in_campaign(ready)).contact_id)


async def in_workflow(ready: Ready) -> Any:
    held = await ready.api.call(workflows.LIST, workflows.ListWorkflows())
    return groups.InWorkflow(
        contact_id=await ready.contact(), workflow_id=held.workflows[0].id,
        event_start_time=datetime(2027, 3, 1, 15, 0, tzinfo=UTC),
    )  # fmt: skip


async def was_in_workflow(ready: Ready) -> Any:
    given = await in_workflow(ready)
    await ready.api.call(groups.ADD_TO_WORKFLOW, given)
    return given


async def submissions(ready: Ready) -> Any:
    ready.sandbox.contacts.side.emit({"kind": "form.submit", "location": ready.location})
    return forms.ListSubmissions(start_at=datetime.now(UTC).date() - timedelta(days=2), limit=100)


EXAMPLES: dict[str, Example] = {
    "tags.create": create_tag,
    "custom_values.list": of_location,
    "custom_values.update": update_custom_value,
    "businesses.list": list_businesses,
    "businesses.create": create_business,
    "businesses.get": business,
    "contacts.bulk_set_business": in_business,
    "contacts.list_by_business": of_business,
    "users.search": search_users,
    "users.get": user,
    "campaigns.list": list_campaigns,
    "workflows.list": list_workflows,
    "contacts.add_to_campaign": in_campaign,
    "contacts.remove_from_campaign": was_in_campaign,
    "contacts.remove_from_all_campaigns": was_in_campaigns,
    "contacts.add_to_workflow": in_workflow,
    "contacts.remove_from_workflow": was_in_workflow,
    "forms.list_submissions": submissions,
}
