"""`tieline conflicts`: questions that only a person can settle."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tieline.cli import output
from tieline.cli.session import opened_hub, run
from tieline.errors import ConfigurationError

if TYPE_CHECKING:
    from tieline.server.people.conflicts import ListedConflict, Settled, ShownConflict
    from tieline.sync.who.conflicts import Choice

app = typer.Typer(help="Conflicts: list, show, settle.", no_args_is_help=True)

Json = Annotated[bool, output.JSON_OPTION]
ConflictId = Annotated[int, typer.Argument(metavar="ID")]


@app.command("list")
def list_(
    state: Annotated[str, typer.Option(help="only those that stand so: open, settled, all")] = "open",
    sync: Annotated[str | None, typer.Option(help="only those of this sync")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="at most so many, the youngest first")] = 50,
    as_json: Json = False,
) -> None:
    """The youngest questions."""
    if state not in ("open", "settled", "all"):
        raise ConfigurationError("--state can be open, settled, all")
    found = run(_list(None if state == "all" else state, sync, limit))
    output.show(
        found,
        as_json,
        lambda: output.table(
            ("id", "asked (UTC)", "sync", "about", "question", "state"),
            [(one.id, one.created_at, one.sync, one.about, one.question, one.state) for one in found],
            empty="no such conflicts",
        ),
    )


@app.command("show")
def show(conflict: ConflictId, as_json: Json = False) -> None:
    """One question: the records of both sides side by side, and what can be answered."""
    one = run(_show(conflict))
    if one is None:
        raise output.NotThere(f"there is no conflict {conflict}")
    output.show(one, as_json, lambda: _draw(one))


@app.command("settle")
def settle(
    conflict: ConflictId,
    merge: Annotated[
        str | None, typer.Option(metavar="RECORD", help="all are one person: keep and link this record")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="they are different people: never join these")] = False,
    choose: Annotated[
        str | None,
        typer.Option(metavar="nimbata|contacts_api|VALUE", help="the side, value or record that is right"),
    ] = None,
    by: Annotated[str | None, typer.Option(help="who says so; default: whoever runs this")] = None,
    change: Annotated[
        bool, typer.Option("--change", help="answer otherwise than before, from now on")
    ] = False,
    as_json: Json = False,
) -> None:
    """Answer a question; it is remembered, and what waited for it is taken up again."""
    done = run(_settle(conflict, _choice(merge, keep, choose), by or _whoever(), change))
    if done is None:
        raise output.NotThere(f"there is no conflict {conflict}")
    output.show(
        done,
        as_json,
        lambda: output.out.print(
            f"Settled: {done.meaning}. Events taken up again: {len(done.events)}.", markup=False
        ),
    )


def _choice(merge: str | None, keep: bool, choose: str | None) -> Choice:
    from tieline.sync.who.conflicts import Choose, Keep, Merge

    given: list[Choice] = []
    if merge is not None:
        given.append(Merge(record=merge))
    if keep:
        given.append(Keep())
    if choose is not None:
        given.append(Choose(value=choose))
    if len(given) != 1:
        raise ConfigurationError("say one of --merge RECORD, --keep, --choose nimbata|contacts_api|VALUE")
    return given[0]


def _whoever() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run us as a user without a name.
        return "command line"


def _draw(one: ShownConflict) -> None:
    output.pairs(
        [
            ("id", one.id), ("sync", one.sync), ("about", one.about), ("question", one.question),
            ("state", one.state), ("asked", one.created_at), ("settled", one.settled_at),
            ("answer", None if one.answer is None else f"{_said(one.answer.choice)}, by {one.answer.by}"),
        ]
    )  # fmt: skip
    records = [(side, record) for side, found in one.details.records.items() for record in found]
    names = dict.fromkeys(name for _, record in records for name in record)
    output.table(
        ("", *(side for side, _ in records)),
        [(name, *(_cell(record.get(name)) for _, record in records)) for name in names],
        empty="no records",
    )
    for option in one.options:
        output.out.print(option, markup=False)


def _said(choice: Choice) -> str:
    import msgspec

    return " ".join(str(part) for part in msgspec.to_builtins(choice).values())


def _cell(value: Any) -> str | None:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {one}" for name, one in value.items())
    return None if value is None else str(value)


async def _list(state: str | None, sync: str | None, limit: int) -> list[ListedConflict]:
    from tieline.server.people.conflicts import list_conflicts

    async with opened_hub() as hub:
        return await list_conflicts(hub.store, state=state, sync=sync, limit=limit)


async def _show(conflict: int) -> ShownConflict | None:
    from tieline.server.people.conflicts import show_conflict

    async with opened_hub() as hub:
        return await show_conflict(hub.store, conflict)


async def _settle(conflict: int, choice: Choice, by: str, change: bool) -> Settled | None:
    from tieline.server.people.conflicts import settle

    async with opened_hub() as hub:
        return await settle(hub.store, conflict, choice, by, change=change)
