"""What is worth telling: found out in one short transaction, by one hub at a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from tieline.domain.causes import Failed, suggestion_of
from tieline.server.trouble.connections import ConnectionTrouble, list_trouble
from tieline.store.pool import Connection, Store

#: Trouble of a connection is told of when it lasts.
TROUBLE_FOR = timedelta(minutes=10)
#: New causes that are told of one by one at a time; beyond, one alert tells that there are more.
AT_ONCE = 10
#: Causes that a digest names.
NAMED = 20
#: Whoever holds it notices; others have nothing to do.
_LOCK = 7_409_211_003


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What an alert says, beside its title. Nobody's data is in it: causes have none, and records are not named."""

    text: str
    lines: tuple[str, ...] = ()
    #: What to do.
    next_step: str = ""


async def notice(store: Store, *, now: datetime, trouble_for: timedelta = TROUBLE_FOR) -> int:
    """Write down what is worth telling since the last look; how many alerts."""
    trouble = await list_trouble(store)
    async with store.transaction() as db:
        held = await (await db.execute("SELECT pg_try_advisory_xact_lock(%s)", (_LOCK,))).fetchone()
        if held is None or not held[0]:
            return 0
        made = await _causes(db)
        made += await _trouble(db, trouble, now=now, trouble_for=trouble_for)
        made += await _digests(db)
        await db.execute("DELETE FROM alert WHERE created_at < now() - interval '90 days'")
    return made


async def _causes(db: Connection) -> int:
    """Each new cause, once. One that nobody met for a day and is met again is new again."""
    await db.execute(
        "UPDATE cause SET alerted_at = NULL WHERE open = 0 AND alerted_at IS NOT NULL"
        " AND last_seen < now() - interval '1 day'"
    )
    rows = await db.execute(
        "WITH news AS (UPDATE cause SET alerted_at = now() WHERE alerted_at IS NULL AND open > 0"
        " AND ignored_at IS NULL RETURNING *)"
        " SELECT news.id, news.kind, news.title, news.operation, news.outcome, news.status, news.open,"
        " sync.name, connection.name FROM news LEFT JOIN sync ON sync.id = news.consumer_id"
        " LEFT JOIN connection ON connection.id = COALESCE(news.connection_id, sync.target_connection_id)"
        " ORDER BY news.id"
    )
    found = await rows.fetchall()
    for row in found[:AT_ONCE]:
        failed = Failed(kind=row[1], reason=row[2], operation=row[3], outcome=row[4], status=row[5])
        where = " at ".join(filter(None, (row[3], row[8]))) or row[8] or "an event"
        await _tell(
            db, "cause", f"{where}: {row[2]}"[:200],
            Told(
                text=f"Something fails that did not before: {row[2]}",
                lines=tuple(
                    line
                    for line in (
                        f"{row[6]} so far", f"sync {row[7]}" if row[7] else "", f"operation {row[3]}" if row[3] else "",
                        f"answered {row[5]}" if row[5] else "",
                    )
                    if line
                ),
                next_step=f"{suggestion_of(failed)} See: tieline errors show {row[0]}",
            ),
        )  # fmt: skip
    if len(found) > AT_ONCE:
        more = Told(text="They are not told of one by one.", next_step="See: tieline errors list")
        await _tell(db, "cause", f"{len(found) - AT_ONCE} more things fail that did not before", more)
    return min(len(found), AT_ONCE + 1)


async def _trouble(
    db: Connection, found: list[ConnectionTrouble], *, now: datetime, trouble_for: timedelta
) -> int:
    """Connections that have not worked for long enough, each once, and that they work again."""
    rows = await (await db.execute("SELECT connection, state FROM alert_trouble")).fetchall()
    told = {row[0]: row[1] for row in rows}
    made = 0
    for one in found:
        lasts = one.since is not None and now - one.since >= trouble_for
        if one.connection in told or not lasts:
            continue
        made += 1
        await db.execute(
            "INSERT INTO alert_trouble (connection, state, since) VALUES (%s, %s, %s)",
            (one.connection, one.state, one.since),
        )
        await _tell(
            db, "trouble", f"{one.connection} does not work: {one.state.replace('_', ' ')}",
            Told(
                text=one.why or one.state, next_step=f"{one.next_step}. See: tieline errors list",
                lines=(f"since {one.since:%Y-%m-%d %H:%M} UTC", f"{one.waiting} events wait; they go on by themselves"),
            ),
        )  # fmt: skip
    for connection in told.keys() - {one.connection for one in found}:
        made += 1
        await db.execute("DELETE FROM alert_trouble WHERE connection = %s", (connection,))
        await _tell(
            db, "recovery", f"{connection} works again", Told(text="What waited for it goes on by itself.")
        )
    return made


async def _digests(db: Connection) -> int:
    """For each channel whose time has come: what failed since its last digest and was told of in no other way."""
    channels = await db.execute(
        "SELECT id, digested_at FROM alert_channel WHERE 'digest' = ANY(kinds)"
        " AND digested_at + make_interval(secs => digest_every_s) <= now()"
    )
    made = 0
    for channel, since in await channels.fetchall():
        await db.execute("UPDATE alert_channel SET digested_at = now() WHERE id = %s", (channel,))
        rows = await db.execute(
            "SELECT cause.id, cause.title, cause.operation, count(*) FROM failure JOIN cause ON cause.id = cause_id"
            " WHERE failed_at > %(since)s AND failed_at > COALESCE(cause.alerted_at, %(since)s)"
            " AND cause.ignored_at IS NULL GROUP BY cause.id ORDER BY count(*) DESC, cause.id",
            {"since": since},
        )
        found = await rows.fetchall()
        if not found:
            continue
        made += 1
        total = sum(row[3] for row in found)
        lines = [
            f"{row[3]} × {row[2] + ': ' if row[2] else ''}{row[1]} (cause {row[0]})" for row in found[:NAMED]
        ]
        if len(found) > NAMED:
            lines.append(f"and {len(found) - NAMED} other causes")
        told = Told(
            text=f"Since {since:%Y-%m-%d %H:%M} UTC", lines=tuple(lines), next_step="See: tieline errors list"
        )
        await _tell(db, "digest", f"{total} failures of {len(found)} causes", told, channel=channel)
    return made


async def _tell(db: Connection, kind: str, title: str, told: Told, *, channel: Any = None) -> None:
    """Through every channel that takes such alerts, or one."""
    wanted = {"cause": "cause", "trouble": "trouble", "recovery": "trouble"}.get(kind)
    await db.execute(
        "WITH made AS (INSERT INTO alert (kind, title, body) VALUES (%(kind)s, %(title)s, %(body)s) RETURNING id)"
        " INSERT INTO alert_sending (alert_id, channel_id) SELECT made.id, alert_channel.id FROM made, alert_channel"
        " WHERE alert_channel.id = %(channel)s::bigint OR %(wanted)s::text = ANY(kinds)",
        {
            "kind": kind,
            "title": title,
            "body": Jsonb(msgspec.to_builtins(told)),
            "channel": channel,
            "wanted": wanted,
        },
    )
