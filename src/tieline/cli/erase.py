"""`tieline erase`: all that this hub keeps of a person."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tieline.cli import output
from tieline.cli.session import opened_hub, run

if TYPE_CHECKING:
    from tieline.server.keeping.erase import Erasure


def erase(
    person: Annotated[
        str,
        typer.Argument(
            metavar="PERSON", help="phone, e-mail, a record's id on either side, or person:NUMBER"
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="carry it out; else it is only shown")] = False,
    as_json: Annotated[bool, output.JSON_OPTION] = False,
) -> None:
    """Erase a person here, for good: first it is shown what goes. Records on the far sides stay."""
    told = run(_erase(person, yes=yes))
    output.show(told, as_json, lambda: _draw(told))
    if yes or as_json:
        return
    if sys.stdin.isatty() and typer.confirm("Erase this for good?"):
        _draw(run(_erase(person, yes=True)))
    else:
        output.out.print("Nothing was erased; to do it, add --yes.")


def _draw(told: Erasure) -> None:
    numbers = ", ".join(f"person:{number}" for number in told.people)
    if told.done:
        output.out.print(f"{numbers}: erased. Polls, sweeps, backfills and webhooks do not bring them back.")
    else:
        output.out.print(f"{numbers}: {', '.join(told.names)}", markup=False)
    output.pairs(
        [
            ("look-ups, which become tombstones", told.look_ups),
            ("links with both records", told.links),
            ("items", told.items),
            ("lines of history", told.history),
            ("questions", told.conflicts),
            ("events, whose bodies go", told.events),
            ("of these not worked off yet", told.waiting),
            ("calls, whose inputs go", told.effects),
            ("items kept for an account", told.own_items),
        ]
    )
    for one in told.linked:
        output.out.print(
            f"{one.sync}: the records {one.contact_id} (CRM) and {one.nimbata_id or 'none'} (account) stay where they"
            " are; delete them there if you must",
            markup=False, soft_wrap=True,
        )  # fmt: skip


async def _erase(name: str, *, yes: bool) -> Erasure:
    from tieline.server.keeping.erase import Eraser
    from tieline.server.people.people import NoSuchPerson, People

    async with opened_hub() as hub:
        eraser = Eraser(People(hub.store, hub.directory, hub.vault.digest), hub.vault.digest)
        try:
            return await (eraser.erase if yes else eraser.preview)(name)
        except NoSuchPerson as error:
            raise output.NotThere(str(error)) from error
