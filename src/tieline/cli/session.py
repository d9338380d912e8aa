"""What most verbs begin with: the event loop, the store, and the hub's parts."""

from __future__ import annotations

import asyncio
import os
import pwd
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tieline.cli.output import Interrupted

if TYPE_CHECKING:
    from tieline.server.hub import Hub

Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run `work` to its end on a fast loop. Raises Interrupted for Ctrl-C."""
    import uvloop

    from tieline.store.audit import Actor, acts

    acts(Actor(kind="command_line", name=_whoever()))
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)
    except KeyboardInterrupt:
        raise Interrupted("interrupted") from None


def _whoever() -> str:
    """The operating system's user: asked of the system, since variables say what one likes."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        # A container may run us as a user without a name.
        return f"user {number}"


@asynccontextmanager
async def opened_hub(progress: Callable[[str], None] | None = None) -> AsyncIterator[Hub]:
    """The hub of this home on an up-to-date store; a database of our own is started when needed.

    Raises StoreError or ConfigurationError with the next step.
    """
    from tieline.server.hub import open_hub
    from tieline.store.home import Home
    from tieline.store.migrate import migrate
    from tieline.store.server import attach_store_server

    home = Home.find()
    if progress is not None:
        progress("starting the database")
    async with attach_store_server(home.path) as url:
        if progress is not None:
            progress("bringing the schema up to date")
        await migrate(url)
        async with open_hub(url, home.path) as hub:
            yield hub


def home_path() -> Path:
    """The folder that holds what this hub keeps."""
    from tieline.store.home import Home

    return Home.find().path
