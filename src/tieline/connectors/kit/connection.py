"""One account's stored access, opened: what a call needs to know of whom it calls for."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from tieline.domain.ids import ConnectionId

ConnectorName = Literal["contacts_api", "nimbata"]

#: Settings that any connection may carry, beside those of its own connector.
#: limits: "off" takes our own bucket away, for a far side that has none; a 429 still holds the connection.
#: settle_s: seconds after which a cut-off call has taken effect or never will, instead of each operation's own.
#: vanish_s: seconds between the two looks that must both miss a record before it is told as gone, instead of 600.
#: accept_unverified_webhooks: true where whoever knows the address may deliver; no_webhooks: true where nobody may.
ACCEPT_UNVERIFIED, NO_WEBHOOKS = "accept_unverified_webhooks", "no_webhooks"
GENERAL_SETTINGS = frozenset({"limits", "settle_s", "vanish_s", ACCEPT_UNVERIFIED, NO_WEBHOOKS})


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """One account's access. Its repr leaves out the token, and settings, which may hold secrets too."""

    id: ConnectionId
    name: str
    connector: ConnectorName
    #: Without a slash at its end.
    base_url: str
    #: The CRM's location id, or the call-tracking account.
    account: str
    #: Bearer token in the clear; only the gateway puts it into a header.
    token: str
    #: Unix time at which the token runs out; None = it has no end, and nobody can renew it but a person.
    token_until: float | None = None
    settings: dict[str, Any] = {}
    #: Of what is stored of it: an answer to an older one says nothing of a newer.
    version: int = 0

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"Connection({shown})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(name, getattr(self, name)) for name in ("id", "name", "connector", "base_url", "account")]

    def own_settings(self) -> dict[str, Any]:
        """The settings that belong to the connector alone."""
        return {name: value for name, value in self.settings.items() if name not in GENERAL_SETTINGS}
