"""A token of the app that owns the sandbox's conversation providers, without the pages of OAuth before it."""

from __future__ import annotations

from tieline.sandbox.contacts_api import ContactsSide
from tieline.sandbox.contacts_api.tokens import Token


def app_token(side: ContactsSide, location: str, *, client_id: str | None = None) -> str:
    """It opens that location with every scope; another `client_id` is that of somebody else's app."""
    app = client_id or side.describe()["client_id"]
    secret = f"at-{location}-{app}"
    side._tokens.add(secret, Token(label=app, kind="location", location=location, client_id=app))
    return secret
