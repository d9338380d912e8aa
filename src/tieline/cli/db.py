"""`tieline db`: the database itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tieline.cli import output
from tieline.cli.backup import told
from tieline.cli.session import home_path, run
from tieline.errors import ConfigurationError

if TYPE_CHECKING:
    from tieline.store.dump.move import Moved

app = typer.Typer(help="The database: status, migrate, url, move.", no_args_is_help=True)

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


@app.command("move")
def move(
    to: Annotated[str | None, typer.Option(metavar="URL", help="an empty database on another server")] = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="end a move that was cut off; stay here")] = False,
    as_json: Json = False,
) -> None:
    """Move everything to another server while hubs run: they answer "later" meanwhile, and go on there."""
    if cancel == (to is not None):
        raise ConfigurationError("say where to (--to URL), or --cancel")
    if to is None:
        if not run(_cancel()):
            raise output.NotThere("no move is under way")
        output.show(
            {"cancelled": True}, as_json, lambda: output.out.print("The move is off; hubs take in again.")
        )
        return
    done = run(_move(to, quiet=as_json))

    def people() -> None:
        output.out.print(_moved_words(done), markup=False, soft_wrap=True)
        if "TIELINE_DATABASE_URL" in os.environ:
            output.out.print("Set TIELINE_DATABASE_URL to it, and start the hubs again.", markup=False)

    output.show(done, as_json, people)


def _moved_words(done: Moved) -> str:
    rows = sum(one.rows for one in done.tables.values())
    made = "Only the last step was left." if done.resumed else (
        f"{rows} rows of {len(done.tables)} tables, counted and hashed on both; nothing was taken in for"
        f" {done.closed_s:.1f} s."
    )  # fmt: skip
    return f"The database is at {done.target}. {made}"


async def _move(to: str, *, quiet: bool) -> Moved:
    from tieline.store.dump.move import move as carry
    from tieline.store.home import Home
    from tieline.store.migrate import migrate as bring_up
    from tieline.store.server import attach_store_server

    async with attach_store_server(home_path()) as address:
        await bring_up(address)
        return await carry(address, to, Home.find(), progress=told(quiet))


async def _cancel() -> bool:
    from tieline.store.dump.move import cancel
    from tieline.store.server import attach_store_server

    async with attach_store_server(home_path()) as address:
        return await cancel(address)


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
