"""Who works in the CRM."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue import paging
from tieline.catalogue.spec import AnyOperation, Operation
from tieline.connectors.contacts_api.shapes import Loose
from tieline.connectors.contacts_api.shapes_surroundings import User
from tieline.connectors.contacts_api.versions import USERS

Text = str | UnsetType
_READ = ("users.readonly",)


class SearchUsers(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Users of a company. Its id is required even where the token belongs to one location, which has it."""

    company_id: str
    location_id: Text = UNSET
    #: Words in name, e-mail or phone.
    query: Text = UNSET
    skip: int | UnsetType = UNSET
    limit: int | UnsetType = UNSET
    type: Text = UNSET
    role: Text = UNSET
    #: Ids, separated by commas.
    ids: Text = UNSET
    sort: Text = UNSET
    sort_direction: Literal["asc", "desc"] | UnsetType = UNSET


class UserId(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which user."""

    user_id: str


class UsersAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of users, and how many there are in all."""

    users: list[User] = []
    count: Loose = None
    trace_id: str | None = None


SEARCH = Operation[SearchUsers, UsersAnswer](
    id="users.search", app="contacts_api", title="Search users",
    description="Who works there: for owners of contacts, tasks and opportunities.",
    method="GET", path="/users/search", input=SearchUsers, output=UsersAnswer, version=USERS, scopes=_READ,
    query=frozenset(
        {"companyId", "locationId", "query", "skip", "limit", "type", "role", "ids", "sort", "sortDirection"}
    ),
    idempotent=True, paging=paging.skip(lambda answer: answer.users, default_limit=25),
    source="users.json#search-users",
)  # fmt: skip

GET = Operation[UserId, User](
    id="users.get", app="contacts_api", title="Get a user", description="One user by the id.",
    method="GET", path="/users/{userId}", input=UserId, output=User, version=USERS, scopes=_READ, idempotent=True,
    source="users.json#get-user",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (SEARCH, GET)
