"""The command line: verbs, and what becomes of their errors."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from tieline import __version__
from tieline.cli import (
    alerts,
    audit,
    backup,
    catalogue,
    chaos,
    conflicts,
    connect,
    credentials,
    db,
    demo,
    doctor,
    effects,
    erase,
    errors,
    events,
    items,
    keys,
    output,
    outward,
    people,
    sandbox,
    serve,
    sync,
    tokens,
    users,
)
from tieline.cli import app as oauth_app
from tieline.cli.logs import set_up_logs
from tieline.errors import TielineError

_EPILOG = (
    "Exit codes: 0 done; 1 something failed or is wanting; 2 wrong usage; 3 a setting or the database must be"
    " changed first; 4 a far side refused or could not be reached; 5 there is nothing of that name; 130 interrupted."
)

app = typer.Typer(
    name="tieline", help="Keeps call tracking and a CRM in step.", epilog=_EPILOG, no_args_is_help=True,
    add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
)  # fmt: skip
app.command()(demo.demo)
app.command()(chaos.chaos)
app.command()(backup.backup)
app.command()(backup.restore)
app.command()(serve.up)
app.command()(serve.server)
app.command()(serve.worker)
app.command()(sandbox.sandbox)
connect.app.command("token")(credentials.token)
connect.app.command("secret")(credentials.secret)
connect.app.command("refresh")(credentials.refresh)
app.add_typer(connect.app, name="connect")
app.add_typer(oauth_app.app, name="app")
app.add_typer(sync.app, name="sync")
app.add_typer(events.app, name="events")
app.add_typer(effects.app, name="effects")
app.add_typer(items.app, name="items")
app.add_typer(errors.app, name="errors")
app.add_typer(people.app, name="people")
app.add_typer(conflicts.app, name="conflicts")
app.add_typer(catalogue.app, name="catalogue")
app.command()(doctor.doctor)
app.add_typer(users.app, name="users")
app.add_typer(alerts.app, name="alerts")
app.add_typer(outward.app, name="outward")
app.add_typer(tokens.app, name="tokens")
app.add_typer(audit.app, name="audit")
app.command()(erase.erase)
app.add_typer(keys.app, name="keys")
app.add_typer(db.app, name="db")


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="say which this is"
    ),
) -> None:
    """Keeps call tracking and a CRM in step."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; its exit code. No stack trace leaves this for an error that has a name."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        set_up_logs()
        app(given, prog_name="tieline")
    except TielineError as error:
        output.complain(error, as_json="--json" in given)
        return output.exit_code(error)
    except KeyboardInterrupt:
        return output.INTERRUPTED
    except SystemExit as left:
        # Wrong usage was explained already.
        return left.code if isinstance(left.code, int) else output.OK
    return output.OK
