"""`tieline people`: what happened to a person's records and why, how they stood, and the way back."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from tieline.cli import output
from tieline.cli.session import opened_hub, run

if TYPE_CHECKING:
    from datetime import datetime

    from tieline.server.people.history import AsOf
    from tieline.server.people.people import People, Person
    from tieline.server.people.timeline import Page
    from tieline.server.people.undo import Undo
    from tieline.server.people.why import Why

app = typer.Typer(help="People: show, why, at, undo.", no_args_is_help=True)

Json = Annotated[bool, output.JSON_OPTION]
Name = Annotated[
    str,
    typer.Argument(metavar="PERSON", help="phone, e-mail, a record's id on either side, or person:NUMBER"),
]
Sync = Annotated[str | None, typer.Option(help="only in this sync")]
_TIME = "a time without a zone is the location's: 2026-09-03T15:00"


@app.command("show")
def show(
    person: Name,
    sync: Sync = None,
    before: Annotated[str | None, typer.Option(metavar="MARK", help="entries before this one")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="at most so many, the youngest")] = 100,
    as_json: Json = False,
) -> None:
    """How the person stands on both sides, and all that happened: told, decided, changed, called."""
    from tieline.cli.people_lines import draw_page

    page = run(_show(person, sync, before, limit))
    output.show(page, as_json, lambda: draw_page(page))


@app.command("why")
def why(
    person: Name,
    field: Annotated[str, typer.Argument(help="first_name, custom.KEY, tags; of a task: task:ID.title")],
    sync: Sync = None,
    as_json: Json = False,
) -> None:
    """Why a field is as it is: who told it and when, what it was before, and the rule that let it travel."""
    from tieline.cli.people_lines import draw_why

    zone, found = run(_why(person, field, sync))
    output.show(found, as_json, lambda: draw_why(found, zone))


@app.command("at")
def at(
    person: Name, time: Annotated[str, typer.Argument(help=_TIME)], sync: Sync = None, as_json: Json = False
) -> None:
    """How the records of both sides stood at a moment."""
    from tieline.cli.people_lines import draw_standing

    found = run(_at(person, time, sync))
    output.show(found, as_json, lambda: draw_standing(found))


@app.command("undo")
def undo(
    person: Name,
    to: Annotated[str | None, typer.Option(metavar="TIME", help=f"everything since; {_TIME}")] = None,
    change: Annotated[
        int | None, typer.Option(metavar="ID", help="one change, by its number in `show`")
    ] = None,
    sync: Sync = None,
    force: Annotated[bool, typer.Option("--force", help="also what somebody changed or made since")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="carry it out; else it is only shown")] = False,
    as_json: Json = False,
) -> None:
    """Put records back: first what would be written is shown, then it is written to both sides."""
    from tieline.cli.people_lines import draw_undo

    shown = run(_undo(person, to, change, sync, force, yes=yes))
    output.show(shown, as_json, lambda: draw_undo(shown))
    if yes or as_json or not shown.writes:
        return
    if sys.stdin.isatty() and typer.confirm("Write this?"):
        done = run(_undo(person, to, change, sync, force, yes=True))
        output.out.print(f"In hand, as event {done.event}.")
    else:
        output.out.print("Nothing was written; to do it, add --yes.")


@asynccontextmanager
async def _found(name: str, sync: str | None) -> AsyncIterator[tuple[People, Person]]:
    from tieline.server.people.people import NoSuchPerson, People

    async with opened_hub() as hub:
        people = People(hub.store, hub.directory, hub.vault.digest)
        try:
            person = await people.one(name, sync=sync)
        except NoSuchPerson as error:
            raise output.NotThere(str(error)) from error
        yield people, person


async def _show(name: str, sync: str | None, before: str | None, limit: int) -> Page:
    from tieline.server.people.timeline import timeline

    async with _found(name, sync) as (people, person):
        return await timeline(people, person, before=before, limit=limit)


async def _why(name: str, field: str, sync: str | None) -> tuple[str, tuple[Why, ...]]:
    from tieline.server.people.why import why

    async with _found(name, sync) as (people, person):
        return person.zone, await why(people, person, field)


async def _at(name: str, time: str, sync: str | None) -> AsOf:
    from tieline.server.people.history import as_of

    async with _found(name, sync) as (people, person):
        return await as_of(people, person, _moment(time, person.zone))


async def _undo(
    name: str, to: str | None, change: int | None, sync: str | None, force: bool, *, yes: bool
) -> Undo:
    from tieline.server.people.undo import Undoing

    async with _found(name, sync) as (people, person):
        undoing = Undoing(people, person)
        go = undoing.carry_out if yes else undoing.preview
        moment = None if to is None else _moment(to, person.zone)
        return await go(to=moment, change=change, sync=sync, force=force)


def _moment(text: str, zone: str) -> datetime:
    from zoneinfo import ZoneInfo

    from tieline.server.people.item_input import read_moment

    return read_moment("the time", text, ZoneInfo(zone))
