"""`tieline connect contacts-api`: a location of the CRM."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tieline.cli.connect_options import (
    LOCALLY,
    Json,
    Limits,
    Name,
    PublicUrl,
    Token,
    TokenStdin,
    Vanish,
    general_settings,
)
from tieline.cli.connected import say_connected
from tieline.cli.secret_input import read_file, read_secret
from tieline.cli.session import opened_hub, run
from tieline.connectors.contacts_api.vendor_keys import BASE_URL, WEBHOOK_KEY

if TYPE_CHECKING:
    from tieline.server.accounts.connections import NewConnection


def contacts_api(
    name: Name,
    location: Annotated[str, typer.Option(help="id of the location (sub-account)")],
    base_url: Annotated[str, typer.Option(help="address of the API")] = BASE_URL,
    token: Token = None,
    token_stdin: TokenStdin = False,
    webhook_key_file: Annotated[
        list[Path] | None,
        typer.Option(help="public key that signs webhooks, PEM; default: the vendor's", dir_okay=False),
    ] = None,
    country: Annotated[
        str | None,
        typer.Option(help="two letters: how local phone numbers are read; default: the location's"),
    ] = None,
    limits: Limits = "on",
    settle_s: Annotated[
        float | None,
        typer.Option(
            min=0, help="seconds after which a cut-off write has happened or never will; default by operation"
        ),
    ] = None,
    vanish_s: Vanish = None,
    poll_every_s: Annotated[
        float, typer.Option(min=0, help="seconds between polls beside the webhooks; 0 = never")
    ] = 300.0,
    sweep_every_s: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="seconds between looks at what no webhook tells of; 0 = never; default: as --poll-every-s",
        ),
    ] = None,
    public_url: PublicUrl = LOCALLY,
    as_json: Json = False,
) -> None:
    """A location of the CRM (HighLevel / LeadConnector), with a private integration token."""
    from tieline.connectors.kit.signatures import load_ed25519_keys
    from tieline.server.accounts.connections import NewConnection
    from tieline.server.sweeps.standard_polls import location_polls
    from tieline.store.directory import Credential

    keys = tuple(read_file(path) for path in webhook_key_file or ()) or (WEBHOOK_KEY,)
    load_ed25519_keys(keys)
    secret = read_secret("Token", token, from_stdin=token_stdin, option="token")
    new = NewConnection(
        name=name, connector="contacts_api", base_url=base_url, account=location,
        credential=Credential(token=secret, webhook_keys=keys),
        settings=general_settings(limits, settle_s=settle_s, vanish_s=vanish_s),
        polls=location_polls(
            poll_every_s=poll_every_s,
            sweep_every_s=poll_every_s if sweep_every_s is None else sweep_every_s,
        ),
    )  # fmt: skip
    say_connected(run(_save(new, country)), public_url, {}, as_json=as_json)


async def _save(new: NewConnection, country: str | None) -> dict[str, Any]:
    import msgspec

    from tieline.connectors import CONNECTORS
    from tieline.connectors.kit.gateway import Gateway
    from tieline.server.accounts.connections import read_location, save_connection, unsaved

    async with opened_hub() as hub:
        async with Gateway.open(CONNECTORS) as gateway:
            facts = await read_location(gateway, unsaved(new), country=country)
        new = msgspec.structs.replace(new, settings={**new.settings, "location": msgspec.to_builtins(facts)})
        saved = await save_connection(hub.store, hub.vault, new)
    return {
        "name": new.name, "connector": new.connector, "created": saved.created,
        "location": msgspec.to_builtins(facts),
    }  # fmt: skip
