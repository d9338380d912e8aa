"""`tieline keys`: which keys there are, and a new master key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from tieline.cli import output
from tieline.cli.session import opened_hub, run

if TYPE_CHECKING:
    from tieline.server.keeping.key_list import ShownKeys

app = typer.Typer(help="Keys: list, rotate.", no_args_is_help=True)

Json = Annotated[bool, output.JSON_OPTION]


class Rotated(msgspec.Struct, frozen=True, kw_only=True):
    """What `rotate` did."""

    #: Steps in order: prepared, wrapped, promoted, sealed, retired.
    steps: tuple[str, ...]
    #: Where the master key is kept.
    master_in: str
    #: What is left to do by hand.
    next: str


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All keys by what they are for; never what they are."""
    found = run(_list())

    def people() -> None:
        output.table(
            ("key", "for", "version", "day", "stands", "master key", "since (UTC)"),
            [
                (
                    one.id,
                    one.purpose.replace("_", "-"),
                    one.version,
                    one.day,
                    one.state,
                    one.master,
                    one.created_at,
                )
                for one in found.keys
            ],
            empty="no keys yet",
        )
        output.out.print(
            f"{found.people} people have a key; {found.tombstones} tombstones. Master key: {found.master_in}",
            markup=False, soft_wrap=True,
        )  # fmt: skip

    output.show(found, as_json, people)


@app.command("rotate")
def rotate(as_json: Json = False) -> None:
    """A new master key, and credentials under a new key, while hubs run; goes on where a crash stopped it."""
    done = run(_rotate())
    output.show(
        done, as_json,
        lambda: output.out.print(f"{', '.join(dict.fromkeys(done.steps))}. {done.next}", markup=False, soft_wrap=True),
    )  # fmt: skip


async def _list() -> ShownKeys:
    from tieline.server.keeping.key_list import list_keys

    async with opened_hub() as hub:
        return await list_keys(hub.store)


async def _rotate() -> Rotated:
    from tieline.store.key_rotation import key_table, rotate
    from tieline.vault.keys import EnvironmentKeys, FileKeys

    async with opened_hub() as hub:
        steps = [step async for step in rotate(hub.store)]
        masters = key_table(hub.store).masters
    match masters:
        case FileKeys():
            left = (
                f"Copy {masters.where} to where you keep it safe. The old one is beside it as master.key.old: older"
                " backups need it, so keep that safe too, and delete it once they are gone."
            )
        case EnvironmentKeys():
            left = (
                "Now set TIELINE_MASTER_KEY to what TIELINE_MASTER_KEY_NEXT holds, take the latter away, and restart"
                " each hub at a moment that suits. Keep the old one for as long as older backups are kept."
            )
        case _:
            left = "The old one is beside it as `old`: older backups need it."
    return Rotated(steps=tuple(steps), master_in="" if masters is None else masters.where, next=left)
