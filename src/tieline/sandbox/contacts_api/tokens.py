"""Tokens that open the door: private ones, and those of OAuth. Source: contacts-api.md, section 2."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

#: private: made by hand, without an end; location, company: of an app, by OAuth.
Kind = Literal["private", "location", "company"]
#: About a day. Source: section 2.1.
ACCESS_LIFE = timedelta(seconds=86_399)


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """One access token."""

    #: For the audit: whose calls these are.
    label: str
    kind: Kind = "private"
    #: None = of the company: a private one of the agency reaches every location, a company token reaches none.
    location: str | None
    #: None = all.
    scopes: frozenset[str] | None = None
    #: The app that it was given to; None of private ones.
    client_id: str | None = None
    #: None = it has no end.
    expires_at: datetime | None = None
    #: The refresh token that came with it; empty of private ones.
    grant: str = ""


class Tokens:
    """Those that are valid, or were."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._tokens: dict[str, Token] = {}

    def add(self, secret: str, token: Token) -> None:
        """Let it open the door."""
        self._tokens[secret] = token

    def find(self, secret: str) -> Token | None:
        """The token, also when it has expired; None when it is unknown or revoked."""
        return self._tokens.get(secret)

    def expired(self, token: Token) -> bool:
        """Whether its time is over."""
        return token.expires_at is not None and token.expires_at <= self._now()

    def revoke(self, wanted: Callable[[Token], bool]) -> int:
        """Take those back; how many there were."""
        gone = self._those(wanted)
        for secret in gone:
            del self._tokens[secret]
        return len(gone)

    def change(self, wanted: Callable[[Token], bool], **changes: Any) -> int:
        """Let those go on otherwise; how many there were."""
        found = self._those(wanted)
        for secret in found:
            self._tokens[secret] = msgspec.structs.replace(self._tokens[secret], **changes)
        return len(found)

    def end(self, wanted: Callable[[Token], bool], at: datetime) -> int:
        """None of those is good after `at`; how many there were."""
        return self.change(
            lambda one: wanted(one) and (one.expires_at is None or one.expires_at > at), expires_at=at
        )

    def _those(self, wanted: Callable[[Token], bool]) -> list[str]:
        return [secret for secret, token in self._tokens.items() if wanted(token)]
