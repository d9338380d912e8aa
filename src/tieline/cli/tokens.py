"""`tieline tokens`: what programs come in with."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from tieline.cli import output
from tieline.cli.session import opened_hub, run

if TYPE_CHECKING:
    from tieline.server.access.tokens import Made, Token

app = typer.Typer(help="API tokens: list, add, revoke.", no_args_is_help=True)

Json = Annotated[bool, output.JSON_OPTION]


@app.command("list")
def list_(
    every: Annotated[bool, typer.Option("--all", help="also those that were revoked")] = False,
    as_json: Json = False,
) -> None:
    """All tokens, without what they are."""
    found = [one for one in run(_list()) if every or one.revoked_at is None]
    output.show(
        found,
        as_json,
        lambda: output.table(
            ("name", "begins", "may", "made by", "ends (UTC)", "last used", "revoked"),
            [
                (
                    one.name, one.prefix, " ".join(one.scopes), one.created_by, one.expires_at or "never", one.used_at,
                    one.revoked_at,
                )
                for one in found
            ],
            empty="no tokens yet: tieline tokens add NAME --scope SCOPE",
        ),
    )  # fmt: skip


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="what it is for")],
    scope: Annotated[
        list[str], typer.Option(help="what it may do, as items:write or *:read; repeat for more")
    ],
    days: Annotated[float, typer.Option(min=0, help="how long it works; 0 = without an end")] = 365.0,
    as_json: Json = False,
) -> None:
    """Make a token, shown this once. Send it as `Authorization: Bearer TOKEN`."""
    made = run(_add(name, scope, timedelta(days=days) if days else None))

    def people() -> None:
        ends = f"until {made.expires_at:%Y-%m-%d}" if made.expires_at else "without an end"
        output.out.print(f"{name} may {' '.join(made.scopes)}, {ends}.", markup=False)
        output.out.print(f"Token, shown this once: {made.token}", markup=False, soft_wrap=True)

    output.show(made, as_json, people)


@app.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="its name, or its beginning: tl_…")],
    as_json: Json = False,
) -> None:
    """End a token at once."""
    if not run(_revoke(name)):
        raise output.NotThere(f"no token that works is named {name}; see: tieline tokens list")
    output.show({"revoked": name}, as_json, lambda: output.out.print(f"{name} does not work any more."))


async def _list() -> list[Token]:
    from tieline.server.access.tokens import Tokens

    async with opened_hub() as hub:
        return await Tokens(hub.store, hub.vault.digest, hub.clock).all()


async def _add(name: str, scopes: list[str], life: timedelta | None) -> Made:
    from tieline.server.access.tokens import Tokens

    async with opened_hub() as hub:
        return await Tokens(hub.store, hub.vault.digest, hub.clock).add(name, scopes, life=life)


async def _revoke(name: str) -> bool:
    from tieline.server.access.tokens import Tokens

    async with opened_hub() as hub:
        return await Tokens(hub.store, hub.vault.digest, hub.clock).revoke(name)
