"""`tieline doctor`: what may be wrong, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tieline.cli import output
from tieline.cli.session import home_path, opened_hub, run

if TYPE_CHECKING:
    from tieline.server.accounts.finding import Finding

_MARKS = {"ok": "[green]ok[/]", "warning": "[yellow]look[/]", "wrong": "[bold red]wrong[/]"}


def doctor(
    public_url: Annotated[
        str | None, typer.Option(envvar="TIELINE_PUBLIC_URL", help="where far sides reach this hub")
    ] = None,
    as_json: Annotated[bool, output.JSON_OPTION] = False,
) -> None:
    """Look over home, database, connections with their scopes and quotas, polls and what was turned away."""
    found = run(_examine(public_url))

    def people() -> None:
        for one in found:
            step = f" [dim]→ {one.next_step}[/]" if one.next_step else ""
            output.out.print(
                f"{_MARKS[one.verdict]:>18}  [bold]{one.subject}[/]: {one.text}{step}", soft_wrap=True
            )

    output.show(found, as_json, people)
    if any(one.verdict == "wrong" for one in found):
        raise output.Failed("something is wrong; each line says what to do")


async def _examine(public_url: str | None) -> list[Finding]:
    from tieline.server.accounts.doctor import examine
    from tieline.server.accounts.finding import Finding

    async with opened_hub() as hub, hub.gateway() as (gateway, _):
        home = Finding(subject="home", verdict="ok", text=str(home_path()))
        return [home, *await examine(hub.store, hub.directory, gateway, public_url=public_url)]
