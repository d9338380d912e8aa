"""`tieline effects`: what was written to the CRM, with every try."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tieline.cli import output
from tieline.cli.session import opened_hub, run
from tieline.errors import ConfigurationError

if TYPE_CHECKING:
    from tieline.server.listing import ListedEffect, ShownEffect

app = typer.Typer(help="Effects: list, show.", no_args_is_help=True)

Json = Annotated[bool, output.JSON_OPTION]


@app.command("list")
def list_(
    state: Annotated[str | None, typer.Option(help="only those that stand so: unknown, dead, …")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="at most so many, the youngest first")] = 50,
    as_json: Json = False,
) -> None:
    """The youngest effects."""
    from tieline.server.listing import EFFECT_STATES

    if state is not None and state not in EFFECT_STATES:
        raise ConfigurationError(f"--state can be {', '.join(EFFECT_STATES)}")
    found = run(_list(state, limit))
    output.show(
        found,
        as_json,
        lambda: output.table(
            ("id", "begun (UTC)", "sync", "operation", "state", "tries", "record", "reason"),
            [
                (
                    one.id,
                    one.created_at,
                    one.sync,
                    one.operation,
                    one.state,
                    one.tries,
                    one.result_id,
                    one.reason,
                )
                for one in found
            ],
            empty="no such effects",
        ),
    )


@app.command("show")
def show(effect: Annotated[int, typer.Argument(metavar="ID")], as_json: Json = False) -> None:
    """One effect with its attempts."""
    one = run(_show(effect))
    if one is None:
        raise output.NotThere(f"there is no effect {effect}")

    def people() -> None:
        import msgspec

        output.pairs(
            [
                ("id", one.id), ("event", one.event_id), ("sync", one.sync), ("operation", one.operation),
                ("state", one.state), ("record", one.result_id), ("reason", one.reason),
                ("idempotency key", one.idempotency_key),
            ]
        )  # fmt: skip
        print(msgspec.json.format(msgspec.json.encode(one.input)).decode())
        output.table(
            ("try", "at (UTC)", "ms", "outcome", "status", "trace id", "reason"),
            [
                (
                    row.number,
                    row.started_at,
                    f"{row.duration_ms:.0f}",
                    row.outcome,
                    row.status,
                    row.trace_id,
                    row.reason,
                )
                for row in one.attempts
            ],
            empty="never tried",
        )

    output.show(one, as_json, people)


async def _list(state: str | None, limit: int) -> list[ListedEffect]:
    from tieline.server.listing import list_effects

    async with opened_hub() as hub:
        return await list_effects(hub.store, state=state, limit=limit)


async def _show(effect: int) -> ShownEffect | None:
    from tieline.server.listing import show_effect

    async with opened_hub() as hub:
        return await show_effect(hub.store, effect)
