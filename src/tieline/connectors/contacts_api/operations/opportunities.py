"""Opportunities in their pipelines."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue.look_up import says
from tieline.catalogue.paging import Paging
from tieline.catalogue.spec import AnyOperation, LookUp, Operation
from tieline.connectors.contacts_api.making import LONGEST_QUERY, made_at
from tieline.connectors.contacts_api.operations.contacts import CustomFieldInput
from tieline.connectors.contacts_api.shapes import Loose
from tieline.connectors.contacts_api.shapes_opportunities import Opportunity, Pipeline
from tieline.connectors.contacts_api.versions import OPPORTUNITIES, SETTLE_S
from tieline.connectors.kit.answer import Deleted

Text = str | UnsetType
#: The specs allow "all" as well, which only a search can mean.
Status = Literal["open", "won", "lost", "abandoned"]
_READ, _WRITE = ("opportunities.readonly",), ("opportunities.write",)
_ONE = "/opportunities/{id}"
#: How many rows `page` reaches, and how many a page has where nobody says.
_PAGED, _DEFAULT_LIMIT = 10_000, 20


class OpportunityId(msgspec.Struct, frozen=True, kw_only=True):
    """Which opportunity."""

    id: str


class CreateOpportunity(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new opportunity. Without a stage it starts in the pipeline's first."""

    location_id: Text = UNSET
    contact_id: str
    pipeline_id: str
    name: str
    status: Status = "open"
    pipeline_stage_id: Text = UNSET
    monetary_value: int | float | UnsetType = UNSET
    #: Id of a user of the location.
    assigned_to: Text = UNSET
    custom_fields: list[CustomFieldInput] | UnsetType = UNSET


