"""`tieline sync backfill, reconcile`: history, brought over in the background by whoever works for the hub."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tieline.cli import output
from tieline.cli.session import opened_hub, run
from tieline.errors import ConfigurationError

if TYPE_CHECKING:
    from tieline.server.backfill.status import RunStatus
    from tieline.store.backfill import RunKind
    from tieline.store.pool import Store

Json = Annotated[bool, output.JSON_OPTION]
SyncName = Annotated[str, typer.Argument(metavar="NAME")]
Pause = Annotated[bool, typer.Option("--pause", help="stop after the page that is read; nothing is lost")]
Resume = Annotated[bool, typer.Option("--resume", help="go on where it was paused, or failed")]
Cancel = Annotated[bool, typer.Option("--cancel", help="end it; what was brought over stays")]
Status = Annotated[bool, typer.Option("--status", help="how far it is; on a terminal, until it ends")]
Since = Annotated[
    str | None, typer.Option(metavar="DATE", help="with the calls, forms and texts since then: 2026-09-01")
]
#: Between two looks at a run that is watched.
_LOOK_S = 0.5


def backfill(
    name: SyncName,
    pause: Pause = False,
    resume: Resume = False,
    cancel: Cancel = False,
    status: Status = False,
    since: Since = None,
    as_json: Json = False,
) -> None:
    """Bring over everybody who is not linked yet, with what hangs on them; a worker of the hub does it."""
    _handled(name, "backfill", (pause, resume, cancel, status), moment(since), as_json)


def reconcile(
    name: SyncName,
    pause: Pause = False,
    resume: Resume = False,
    cancel: Cancel = False,
    status: Status = False,
    as_json: Json = False,
) -> None:
    """Compare everybody, linked or not, and mend by the rules what differs; a worker of the hub does it."""
    _handled(name, "reconcile", (pause, resume, cancel, status), None, as_json)


def moment(text: str | None) -> datetime | None:
    """A date or time of the command line, UTC where it names no zone. Raises ConfigurationError."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"--since: {text!r} is no date; write it as 2026-09-01") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


async def begun(name: str, kind: RunKind, **options: Any) -> None:
    """Begin a run. Raises NotThere and ConfigurationError."""
    from tieline.server.backfill.status import begin

    async with opened_hub() as hub:
        await require_sync(hub.store, name)
        await begin(hub.store, name, kind, **options)


async def require_sync(store: Store, name: str) -> None:
    """Raises NotThere."""
    from tieline.server.syncs import list_syncs

    if not await list_syncs(store, name):
        raise output.NotThere(f"there is no sync named {name}; see: tieline sync list")


async def watched(name: str, kind: RunKind, *, draw: bool) -> RunStatus:
    """How a run ended; drawn as a bar meanwhile."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from tieline.server.backfill.status import show

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
    )
    async with opened_hub() as hub:
        with Progress(*columns, console=output.err, disable=not draw, transient=True) as bar:
            task = bar.add_task(f"{kind} of {name}", total=None, told="")
            while True:
                found = await show(hub.store, name, kind)
                if found is None:
                    raise output.NotThere(f"{name} never had a {kind}")
                bar.update(task, total=found.total, completed=found.read, told=_told(found))
                if found.state != "running":
                    return found
                await asyncio.sleep(_LOOK_S)


def _handled(
    name: str, kind: RunKind, flags: tuple[bool, bool, bool, bool], since: datetime | None, as_json: bool
) -> None:
    if sum(flags) > 1:
        raise ConfigurationError("say one of --pause, --resume, --cancel, --status")
    verb = next(
        (one for one, wanted in zip(("pause", "resume", "cancel"), flags, strict=False) if wanted), None
    )
    if flags[3] and sys.stderr.isatty() and not as_json:
        found = run(watched(name, kind, draw=True))
    else:
        found = run(_done(name, kind, verb, since, look_only=flags[3]))
    output.show(found, as_json, lambda: draw_status(found))
    if found.state == "failed":
        raise output.Failed(f"the {kind} of {name} stopped: {found.reason}")


async def _done(
    name: str, kind: RunKind, verb: str | None, since: datetime | None, *, look_only: bool
) -> RunStatus:
    from tieline.server.backfill.status import begin, move, show

    async with opened_hub() as hub:
        await require_sync(hub.store, name)
        if verb is not None:
            return await move(hub.store, name, kind, verb)
        if not look_only:
            return await begin(hub.store, name, kind, since=since)
        found = await show(hub.store, name, kind)
    if found is None:
        raise output.NotThere(f"{name} never had a {kind}; begin one: tieline sync {kind} {name}")
    return found


def draw_status(found: RunStatus) -> None:
    """As people read it."""
    writes = ", ".join(f"{count} {name}" for name, count in found.writes.items())
    ended = ", ".join(f"{count} {state}" for state, count in found.ended.items())
    output.pairs(
        [
            (found.kind, found.state), ("reads", found.phase or "begins in a moment"),
            ("records", f"{found.read} of {'?' if found.total is None else found.total}"),
            ("events", ended), ("writes", writes), ("calls", found.calls),
            ("records a second", found.records_per_s), ("started", found.started_at),
            ("ends about", found.ends_at), ("ended", found.ended_at), ("because", found.reason),
        ]
    )  # fmt: skip


def _told(found: RunStatus) -> str:
    total = "?" if found.total is None else found.total
    ends = f", ends {found.ends_at:%H:%M} UTC" if found.ends_at else ""
    return f"{found.read}/{total} records, {sum(found.writes.values())} writes, {found.records_per_s:.0f}/s{ends}"
