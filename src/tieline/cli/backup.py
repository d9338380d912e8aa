"""`tieline backup` and `tieline restore`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tieline.cli import output
from tieline.cli.secret_input import read_secret
from tieline.cli.session import home_path, run
from tieline.errors import ConfigurationError

if TYPE_CHECKING:
    from tieline.store.dump.backup import BackedUp, Progress
    from tieline.store.dump.restore import Restored

Json = Annotated[bool, output.JSON_OPTION]
Passphrase = Annotated[
    bool, typer.Option("--passphrase-stdin", help="read the passphrase of the key from standard input")
]


def backup(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="where to; an existing file is replaced at the end")
    ],
    with_key: Annotated[
        bool, typer.Option("--with-key", help="with the master key in it, sealed by a passphrase")
    ] = False,
    passphrase_stdin: Passphrase = False,
    as_json: Json = False,
) -> None:
    """Everything that this hub keeps, in one file, while hubs run. Without the master key it opens to nobody."""
    phrase = _phrase(passphrase_stdin) if with_key else None
    made = run(_backup(file.resolve(), phrase, quiet=as_json))

    def people() -> None:
        rows = sum(one.rows for one in made.tables.values())
        output.out.print(
            f"{made.file}: {rows} rows of {len(made.tables)} tables, {made.bytes / 1048576:.1f} MB, schema"
            f" {made.manifest.revision}.", markup=False, soft_wrap=True,
        )  # fmt: skip
        if with_key:
            output.out.print(
                "The master key is in it: whoever has the passphrase can read everything.", markup=False
            )
        else:
            output.out.print(
                f"It needs master key {' or '.join(made.manifest.masters)}: keep a copy of that, elsewhere.",
                markup=False,
            )

    output.show(made, as_json, people)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="made by tieline backup")],
    to: Annotated[
        str | None, typer.Option(metavar="URL", help="another database; default: this home's")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="take away what stands there, once the backup is in")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="with --replace: that is meant")] = False,
    passphrase_stdin: Passphrase = False,
    as_json: Json = False,
) -> None:
    """Bring a backup back: all of it or nothing. No hub may run on that database."""
    if replace and not yes:
        raise ConfigurationError("--replace takes away what stands there; say --yes as well if that is meant")
    done = run(_restore(file.resolve(), to, replace=replace, from_stdin=passphrase_stdin, quiet=as_json))

    def people() -> None:
        rows = sum(one.rows for one in done.tables.values())
        output.out.print(
            f"{rows} rows of {len(done.tables)} tables are in, as they were on"
            f" {done.manifest.made_at:%Y-%m-%d %H:%M} UTC; schema {done.revision}."
            " See: tieline doctor", markup=False, soft_wrap=True,
        )  # fmt: skip

    output.show(done, as_json, people)


def told(quiet: bool) -> Progress:
    """Progress on a terminal: one line that is written over."""

    def tell(table: str, rows: int) -> None:
        if not quiet and output.err.is_terminal:
            output.err.print(f"[dim]{table}: {rows} rows[/]".ljust(60), end="\r")

    return tell


def _phrase(from_stdin: bool) -> str:
    given = os.environ.get("TIELINE_BACKUP_PASSPHRASE")
    return read_secret("Passphrase", given, from_stdin=from_stdin, option="passphrase")


async def _backup(file: Path, phrase: str | None, *, quiet: bool) -> BackedUp:
    from tieline.store.audit import note
    from tieline.store.dump.backup import back_up
    from tieline.store.pool import Store
    from tieline.store.server import attach_store_server
    from tieline.vault.keys import find_master_keys

    keys = find_master_keys(home_path()).read()
    if phrase is not None and not keys:
        raise ConfigurationError("this home has no master key that could go with it")
    async with attach_store_server(home_path()) as url:
        made = await back_up(
            url, file, key=(keys[0], phrase) if phrase is not None else None, progress=told(quiet)
        )
        async with Store.open(url) as store, store.transaction() as db:
            await note(db, "backup", file.name, after={"sha256": made.sha256, "with_key": phrase is not None})
    return made


async def _restore(file: Path, to: str | None, *, replace: bool, from_stdin: bool, quiet: bool) -> Restored:
    from tieline.store.audit import note
    from tieline.store.dump.passphrase import open_key
    from tieline.store.dump.restore import read_manifest, require_key, restore
    from tieline.store.home import Home
    from tieline.store.pool import Store
    from tieline.store.server import attach_store_server
    from tieline.vault.keys import FileKeys, find_master_keys
    from tieline.vault.master import fingerprint

    manifest, sealed = read_manifest(file)
    masters = find_master_keys(home_path())
    held = [fingerprint(key).hex() for key in masters.read()]
    brought = None
    if sealed is not None and not held and isinstance(masters, FileKeys):
        brought = open_key(sealed, _phrase(from_stdin))
        held = [fingerprint(brought).hex()]
    require_key(manifest, held, masters.where)
    Home.find().prepare()
    async with attach_store_server(home_path(), to) as url:
        done = await restore(file, url, replace=replace, progress=told(quiet))
        if brought is not None and isinstance(masters, FileKeys):
            masters.keep(brought)
        async with Store.open(url) as store, store.transaction() as db:
            await note(db, "restore", file.name, after={"made_at": manifest.made_at.isoformat()})
    return done
