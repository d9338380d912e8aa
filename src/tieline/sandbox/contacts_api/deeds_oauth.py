"""What somebody does with the app, its tokens and the private ones, on the screens of the CRM."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from random import Random

from tieline.sandbox.contacts_api.driver import Deed, Done, Emission
from tieline.sandbox.contacts_api.installs import OVERLAP, SCOPES, Installs
from tieline.sandbox.contacts_api.oauth import Grants
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.records import Location, private_token
from tieline.sandbox.contacts_api.tokens import Token, Tokens


class OauthDeeds:
    """All of them, by name. `fields: {"company": true}` means the agency in place of the location."""

    def __init__(
        self,
        office: Office,
        tokens: Tokens,
        installs: Installs,
        grants: Grants,
        rng: Random,
        agency_token: str,
    ) -> None:
        self._office = office
        self._tokens = tokens
        self._installs = installs
        self._grants = grants
        self._rng = rng
        #: The agency's private token.
        self.agency_token = agency_token

    def deeds(self) -> Mapping[str, Deed]:
        """For the driver."""
        return {
            "app.install": self._install,
            "app.uninstall": self._uninstall,
            "app.redirect_uris": self._redirect_uris,
            "client.rotate_secret": self._rotate_secret,
            "token.revoke": self._revoke,
            "token.expire": self._expire,
            "token.scopes": self._narrow,
            "private_token.rotate": self._rotate_token,
            "private_token.scopes": self._set_scopes,
            "location.deactivate": self._deactivate,
            "location.activate": self._activate,
        }

    def _install(self, location: Location, wanted: Emission) -> Done:
        """Fields: `scopes` (all), `company`; with it `locations` (all) and `future` (no)."""
        scopes = _scopes(wanted) or SCOPES
        if not _of_company(wanted):
            self._installs.install(location, scopes)
            return Done(location.id)
        chosen = wanted.fields.get("locations")
        if chosen is not None and not set(chosen) <= set(self._office.locations):
            raise ValueError("locations must be ids of the company's")
        picked = None if chosen is None else tuple(chosen)
        self._installs.install_in_bulk(scopes, picked, future=bool(wanted.fields.get("future")))
        return Done(self._office.company_id)

    def _uninstall(self, location: Location, wanted: Emission) -> Done:
        """Its tokens there are void; of the company all of them are."""
        of_company = _of_company(wanted)
        self._installs.uninstall(None if of_company else location)
        for place in [None, *self._office.locations.values()] if of_company else [location]:
            self._grants.revoke(place)
        return Done(self._office.company_id if of_company else location.id)

    def _redirect_uris(self, location: Location, wanted: Emission) -> Done:
        """Fields: `uris`, the only addresses that people may be sent back to; None = any safe one."""
        uris = wanted.fields.get("uris")
        self._installs.app.redirect_uris = None if uris is None else tuple(map(str, uris))
        return Done(self._installs.app.id)

    def _rotate_secret(self, location: Location, wanted: Emission) -> Done:
        """The record is the new secret; `overlap_s` says how long the old one stays good."""
        return Done(self._installs.rotate_secret(_overlap(wanted)))

    def _revoke(self, location: Location, wanted: Emission) -> Done:
        """The app's tokens of the location or company; with `private` the private ones as well. The app stays."""
        of_company = _of_company(wanted)
        self._grants.revoke(None if of_company else location)
        if wanted.fields.get("private"):
            self._tokens.revoke(self._private(location, wanted))
        return Done(self._office.company_id if of_company else location.id)

    def _expire(self, location: Location, wanted: Emission) -> Done:
        """The app's access tokens of the location or company end now; they can be renewed."""
        of_company = _of_company(wanted)
        self._grants.expire(None if of_company else location)
        return Done(self._office.company_id if of_company else location.id)

    def _narrow(self, location: Location, wanted: Emission) -> Done:
        """Fields: `scopes`, all that the app's access tokens of the location or company may do from now on."""
        of_company, scopes = _of_company(wanted), _scopes(wanted)
        place = None if of_company else location.id
        self._tokens.change(lambda one: one.client_id is not None and one.location == place, scopes=scopes)
        return Done(self._office.company_id if of_company else location.id)

    def _rotate_token(self, location: Location, wanted: Emission) -> Done:
        """The record is the new private token; `overlap_s` says how long the old one stays good: a week."""
        new, of_company = private_token(self._rng), _of_company(wanted)
        old = self._tokens.find(self.agency_token if of_company else location.token)
        self._tokens.end(self._private(location, wanted), self._office.now() + _overlap(wanted))
        named = (
            Token(label=self._office.company_id, location=None)
            if of_company
            else Token(label=location.id, location=location.id)
        )
        self._tokens.add(new, old or named)
        if of_company:
            self.agency_token = new
        else:
            location.token = new
        return Done(new)

    def _set_scopes(self, location: Location, wanted: Emission) -> Done:
        """Fields: `scopes`, all that the location's private tokens may do from now on; None = everything."""
        scopes = None if wanted.fields.get("scopes") is None else _scopes(wanted)
        self._tokens.change(self._private(location, wanted), scopes=scopes)
        return Done(self._office.company_id if _of_company(wanted) else location.id)

    def _deactivate(self, location: Location, wanted: Emission) -> Done:
        """Whoever pays for it stopped: the API refuses the location."""
        self._office.inactive.add(location.id)
        return Done(location.id)

    def _activate(self, location: Location, wanted: Emission) -> Done:
        self._office.inactive.discard(location.id)
        return Done(location.id)

    def _private(self, location: Location, wanted: Emission) -> Callable[[Token], bool]:
        place = None if _of_company(wanted) else location.id
        return lambda one: one.kind == "private" and one.location == place


def _of_company(wanted: Emission) -> bool:
    return bool(wanted.fields.get("company"))


def _overlap(wanted: Emission) -> timedelta:
    given = wanted.fields.get("overlap_s")
    return OVERLAP if given is None else timedelta(seconds=float(given))


def _scopes(wanted: Emission) -> frozenset[str]:
    """Those that the fields name. Raises ValueError for one that does not exist."""
    given: Iterable[str] = wanted.fields.get("scopes") or ()
    scopes = frozenset(given)
    if unknown := scopes - SCOPES:
        raise ValueError(f"there is no scope {', '.join(sorted(unknown))}")
    return scopes
