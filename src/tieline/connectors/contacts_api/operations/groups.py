"""Where contacts belong: followers, campaigns, workflows, a business; tags of many at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue import paging
from tieline.catalogue.spec import AnyOperation, LookUp, Operation
from tieline.connectors.contacts_api.shapes import ContactRecord, Loose
from tieline.connectors.contacts_api.versions import CONTACTS
from tieline.connectors.kit.answer import Deleted

Text = str | UnsetType
_READ, _WRITE = ("contacts.readonly",), ("contacts.write",)
_ONE = "/contacts/{contactId}"


class Followers(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Users that follow a contact."""

    contact_id: str
    #: Ids of users of the location.
    followers: list[str]


class InCampaign(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A contact and a campaign."""

    contact_id: str
    campaign_id: str


class OfContact(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which contact."""

    contact_id: str


class InWorkflow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A contact and a workflow; `event_start_time` is what the workflow's waits count from."""

    contact_id: str
    workflow_id: str
    event_start_time: datetime | UnsetType = UNSET


class BulkTags(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Tags of many contacts. The maximum per call is not documented: send 100 at most."""

    type: Literal["add", "remove"]
    location_id: Text = UNSET
    contacts: list[str]
    tags: list[str]
    #: Only where tags are removed.
    remove_all_tags: bool | UnsetType = UNSET


class BulkBusiness(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The business that contacts belong to; None takes them out of theirs."""

    location_id: Text = UNSET
    ids: list[str]
    business_id: str | None


class ListOfBusiness(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of the contacts of a business."""

    business_id: str
    location_id: Text = UNSET
    limit: int | UnsetType = UNSET
    skip: int | UnsetType = UNSET
    query: Text = UNSET


class FollowersAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who follows now, and what changed."""

    followers: list[Any] = []
    followers_added: list[Any] = []
    followers_removed: list[Any] = []
    trace_id: str | None = None


class Succeeded(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """It was done. The misspelling is the vendor's."""

    succeded: bool = True
    trace_id: str | None = None


class BulkTagsAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of each contact."""

    succeded: bool = True
    error_count: Loose = 0
    responses: list[Any] = []
    trace_id: str | None = None


class BulkBusinessAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The contacts that were moved."""

    success: bool = True
    ids: list[Any] = []
    trace_id: str | None = None


class ContactsOfBusiness(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Contacts, and how many there are in all."""

    contacts: list[ContactRecord] = []
    count: Loose = None
    trace_id: str | None = None


ADD_FOLLOWERS = Operation[Followers, FollowersAnswer](
    id="contacts.add_followers", app="contacts_api", title="Add followers to a contact",
    description="Users that follow already stay.",
    method="POST", path=f"{_ONE}/followers", input=Followers, output=FollowersAnswer, version=CONTACTS,
    scopes=_WRITE, idempotent=True, source="contacts.json#add-followers-contact",
)  # fmt: skip

REMOVE_FOLLOWERS = Operation[Followers, FollowersAnswer](
    id="contacts.remove_followers", app="contacts_api", title="Remove followers from a contact",
    description="Users that do not follow are no error.",
    method="DELETE", path=f"{_ONE}/followers", input=Followers, output=FollowersAnswer, version=CONTACTS,
    scopes=_WRITE, idempotent=True, source="contacts.json#remove-followers-contact",
)  # fmt: skip

ADD_TO_CAMPAIGN = Operation[InCampaign, Succeeded](
    id="contacts.add_to_campaign", app="contacts_api", title="Add a contact to a campaign",
    description="Campaigns are the vendor's older feature; workflows replace them.",
    method="POST", path=f"{_ONE}/campaigns/{{campaignId}}", input=InCampaign, output=Succeeded,
    version=CONTACTS, scopes=_WRITE, idempotent=True, source="contacts.json#add-contact-to-campaign",
)  # fmt: skip

REMOVE_FROM_CAMPAIGN = Operation[InCampaign, Deleted](
    id="contacts.remove_from_campaign", app="contacts_api", title="Remove a contact from a campaign",
    description="A contact that is not in it counts as removed.",
    method="DELETE", path=f"{_ONE}/campaigns/{{campaignId}}", input=InCampaign, output=Deleted,
    version=CONTACTS, scopes=_WRITE, idempotent=True, source="contacts.json#remove-contact-from-campaign",
)  # fmt: skip

REMOVE_FROM_ALL_CAMPAIGNS = Operation[OfContact, Deleted](
    id="contacts.remove_from_all_campaigns", app="contacts_api", title="Remove a contact from every campaign",
    description="Whatever campaigns the contact is in.",
    method="DELETE", path=f"{_ONE}/campaigns/removeAll", input=OfContact, output=Deleted, version=CONTACTS,
    scopes=_WRITE, idempotent=True, source="contacts.json#remove-contact-from-every-campaign",
)  # fmt: skip

ADD_TO_WORKFLOW = Operation[InWorkflow, Succeeded](
    id="contacts.add_to_workflow", app="contacts_api", title="Add a contact to a workflow",
    description="Enrols the contact in one of the CRM's own workflows. Whether a second enrolment starts it again "
    "depends on the workflow's settings, and nothing tells whether it took place, so it is not repeated blindly.",
    method="POST", path=f"{_ONE}/workflow/{{workflowId}}", input=InWorkflow, output=Succeeded, version=CONTACTS,
    scopes=_WRITE, look_up=LookUp(kind="none"), source="contacts.json#add-contact-to-workflow",
)  # fmt: skip

REMOVE_FROM_WORKFLOW = Operation[InWorkflow, Deleted](
    id="contacts.remove_from_workflow", app="contacts_api", title="Remove a contact from a workflow",
    description="A contact that is not in it counts as removed.",
    method="DELETE", path=f"{_ONE}/workflow/{{workflowId}}", input=InWorkflow, output=Deleted, version=CONTACTS,
    scopes=_WRITE, idempotent=True, source="contacts.json#delete-contact-from-workflow",
)  # fmt: skip

BULK_UPDATE_TAGS = Operation[BulkTags, BulkTagsAnswer](
    id="contacts.bulk_update_tags", app="contacts_api", title="Add or remove tags of many contacts",
    description="One call for up to 100 contacts.",
    method="POST", path="/contacts/bulk/tags/update/{type}", input=BulkTags, output=BulkTagsAnswer,
    version=CONTACTS, scopes=_WRITE, idempotent=True, source="contacts.json#create-association",
)  # fmt: skip

BULK_SET_BUSINESS = Operation[BulkBusiness, BulkBusinessAnswer](
    id="contacts.bulk_set_business", app="contacts_api", title="Put contacts into a business, or take them out",
    description="One call for many contacts.",
    method="POST", path="/contacts/bulk/business", input=BulkBusiness, output=BulkBusinessAnswer,
    version=CONTACTS, scopes=_WRITE, idempotent=True,
    source="contacts.json#add-remove-contact-from-business",
)  # fmt: skip

LIST_BY_BUSINESS = Operation[ListOfBusiness, ContactsOfBusiness](
    id="contacts.list_by_business", app="contacts_api", title="List the contacts of a business",
    description="Contacts that belong to one business.",
    method="GET", path="/contacts/business/{businessId}",
    query=frozenset({"locationId", "limit", "skip", "query"}), input=ListOfBusiness, output=ContactsOfBusiness,
    version=CONTACTS, scopes=_READ, idempotent=True,
    paging=paging.skip(lambda answer: answer.contacts, default_limit=25),
    source="contacts.json#get-contacts-by-businessId",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (
    LIST_BY_BUSINESS, BULK_UPDATE_TAGS, BULK_SET_BUSINESS, ADD_FOLLOWERS, REMOVE_FOLLOWERS, ADD_TO_CAMPAIGN,
    REMOVE_FROM_CAMPAIGN, REMOVE_FROM_ALL_CAMPAIGNS, ADD_TO_WORKFLOW, REMOVE_FROM_WORKFLOW,
)  # fmt: skip
