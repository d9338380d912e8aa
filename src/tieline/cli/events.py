"""`tieline events`: what came in, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tieline.cli import output
from tieline.cli.session import opened_hub, run
from tieline.errors import ConfigurationError

if TYPE_CHECKING:
    from tieline.server.listing import ListedEvent, Replayed, ShownEvent

app = typer.Typer(help="Events: list, show, replay.", no_args_is_help=True)

Json = Annotated[bool, output.JSON_OPTION]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="at most so many, the youngest first")]
EventId = Annotated[int, typer.Argument(metavar="ID")]


@app.command("list")
def list_(
    state: Annotated[str | None, typer.Option(help="only those that stand so: dead, unrouted, …")] = None,
    connection: Annotated[str | None, typer.Option(help="only those of this connection")] = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """The youngest events."""
    from tieline.server.listing import EVENT_STATES

    if state is not None and state not in EVENT_STATES:
        raise ConfigurationError(f"--state can be {', '.join(EVENT_STATES)}")
    found = run(_list(state, connection, limit))
    output.show(
        found,
        as_json,
        lambda: output.table(
            ("id", "received (UTC)", "connection", "kind", "from", "state", "reason"),
            [
                (one.id, one.received_at, one.connection, one.kind, one.source, one.state, one.reason)
                for one in found
            ],
            empty="no such events",
        ),
    )


@app.command("show")
def show(event: EventId, as_json: Json = False) -> None:
    """One event with its body and its effects."""
    one = run(_show(event))
    if one is None:
        raise output.NotThere(f"there is no event {event}")

    def people() -> None:
        import msgspec

        output.pairs(
            [
                ("id", one.id), ("received", one.received_at), ("connection", one.connection),
                ("from", one.source), ("kind", one.kind), ("project", one.project), ("sync", one.sync),
                ("state", one.state), ("reason", one.reason),
            ]
        )  # fmt: skip
        print(msgspec.json.format(msgspec.json.encode(one.body)).decode())
        output.table(
            ("effect", "operation", "state", "tries", "record"),
            [(row.id, row.operation, row.state, row.tries, row.result_id) for row in one.effects],
            empty="no effects",
        )

    output.show(one, as_json, people)


@app.command("replay")
def replay(event: EventId, as_json: Json = False) -> None:
    """Take up a dead letter again, or one that no sync wanted when it came."""
    done = run(_replay(event))
    if done is None:
        raise output.NotThere(f"there is no event {event}")
    output.show(done, as_json, lambda: output.out.print(f"In hand again, for {done.syncs} sync(s)."))
    if done.reason is not None:
        raise output.Failed(f"event {event} was not taken up: {done.reason}")


async def _list(state: str | None, connection: str | None, limit: int) -> list[ListedEvent]:
    from tieline.server.listing import list_events

    async with opened_hub() as hub:
        return await list_events(hub.store, state=state, connection=connection, limit=limit)


async def _show(event: int) -> ShownEvent | None:
    from tieline.server.listing import show_event

    async with opened_hub() as hub:
        return await show_event(hub.store, event)


async def _replay(event: int) -> Replayed | None:
    from tieline.server.listing import replay_event

    async with opened_hub() as hub:
        return await replay_event(hub.store, hub.directory, event)
