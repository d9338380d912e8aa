"""`tieline connect`: accounts on both sides."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tieline.cli import output
from tieline.cli.nimbata_account import Account, Flags, ProofName, read_account
from tieline.cli.secret_input import read_file, read_secret
from tieline.cli.serve import address
from tieline.cli.session import opened_hub, run
from tieline.cli.sweeps import one_of, show_sweeps
from tieline.connectors.contacts_api.vendor_keys import BASE_URL, WEBHOOK_KEY
from tieline.errors import ConfigurationError

if TYPE_CHECKING:
    from tieline.server.accounts.connections import NewConnection, Shown
    from tieline.server.sweeps.report import SweepState

app = typer.Typer(help="Connect accounts: make, list, show, remove.", no_args_is_help=True)

Name = Annotated[str, typer.Option(help="what you call it; part of its webhook address")]
Token = Annotated[str | None, typer.Option(envvar="TIELINE_TOKEN", help="the access token")]
TokenStdin = Annotated[bool, typer.Option("--token-stdin", help="read the token from standard input")]
Limits = Annotated[
    Literal["on", "off"], typer.Option(help="off = the far side has no rate limit; its 429 still counts")
]
Settle = Annotated[
    float | None,
    typer.Option(
        min=0, help="seconds after which a cut-off write has happened or never will; default by operation"
    ),
]
Vanish = Annotated[
    float | None,
    typer.Option(
        min=0,
        help="seconds between the two looks that must both miss a record before it counts as gone; default: 600",
    ),
]
Every = Annotated[float, typer.Option(min=0, help="seconds between polls beside the webhooks; 0 = never")]
Check = Annotated[bool, typer.Option("--check/--no-check", help="try the token before it is stored")]
PublicUrl = Annotated[str, typer.Option(envvar="TIELINE_PUBLIC_URL", help="where far sides reach this hub")]
Json = Annotated[bool, output.JSON_OPTION]


@app.command("contacts-api")
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
    settle_s: Settle = None,
    vanish_s: Vanish = None,
    poll_every_s: Every = 300.0,
    sweep_every_s: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="seconds between looks at what no webhook tells of; 0 = never; default: as --poll-every-s",
        ),
    ] = None,
    public_url: PublicUrl = "http://127.0.0.1:8080",
    as_json: Json = False,
) -> None:
    """A location of the CRM (HighLevel / LeadConnector), with a private integration token."""
    from tieline.connectors.kit.signatures import load_ed25519_keys
    from tieline.server.accounts.connections import NewConnection
    from tieline.server.sweeps.standard_polls import location_polls
    from tieline.store.directory import Credential

    keys = tuple(read_file(path) for path in webhook_key_file or ()) or (WEBHOOK_KEY,)
    load_ed25519_keys(keys)
    new = NewConnection(
        name=name, connector="contacts_api", base_url=base_url, account=location,
        credential=Credential(token=_token(token, token_stdin), webhook_keys=keys),
        settings=_general(limits, settle_s=settle_s, vanish_s=vanish_s),
        polls=location_polls(
            poll_every_s=poll_every_s,
            sweep_every_s=poll_every_s if sweep_every_s is None else sweep_every_s,
        ),
    )  # fmt: skip
    _finish(run(_save_location(new, country)), public_url, {}, as_json)


@app.command("nimbata")
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
    check: Check = True,
    public_url: PublicUrl = "http://127.0.0.1:8080",
    as_json: Json = False,
) -> None:
    """A call-tracking account. What a flag says goes before the settings file."""
    found = read_account(
        Flags(
            name=name, account=account, base_url=base_url, projects=tuple(project or ()), preset=preset,
            mode=mode, webhook_auth=webhook_auth, webhook_secret=webhook_secret, settings=settings,
            poll_every_s=poll_every_s, general=_general(limits, vanish_s=vanish_s),
        )
    )  # fmt: skip
    if found.product is not None and token is None and not token_stdin:
        # Its deliveries are taken in; nothing is asked of its API.
        used = found.token
    else:
        used = _token(token or found.token or None, token_stdin)
    done = run(_save_account(found, used, check=check))
    _finish(done, public_url, done["shown_once"], as_json)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All connections and how they stand."""
    found = run(_list(None))
    output.show(
        found,
        as_json,
        lambda: output.table(
            ("name", "product", "account", "state", "why"),
            [(one.name, one.connector, one.account, one.state, one.state_reason) for one in found],
            empty="no connections yet: tieline connect contacts-api, tieline connect nimbata",
        ),
    )


