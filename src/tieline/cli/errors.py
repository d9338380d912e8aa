"""`tieline errors`: what failed, by cause, and the ways to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tieline.cli import output
from tieline.cli.session import opened_hub, run
from tieline.errors import ConfigurationError

if TYPE_CHECKING:
    from tieline.server.trouble.causes import ShownCause, ShownFailure
    from tieline.server.trouble.edits import Edit
    from tieline.server.trouble.mend import Taken

app = typer.Typer(help="Failures by cause: list, show, retry, ignore, replay.", no_args_is_help=True)

Json = Annotated[bool, output.JSON_OPTION]
Cause = Annotated[int, typer.Argument(metavar="CAUSE")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="edit the event first; VALUE is JSON, else text",
    ),
]
Unset = Annotated[
    list[str] | None, typer.Option("--unset", metavar="PATH", help="take a value out of the event first")
]


@app.command("list")
def list_(
    sync: Annotated[str | None, typer.Option(help="only those of this sync")] = None,
    ignored: Annotated[bool, typer.Option("--ignored", help="those that are ignored too")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: Json = False,
) -> None:
    """Connections in trouble, causes of failures, and deliveries that were turned away."""
    trouble, causes, refused = run(_list(sync, ignored, limit))

    def people() -> None:
        if trouble:
            output.table(
                ("connection", "state", "since (UTC)", "waiting", "next try (UTC)", "next step"),
                [
                    (one.connection, one.state, one.since, one.waiting, one.next_try_at, one.next_step)
                    for one in trouble
                ],
                empty="",
            )
        output.table(
            ("cause", "open", "last seen (UTC)", "sync", "what", "field", "why", "what helps"),
            [
                (one.id, one.open, one.last_seen, one.sync or one.connection, one.operation or one.kind, one.field,
                 one.title, one.suggestion)
                for one in causes
            ],
            empty="nothing failed",
        )  # fmt: skip
        if refused:
            output.table(
                ("connection", "turned away because", "how often", "last (UTC)"),
                [(one.connection, one.reason, one.count, one.last_seen) for one in refused],
                empty="",
            )

    output.show({"connections": trouble, "causes": causes, "refused": refused}, as_json, people)


@app.command("show")
def show(cause: Cause, as_json: Json = False) -> None:
    """One cause with its youngest failures."""
    one = run(_show(cause))
    if one is None:
        raise output.NotThere(f"there is no cause {cause}; see: tieline errors list")

    def people() -> None:
        output.pairs(
            [
                ("cause", one.id), ("why", one.title), ("field", one.field), ("what helps", one.suggestion),
                ("open", one.open), ("ever", one.total), ("people", one.people), ("first seen", one.first_seen),
                ("last seen", one.last_seen), ("ignored", one.ignored_reason),
            ]
        )  # fmt: skip
        output.table(
            ("failure", "event", "effect", "person", "state", "at (UTC)"),
            [
                (row.id, row.event_id, row.effect_id, row.person, row.state, row.failed_at)
                for row in one.failures
            ],
            empty="no failures",
        )

    output.show(one, as_json, people)


@app.command("item")
def item(failure: Annotated[int, typer.Argument(metavar="FAILURE")], as_json: Json = False) -> None:
    """One failure: what came in, what was sent, and what was answered."""
    one = run(_item(failure))
    if one is None:
        raise output.NotThere(f"there is no failure {failure}; see: tieline errors show CAUSE")

    def people() -> None:
        import msgspec

        output.pairs(
            [
                ("failure", one.id), ("event", one.event_id), ("state", one.state), ("why", one.reason),
                ("field", one.field), ("sent", one.sent), ("what helps", one.cause.suggestion),
            ]
        )  # fmt: skip
        if one.event is not None:
            print(msgspec.json.format(msgspec.json.encode(one.event.body)).decode())

    output.show(one, as_json, people)


@app.command("retry")
def retry(
    failures: Annotated[list[int], typer.Argument(metavar="FAILURE…")],
    set_: Set = None,
    unset: Unset = None,
    as_json: Json = False,
) -> None:
    """Take failures up again, edited first where that is wanted; what took place already is not done again."""
    taken = run(_retry(failures, _edits(set_, unset)))
    output.show(taken, as_json, lambda: output.out.print(f"{taken.failures} in hand again."))


@app.command("ignore")
def ignore(
    cause: Cause,
    reason: Annotated[str | None, typer.Option(help="why nobody is to be asked any more")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="list it, and tell of it, again")] = False,
    as_json: Json = False,
) -> None:
    """List a cause, and tell of it, no more."""
    if (reason is None) != undo:
        raise ConfigurationError("say why with --reason, or take it back with --undo")
    if run(_ignore(cause, reason)) is None:
        raise output.NotThere(f"there is no cause {cause}; see: tieline errors list")
    output.show(
        {"cause": cause, "ignored": not undo}, as_json,
        lambda: output.out.print(f"Cause {cause} is {'listed again' if undo else 'ignored'}."),
    )  # fmt: skip


@app.command("replay")
def replay(
    cause: Annotated[int | None, typer.Option(help="only failures of this cause")] = None,
    sync: Annotated[str | None, typer.Option(help="only failures of this sync")] = None,
    connection: Annotated[str | None, typer.Option(help="only events of this connection")] = None,
    set_: Set = None,
    unset: Unset = None,
    reason: Annotated[str | None, typer.Option(help="what it is for; needed with --yes")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="do it; without, it is shown what would be")] = False,
    as_json: Json = False,
) -> None:
    """Take many failures up again, in the background and behind everything else."""
    if yes and reason is None:
        raise ConfigurationError("say what it is for: --reason")
    shown = run(_replay(cause, sync, connection, _edits(set_, unset), reason if yes else None))

    def people() -> None:
        count = shown.found if yes else shown.failures
        output.out.print(
            f"{count} are being taken up: replay {shown.id}."
            if yes
            else f"{count} would be taken up; add --yes."
        )

    output.show(shown, as_json, people)


@app.command("replays")
def replays(
    pause: Annotated[int | None, typer.Option(metavar="REPLAY")] = None,
    resume: Annotated[int | None, typer.Option(metavar="REPLAY")] = None,
    abort: Annotated[int | None, typer.Option(metavar="REPLAY")] = None,
    as_json: Json = False,
) -> None:
    """Replays and how far they are; one can be paused, resumed and aborted."""
    wanted = {"paused": pause, "running": resume, "aborted": abort}
    given = {state: number for state, number in wanted.items() if number is not None}
    if len(given) > 1:
        raise ConfigurationError("one of --pause, --resume and --abort at a time")
    found = run(_replays(given))
    output.show(
        found, as_json,
        lambda: output.table(
            ("replay", "state", "found", "taken", "mended", "failed again", "under way", "why", "by"),
            [
                (one.id, one.state, one.found, one.taken, one.mended, one.failed, one.under_way, one.reason,
                 one.begun_by)
                for one in found
            ],
            empty="no replays",
        ),
    )  # fmt: skip


def _edits(set_: list[str] | None, unset: list[str] | None) -> tuple[Edit, ...]:
    import msgspec

    from tieline.server.trouble.edits import Edit

    found = []
    for given in set_ or ():
        path, equals, text = given.partition("=")
        if not equals or not path:
            raise ConfigurationError(f"--set {given}: write it as PATH=VALUE")
        try:
            value: Any = msgspec.json.decode(text)
        except msgspec.DecodeError:
            value = text
        found.append(Edit(path=path, value=value))
    return (*found, *(Edit(path=path, remove=True) for path in unset or ()))


async def _list(sync: str | None, ignored: bool, limit: int) -> tuple[list[Any], list[Any], list[Any]]:
    from tieline.server.trouble.causes import list_causes, list_refused
    from tieline.server.trouble.connections import list_trouble

    async with opened_hub() as hub:
        causes = await list_causes(hub.store, sync=sync, ignored=ignored, limit=limit)
        return await list_trouble(hub.store), causes, await list_refused(hub.store)


async def _show(cause: int) -> ShownCause | None:
    from tieline.server.trouble.causes import show_cause

    async with opened_hub() as hub:
        return await show_cause(hub.store, cause)


async def _item(failure: int) -> ShownFailure | None:
    from tieline.server.trouble.causes import show_failure

    async with opened_hub() as hub:
        return await show_failure(hub.store, failure)


async def _retry(failures: list[int], edits: tuple[Edit, ...]) -> Taken:
    from tieline.server.trouble.mend import Mender

    async with opened_hub() as hub:
        return await Mender(hub.store, hub.directory).retry(failures, edits)


async def _ignore(cause: int, reason: str | None) -> object:
    from tieline.server.trouble.mend import Mender

    async with opened_hub() as hub:
        mender = Mender(hub.store, hub.directory)
        if reason is None:
            return True if await mender.heed(cause) else None
        return await mender.ignore(cause, reason)


async def _replay(
    cause: int | None, sync: str | None, connection: str | None, edits: tuple[Edit, ...], reason: str | None
) -> Any:
    from tieline.server.trouble.mend import Mender, Wanted
    from tieline.server.trouble.replays import Replays

    async with opened_hub() as hub:
        directory = hub.directory
        wanted_sync = next((one for one in directory.syncs.values() if one.name == sync), None)
        if sync is not None and wanted_sync is None:
            raise ConfigurationError(f"there is no sync {sync}")
        stored = directory.connection(connection) if connection is not None else None
        if connection is not None and stored is None:
            raise ConfigurationError(f"there is no connection {connection}")
        wanted = Wanted(
            cause=cause,
            consumer=wanted_sync.id if wanted_sync else None,
            connection=stored.id if stored else None,
        )
        replays = Replays(hub.store, Mender(hub.store, directory))
        if reason is None:
            return await replays.preview(wanted, edits)
        return await replays.begin(wanted, reason, edits)


async def _replays(given: dict[str, int]) -> list[Any]:
    from tieline.server.trouble.mend import Mender
    from tieline.server.trouble.replays import Replays

    async with opened_hub() as hub:
        replays = Replays(hub.store, Mender(hub.store, hub.directory))
        for state, number in given.items():
            if await replays.control(number, state) is None:  # type: ignore[arg-type]
                raise output.NotThere(f"there is no replay {number}")
        return await replays.youngest()
