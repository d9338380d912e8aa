"""`tieline connect nimbata`: a call-tracking account."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

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
from tieline.cli.nimbata_account import Account, Flags, ProofName, read_account
from tieline.cli.secret_input import read_secret
from tieline.cli.session import opened_hub, run
from tieline.connectors.kit.connection import ACCEPT_UNVERIFIED
from tieline.errors import ConfigurationError


def nimbata(
    name: Name,
    account: Annotated[str | None, typer.Option(help="account (customer) id")] = None,
    base_url: Annotated[
        str | None, typer.Option(help="address of the API; default: https://api.nimbata.com")
    ] = None,
    project: Annotated[list[str] | None, typer.Option(help="project to read; repeat for more")] = None,
    token: Token = None,
    token_stdin: TokenStdin = False,
    preset: Annotated[
        Literal["nimbata", "callrail", "ctm"] | None,
        typer.Option(help="whose webhooks come: signature, names and words are known; default: nimbata"),
    ] = None,
    webhook_auth: Annotated[
        ProofName | None,
        typer.Option(
            help="how deliveries prove where they come from; default: url_key, or as the preset has it"
        ),
    ] = None,
    webhook_secret: Annotated[
        str | None,
        typer.Option(
            envvar="TIELINE_WEBHOOK_SECRET", help="their secret; default: a new one, or the one in use"
        ),
    ] = None,
    accept_unverified_webhooks: Annotated[
        bool,
        typer.Option(
            "--accept-unverified-webhooks",
            help="DANGER, with --webhook-auth none: whoever knows the address can deliver what they like",
        ),
    ] = False,
    mode: Annotated[
        Literal["derived", "native"] | None,
        typer.Option(help="native = the account stores contacts of its own; default: derived"),
    ] = None,
    settings: Annotated[
        Path | None, typer.Option(help="YAML or JSON with how this account differs", dir_okay=False)
    ] = None,
    limits: Limits = "on",
    vanish_s: Vanish = None,
    poll_every_s: Annotated[
        float | None,
        typer.Option(min=0, help="seconds between polls beside the webhooks; 0 = never; default: 300"),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="try the token before it is stored")
    ] = True,
    public_url: PublicUrl = LOCALLY,
    as_json: Json = False,
) -> None:
    """A call-tracking account. What a flag says goes before the settings file."""
    found = read_account(
        Flags(
            name=name, account=account, base_url=base_url, projects=tuple(project or ()), preset=preset,
            mode=mode, webhook_auth=webhook_auth, webhook_secret=webhook_secret, settings=settings,
            poll_every_s=poll_every_s,
            general={
                **general_settings(limits, vanish_s=vanish_s),
                **({ACCEPT_UNVERIFIED: True} if accept_unverified_webhooks else {}),
            },
        )
    )  # fmt: skip
    if found.product is not None and token is None and not token_stdin:
        # Its deliveries are taken in; nothing is asked of its API.
        used = found.token
    else:
        given = token or found.token or None
        used = read_secret("Token", given, from_stdin=token_stdin, option="token")
    done, made = run(_save(found, used, check=check))
    say_connected(done, public_url, made, as_json=as_json)


async def _save(found: Account, token: str, *, check: bool) -> tuple[dict[str, Any], dict[str, str]]:
    """What was done, and the secrets that were made for it."""
    import msgspec

    from tieline.connectors import CONNECTORS
    from tieline.connectors.kit.gateway import Gateway
    from tieline.connectors.nimbata.operations import LIST_CALLS, list_activity
    from tieline.server.accounts.connections import require_proof, save_connection, unsaved

    new, config = found.connection(token), found.config
    if not new.credential.webhook_secrets:
        # Said before anything is asked of the account.
        require_proof(new)
    async with opened_hub() as hub:
        before = hub.directory.connection(new.name)
        known = before.credential.webhook_secrets if before else {}
        made = _made(found, known)
        used = {
            kind: secret or known.get(kind) or made[kind]
            for kind, secret in new.credential.webhook_secrets.items()
        }
        new = msgspec.structs.replace(
            new, credential=msgspec.structs.replace(new.credential, webhook_secrets=used)
        )
        if check and config.projects and config.offers(LIST_CALLS.id):
            today = datetime.now(UTC).date()
            async with Gateway.open(CONNECTORS) as gateway:
                asked = list_activity("call", config.projects[0], today, today, 1, 1)
                await gateway.call(unsaved(new), LIST_CALLS, asked, "interactive")
        saved = await save_connection(hub.store, hub.vault, new)
    done = {
        "name": new.name, "connector": new.connector, "created": saved.created,
        "projects": list(config.projects), "webhook_auth": next(iter(used), "none"),
        **({"events": list(config.webhooks.events)} if config.webhooks.events else {}),
    }  # fmt: skip
    return done, made


def _made(found: Account, known: Mapping[str, str]) -> dict[str, str]:
    """A new secret for each proof that has none: neither given now nor `known` before. Raises ConfigurationError where
    only the product can make it."""
    made = {}
    for kind, secret in found.webhook_secrets.items():
        if secret or known.get(kind):
            continue
        if kind == "hmac" and found.product is not None:
            raise ConfigurationError(f"the key with which {found.product} signs is needed: --webhook-secret")
        # That of HTTP Basic is a user and a password.
        made[kind] = f"{'tieline:' if kind == 'basic' else ''}{secrets.token_urlsafe(24)}"
    return made
