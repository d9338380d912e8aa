"""`tieline db`: the database itself."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tieline.cli import output
from tieline.cli.session import home_path, run

app = typer.Typer(help="The database: status, migrate, url.", no_args_is_help=True)

Json = Annotated[bool, output.JSON_OPTION]


@app.command("status")
def status(as_json: Json = False) -> None:
    """Where it is, which version, and how large."""
    found = run(_status())
    output.show(found, as_json, lambda: output.pairs(found.items()))


@app.command("migrate")
def migrate(as_json: Json = False) -> None:
    """Bring the schema up to date; every verb that needs it does so by itself."""
    before, after = run(_migrate())
    text = (
        f"The schema is {after}."
        if before == after
        else f"The schema went from {before or 'nothing'} to {after}."
    )
    output.show({"before": before, "after": after}, as_json, lambda: output.out.print(text))


@app.command("url")
def url(as_json: Json = False) -> None:
    """The address to connect to with psql; it holds the password. Good while some verb keeps the server up."""
    found = run(_url())
    output.show({"url": found}, as_json, lambda: print(found))


async def _status() -> dict[str, Any]:
    import psycopg

    from tieline.store.migrate import revisions, script_folder
    from tieline.store.server import attach_store_server

    async with (
        attach_store_server(home_path()) as address,
        await psycopg.AsyncConnection.connect(address) as db,
    ):
        row = await (
            await db.execute(
                "SELECT current_setting('server_version'), current_setting('data_directory', true),"
                " pg_database_size(current_database()), to_regclass('alembic_version') IS NOT NULL"
            )
        ).fetchone()
        assert row is not None
        schema = None
        if row[3]:
            found = await (await db.execute("SELECT version_num FROM alembic_version")).fetchone()
            schema = found[0] if found else None
        return {
            "server": row[0], "host": db.info.host, "port": db.info.port, "database": db.info.dbname,
            "data_directory": row[1], "size_mb": round(row[2] / 1048576, 1), "schema": schema,
            "newest_schema": revisions(script_folder())[-1],
        }  # fmt: skip


async def _migrate() -> tuple[str | None, str | None]:
    from tieline.store.migrate import migrate as bring_up
    from tieline.store.server import attach_store_server

    async with attach_store_server(home_path()) as address:
        done = await bring_up(address)
    return done.before, done.after


async def _url() -> str:
    from tieline.store.server import attach_store_server

    async with attach_store_server(home_path()) as address:
        return address
