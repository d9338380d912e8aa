"""`tieline items`: tasks, notes and appointments that are kept here, for an account that has none of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from msgspec import UNSET

from tieline.cli import output
from tieline.cli.session import opened_hub, run
from tieline.errors import ConfigurationError

if TYPE_CHECKING:
    from tieline.server.people.item_input import ItemFields
    from tieline.server.people.own_items import OwnItems, Place, ShownItem

app = typer.Typer(
    help="Tasks, notes and appointments of an account that has none itself: list, show, add, change, …",
    no_args_is_help=True,
)

Json = Annotated[bool, output.JSON_OPTION]
Kind = Literal["task", "note", "appointment"]
Status = Literal["new", "confirmed", "showed", "noshow", "cancelled", "invalid"]
ItemId = Annotated[str, typer.Argument(metavar="ID")]
ConnectionName = Annotated[str, typer.Option(help="the call-tracking connection")]
Person = Annotated[str, typer.Option(metavar="PHONE_OR_EMAIL", help="whose")]
#: Beside an id they are a check: the item must be theirs.
OfConnection = Annotated[str | None, typer.Option("--connection", help="it must be of this connection")]
OfPerson = Annotated[
    str | None, typer.Option("--person", metavar="PHONE_OR_EMAIL", help="it must be this person's")
]
Project = Annotated[str | None, typer.Option(help="the person's project, where the connection has several")]
Title = Annotated[str | None, typer.Option(help="of a task or appointment")]
Body = Annotated[str | None, typer.Option(help="words of a note, or of a task")]
Due = Annotated[str | None, typer.Option(metavar="TIME", help="of a task: 2026-09-03T15:00Z")]
Assignee = Annotated[str | None, typer.Option(metavar="EMAIL", help="who is to do it, or holds it")]
Starts = Annotated[str | None, typer.Option(metavar="TIME", help="of an appointment")]
Ends = Annotated[str | None, typer.Option(metavar="TIME", help="of an appointment")]
Timezone = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="zone of times that name none, America/Chicago; an appointment is shown in it"
    ),
]
StatusOf = Annotated[Status | None, typer.Option("--status", help="of an appointment")]
Location = Annotated[str | None, typer.Option(help="of an appointment")]
Notes = Annotated[str | None, typer.Option(help="of an appointment")]
Version = Annotated[int | None, typer.Option(min=1, help="refuse it if the item is not at this version")]


@app.command("list")
def list_(
    connection: ConnectionName,
    person: Person,
    kind: Annotated[Kind | None, typer.Option(help="only these")] = None,
    project: Project = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="those that are gone as well")] = False,
    as_json: Json = False,
) -> None:
    """A person's items, the oldest first."""
    found = run(_list(connection, person, project, kind, deleted))
    output.show(
        found,
        as_json,
        lambda: output.table(
            ("id", "kind", "what", "when (UTC)", "stands", "version"),
            [(one.id, one.kind, _what(one), _when(one), _stands(one), one.version) for one in found],
            empty="no such items",
        ),
    )


@app.command("show")
def show(
    item: ItemId, connection: OfConnection = None, person: OfPerson = None, as_json: Json = False
) -> None:
    """One item."""
    _shown(run(_show(item, connection, person)), as_json)


