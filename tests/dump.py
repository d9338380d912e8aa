"""All that a store holds, cell by cell: as it stands there, and opened where it is sealed."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from psycopg import sql

from tests.opened import event_bodies, items_of, link_records
from tieline.store.person_rows import conflict_place, effect_place, history_place, open_choice, open_value
from tieline.store.pool import Store


class Cell(NamedTuple):
    """One value."""

    place: str
    text: str


async def cells(store: Store) -> list[Cell]:
    """Every column of every table, as whoever has the database alone reads it."""
    found = []
    async with store.transaction() as db:
        columns = await db.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns JOIN information_schema.tables"
            " USING (table_schema, table_name) WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
            " ORDER BY 1, ordinal_position"
        )
        for table, column, kind in await columns.fetchall():
            chosen = (
                sql.Identifier(column)
                if kind == "bytea"
                else sql.SQL("{}::text").format(sql.Identifier(column))
            )
            rows = await db.execute(
                sql.SQL("SELECT {} FROM {} WHERE {} IS NOT NULL").format(
                    chosen, sql.Identifier(table), sql.Identifier(column)
                )
            )
            found += [Cell(f"{table}.{column}", _text(row[0])) for row in await rows.fetchall()]
    return found


async def opened(store: Store) -> list[Cell]:
    """What is sealed, as the hub reads it."""
    found = [Cell("event.body", _text(body)) for _, _, body in await event_bodies(store, "seal >= 0")]
    found += [
        Cell("link", _text(one)) for pair in await link_records(store) for one in pair if one is not None
    ]
    keys = store.keys
    async with store.transaction() as db:
        people = await (await db.execute("SELECT DISTINCT person_id FROM item")).fetchall()
        effects = await db.execute(
            "SELECT idempotency_key, input, seal, key FROM effect LEFT JOIN person ON person.id = seal WHERE seal >= 0"
        )
        for name, value, seal, key in await effects.fetchall():
            found.append(Cell("effect.input", _text(open_value(keys, effect_place(name), value, seal, key))))
        lines = await db.execute(
            "SELECT history.id, fields, seal, key FROM history LEFT JOIN person ON person.id = seal"
        )
        for number, value, seal, key in await lines.fetchall():
            found.append(
                Cell("history.fields", _text(open_value(keys, history_place(number), value, seal, key)))
            )
        questions = await db.execute(
            "SELECT consumer_id, conflict.key, details, choice, seal, person.key"
            " FROM conflict LEFT JOIN person ON person.id = seal"
        )
        for consumer, about, details, choice, seal, key in await questions.fetchall():
            place = conflict_place(consumer, about)
            found.append(Cell("conflict.details", _text(open_value(keys, place, details, seal, key))))
            found.append(
                Cell("conflict.choice", _text(open_choice(keys, consumer, about, choice, seal, key)))
            )
    for (person,) in people:
        for item in await items_of(store, person):
            found += [Cell("item", _text(one)) for one in item[4:] if one is not None]
    return found


def places(found: list[Cell], words: list[str] | tuple[str, ...]) -> dict[str, str]:
    """Where any of these stands, and in what."""
    return {
        cell.place: cell.text[:200]
        for cell in found
        for word in words
        if word.casefold() in cell.text.casefold()
    }


def _text(value: Any) -> str:
    match value:
        case bytes():
            # Readable where it is text, whatever stands around it.
            return value.decode("utf-8", "replace")
        case str():
            return value
        case _:
            return msgspec.json.encode(value, enc_hook=str).decode()
