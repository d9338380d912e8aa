"""`tieline doctor`: what may be wrong, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from tieline.cli import output
from tieline.cli.session import home_path, opened_hub, run

if TYPE_CHECKING:
    from tieline.server.doctor import Finding

_MARKS = {"ok": "[green]ok[/]", "warning": "[yellow]look[/]", "wrong": "[bold red]wrong[/]"}


def doctor(as_json: Annotated[bool, output.JSON_OPTION] = False) -> None:
    """Look over home, database, connections, polls and what was turned away."""
    found = run(_examine())

    def people() -> None:
        for one in found:
            step = f" [dim]→ {one.next_step}[/]" if one.next_step else ""
            output.out.print(
                f"{_MARKS[one.verdict]:>18}  [bold]{one.subject}[/]: {one.text}{step}", soft_wrap=True
            )

    output.show(found, as_json, people)
    if any(one.verdict == "wrong" for one in found):
        raise output.Failed("something is wrong; each line says what to do")


async def _examine() -> list[Finding]:
    from tieline.server.doctor import Finding, examine

    async with opened_hub() as hub, hub.gateway() as (gateway, _):
        home = Finding(subject="home", verdict="ok", text=str(home_path()))
        return [home, *await examine(hub.store, hub.directory, gateway)]