@app.command("show")
def show(
    name: Annotated[str, typer.Argument()],
    public_url: PublicUrl = "http://127.0.0.1:8080",
    as_json: Json = False,
) -> None:
    """One connection, without its secrets."""
    found = run(_show(name))
    if found is None:
        raise output.NotThere(f"there is no connection named {name}; see: tieline connect list")
    one, sweeps = found

    def people() -> None:
        output.pairs(
            [
                ("name", one.name), ("product", one.connector), ("account", one.account),
                ("address", one.base_url), ("state", one.state), ("why", one.state_reason),
                ("by app", one.app or "none: a private token"), ("token since", one.token_since),
                ("changed", one.updated_at),
                ("webhooks to", _with_key_place(address(public_url, one.connector, one.name), one)),
                *((f"setting {name}", value) for name, value in one.settings.items()),
            ]
        )  # fmt: skip
        output.table(
            ("polled", "project", "every", "last read", "failures", "reason"),
            [
                (poll.stream, poll.project, f"{poll.every_s:g} s", poll.ok_at, poll.failures, poll.reason)
                for poll in one.polls
            ],
            empty="nothing is polled",
        )
        show_sweeps(sweeps)

    output.show(one_of(one, sweeps), as_json, people)


@app.command("remove")
def remove(name: Annotated[str, typer.Argument()], as_json: Json = False) -> None:
    """Remove a connection; the events that it brought stay."""
    if not run(_remove(name)):
        raise output.NotThere(f"there is no connection named {name}; see: tieline connect list")
    output.show({"removed": name}, as_json, lambda: output.out.print(f"Removed {name}."))


async def _save_location(new: NewConnection, country: str | None) -> dict[str, Any]:
    import msgspec

    from tieline.connectors import CONNECTORS
    from tieline.connectors.kit.gateway import Gateway
    from tieline.server.accounts.connections import read_location, save_connection

    async with opened_hub() as hub:
        async with Gateway.open(CONNECTORS) as gateway:
            facts = await read_location(gateway, _unsaved(new), country=country)
        new = msgspec.structs.replace(new, settings={**new.settings, "location": msgspec.to_builtins(facts)})
        saved = await save_connection(hub.store, hub.vault, new)
    return {
        "name": new.name, "connector": new.connector, "created": saved.created,
        "location": msgspec.to_builtins(facts),
    }  # fmt: skip


async def _save_account(found: Account, token: str, *, check: bool) -> dict[str, Any]:
    import msgspec

    from tieline.connectors import CONNECTORS
    from tieline.connectors.kit.gateway import Gateway
    from tieline.connectors.nimbata.operations import LIST_CALLS, list_activity
    from tieline.server.accounts.connections import save_connection

    new, config = found.connection(token), found.config
    async with opened_hub() as hub:
        before = hub.directory.connection(new.name)
        given = dict(new.credential.webhook_secrets)
        made = {}
        for kind, secret in given.items():
            known = before.credential.webhook_secrets.get(kind) if before else None
            if not secret:
                if known is None and kind == "hmac" and found.product is not None:
                    raise ConfigurationError(
                        f"the key with which {found.product} signs is needed: --webhook-secret"
                    )
                given[kind] = known or _made(kind)
                if known is None:
                    made[kind] = given[kind]
        credential = msgspec.structs.replace(new.credential, webhook_secrets=given)
        new = msgspec.structs.replace(new, credential=credential)
        if check and config.projects and config.offers(LIST_CALLS.id):
            today = datetime.now(UTC).date()
            async with Gateway.open(CONNECTORS) as gateway:
                asked = list_activity("call", config.projects[0], today, today, 1, 1)
                await gateway.call(_unsaved(new), LIST_CALLS, asked, "interactive")
        saved = await save_connection(hub.store, hub.vault, new)
    return {
        "name": new.name, "connector": new.connector, "created": saved.created,
        "projects": list(config.projects), "webhook_auth": next(iter(given), "none"), "shown_once": made,
        **({"events": list(config.webhooks.events)} if config.webhooks.events else {}),
    }  # fmt: skip


