"""Codes, and pairs of tokens for them: a code and a refresh token are good once. Source: contacts-api.md, section 2."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import Literal

import msgspec

from tieline.sandbox.contacts_api.installs import Installs
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.records import Location, mint
from tieline.sandbox.contacts_api.tokens import ACCESS_LIFE, Token, Tokens

UserType = Literal["Location", "Company"]
#: An assumption: how long a code is good is not documented. RFC 6749 says ten minutes at most.
CODE_LIFE = timedelta(minutes=10)
#: A refresh token that nobody uses. Source: section 2.1.
REFRESH_LIFE = timedelta(days=365)
#: What access tokens begin with: they are JWTs, though nobody but the CRM reads them.
_HEADER = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9"


class Refused(Exception):
    """A code, a refresh token or an app's credentials that are not good; the message says which."""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody allowed."""

    #: None = the company.
    location: str | None
    scopes: frozenset[str]
    client_id: str
    #: Unless it is used before.
    ends_at: datetime
    #: Of a code: where its person was sent back to; None = nowhere, it was asked for by the app itself.
    redirect_uri: str | None = None

    @property
    def user_type(self) -> UserType:
        """As the API names it."""
        return "Company" if self.location is None else "Location"


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A new access token with its refresh token."""

    access_token: str
    refresh_token: str
    refresh_token_id: str
    grant: Grant


class Grants:
    """Codes and refresh tokens that are good, or were."""

    def __init__(self, office: Office, tokens: Tokens, installs: Installs, rng: Random) -> None:
        self._office = office
        self._tokens = tokens
        self._installs = installs
        self._rng = rng
        self._codes: dict[str, Grant] = {}
        self._refresh: dict[str, tuple[Grant, str]] = {}
        self._used: dict[str, Grant] = {}
        #: How often a pair was renewed, and how often a used refresh token came again, by account.
        self.refreshes: Counter[str] = Counter()
        self.replays: Counter[str] = Counter()

    def code(self, location: Location | None, *, redirect_uri: str | None) -> tuple[str, datetime]:
        """A code for the account's installation, and its end. Raises Refused where the app is not installed."""
        account = self._account(location)
        held = self._installs.at(account)
        if held is None:
            raise Refused("the app is not installed")
        code, ends_at = mint(self._rng, 40), self._office.now() + CODE_LIFE
        self._codes[code] = Grant(
            location=location.id if location else None, scopes=held.scopes, ends_at=ends_at,
            client_id=self._installs.app.client_id, redirect_uri=redirect_uri,
        )  # fmt: skip
        return code, ends_at

    def exchange(self, code: str, *, redirect_uri: str | None, user_type: str | None) -> Pair:
        """A pair for a code, which is void then, whether it was good or not. Raises Refused."""
        grant = self._codes.pop(code, None)
        if grant is None or not self._good(grant):
            raise Refused("Authorization code not found")
        if None not in (redirect_uri, grant.redirect_uri) and redirect_uri != grant.redirect_uri:
            raise Refused("Authorization code not found")
        self._check_kind(grant, user_type)
        return self._pair(grant)

    def refresh(self, refresh_token: str, *, user_type: str | None) -> Pair:
        """A pair for a refresh token, which is void then. Raises Refused."""
        grant, _ = self._refresh.get(refresh_token, (None, ""))
        if grant is None:
            if (used := self._used.get(refresh_token)) is not None:
                self.replays[self._account_of(used)] += 1
            raise Refused("Refresh token not found")
        self._check_kind(grant, user_type)
        del self._refresh[refresh_token]
        if not self._good(grant):
            raise Refused("Refresh token not found")
        self._used[refresh_token] = grant
        self.refreshes[self._account_of(grant)] += 1
        if self._office.quirks.refresh_ends_access_token:
            self._tokens.revoke(lambda one: one.client_id == grant.client_id and one.grant == refresh_token)
        return self._pair(grant)

    def was_used(self, refresh_token: str) -> bool:
        """Whether a pair was given for it once."""
        return refresh_token in self._used

    def of_location(self, location: Location, company: Token) -> Pair:
        """A pair for a location out of its company's token."""
        return self._pair(
            Grant(
                location=location.id, scopes=company.scopes or frozenset(), ends_at=self._office.now(),
                client_id=self._installs.app.client_id,
            )
        )  # fmt: skip

    def revoke(self, location: Location | None) -> int:
        """Every pair and code of a location, None = the company's own, is void; how many access tokens there were."""
        place = location.id if location else None
        self._codes = {key: one for key, one in self._codes.items() if one.location != place}
        self._refresh = {key: one for key, one in self._refresh.items() if one[0].location != place}
        return self._tokens.revoke(lambda one: one.client_id is not None and one.location == place)

    def expire(self, location: Location | None) -> int:
        """The access tokens of a location, None = the company's own, end now; how many there were."""
        place = location.id if location else None
        return self._tokens.end(
            lambda one: one.client_id is not None and one.location == place, self._office.now()
        )

    def good(self, location: Location | None) -> int:
        """How many refresh tokens of the account are good."""
        place = location.id if location else None
        return sum(one.location == place and self._good(one) for one, _ in self._refresh.values())

    def _pair(self, grant: Grant) -> Pair:
        now = self._office.now()
        renewed = msgspec.structs.replace(grant, ends_at=now + REFRESH_LIFE, redirect_uri=None)
        access, refresh = f"{_HEADER}.{mint(self._rng, 200)}.{mint(self._rng, 86)}", mint(self._rng, 64)
        refresh_id = f"{self._rng.getrandbits(96):024x}"
        self._refresh[refresh] = (renewed, refresh_id)
        self._tokens.add(
            access,
            Token(
                label=f"{grant.client_id}:{self._account_of(grant)}", location=grant.location, scopes=grant.scopes,
                kind="company" if grant.location is None else "location", client_id=grant.client_id,
                expires_at=now + ACCESS_LIFE, grant=refresh,
            ),
        )  # fmt: skip
        return Pair(access_token=access, refresh_token=refresh, refresh_token_id=refresh_id, grant=renewed)

    def _good(self, grant: Grant) -> bool:
        still = self._installs.at(self._account_of(grant)) is not None
        return still and grant.ends_at > self._office.now()

    def _check_kind(self, grant: Grant, user_type: str | None) -> None:
        """What the CRM says to another kind than was allowed is not documented; the words are those of its door."""
        if user_type is not None and user_type != grant.user_type:
            raise Refused("Token's user type mismatch!")

    def _account(self, location: Location | None) -> str:
        return location.id if location else self._office.company_id

    def _account_of(self, grant: Grant) -> str:
        return grant.location or self._office.company_id
