"""Trying one entry of the catalogue: a function on the spot, an operation through the lane of a connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from tieline.catalogue.entry import Entry
from tieline.catalogue.fields import Field
from tieline.errors import ConfigurationError
from tieline.mapping.suggest import suggest
from tieline.server.catalogue import asking
from tieline.server.catalogue.tried import Tried
from tieline.store.directory import StoredConnection

if TYPE_CHECKING:
    from tieline.server.hub import Hub

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


def in_production(stored: StoredConnection) -> bool:
    """Whether what is written there is seen by customers: unless it is a sandbox, by its setting or its address."""
    return stored.settings.get("environment") != "sandbox" and urlsplit(stored.base_url).hostname not in _HERE


async def try_entry(
    hub: Hub,
    entry: Entry,
    given: Mapping[str, Any],
    *,
    connection: str | None = None,
    confirmed: bool = False,
    within_s: float = asking.WAIT_S,
) -> Tried:
    """One call. Raises ConfigurationError for what cannot be tried so, MappingError for a function's input,
    NobodyAnswered and NotCarriedOut."""
    require_known(given, entry.fields)
    if entry.function is not None:
        value = entry.function.call(given)
        return Tried(operation=entry.id, connection=None, outcome="done", value=value)
    if entry.operation is None:
        raise ConfigurationError(f"{entry.id} is no action: it is tried within a workflow")
    stored = hub.directory.connection(connection) if connection else None
    if stored is None:
        raise ConfigurationError(f"{entry.id} needs a connection of {entry.app}; see: tieline connect list")
    if stored.connector != entry.app:
        raise ConfigurationError(
            f"{entry.id} is an action of {entry.app}, and {stored.name} is {stored.connector}"
        )
    if entry.writes and in_production(stored) and not confirmed:
        raise ConfigurationError(
            f"{entry.id} writes to {stored.name}, which is no sandbox; say --yes if that is meant"
        )
    try:
        msgspec.convert(given, entry.operation.input)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"the input of {entry.id}: {error}") from None
    wanted = {"operation": entry.id, "input": dict(given)}
    noted = (entry.id, {"writes": entry.writes})
    found = await asking.ask(hub.store, hub.vault, stored, asking.TRY, wanted, noted=noted, within_s=within_s)
    return msgspec.convert(found, Tried)


def require_known(given: Mapping[str, Any], fields: tuple[Field, ...]) -> None:
    """Refuse a field that there is not: it would vanish without a word. Raises ConfigurationError."""
    known = {one.name for one in fields}
    for name in given:
        if name not in known:
            raise ConfigurationError(f"there is no field {name!r}; {suggest(name, sorted(known))}")
