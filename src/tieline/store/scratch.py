"""A store that forgets: what is worked out on it is never committed to the hub's tables."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tieline.domain.ids import ConnectionId, LaneId, SyncId
from tieline.store.pool import Store

#: Tables of a turn, each with the rows that it begins with; None = with none.
_TABLES: tuple[tuple[str, str | None], ...] = (
    ("lane", "id = %(lane)s"),
    ("person_key", "lane_id = %(lane)s"),
    ("link", "consumer_id = %(sync)s"),
    ("item", "consumer_id = %(sync)s"),
    ("occurrence", "consumer_id = %(sync)s"),
    ("conflict", "consumer_id = %(sync)s"),
    ("own_item", "connection_id = %(source)s"),
    ("person", "lane_id = %(lane)s"),
    ("tombstone", "lane_id IN (0, %(lane)s)"),
    ("event", None),
    ("assignment", None),
    ("effect", None),
    ("attempt", None),
    ("history", None),
    ("delivery", None),
)  # fmt: skip
_SEQUENCES = ("event_id", "person_id", "effect_id", "item_id", "history_id")


@asynccontextmanager
async def scratch_store(
    store: Store, *, sync: SyncId, lane: LaneId, source: ConnectionId
) -> AsyncIterator[Store]:
    """A store of one sync, as it is now, on temporary tables of a connection of its own; gone with that connection.

    Nothing but those tables can be found by it, so that a connection which was lost, and its tables with it, ends in
    an error and never in the hub's own.
    """
    async with store.transaction() as db:
        row = await (await db.execute("SELECT current_schema()")).fetchone()
        sequences = {}
        for name in _SEQUENCES:
            at = sql.SQL("SELECT last_value FROM {}").format(sql.Identifier(name))
            found = await (await db.execute(at)).fetchone()
            sequences[name] = found[0] if found else 1
    assert row is not None
    schema = sql.Identifier(row[0])
    given = conninfo_to_dict(store.url).get("options") or ""
    url = make_conninfo(store.url, options=f"{given} -c search_path=pg_temp".strip())
    async with Store.open(url, max_size=1, acquire_timeout_s=120) as scratch:
        async with scratch.transaction() as db:
            for name, rows in _TABLES:
                table = sql.Identifier(name)
                await db.execute(
                    sql.SQL("CREATE TEMP TABLE {0} (LIKE {1}.{0} INCLUDING ALL)").format(table, schema)
                )
                if rows is not None:
                    await db.execute(
                        sql.SQL(
                            "INSERT INTO {0} OVERRIDING SYSTEM VALUE SELECT * FROM {1}.{0} WHERE {2}"
                        ).format(table, schema, sql.SQL(rows)),
                        {"sync": sync, "lane": lane, "source": source},
                    )
            for name, last in sequences.items():
                await db.execute(
                    sql.SQL("CREATE TEMP SEQUENCE {} START {}").format(
                        sql.Identifier(name), sql.Literal(last + 1)
                    )
                )
            await db.execute("UPDATE lane SET epoch = 1")
        # What is copied stays sealed as it was; people who are new in the rehearsal get numbers that others have later.
        scratch.keys = store.keys.apart()
        yield scratch
