"""Connections as they are shown: how each stands, without its secrets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tieline.store.pool import Store

#: refreshing: its token pair is being renewed; the others say why its lane rests (`effects.decide.HeldState`).
STATES = (
    "ready", "refreshing", "revoked", "uninstalled", "inactive_location", "wrong_host", "scope_missing", "no_access",
    "quota_spent", "asked_to_wait",
)  # fmt: skip


class PollState(msgspec.Struct, frozen=True, kw_only=True):
    """How a poll stands."""

    stream: str
    project: str
    every_s: float
    ok_at: datetime | None
    failures: int
    reason: str | None


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A connection without its secrets."""

    name: str
    connector: str
    base_url: str
    account: str
    #: One of STATES.
    state: str
    #: Why it is not ready, in words.
    state_reason: str | None
    #: By which app it was connected; None = by a private token.
    app: str | None
    token_since: datetime
    settings: dict[str, Any]
    updated_at: datetime
    polls: tuple[PollState, ...] = ()


async def list_connections(store: Store, name: str | None = None) -> list[Shown]:
    """All connections, or the one of that name."""
    async with store.transaction() as db:
        rows = await (
            await db.execute(
                "SELECT connection.id, connection.name, connection.connector, connection.base_url,"
                " connection.account, connection.settings, connection.updated_at,"
                " CASE WHEN held_until > now() THEN COALESCE(held_state, 'asked_to_wait')"
                "      WHEN refreshing_at > now() - interval '30 seconds' THEN 'refreshing' ELSE 'ready' END,"
                " CASE WHEN held_until > now() THEN held_why END, app.name, token_since"
                " FROM connection JOIN lane ON lane.id = lane_id"
                " LEFT JOIN oauth_grant ON oauth_grant.id = grant_id LEFT JOIN app ON app.id = app_id"
                " WHERE %(name)s::text IS NULL OR connection.name = %(name)s ORDER BY connection.name",
                {"name": name},
            )
        ).fetchall()
        listed = await db.execute(
            "SELECT connection_id, stream, project, every_s, ok_at, failures, reason FROM poll"
            " WHERE connection_id = ANY(%s) ORDER BY stream, project",
            ([row[0] for row in rows],),
        )
        polls: dict[int, list[PollState]] = {}
        for one in await listed.fetchall():
            polls.setdefault(one[0], []).append(
                PollState(
                    stream=one[1],
                    project=one[2],
                    every_s=one[3],
                    ok_at=one[4],
                    failures=one[5],
                    reason=one[6],
                )
            )
    return [
        Shown(
            name=row[1], connector=row[2], base_url=row[3], account=row[4], settings=row[5], updated_at=row[6],
            state=row[7], state_reason=row[8], app=row[9], token_since=row[10],
            polls=tuple(polls.get(row[0], ())),
        )
        for row in rows
    ]  # fmt: skip
