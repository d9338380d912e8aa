"""What happened at a call-tracking account, as pages of history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.nimbata.activity import parse_row
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.connectors.nimbata.lists import first_place, read_page
from tieline.connectors.nimbata.operations import LISTS, Stream, list_activity
from tieline.errors import ConfigurationError, UnreadableError
from tieline.server.accounts.connections import opened
from tieline.server.backfill.page import PageRead
from tieline.store.backfill import Found
from tieline.store.directory import StoredConnection

#: Days of calls, forms and texts that are read together, the oldest first.
_WINDOW = timedelta(days=7)
#: How far back, where nobody says since when.
USUAL = timedelta(days=30)
_KINDS: Mapping[Stream, str] = {"call": "call.completed", "form": "form.submitted", "text": "sms.received"}


async def activities_page(
    gateway: Gateway,
    stored: StoredConnection,
    config: NimbataConfig,
    project: str,
    since: datetime | None,
    cursor: Mapping[str, Any],
) -> PageRead:
    """Calls, then forms, then texts of each project, in windows of days. Raises ConnectorError, UnreadableError and
    ConfigurationError."""
    today = datetime.now(UTC).date()
    lists = _lists(stored, config, project)
    if not lists:
        return PageRead()
    number = int(cursor.get("list", 0))
    stream, project = lists[number]
    since = since or datetime.now(UTC) - USUAL
    first = date.fromisoformat(cursor["first"]) if "first" in cursor else since.date()
    last = min(first + _WINDOW - timedelta(days=1), today)
    at = cursor.get("at", first_place(config))
    given = list_activity(stream, project, first, last, at, config.pagination.size)
    answer = await gateway.call(opened(stored), LISTS[stream], given, "backfill")
    page = read_page(answer.value, config, at, LISTS[stream].id)
    rows: list[tuple[datetime, Found]] = []
    for row in page.rows:
        try:
            happening = parse_row(_KINDS[stream], row, config, project=project)
        except UnreadableError as error:
            rows.append((since, _found(stored, stream, project, row, unreadable=str(error))))
            continue
        happened = happening.occurred_at or since
        if happened >= since:
            rows.append((happened, _found(stored, stream, project, row)))
    rows.sort(key=lambda one: one[0])
    following: dict[str, Any] | None = {"list": number, "first": first.isoformat()}
    if page.next is not None and page.rows:
        following = {"list": number, "first": first.isoformat(), "at": page.next}
    elif last < today:
        following = {"list": number, "first": (last + timedelta(days=1)).isoformat()}
    else:
        following = {"list": number + 1} if number + 1 < len(lists) else None
    return PageRead(found=tuple(one for _, one in rows), cursor=following, records=len(rows))


def _lists(stored: StoredConnection, config: NimbataConfig, project: str) -> list[tuple[Stream, str]]:
    projects = (project,) if project else config.projects
    if not projects:
        raise ConfigurationError(
            f"{stored.name} does not say which projects it has: name them in its settings, under projects"
        )
    streams: tuple[Stream, ...] = ("call", "form", "text")
    return [(stream, one) for one in projects for stream in streams if config.offers(LISTS[stream].id)]


def _found(
    stored: StoredConnection, stream: Stream, project: str, row: bytes, *, unreadable: str | None = None
) -> Found:
    return Found(
        connection_id=stored.id, kind=_KINDS[stream], body=row, project=project, unreadable=unreadable
    )
