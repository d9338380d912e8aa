"""History, page by page: which lists of both sides are read, and in which order.

A page is read from a cursor alone, so that whoever stored the one before it can go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from tieline.connectors.kit.gateway import Gateway
from tieline.domain.items import ItemKind
from tieline.domain.side import Side
from tieline.errors import ConfigurationError, CredentialError
from tieline.mapping.two_way import TwoWay
from tieline.server.accounts.intakes import account_config
from tieline.server.backfill.account_people import AccountPeople
from tieline.server.backfill.activities import activities_page
from tieline.server.backfill.events import BACKFILLED, RECONCILED
from tieline.server.backfill.location_records import LocationRecords
from tieline.server.backfill.page import Linked, PageRead
from tieline.store.backfill import Progress, Run, RunKind
from tieline.store.directory import Directory, StoredConnection, StoredSync
from tieline.sync.files.definition import parse_definition

Phase = Literal["nimbata.people", "nimbata.activities", "contacts_api.people", "contacts_api.tasks"]
#: The phase in which all is read, and the last assignments end.
ENDING = "ending"
#: Contacts a page: with what hangs on each a page is some 200 calls.
PAGE = 100


class HistoryPages:
    """Reads the history of one sync."""

    def __init__(
        self,
        directory: Directory,
        gateway: Gateway,
        sync: StoredSync,
        *,
        kind: RunKind,
        since: datetime | None,
        linked: Linked,
        items: bool = True,
    ) -> None:
        """`items`: with tasks, notes and appointments, where the sync carries them."""
        self._gateway = gateway
        self._sync = sync
        self._source = _connection(directory, sync, "nimbata")
        self._config = account_config(self._source)
        self._since = since
        rules: TwoWay = parse_definition(sync.definition, name=sync.name).two_way
        self._people = rules.person is not None and rules.person.direction != "off"
        kinds: list[ItemKind] = sorted(
            kind for kind, one in rules.items.items() if items and one.direction != "off"
        )
        self._tasks = "task" in kinds
        event = RECONCILED if kind in ("reconcile", "drift") else BACKFILLED
        # What is reconciled is told of everybody.
        linked = linked if event == BACKFILLED else _nobody
        self._account = AccountPeople(
            gateway, self._source, self._config, project=sync.project, kinds=kinds, event=event, linked=linked
        )
        self._location = LocationRecords(
            gateway, _connection(directory, sync, "contacts_api"),
            kinds=kinds, event=event, linked=linked, size=PAGE,
        )  # fmt: skip

    @property
    def native(self) -> bool:
        """The account stores people."""
        return self._config.mode == "native"

    def phases(self) -> tuple[Phase, ...]:
        """The lists, in the order in which they are read."""
        found: list[Phase] = []
        if self._people and self.native:
            found.append("nimbata.people")
        if not self._people or not self.native or self._since is not None:
            found.append("nimbata.activities")
        if self._people:
            found.append("contacts_api.people")
            if self._tasks:
                found.append("contacts_api.tasks")
        return tuple(found)

    async def read(self, phase: str, cursor: Mapping[str, Any]) -> PageRead:
        """The page at `cursor`; {} = the first one. Raises ConnectorError, UnreadableError and ConfigurationError."""
        try:
            match phase:
                case "nimbata.people":
                    return await self._account.page(cursor)
                case "nimbata.activities":
                    return await activities_page(
                        self._gateway, self._source, self._config, self._sync.project, self._since, cursor
                    )
                case "contacts_api.people":
                    return await self._location.contacts(cursor)
                case "contacts_api.tasks":
                    return await self._location.tasks(cursor)
        except CredentialError as error:
            if error.fault != "scope":
                raise
            # What is lacked for history alone keeps the lane from nothing else.
            raise ConfigurationError(f"history cannot be read: {error}") from error
        raise ConfigurationError(f"there is no list called {phase!r}")


def onward(run: Run, page: PageRead, phases: tuple[str, ...]) -> Run:
    """How a run stands behind a page: in the same list, in the next one, or at the end."""
    phase = run.phase or phases[0]
    known = run.progress.get(phase, Progress())
    progress = Progress(
        read=known.read + page.records, total=known.total if known.total is not None else page.total
    )
    cursor = page.cursor
    if cursor is None:
        place = phases.index(phase) + 1
        phase, cursor = phases[place] if place < len(phases) else ENDING, {}
    return msgspec.structs.replace(
        run, phase=phase, cursor=cursor, progress={**run.progress, run.phase or phases[0]: progress}
    )


async def _nobody(side: Side, ids: Sequence[str]) -> set[str]:
    return set()


def _connection(directory: Directory, sync: StoredSync, side: Side) -> StoredConnection:
    stored = directory.connections.get(sync.source_id if side == "nimbata" else sync.target_id)
    if stored is None:
        raise ConfigurationError(f"sync {sync.name} names a connection that is gone")
    return stored
