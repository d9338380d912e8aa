"""`tieline up`, `server` and `worker`: the processes of a hub."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import msgspec
import typer

from tieline.cli import output
from tieline.cli.first_admin import FirstAdmin, first_admin
from tieline.cli.session import home_path, opened_hub, run
from tieline.ending import end
from tieline.errors import StoreMoved
from tieline.store.home import Home

if TYPE_CHECKING:
    from tieline.server.hub import Hub, ServeOptions

Host = Annotated[str, typer.Option(help="address to listen on")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0 = any free port")]
PublicUrl = Annotated[
    str | None,
    typer.Option(envvar="TIELINE_PUBLIC_URL", help="where far sides reach this hub, https://hub.example.com"),
]
Proxies = Annotated[
    list[str] | None,
    typer.Option(
        "--trusted-proxy", envvar="TIELINE_TRUSTED_PROXIES", help="address whose X-Forwarded-* headers count"
    ),
]
BodyLimit = Annotated[int, typer.Option(min=1024, help="largest webhook body, bytes")]
Json = Annotated[bool, output.JSON_OPTION]


def up(
    host: Host = "127.0.0.1",
    port: Port = 8080,
    public_url: PublicUrl = None,
    trusted_proxy: Proxies = None,
    body_limit: BodyLimit = 1_048_576,
    as_json: Json = False,
) -> None:
    """Serve and work until stopped; one on each home."""
    from tieline.store.home import Home
    from tieline.store.locks import UpLock

    with ExitStack() as stack:
        stack.enter_context(UpLock(Home.find()))
        options = _options(host, port, trusted_proxy, body_limit, public_url, work=True)
        run(_serve(options, public_url, as_json))


def server(
    host: Host = "127.0.0.1",
    port: Port = 8080,
    public_url: PublicUrl = None,
    trusted_proxy: Proxies = None,
    body_limit: BodyLimit = 1_048_576,
    as_json: Json = False,
) -> None:
    """Only take webhooks and answer the API; the work is done by `tieline worker`."""
    options = _options(host, port, trusted_proxy, body_limit, public_url, work=False)
    run(_serve(options, public_url, as_json))


def worker(as_json: Json = False) -> None:
    """Only work; any number may run on one database."""
    from tieline.server.hub import ServeOptions

    run(_serve(ServeOptions(host=None, work=True), None, as_json))


def _options(
    host: str,
    port: int,
    trusted_proxy: list[str] | None,
    body_limit: int,
    public_url: str | None,
    *,
    work: bool,
) -> ServeOptions:
    from tieline.server.hub import ServeOptions

    proxies = tuple(part.strip() for one in trusted_proxy or () for part in one.split(",") if part.strip())
    return ServeOptions(
        host=host, port=port, work=work, body_limit=body_limit, public_url=public_url, trusted_proxies=proxies
    )


def _calm_the_collector() -> None:
    """What was loaded stays for good; looking through it again and again would stop the loop for up to 80 ms."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _serve(options: ServeOptions, public_url: str | None, as_json: bool) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    served: list[int] = []
    while not stopped.is_set():
        try:
            await _serve_here(options, public_url, as_json, stopped, served)
        except StoreMoved:
            if "TIELINE_DATABASE_URL" in os.environ or Home.find().moved_to() is None:
                raise
            # The home says where to.
            output.err.print("The database was moved: going on there.")
            # Whoever delivers knows this port, also where 0 left the choice to the system.
            options = msgspec.structs.replace(options, port=served[-1] if served else options.port)


async def _serve_here(
    options: ServeOptions, public_url: str | None, as_json: bool, stopped: asyncio.Event, served: list[int]
) -> None:
    """Until it is stopped. Raises StoreMoved; the port goes into `served`."""

    def ready(url: str | None) -> None:
        if url is not None:
            served.append(urlsplit(url).port or options.port)
        _announce(hub, url, public_url, as_json, admin)

    progress = None if as_json else lambda text: output.err.print(f"[dim]{text} …[/]")
    async with opened_hub(progress) as hub:
        _calm_the_collector()
        admin = None if options.host is None else await first_admin(hub.store, hub.clock)
        if admin is not None:
            # At once: should it fail to serve, nobody would ever be told.
            admin.tell()
        serving = asyncio.create_task(hub.run(options, ready=ready))
        stopping = asyncio.create_task(stopped.wait())
        try:
            await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                # It ends by itself only when it fails.
                await serving
        finally:
            await end((serving, stopping))


def _announce(
    hub: Hub, url: str | None, public_url: str | None, as_json: bool, admin: FirstAdmin | None
) -> None:
    """Say that it is ready, and where."""
    base = (public_url or url or "").rstrip("/")
    webhooks = webhook_addresses(hub, base) if url else {}
    told: dict[str, Any] = {"url": url, "webhooks": webhooks, "home": str(home_path()), "pid": os.getpid()}
    if admin is not None:
        told["admin"] = {"name": admin.name, "password_file": str(admin.file) if admin.file else None}

    def people() -> None:
        if url is None:
            output.out.print("Working. Ctrl-C stops it.")
            return
        output.out.print(f"Serving on [bold]{url}[/]. Ctrl-C stops it.")
        output.table(
            ("connection", "webhook address (tieline connect show NAME tells its secret's place)"),
            webhooks.items(),
            empty="no connections yet: tieline connect contacts-api, tieline connect nimbata",
        )

    output.show(told, as_json, people)
    sys.stdout.flush()


def webhook_addresses(hub: Hub, base: str) -> dict[str, str]:
    """Where each connection's far side delivers; without secrets."""
    return {one.name: address(base, one.connector, one.name) for one in hub.directory.connections.values()}


def address(base: str, connector: str, name: str) -> str:
    """The webhook address of one connection."""
    return f"{base}/hooks/{'contacts' if connector == 'contacts_api' else 'nimbata'}/{name}"
