"""Who may use the API, and how that changes: the app, its OAuth, the private tokens."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from tieline.sandbox.contacts_api.api_oauth import OauthApi
from tieline.sandbox.contacts_api.deeds_oauth import OauthDeeds
from tieline.sandbox.contacts_api.driver import Deed
from tieline.sandbox.contacts_api.installs import Installs
from tieline.sandbox.contacts_api.oauth import Grants
from tieline.sandbox.contacts_api.offer import Offer
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.places import PlaceBook
from tieline.sandbox.contacts_api.records import Location
from tieline.sandbox.contacts_api.tokens import Tokens


class Access:
    """The subject of access."""

    def __init__(
        self,
        office: Office,
        tokens: Tokens,
        places: PlaceBook,
        rng: Random,
        *,
        client_id: str,
        client_secret: str,
        agency_token: str,
    ) -> None:
        self._office = office
        self.installs = Installs(office, rng, client_id=client_id, client_secret=client_secret)
        self.grants = Grants(office, tokens, self.installs, rng)
        self._api = OauthApi(office, tokens, self.installs, self.grants, places)
        self._deeds = OauthDeeds(office, tokens, self.installs, self.grants, rng, agency_token)

    def told(self) -> dict[str, Any]:
        """What a client needs to know of it; changes as secrets are replaced."""
        app = self.installs.app
        return {
            "token": self._deeds.agency_token, "client_id": app.client_id, "client_secret": app.secrets[0][0],
            "app_id": app.id,
        }  # fmt: skip

    def offers(self) -> list[Offer]:
        """Everything under /oauth."""
        return self._api.offers()

    def deeds(self) -> Mapping[str, Deed]:
        """For the driver."""
        return self._deeds.deeds()

    def state(self, location: Location) -> dict[str, Any]:
        """Whether the app is installed there, and what became of its tokens."""
        return {"access": {**self._of(location), "active": location.id not in self._office.inactive}}

    def of_company(self) -> dict[str, Any]:
        """The same of the company itself."""
        return self._of(None)

    def doubled(self, location: Location) -> list[dict[str, Any]]:
        """A pair is always a new one."""
        return []

    def _of(self, location: Location | None) -> dict[str, Any]:
        account = location.id if location else self._office.company_id
        held = self.installs.at(account)
        return {
            "installed": held is not None,
            "scopes": sorted(held.scopes) if held else [],
            "refresh_tokens": self.grants.good(location),
            "refreshed": self.grants.refreshes[account],
            "replayed": self.grants.replays[account],
        }
