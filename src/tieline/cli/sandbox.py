"""`tieline sandbox`: both far sides on this machine, to try things on."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tieline.errors import ConfigurationError

if TYPE_CHECKING:
    from tieline.sandbox.app import Options

Port = Annotated[int, typer.Option(min=0, max=65535, help="0 = any free port")]


def sandbox(
    contacts_port: Port = 0,
    nimbata_port: Port = 0,
    seed: Annotated[int, typer.Option(help="the same seed makes the same accounts and people")] = 1,
    limits: Annotated[
        Literal["off", "sandbox", "production"], typer.Option(help="whose rate limits hold")
    ] = "production",
    faults: Annotated[
        Path | None, typer.Option(help="rules for what goes wrong, as YAML or JSON", dir_okay=False)
    ] = None,
    locations: Annotated[
        int, typer.Option(min=1, max=2000, help="CRM locations, and as many Nimbata projects")
    ] = 3,
    allow_duplicates: Annotated[
        bool, typer.Option("--allow-duplicates", help="locations take a second contact with the same phone")
    ] = False,
    nimbata_mode: Annotated[
        Literal["native", "derived"],
        typer.Option(help="native = the call-tracking account stores contacts of its own"),
    ] = "native",
    webhook_retry: Annotated[
        Literal["only_429", "any_non_2xx", "never"], typer.Option(help="when the CRM repeats a webhook")
    ] = "only_429",
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    virtual: Annotated[
        int, typer.Option(min=0, max=8_000_000, help="so many people on both sides who take no room")
    ] = 0,
    bodies: Annotated[
        bool, typer.Option("--bodies/--no-bodies", help="keep each call with its body for the audit")
    ] = True,
) -> None:
    """Serve both far sides until stopped; prints one JSON line when ready."""
    from tieline.sandbox.app import Options
    from tieline.sandbox.faults import FaultError, load_rules

    try:
        rules = tuple(load_rules(faults)) if faults else ()
    except FaultError as error:
        raise ConfigurationError(str(error)) from error
    options = Options(
        host=host, contacts_port=contacts_port, nimbata_port=nimbata_port, seed=seed, limits=limits,
        faults=rules, locations=locations, allow_duplicates=allow_duplicates, webhook_retry=webhook_retry,
        bodies=bodies, nimbata_mode=nimbata_mode, virtual=virtual,
    )  # fmt: skip
    asyncio.run(_serve(options))


async def _serve(options: Options) -> None:
    from tieline.sandbox.app import Sandbox

    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        async with Sandbox.start(options) as running:
            print(json.dumps(running.describe()), flush=True)
            await stopped.wait()
    except OSError as error:
        raise ConfigurationError(f"the sandbox cannot listen: {error.strerror or error}") from error
