"""The app of the sandbox and the accounts that allow it. Source: contacts-api.md, sections 2 and 9.5."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import urlsplit

import msgspec

from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.records import Location, mint, shown

#: Names that an app may ask for. Source: section 2.4, and what the operations offered here need beside it.
SCOPES = frozenset({
    "businesses.readonly", "businesses.write", "calendars.readonly", "calendars.write", "calendars/events.readonly",
    "calendars/events.write", "calendars/groups.readonly", "calendars/groups.write", "campaigns.readonly",
    "contacts.readonly", "contacts.write", "conversations.readonly", "conversations.write",
    "conversations/livechat.write", "conversations/message.readonly", "conversations/message.write",
    "forms.readonly", "locations.readonly", "locations.write", "locations/customFields.readonly",
    "locations/customFields.write", "locations/customValues.readonly", "locations/customValues.write",
    "locations/tags.readonly", "locations/tags.write", "locations/tasks.readonly", "locations/templates.readonly",
    "oauth.readonly", "oauth.write", "opportunities.readonly", "opportunities.write", "surveys.readonly",
    "users.readonly", "workflows.readonly",
})  # fmt: skip
#: A secret that was replaced stays good for so long.
OVERLAP = timedelta(days=7)
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class App(msgspec.Struct, kw_only=True):
    """An app as it is registered with the CRM."""

    #: The part of the client id before the dash.
    id: str
    client_id: str
    version_id: str
    #: The newest first; each with its end, None = it has none.
    secrets: list[tuple[str, datetime | None]]
    #: None = any that is https or loopback.
    redirect_uris: tuple[str, ...] | None = None


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """One account allows the app."""

    #: Id of the location or the company.
    account: str
    scopes: frozenset[str]
    installed_at: datetime
    #: Of a company, where it was installed in bulk: the locations chosen; None = all.
    chosen: tuple[str, ...] | None = None
    #: Of a company: locations that are made later have it too.
    future: bool = False


class Installs:
    """Where the app is installed."""

    def __init__(self, office: Office, rng: Random, *, client_id: str, client_secret: str) -> None:
        self._office = office
        self._rng = rng
        app_id = client_id.partition("-")[0]
        self.app = App(
            id=app_id,
            client_id=client_id,
            version_id=f"{rng.getrandbits(96):024x}",
            secrets=[(client_secret, None)],
        )
        office.announce.app_id, office.announce.version_id = app_id, self.app.version_id
        self._held: dict[str, Installation] = {}

    def at(self, account: str) -> Installation | None:
        """The installation of a location or company."""
        return self._held.get(account)

    def install(self, location: Location, scopes: Iterable[str]) -> None:
        """At one location, and it is told; of one that has it already the scopes change, and nothing is told."""
        known = self._held.get(location.id)
        self._held[location.id] = Installation(
            account=location.id, scopes=frozenset(scopes),
            installed_at=known.installed_at if known else self._office.now(),
        )  # fmt: skip
        if known is None:
            self._tell_installed(location)

    def install_in_bulk(
        self, scopes: Iterable[str], chosen: tuple[str, ...] | None = None, *, future: bool = False
    ) -> None:
        """For the company with the locations chosen, None = all of them: told of the company, then of each."""
        company, wanted = self._office.company_id, frozenset(scopes)
        known = self._held.get(company)
        self._held[company] = Installation(
            account=company, scopes=wanted, chosen=chosen, future=future,
            installed_at=known.installed_at if known else self._office.now(),
        )  # fmt: skip
        if known is None:
            self._tell_installed(None)
        for location in self._office.locations.values():
            if chosen is None or location.id in chosen:
                self.install(location, wanted)

    def uninstall(self, location: Location | None) -> None:
        """From a location; None = from the company and from every location. It is told once. Raises ValueError."""
        account = location.id if location else self._office.company_id
        if account not in self._held:
            raise ValueError(f"the app is not installed at {account}")
        for one in [account] if location else list(self._held):
            del self._held[one]
        fields = {} if location else {"companyId": self._office.company_id}
        self._tell("AppUninstall", "UNINSTALL", location, fields)

    def ready(self, location: Location) -> bool:
        """Whether a token of the location can be made out of its company's by now."""
        held = self._held.get(location.id)
        wait_s = self._office.quirks.location_token_after_s
        return held is not None and (self._office.now() - held.installed_at).total_seconds() >= wait_s

    def knows(self, client_id: str | None, secret: str | None) -> bool:
        """Whether these are the app's credentials, the ones before included while they are good."""
        now = self._office.now()
        good = {one for one, until in self.app.secrets if until is None or until > now}
        return client_id == self.app.client_id and secret in good

    def rotate_secret(self, overlap: timedelta) -> str:
        """The new one; the ones before stay good for the overlap at most."""
        until, new = self._office.now() + overlap, mint(self._rng, 36)
        before = [(one, min(ends, until) if ends else until) for one, ends in self.app.secrets]
        self.app.secrets = [(new, None), *before]
        return new

    def may_return_to(self, address: str) -> bool:
        """Whether people may be sent there with a code: https, or this machine, and registered."""
        try:
            parts = urlsplit(address)
            host = parts.hostname
        except ValueError:
            return False
        safe = bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK))
        registered = self.app.redirect_uris
        return safe and not parts.fragment and (registered is None or address in registered)

    def person(self, location: Location | None) -> str:
        """Id of the user who allowed it: somebody of the location, else of the company's first."""
        place = location or next(iter(self._office.locations.values()))
        return self._office.users_of(place)[0].id

    def _tell_installed(self, location: Location | None) -> None:
        whom: dict[str, Any] = {"companyId": self._office.company_id}
        if location is not None:
            whom |= {"userId": self.person(location), "isWhitelabelCompany": False, "whitelabelDetails": {}}
            whom["companyName"] = "Tieline Sandbox Agency"
        self._tell("AppInstall", "INSTALL", location, shown(**whom))

    def _tell(self, event: str, name: str, location: Location | None, fields: dict[str, Any]) -> None:
        own_name = self._office.quirks.event_names_differ
        account = location.id if location else self._office.company_id
        self._office.announce.tell(
            event, location.id if location else None, account, fields, type_=name if own_name else None
        )
