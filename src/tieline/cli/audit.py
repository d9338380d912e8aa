"""`tieline audit`: who did what, and how long that is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from tieline.cli import output
from tieline.cli.session import opened_hub, run
from tieline.errors import ConfigurationError

if TYPE_CHECKING:
    from tieline.server.access.audit import Page, Wanted

app = typer.Typer(help="The audit log: list, keep.", no_args_is_help=True)

Json = Annotated[bool, output.JSON_OPTION]


@app.command("list")
def list_(
    actor: Annotated[str | None, typer.Option(help="only of this user, token or user of the system")] = None,
    action: Annotated[str | None, typer.Option(help="only this, as connections.change")] = None,
    subject: Annotated[str | None, typer.Option(help="only what was done to this")] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="from then on: 2026-09-01")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="before then")] = None,
    before: Annotated[int | None, typer.Option(metavar="ID", help="entries older than this one")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="at most so many, the youngest first")] = 50,
    as_json: Json = False,
) -> None:
    """The youngest entries, with what was before and after."""
    from tieline.server.access.audit import Wanted

    wanted = Wanted(
        actor=actor, action=action, subject=subject, since=_moment("--since", since),
        until=_moment("--until", until), before=before,
    )  # fmt: skip
    page = run(_list(wanted, limit))

    def people() -> None:
        output.table(
            ("id", "at (UTC)", "who", "from", "did", "to", "before", "after"),
            [
                (
                    one.id, one.at, f"{one.actor} ({one.actor_kind.replace('_', ' ')})", one.address, one.action,
                    one.subject, _said(one.before), _said(one.after),
                )
                for one in page.entries
            ],
            empty="no such entries",
        )  # fmt: skip
        if page.before is not None:
            output.out.print(f"Older ones: --before {page.before}")

    output.show(page, as_json, people)


@app.command("keep")
def keep(
    days: Annotated[int, typer.Argument(metavar="DAYS", help="30 at least")],
    as_json: Json = False,
) -> None:
    """How long entries are kept; older ones are removed by the hub."""
    run(_keep(days))
    output.show({"days": days}, as_json, lambda: output.out.print(f"Entries are kept for {days} days."))


def _moment(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"{option}: {text!r} is no time; write it as 2026-09-01T15:00Z") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _said(values: object) -> str:
    import msgspec

    return "" if values is None else msgspec.json.encode(values).decode()


async def _list(wanted: Wanted, limit: int) -> Page:
    from tieline.server.access.audit import list_entries

    async with opened_hub() as hub:
        return await list_entries(hub.store, wanted, limit=limit)


async def _keep(days: int) -> None:
    from tieline.server.access.audit import keep_days

    async with opened_hub() as hub:
        await keep_days(hub.store, days)