@app.command("add")
def add(
    connection: ConnectionName,
    person: Person,
    kind: Annotated[Kind, typer.Option(help="what it is")],
    title: Title = None,
    body: Body = None,
    due: Due = None,
    assignee: Assignee = None,
    starts: Starts = None,
    ends: Ends = None,
    timezone: Timezone = None,
    status: StatusOf = None,
    location: Location = None,
    notes: Notes = None,
    project: Project = None,
    reference: Annotated[
        str | None, typer.Option(help="same reference, same item: for scripts that repeat themselves")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make an item; the syncs carry it to the CRM."""
    given = _given(
        title=title, body=body, due_at=due, assignee=assignee, starts_at=starts, ends_at=ends,
        timezone=timezone, status=status, location=location, notes=notes,
    )  # fmt: skip
    _shown(run(_add(connection, person, project, kind, given, reference)), as_json)


@app.command("change")
def change(
    item: ItemId,
    connection: OfConnection = None,
    person: OfPerson = None,
    title: Title = None,
    body: Body = None,
    due: Due = None,
    assignee: Assignee = None,
    starts: Starts = None,
    ends: Ends = None,
    timezone: Timezone = None,
    status: StatusOf = None,
    location: Location = None,
    notes: Notes = None,
    clear: Annotated[
        list[str] | None, typer.Option(metavar="FIELD", help="take a value away, as body or due; repeat")
    ] = None,
    version: Version = None,
    as_json: Json = False,
) -> None:
    """Change an item; what is not said stays."""
    given = _given(
        clear or (), title=title, body=body, due_at=due, assignee=assignee, starts_at=starts, ends_at=ends,
        timezone=timezone, status=status, location=location, notes=notes,
    )  # fmt: skip
    _shown(run(_change(item, connection, person, given, version)), as_json)


@app.command("complete")
def complete(
    item: ItemId, connection: OfConnection = None, person: OfPerson = None, as_json: Json = False
) -> None:
    """A task is done."""
    _shown(run(_change(item, connection, person, _given(completed=True), None)), as_json)


@app.command("reopen")
def reopen(
    item: ItemId, connection: OfConnection = None, person: OfPerson = None, as_json: Json = False
) -> None:
    """A task is not done after all."""
    _shown(run(_change(item, connection, person, _given(completed=False), None)), as_json)


@app.command("remove")
def remove(
    item: ItemId,
    connection: OfConnection = None,
    person: OfPerson = None,
    version: Version = None,
    as_json: Json = False,
) -> None:
    """Delete an item; what becomes of its other side the sync's rules say."""
    gone = run(_remove(item, connection, person, version))
    output.show(gone, as_json, lambda: output.out.print(f"Removed {gone.id}."))


#: Options whose fields have another name.
_OPTIONS = {"due": "due_at", "starts": "starts_at", "ends": "ends_at"}


def _given(clear: Iterable[str] = (), **values: Any) -> ItemFields:
    """What was said. Raises ConfigurationError for a field to be cleared that there is not."""
    from tieline.server.people.item_input import ItemFields

    cleared: dict[str, None] = {}
    for option in clear:
        name = _OPTIONS.get(option, option)
        if name not in ItemFields.__struct_fields__ or name in ("completed", "status"):
            raise ConfigurationError(
                f"--clear: {option!r} is no field that can be empty; as body, due, notes"
            )
        if values.get(name) is not None:
            raise ConfigurationError(f"--clear {option} and --{option} exclude each other")
        cleared[name] = None
    said: dict[str, Any] = {name: UNSET if value is None else value for name, value in values.items()}
    return ItemFields(**{**said, **cleared})


def _shown(one: ShownItem, as_json: bool) -> None:
    def people() -> None:
        import msgspec

        output.pairs(
            [(name, value) for name, value in msgspec.structs.asdict(one).items() if value is not UNSET]
        )

    output.show(one, as_json, people)


def _what(one: ShownItem) -> str:
    said = next((text for text in (one.title, one.body) if isinstance(text, str)), "")
    return said.partition("\n")[0]


def _when(one: ShownItem) -> Any:
    return next((at for at in (one.due_at, one.starts_at) if at is not UNSET), None)


def _stands(one: ShownItem) -> str:
    if one.deleted_at is not None:
        return "deleted"
    if one.kind == "task":
        return "done" if one.completed else "open"
    return one.status if one.kind == "appointment" and isinstance(one.status, str) else ""


@asynccontextmanager
async def _items() -> AsyncIterator[OwnItems]:
    from tieline.server.people.own_items import OwnItems

    async with opened_hub() as hub:
        yield OwnItems(hub.store, hub.directory)


def _there(found: ShownItem | None, item: str) -> ShownItem:
    if found is None:
        raise output.NotThere(f"there is no item {item}; see: tieline items list")
    return found


async def _theirs(items: OwnItems, item: str, connection: str | None, person: str | None) -> ShownItem:
    """The item, if it is of that connection and person where they are named."""
    one = _there(await items.show(item), item)
    if connection is not None and connection != one.connection:
        raise output.NotThere(f"{item} is of {one.connection}, not of {connection}")
    if person is not None:
        place: Place = items.place(one.connection, person, one.project)
        if place.person.id != one.person:
            raise output.NotThere(f"{item} is another person's; see: tieline items list")
    return one


async def _list(
    connection: str, person: str, project: str | None, kind: Kind | None, deleted: bool
) -> list[ShownItem]:
    async with _items() as items:
        return await items.list_of(items.place(connection, person, project), kind, deleted=deleted)


async def _show(item: str, connection: str | None, person: str | None) -> ShownItem:
    async with _items() as items:
        return await _theirs(items, item, connection, person)


async def _add(
    connection: str, person: str, project: str | None, kind: Kind, given: ItemFields, reference: str | None
) -> ShownItem:
    async with _items() as items:
        made, _ = await items.add(items.place(connection, person, project), kind, given, reference=reference)
        return made


async def _change(
    item: str, connection: str | None, person: str | None, given: ItemFields, version: int | None
) -> ShownItem:
    async with _items() as items:
        await _theirs(items, item, connection, person)
        return _there(await items.change(item, given, version=version), item)


async def _remove(item: str, connection: str | None, person: str | None, version: int | None) -> ShownItem:
    async with _items() as items:
        await _theirs(items, item, connection, person)
        return _there(await items.remove(item, version=version), item)
