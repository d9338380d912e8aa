"""`tieline app`: apps that are registered with a far side, and the accounts that allow them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from tieline.cli import output
from tieline.cli.secret_input import read_file, read_secret
from tieline.cli.session import opened_hub, run
from tieline.connectors.contacts_api.vendor_keys import BASE_URL, WEBHOOK_KEY

app = typer.Typer(help="OAuth apps: add, list, authorize.", no_args_is_help=True)

Json = Annotated[bool, output.JSON_OPTION]
PublicUrl = Annotated[str, typer.Option(envvar="TIELINE_PUBLIC_URL", help="where far sides reach this hub")]
#: The vendor's own page; a white-label host and a private app's version id come with the app's own link.
INSTALL_URL = "https://marketplace.gohighlevel.com/v2/oauth/chooselocation"


@app.command("add")
def add(
    name: Annotated[str, typer.Option(help="what you call it; part of its webhook address")],
    client_id: Annotated[str, typer.Option(help="as the far side's app settings show it")],
    client_secret: Annotated[
        str | None,
        typer.Option(envvar="TIELINE_CLIENT_SECRET", help="as the far side's app settings show it"),
    ] = None,
    client_secret_stdin: Annotated[
        bool, typer.Option("--client-secret-stdin", help="read it from standard input")
    ] = False,
    install_url: Annotated[str, typer.Option(help="the app's install link, whole")] = INSTALL_URL,
    base_url: Annotated[str, typer.Option(help="address of the API")] = BASE_URL,
    webhook_key_file: Annotated[
        list[Path] | None,
        typer.Option(help="public key that signs webhooks, PEM; default: the vendor's", dir_okay=False),
    ] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="scope to ask for; repeat; default: all we use")
    ] = None,
    public_url: PublicUrl = "http://127.0.0.1:8080",
    as_json: Json = False,
) -> None:
    """Register an app, or change it: a client secret that is replaced stays good beside the new one."""
    from tieline.connectors.kit.signatures import load_ed25519_keys
    from tieline.server.accounts.authorize import SCOPES, NewApp, redirect_address

    keys = tuple(read_file(path) for path in webhook_key_file or ()) or (WEBHOOK_KEY,)
    load_ed25519_keys(keys)
    secret = read_secret(
        "Client secret", client_secret, from_stdin=client_secret_stdin, option="client-secret"
    )
    new = NewApp(
        name=name, base_url=base_url, install_url=install_url, client_id=client_id, client_secret=secret,
        webhook_keys=keys, scopes=tuple(scope or SCOPES),
    )  # fmt: skip
    redirect = redirect_address(public_url)
    run(_add(new))
    told = {
        "name": name, "client_id": client_id, "redirect_uri": redirect,
        "webhook": f"{public_url.rstrip('/')}/hooks/contacts/{name}", "scopes": new.scopes,
    }  # fmt: skip

    def people() -> None:
        output.out.print(f"App [bold]{name}[/] is known here. In the far side's app settings enter")
        output.pairs([("redirect URL", redirect), ("webhook URL", told["webhook"])])
        output.out.print(f"Then connect accounts: tieline app authorize {name}")

    output.show(told, as_json, people)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All apps, and how many accounts allow each."""
    found = run(_list())
    output.show(
        found,
        as_json,
        lambda: output.table(
            ("name", "client", "locations", "companies", "changed"),
            [
                (one["name"], one["client_id"], one["locations"], one["companies"], one["updated_at"])
                for one in found
            ],
            empty="no apps yet: tieline app add",
        ),
    )


@app.command("authorize")
def authorize(
    name: Annotated[str, typer.Argument(help="the app")],
    public_url: PublicUrl = "http://127.0.0.1:8080",
    wait_s: Annotated[
        float, typer.Option(min=0, help="how long to wait for the person; 0 = not at all")
    ] = 600.0,
    as_json: Json = False,
) -> None:
    """Print the address at which a person allows the app, and wait until the account is connected.

    A hub must be up at the public address: the far side sends the person back there.
    """
    run(_authorize(name, public_url, wait_s, as_json))


async def _add(new: Any) -> None:
    from tieline.server.accounts.authorize import save_app

    async with opened_hub() as hub:
        await save_app(hub.store, hub.vault, new)


async def _list() -> list[dict[str, Any]]:
    from tieline.server.accounts.authorize import list_apps

    async with opened_hub() as hub:
        return list(await list_apps(hub.store))


async def _authorize(name: str, public_url: str, wait_s: float, as_json: bool) -> None:
    from tieline.server.accounts.authorize import begin, errand_of, told
    from tieline.store.errands import wait_for

    async with opened_hub() as hub:
        known = hub.directory.app(name)
        if known is None:
            raise output.NotThere(f"there is no app named {name}; see: tieline app list")
        link = await begin(hub.store, known, public_url)
        output.show(
            {"authorize_url": link},
            as_json,
            lambda: output.out.print(f"Open this in a browser, and allow the app:\n{link}", soft_wrap=True),
        )
        if not wait_s:
            return
        deadline = asyncio.get_running_loop().time() + wait_s
        while (errand := await errand_of(hub.store, link)) is None:
            if asyncio.get_running_loop().time() > deadline:
                raise output.Failed(
                    f"nobody came back within {wait_s:g} s; the address is good for half an hour"
                )
            await asyncio.sleep(0.5)
        ended = await wait_for(hub.store, errand, within_s=60)
    if ended.state != "done":
        raise output.Failed(f"the account was not connected: {ended.reason or 'it is still under way'}")
    came = ended.output or {}
    output.show(came, as_json, lambda: output.out.print(told(came)))