class UpdateOpportunity(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Changes of an opportunity; UNSET stays as it is."""

    id: str
    pipeline_id: Text = UNSET
    pipeline_stage_id: Text = UNSET
    name: Text = UNSET
    status: Status | UnsetType = UNSET
    monetary_value: int | float | UnsetType = UNSET
    assigned_to: Text = UNSET
    custom_fields: list[CustomFieldInput] | UnsetType = UNSET


class UpsertOpportunity(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An opportunity by its id, else by contact and pipeline."""

    location_id: Text = UNSET
    id: Text = UNSET
    contact_id: Text = UNSET
    pipeline_id: str
    name: Text = UNSET
    status: Status | UnsetType = UNSET
    pipeline_stage_id: Text = UNSET
    monetary_value: int | float | UnsetType = UNSET
    assigned_to: Text = UNSET
    lost_reason_id: Text = UNSET
    #: Ids of users, and what becomes of them.
    followers: list[str] | UnsetType = UNSET
    followers_action_type: Literal["add", "remove"] | UnsetType = UNSET
    is_remove_all_followers: bool | UnsetType = UNSET


class SetStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Won, lost, given up, or open again."""

    id: str
    status: Status
    #: Only of a lost one.
    lost_reason_id: Text = UNSET


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """What else the rows of a search shall carry, of the contact."""

    notes: bool = False
    tasks: bool = False
    calendar_events: bool = msgspec.field(default=False, name="calendarEvents")
    unread_conversations: bool = msgspec.field(default=False, name="unReadConversations")


class SearchOpportunities(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A search, newest first. `page` reaches 10,000 rows; beyond them `search_after`, never both."""

    location_id: Text = UNSET
    #: Words in name, contact, e-mail or phone; at most 75 characters.
    query: Text = UNSET
    #: 1 to 100.
    limit: int | UnsetType = UNSET
    page: int | UnsetType = UNSET
    #: `search_after` of the last row.
    search_after: list[str] | UnsetType = UNSET
    additional_details: Details | UnsetType = UNSET


class AddFollowers(msgspec.Struct, frozen=True, kw_only=True):
    """Users that shall follow an opportunity."""

    id: str
    #: Ids of users of the location.
    followers: list[str]


class RemoveFollowers(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Users that shall follow no more."""

    id: str
    followers: list[str]
    #: Whoever follows, whatever is listed.
    is_remove_all_followers: bool | UnsetType = UNSET


class OfLocation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which location; UNSET = the connection's own."""

    location_id: Text = UNSET


class OpportunityAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One opportunity, as it stands now."""

    opportunity: Opportunity
    trace_id: str | None = None


class UpsertAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The opportunity, and whether it is new."""

    opportunity: Opportunity
    new: bool = False
    trace_id: str | None = None


class OpportunitiesAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of opportunities, and how many there are in all."""

    opportunities: list[Opportunity] = []
    total: Loose = None
    trace_id: str | None = None


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


class PipelinesAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All pipelines; there is no paging."""

    pipelines: list[Pipeline] = []
    trace_id: str | None = None


def _following(
    _: SearchOpportunities, given: SearchOpportunities, answer: OpportunitiesAnswer
) -> SearchOpportunities | None:
    """Behind the last row where it tells how, else the next page while there are any."""
    rows = answer.opportunities
    after = rows[-1].search_after if rows else None
    if after:
        if after == given.search_after:
            return None
        return msgspec.structs.replace(given, search_after=after, page=UNSET)
    limit = _DEFAULT_LIMIT if given.limit is UNSET else given.limit
    page = 1 if given.page is UNSET else given.page
    if len(rows) < limit or (page + 1) * limit > _PAGED:
        return None
    return msgspec.structs.replace(given, page=page + 1)


#: What an upsert can be seen by; anything else that it carries is not compared, but written again.
_SEEN = frozenset({"name", "status", "pipeline_stage_id", "monetary_value", "assigned_to", "lost_reason_id"})
_WHICH = frozenset({"location_id", "id", "contact_id", "pipeline_id"})


def _by_name(given: CreateOpportunity | UpsertOpportunity) -> SearchOpportunities | None:
    if given.name is UNSET or not given.name.strip():
        return None
    words = given.name.strip()[:LONGEST_QUERY]
    return SearchOpportunities(location_id=given.location_id, query=words, limit=100)


def _is_it(row: Opportunity, given: CreateOpportunity | UpsertOpportunity, _: str = "") -> bool:
    contact_id = row.contact_id or (row.contact.id if row.contact is not None else None)
    return (
        says(contact_id, given.contact_id)
        and says(row.pipeline_id, given.pipeline_id)
        and says(row.name, given.name)
    )


def _stands_so(row: Opportunity, given: UpsertOpportunity, _: str) -> bool:
    """Everything is there that was written: then it does not matter by whom. Sent again, an upsert meets the one that
    fits, so what cannot be compared is written once more."""
    written = {name for name in given.__struct_fields__ if getattr(given, name) is not UNSET} - _WHICH
    return (
        written <= _SEEN
        and (given.id is UNSET or row.id == given.id)
        and _is_it(row, given)
        and all(_equal(getattr(row, name), getattr(given, name)) for name in written)
    )


def _equal(held: Loose, wanted: Any) -> bool:
    """A number may come back as text or with decimals."""
    if isinstance(wanted, int | float):
        try:
            return float(held or 0) == float(wanted)
        except ValueError:
            return False
    return says(held, wanted)


#: A create that answered nothing may have made it: the search for its name tells, some seconds later.
_CREATED = LookUp[CreateOpportunity, SearchOpportunities, OpportunitiesAnswer, Opportunity](
    kind="index", operation="opportunities.search", settle_s=SETTLE_S, ask=_by_name,
    rows=lambda answer: answer.opportunities, same=_is_it, made_at=lambda row: made_at(row.created_at),
)  # fmt: skip
_UPSERTED = LookUp[UpsertOpportunity, SearchOpportunities, OpportunitiesAnswer, Opportunity](
    kind="index", operation="opportunities.search", settle_s=SETTLE_S, ask=_by_name,
    rows=lambda answer: answer.opportunities, same=_stands_so,
)  # fmt: skip

CREATE = Operation[CreateOpportunity, OpportunityAnswer](
    id="opportunities.create", app="contacts_api", title="Create an opportunity",
    description="Makes an opportunity of a contact. Where the location forbids duplicates, a second one of the contact "
    "in the same pipeline is refused, and the refusal names the first.",
    method="POST", path="/opportunities/", input=CreateOpportunity, output=OpportunityAnswer,
    version=OPPORTUNITIES, scopes=_WRITE, look_up=_CREATED, source="opportunities.json#create-opportunity",
)  # fmt: skip

GET = Operation[OpportunityId, OpportunityAnswer](
    id="opportunities.get", app="contacts_api", title="Get an opportunity", description="One opportunity by its id.",
    method="GET", path=_ONE, input=OpportunityId, output=OpportunityAnswer, version=OPPORTUNITIES, scopes=_READ,
    idempotent=True, source="opportunities.json#get-opportunity",
)  # fmt: skip

UPDATE = Operation[UpdateOpportunity, OpportunityAnswer](
    id="opportunities.update", app="contacts_api", title="Update an opportunity",
    description="Writes only what is given: also another stage, or another owner.",
    method="PUT", path=_ONE, input=UpdateOpportunity, output=OpportunityAnswer, version=OPPORTUNITIES,
    scopes=_WRITE, idempotent=True, source="opportunities.json#update-opportunity",
)  # fmt: skip

UPSERT = Operation[UpsertOpportunity, UpsertAnswer](
    id="opportunities.upsert", app="contacts_api", title="Create or update an opportunity",
    description="Writes to the opportunity with this id, else to the contact's in this pipeline, else makes one.",
    method="POST", path="/opportunities/upsert", input=UpsertOpportunity, output=UpsertAnswer,
    version=OPPORTUNITIES, scopes=_WRITE, look_up=_UPSERTED, source="opportunities.json#Upsert-opportunity",
)  # fmt: skip

SET_STATUS = Operation[SetStatus, Succeeded](
    id="opportunities.set_status", app="contacts_api", title="Set the status of an opportunity",
    description="Won, lost with a reason, abandoned, or open again.",
    method="PUT", path=f"{_ONE}/status", input=SetStatus, output=Succeeded, version=OPPORTUNITIES, scopes=_WRITE,
    idempotent=True, source="opportunities.json#update-opportunity-status",
)  # fmt: skip

DELETE = Operation[OpportunityId, Deleted](
    id="opportunities.delete", app="contacts_api", title="Delete an opportunity",
    description="Removes an opportunity. One that is not there counts as removed.",
    method="DELETE", path=_ONE, input=OpportunityId, output=Deleted, version=OPPORTUNITIES, scopes=_WRITE,
    idempotent=True, source="opportunities.json#delete-opportunity",
)  # fmt: skip

SEARCH = Operation[SearchOpportunities, OpportunitiesAnswer](
    id="opportunities.search", app="contacts_api", title="Search opportunities",
    description="Opportunities by words, newest first. Lags some seconds behind writes: never a proof of one's own.",
    method="POST", path="/opportunities/search", input=SearchOpportunities, output=OpportunitiesAnswer,
    version=OPPORTUNITIES, scopes=_READ, idempotent=True,
    paging=Paging(style="search_after", rows=lambda answer: answer.opportunities, following=_following),
    source="opportunities.json#search-opportunities-advanced",
)  # fmt: skip

ADD_FOLLOWERS = Operation[AddFollowers, FollowersAnswer](
    id="opportunities.add_followers", app="contacts_api", title="Add followers to an opportunity",
    description="Users that follow already stay.",
    method="POST", path=f"{_ONE}/followers", input=AddFollowers, output=FollowersAnswer, version=OPPORTUNITIES,
    scopes=_WRITE, idempotent=True, source="opportunities.json#add-followers-opportunity",
)  # fmt: skip

REMOVE_FOLLOWERS = Operation[RemoveFollowers, FollowersAnswer](
    id="opportunities.remove_followers", app="contacts_api", title="Remove followers from an opportunity",
    description="Users that do not follow are no error.",
    method="DELETE", path=f"{_ONE}/followers", query=frozenset({"isRemoveAllFollowers"}), input=RemoveFollowers,
    output=FollowersAnswer, version=OPPORTUNITIES, scopes=_WRITE, idempotent=True,
    source="opportunities.json#remove-followers-opportunity",
)  # fmt: skip

LIST_PIPELINES = Operation[OfLocation, PipelinesAnswer](
    id="opportunities.list_pipelines", app="contacts_api", title="List pipelines and stages",
    description="All pipelines of the location with their stages.",
    method="GET", path="/opportunities/pipelines", query=frozenset({"locationId"}), input=OfLocation,
    output=PipelinesAnswer, version=OPPORTUNITIES, scopes=_READ, idempotent=True,
    source="opportunities.json#get-pipelines",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (
    SEARCH, GET, CREATE, UPDATE, UPSERT, SET_STATUS, DELETE, ADD_FOLLOWERS, REMOVE_FOLLOWERS, LIST_PIPELINES,
)  # fmt: skip
