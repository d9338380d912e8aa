"""OAuth: codes and refresh tokens into token pairs, locations of a company, and the way back from a lost pair."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue import paging
from tieline.catalogue.spec import AnyOperation, Operation
from tieline.connectors.contacts_api.shapes import Loose
from tieline.connectors.contacts_api.versions import OAUTH

Text = str | UnsetType
UserType = Literal["Location", "Company"]


class GetToken(msgspec.Struct, frozen=True, kw_only=True):
    """A code, or a refresh token, which is void once it was used."""

    client_id: str
    client_secret: str
    grant_type: Literal["authorization_code", "refresh_token", "client_credentials"]
    code: Text = UNSET
    refresh_token: Text = UNSET
    user_type: UserType | UnsetType = UNSET
    redirect_uri: Text = UNSET

    def __repr__(self) -> str:
        return f"GetToken({self.grant_type}, …)"


class GetLocationToken(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which location of which company."""

    company_id: str
    location_id: str


class ListInstalled(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of the locations that an app may be used at."""

    company_id: str
    app_id: str
    is_installed: bool | UnsetType = UNSET
    query: Text = UNSET
    limit: int | UnsetType = UNSET
    skip: int | UnsetType = UNSET


class Reconnect(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose pair was lost: a location's or a company's."""

    client_key: str
    client_secret: str
    location_id: Text = UNSET
    company_id: Text = UNSET

    def __repr__(self) -> str:
        return "Reconnect(…)"


class TokenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A new pair. `locationId` stands in those of locations alone."""

    access_token: str
    expires_in: float
    refresh_token: str | None = None
    scope: str = ""
    user_type: Loose = msgspec.field(default=None, name="userType")
    company_id: Loose = msgspec.field(default=None, name="companyId")
    location_id: Loose = msgspec.field(default=None, name="locationId")
    user_id: Loose = msgspec.field(default=None, name="userId")
    approved_locations: list[Any] | None = msgspec.field(default=None, name="approvedLocations")
    is_bulk_installation: Loose = msgspec.field(default=None, name="isBulkInstallation")

    def __repr__(self) -> str:
        return f"TokenAnswer({self.user_type}, {self.location_id or self.company_id}, …)"


class InstalledLocation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A location of the company."""

    id: str = msgspec.field(name="_id")
    name: Loose = None
    is_installed: Loose = None


class InstalledAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of locations."""

    locations: list[InstalledLocation] = []
    count: Loose = None
    trace_id: str | None = None


class ReconnectAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A code to be exchanged for a new pair."""

    authorization_code: str
    expires_at: Loose = None
    trace_id: str | None = None

    def __repr__(self) -> str:
        return "ReconnectAnswer(…)"


TOKEN = Operation[GetToken, TokenAnswer](
    id="oauth.token", app="contacts_api", title="Get a token pair",
    description="Exchanges a code, or a refresh token, for a new pair. Both can be used once.",
    method="POST", path="/oauth/token", input=GetToken, output=TokenAnswer, form=True, bare=True,
    source="oauth.json#get-access-token",
)  # fmt: skip

LOCATION_TOKEN = Operation[GetLocationToken, TokenAnswer](
    id="oauth.location_token", app="contacts_api", title="Get a location's token from the company's",
    description="Makes a token pair for one location out of a company's token. Each call makes another pair, and the "
    "ones before it stay good.",
    method="POST", path="/oauth/locationToken", input=GetLocationToken, output=TokenAnswer, form=True,
    version=OAUTH, scopes=("oauth.write",), idempotent=True, source="oauth.json#get-location-access-token",
)  # fmt: skip

LIST_INSTALLED = Operation[ListInstalled, InstalledAnswer](
    id="oauth.list_installed", app="contacts_api", title="List where the app is installed",
    description="Locations of a company, and whether the app may be used there.",
    method="GET", path="/oauth/installedLocations",
    query=frozenset({"companyId", "appId", "isInstalled", "query", "limit", "skip"}), input=ListInstalled,
    output=InstalledAnswer, version=OAUTH, scopes=("oauth.readonly",), idempotent=True,
    paging=paging.skip(lambda answer: answer.locations, default_limit=20),
    source="oauth.json#get-installed-location",
)  # fmt: skip

RECONNECT = Operation[Reconnect, ReconnectAnswer](
    id="oauth.reconnect", app="contacts_api", title="Recover a lost token pair",
    description="Gives a new code where the pair was lost though the app is still installed.",
    method="POST", path="/oauth/reconnect", input=Reconnect, output=ReconnectAnswer, bare=True, idempotent=True,
    source="help article 155000003717",
)  # fmt: skip

#: Not among the connector's operations: they are ours alone, and no step of a workflow may call them.
OPERATIONS: tuple[AnyOperation, ...] = (TOKEN, LOCATION_TOKEN, LIST_INSTALLED, RECONNECT)
