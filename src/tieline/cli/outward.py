"""`tieline outward`: what HTTP of users' own making may reach by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tieline.cli import output
from tieline.cli.session import opened_hub, run

if TYPE_CHECKING:
    from tieline.server.outward.entries import OutwardEntry

app = typer.Typer(
    help="Private addresses that user-made HTTP may reach: list, allow, deny.", no_args_is_help=True
)

Json = Annotated[bool, output.JSON_OPTION]
Entry = Annotated[
    str, typer.Argument(metavar="ENTRY", help="host, host:port, 10.1.2.0/24 or 10.1.2.0/24:8080")
]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All that is allowed beside public addresses."""
    found = run(_list())
    output.show(
        found,
        as_json,
        lambda: output.table(
            ("may be reached", "why", "allowed by", "since (UTC)"),
            [(one.entry, one.reason, one.added_by, one.added_at) for one in found],
            empty="nothing: user-made HTTP reaches public addresses alone. tieline outward allow ENTRY --reason WHY",
        ),
    )


@app.command("allow")
def allow(
    entry: Entry,
    reason: Annotated[str, typer.Option(help="why; stands in the list and the audit log")],
    as_json: Json = False,
) -> None:
    """Let HTTP steps and alerts go there."""
    made = run(_allow(entry, reason))
    output.show(made, as_json, lambda: output.out.print(f"{made.entry} may be reached.", markup=False))


@app.command("deny")
def deny(entry: Entry, as_json: Json = False) -> None:
    """Take a permission back."""
    if not run(_deny(entry)):
        raise output.NotThere(f"nothing is allowed as {entry}; see: tieline outward list")
    output.show(
        {"denied": entry},
        as_json,
        lambda: output.out.print(f"{entry} may not be reached any more.", markup=False),
    )


async def _list() -> list[OutwardEntry]:
    from tieline.server.outward.entries import list_outward

    async with opened_hub() as hub:
        return await list_outward(hub.store)


async def _allow(entry: str, reason: str) -> OutwardEntry:
    from tieline.server.outward.entries import allow_outward

    async with opened_hub() as hub:
        return await allow_outward(hub.store, entry, reason)


async def _deny(entry: str) -> bool:
    from tieline.server.outward.entries import deny_outward

    async with opened_hub() as hub:
        return await deny_outward(hub.store, entry)