def _made(kind: str) -> str:
    """A new secret; that of HTTP Basic is a user and a password."""
    return f"{'tieline:' if kind == 'basic' else ''}{secrets.token_urlsafe(24)}"


async def _list(name: str | None) -> list[Shown]:
    from tieline.server.accounts.connections import list_connections

    async with opened_hub() as hub:
        return await list_connections(hub.store, name)


async def _show(name: str) -> tuple[Shown, SweepState] | None:
    from tieline.server.accounts.connections import list_connections
    from tieline.server.sweeps.report import sweep_states

    async with opened_hub() as hub:
        found = await list_connections(hub.store, name)
        states = await sweep_states(hub.store, hub.directory) if found else []
    return next(((found[0], one) for one in states if one.connection == name), None)


async def _remove(name: str) -> bool:
    from tieline.server.accounts.connections import remove_connection

    async with opened_hub() as hub:
        return await remove_connection(hub.store, name)


def _unsaved(new: NewConnection) -> Any:
    """The connection as the gateway takes it, before it has a row."""
    from tieline.connectors.kit.connection import Connection
    from tieline.domain.ids import ConnectionId

    return Connection(
        id=ConnectionId(0), name=new.name, connector=new.connector, base_url=new.base_url, account=new.account,
        token=new.credential.token, settings=new.settings,
    )  # fmt: skip


def _finish(done: dict[str, Any], public_url: str, made: dict[str, str], as_json: bool) -> None:
    """Say what was done, and what is left to do on the far side. A secret that we made is shown this once."""
    webhook = address(public_url.rstrip("/"), done["connector"], done["name"])
    if "url_key" in (done.get("webhook_auth"),):
        webhook += f"?key={made.get('url_key', 'SECRET')}"
    told = {**{name: value for name, value in done.items() if name != "shown_once"}, "webhook": webhook}
    if made:
        told["webhook_secret"] = next(iter(made.values()))
    path, _, query = webhook.partition("?")
    addresses = {event: f"{path}/{event}{'?' if query else ''}{query}" for event in done.get("events", ())}
    if addresses:
        del told["events"]
        told["webhooks"] = addresses

    def people() -> None:
        verb = "Connected" if done["created"] else "Changed"
        output.out.print(f"{verb} [bold]{done['name']}[/].")
        if location := done.get("location"):
            fields = len(location.get("custom_fields", {}))
            output.out.print(f"{location['name']}, {location['country']}, {fields} custom fields")
        output.out.print(f"Have the far side deliver to: {webhook}")
        for event, one in addresses.items():
            output.out.print(f"  {event}: {one}")
        if made:
            output.out.print(
                "The secret in it is shown this once."
                if "url_key" in made
                else f"Secret: {told['webhook_secret']} (shown this once)"
            )

    output.show(told, as_json, people)


def _with_key_place(webhook: str, one: Shown) -> str:
    return f"{webhook}?key=…" if one.connector == "nimbata" else webhook


def _token(given: str | None, from_stdin: bool) -> str:
    return read_secret("Token", given, from_stdin=from_stdin, option="token")


def _general(limits: str, **told: float | None) -> dict[str, Any]:
    settings: dict[str, Any] = {"limits": "off"} if limits == "off" else {}
    return {**settings, **{name: value for name, value in told.items() if value is not None}}
