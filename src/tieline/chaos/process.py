"""`python -m tieline.chaos.process VERB …`: a verb of the command line in a process of a run: hastened, and without the
guard that the run says; or `far-sides`, the sandbox with quick repeats of webhooks."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
import time

from tieline.chaos.kinds import LAG_S
from tieline.chaos.mutants import VARIABLE, become
from tieline.chaos.pace import PER_MINUTE, hasten
from tieline.cli.main import main
from tieline.sandbox import limits
from tieline.sandbox.app import Options, Sandbox

#: What an account does that repeats webhooks which were not taken.
_AGAIN_S = (4.0, 8.0, 12.0)


def _end_with_the_run() -> None:
    """Nobody is left to stop us when whoever runs all this is killed."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="chaos parent").start()


def _run() -> int:
    given = sys.argv[1:]
    _end_with_the_run()
    if given[:1] == ["far-sides"]:
        asyncio.run(_far_sides(seed=int(given[1]), locations=int(given[2])))
        return 0
    hasten()
    become(os.environ.get(VARIABLE))
    return main(given)


async def _far_sides(*, seed: int, locations: int) -> None:
    limits.NIMBATA["production"] = limits.Limit(calls=PER_MINUTE, window_s=60.0)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    options = Options(seed=seed, locations=locations, limits="production", webhook_retry_delays_s=_AGAIN_S)
    async with Sandbox.start(options) as running:
        running.contacts.side.set_quirks({"search_lag_s": LAG_S, "date_updated_moves_for": ["tag"]})
        print(json.dumps(running.describe()), flush=True)
        await stopped.wait()


if __name__ == "__main__":
    sys.exit(_run())
