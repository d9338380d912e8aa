"""`tieline connect`: accounts on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tieline.cli import output
from tieline.cli.connect_account import nimbata
from tieline.cli.connect_location import contacts_api
from tieline.cli.connect_options import LOCALLY, Json, PublicUrl
from tieline.cli.serve import address
from tieline.cli.session import opened_hub, run
from tieline.cli.sweeps import one_of, show_sweeps

if TYPE_CHECKING:
    from tieline.server.accounts.shown import Shown
    from tieline.server.sweeps.report import SweepState

app = typer.Typer(help="Connect accounts: make, list, show, remove.", no_args_is_help=True)
app.command("contacts-api")(contacts_api)
app.command("nimbata")(nimbata)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All connections and how they stand."""
    found = run(_list(None))
    output.show(
        found,
        as_json,
        lambda: output.table(
            ("name", "product", "account", "state", "why"),
            [(one.name, one.connector, one.account, one.state, one.state_reason) for one in found],
            empty="no connections yet: tieline connect contacts-api, tieline connect nimbata",
        ),
    )


@app.command("show")
def show(
    name: Annotated[str, typer.Argument()],
    public_url: PublicUrl = LOCALLY,
    as_json: Json = False,
) -> None:
    """One connection, without its secrets."""
    found = run(_show(name))
    if found is None:
        raise output.NotThere(f"there is no connection named {name}; see: tieline connect list")
    one, sweeps = found

    def people() -> None:
        output.pairs(
            [
                ("name", one.name), ("product", one.connector), ("account", one.account),
                ("address", one.base_url), ("state", one.state), ("why", one.state_reason),
                ("by app", one.app or "none: a private token"), ("token since", one.token_since),
                ("changed", one.updated_at),
                ("webhooks to", _with_key_place(address(public_url, one.connector, one.name), one)),
                *((f"setting {name}", value) for name, value in one.settings.items()),
            ]
        )  # fmt: skip
        output.table(
            ("polled", "project", "every", "last read", "failures", "reason"),
            [
                (poll.stream, poll.project, f"{poll.every_s:g} s", poll.ok_at, poll.failures, poll.reason)
                for poll in one.polls
            ],
            empty="nothing is polled",
        )
        show_sweeps(sweeps)

    output.show(one_of(one, sweeps), as_json, people)


@app.command("remove")
def remove(name: Annotated[str, typer.Argument()], as_json: Json = False) -> None:
    """Remove a connection; the events that it brought stay."""
    if not run(_remove(name)):
        raise output.NotThere(f"there is no connection named {name}; see: tieline connect list")
    output.show({"removed": name}, as_json, lambda: output.out.print(f"Removed {name}."))


async def _list(name: str | None) -> list[Shown]:
    from tieline.server.accounts.shown import list_connections

    async with opened_hub() as hub:
        return await list_connections(hub.store, name)


async def _show(name: str) -> tuple[Shown, SweepState] | None:
    from tieline.server.accounts.shown import list_connections
    from tieline.server.sweeps.report import sweep_states

    async with opened_hub() as hub:
        found = await list_connections(hub.store, name)
        states = await sweep_states(hub.store, hub.directory) if found else []
    return next(((found[0], one) for one in states if one.connection == name), None)


async def _remove(name: str) -> bool:
    from tieline.server.accounts.connections import remove_connection

    async with opened_hub() as hub:
        return await remove_connection(hub.store, name)


def _with_key_place(webhook: str, one: Shown) -> str:
    return f"{webhook}?key=…" if one.connector == "nimbata" else webhook
