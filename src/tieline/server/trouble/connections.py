"""Trouble of a connection: one object, however many events wait for it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tieline.store.pool import Store


class ConnectionTrouble(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing can go to this far side now, or nothing can be read there."""

    connection: str
    #: Named state: "revoked", "quota_spent", "asked_to_wait", …; "unread": its lists cannot be read.
    state: str
    #: In plain words.
    why: str
    since: datetime | None
    #: When it is tried again; None = not before somebody mends it.
    next_try_at: datetime | None
    #: Events and effects that wait for it, and that will go by themselves once it is mended.
    waiting: int
    next_step: str


_HELD = """
SELECT connection.name, lane.held_state, lane.held_why, lane.held_since, NULLIF(lane.held_until, 'infinity'),
       (SELECT count(*) FROM assignment WHERE lane_id = lane.id AND assignment.state IN ('ready', 'waiting'))
FROM lane JOIN connection ON connection.lane_id = lane.id
WHERE lane.held_until > now() ORDER BY connection.name
"""
_UNREAD = """
SELECT connection.name, poll.reason, poll.ok_at, poll.due_at, poll.stream
FROM poll JOIN connection ON connection.id = poll.connection_id JOIN lane ON lane.id = poll.lane_id
WHERE poll.failures >= 3 AND lane.held_until <= now() ORDER BY connection.name, poll.failures DESC
"""


async def list_trouble(store: Store) -> list[ConnectionTrouble]:
    """One a connection: whose lane is held, and whose lists could not be read three times running."""
    async with store.transaction() as db:
        held = await (await db.execute(_HELD)).fetchall()
        unread = await (await db.execute(_UNREAD)).fetchall()
    found = {
        row[0]: ConnectionTrouble(
            connection=row[0], state=row[1] or "asked_to_wait", why=row[2] or "", since=row[3], next_try_at=row[4],
            waiting=row[5], next_step=_STEPS.get(row[1] or "asked_to_wait", _RECONNECT),
        )
        for row in held
    }  # fmt: skip
    for row in unread:
        found.setdefault(
            row[0],
            ConnectionTrouble(
                connection=row[0], state="unread", why=f"{row[4]}: {row[1] or ''}", since=row[2],
                next_try_at=row[3], waiting=0, next_step=f"tieline doctor says what {row[0]} answers",
            ),
        )  # fmt: skip
    return list(found.values())


_RECONNECT = "reconnect it with tieline connect …; what waits goes on by itself"
_WAIT = "nothing: it goes on by itself"
_STEPS = {
    "quota_spent": _WAIT, "asked_to_wait": _WAIT,
    "inactive_location": "the location is switched off over there: switch it on, or wait; it is tried every hour",
    "uninstalled": "install the app again, or remove the connection",
    "scope_missing": "reconnect it with the scope that is missing; tieline doctor names it",
    "wrong_host": "is the base URL right? tieline doctor says what answers there",
}  # fmt: skip
