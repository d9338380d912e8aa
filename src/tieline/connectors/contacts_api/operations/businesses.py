"""Businesses, which contacts can belong to. No webhook tells of them."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue import paging
from tieline.catalogue.look_up import names, says
from tieline.catalogue.spec import AnyOperation, LookUp, Operation
from tieline.connectors.contacts_api.making import made_at
from tieline.connectors.contacts_api.shapes_surroundings import Business
from tieline.connectors.contacts_api.versions import BUSINESSES, SETTLE_S

Text = str | UnsetType
_READ, _WRITE = ("businesses.readonly",), ("businesses.write",)


class ListBusinesses(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of the businesses of a location."""

    location_id: Text = UNSET
    limit: int | UnsetType = UNSET
    skip: int | UnsetType = UNSET


class BusinessId(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which business."""

    business_id: str


class CreateBusiness(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new business."""

    location_id: Text = UNSET
    name: str
    phone: Text = UNSET
    email: Text = UNSET
    website: Text = UNSET
    address: Text = UNSET
    city: Text = UNSET
    postal_code: Text = UNSET
    state: Text = UNSET
    country: Text = UNSET
    description: Text = UNSET


class BusinessesAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of businesses."""

    businesses: list[Business] = []
    trace_id: str | None = None


class BusinessAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One business."""

    business: Business
    trace_id: str | None = None


class MadeBusiness(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The business that was made. Its name on the wire is the vendor's misspelling."""

    business: Business = msgspec.field(name="buiseness")
    trace_id: str | None = None


LIST = Operation[ListBusinesses, BusinessesAnswer](
    id="businesses.list", app="contacts_api", title="List businesses",
    description="The businesses of the location: the only way to see that one changed.",
    method="GET", path="/businesses/", query=frozenset({"locationId", "limit", "skip"}), input=ListBusinesses,
    output=BusinessesAnswer, version=BUSINESSES, scopes=_READ, idempotent=True,
    paging=paging.skip(lambda answer: answer.businesses, default_limit=100),
    source="businesses.json#get-businesses-by-location",
)  # fmt: skip

GET = Operation[BusinessId, BusinessAnswer](
    id="businesses.get", app="contacts_api", title="Get a business", description="One business by its id.",
    method="GET", path="/businesses/{businessId}", input=BusinessId, output=BusinessAnswer, version=BUSINESSES,
    scopes=_READ, idempotent=True, source="businesses.json#get-business",
)  # fmt: skip


def _is_it(row: Business, given: CreateBusiness, _: str) -> bool:
    """By what no far side spells anew."""
    return says(row.name, given.name) and says(row.city, given.city) and names(row.email, given.email)


_CREATED = LookUp[CreateBusiness, ListBusinesses, BusinessesAnswer, Business](
    kind="list", operation="businesses.list", settle_s=SETTLE_S,
    ask=lambda given: ListBusinesses(location_id=given.location_id, limit=100, skip=0),
    rows=lambda answer: answer.businesses, same=_is_it,
    made_at=lambda row: made_at(row.created_at),
)  # fmt: skip

CREATE = Operation[CreateBusiness, MadeBusiness](
    id="businesses.create", app="contacts_api", title="Create a business",
    description="Makes a business. Two of the same name are two.",
    method="POST", path="/businesses/", input=CreateBusiness, output=MadeBusiness, version=BUSINESSES,
    scopes=_WRITE, look_up=_CREATED,
    source="businesses.json#create-business",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (LIST, GET, CREATE)
