"""`tieline connect token` and `tieline connect secret`: another token, another webhook secret, nothing lost between."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tieline.cli import output
from tieline.cli.secret_input import read_file, read_secret
from tieline.cli.session import opened_hub, run

if TYPE_CHECKING:
    from tieline.store.directory import StoredConnection

Name = Annotated[str, typer.Argument(help="the connection")]
Json = Annotated[bool, output.JSON_OPTION]


def token(
    name: Name,
    given: Annotated[
        str | None, typer.Option("--token", envvar="TIELINE_TOKEN", help="the new token")
    ] = None,
    token_stdin: Annotated[bool, typer.Option("--token-stdin", help="read it from standard input")] = False,
    check: Annotated[bool, typer.Option("--check/--no-check", help="try it before it is stored")] = True,
    as_json: Json = False,
) -> None:
    """Put another private token into use; what waits goes on at once."""
    run(_token(name, read_secret("Token", given, from_stdin=token_stdin, option="token"), check=check))
    told = {"name": name, "token": "changed"}
    output.show(told, as_json, lambda: output.out.print(f"{name} uses the new token."))


def secret(
    name: Name,
    kind: Annotated[
        Literal["url_key", "header", "basic", "hmac", "key"],
        typer.Option(help="what is replaced; key = the public key that signs the CRM's webhooks"),
    ] = "url_key",
    given: Annotated[
        str | None,
        typer.Option("--secret", envvar="TIELINE_WEBHOOK_SECRET", help="default: a new one is made"),
    ] = None,
    key_file: Annotated[Path | None, typer.Option(help="the new public key, PEM", dir_okay=False)] = None,
    overlap_days: Annotated[float, typer.Option(min=0, help="the one before stays good for so long")] = 7.0,
    as_json: Json = False,
) -> None:
    """Put another webhook secret or key into use beside the present one, which ends after the overlap."""
    from tieline.connectors.kit.signatures import load_ed25519_keys

    made = False
    if kind == "key":
        value = read_file(key_file) if key_file else ""
        load_ed25519_keys((value,))
    else:
        made = given is None
        value = given or secrets.token_urlsafe(24)
    until = run(_secret(name, kind, value, timedelta(days=overlap_days)))
    told: dict[str, Any] = {"name": name, "kind": kind, "old_until": until}
    if made:
        told["webhook_secret"] = value

    def people() -> None:
        output.out.print(
            f"{name} takes the new {kind}; the one before is good until {until:%Y-%m-%d %H:%M} UTC."
        )
        if made:
            output.out.print(f"New secret, shown this once: {value}")
        output.out.print("Enter it at the far side before the one before ends.")

    output.show(told, as_json, people)


def refresh(name: Name, as_json: Json = False) -> None:
    """Read a location's country, time zone, duplicate setting and custom fields again."""
    facts = run(_refresh(name))
    output.show(
        {"name": name, "location": facts},
        as_json,
        lambda: output.out.print(
            f"{name}: {facts['name']}, {facts['country']}, {len(facts['custom_fields'])} custom fields"
        ),
    )


async def _refresh(name: str) -> dict[str, Any]:
    from tieline.server.accounts.connections import refresh_location

    async with opened_hub() as hub:
        stored = hub.directory.connection(name)
        if stored is None:
            raise output.NotThere(f"there is no connection named {name}; see: tieline connect list")
        async with hub.gateway() as (gateway, _):
            return await refresh_location(hub.store, gateway, stored)


async def _token(name: str, new: str, *, check: bool) -> None:
    from tieline.server.accounts.checkup import ask_once
    from tieline.server.accounts.rotation import change_token

    async with opened_hub() as hub:
        stored = hub.directory.connection(name)
        if stored is None:
            raise output.NotThere(f"there is no connection named {name}; see: tieline connect list")
        if check and stored.grant_id is None:
            async with hub.gateway() as (gateway, _):
                await ask_once(gateway, _with_token(stored, new))
        await change_token(hub.store, hub.vault, name, new)


def _with_token(stored: StoredConnection, token_: str) -> StoredConnection:
    import msgspec

    from tieline.domain.ids import ConnectionId

    credential = msgspec.structs.replace(stored.credential, token=token_)
    # A number of its own: what the present token's calls have taught is not mixed up with this one's.
    return msgspec.structs.replace(stored, id=ConnectionId(0), credential=credential)


async def _secret(name: str, kind: str, value: str, overlap: timedelta) -> datetime:
    from tieline.server.accounts.rotation import change_secret

    async with opened_hub() as hub:
        return await change_secret(hub.store, hub.vault, name, kind, value, overlap=overlap)
