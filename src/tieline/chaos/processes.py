"""The processes of a run: started, killed, frozen, and started again whenever they end, as a service manager would."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from tieline.errors import ConfigurationError
from tieline.store.embedded import EmbeddedServer
from tieline.store.postmaster import Postmaster

#: Longest that one may take to start, on a machine that does much else.
READY_S = 60.0
_STOP_S = 15.0
#: Pause before one that ended is started again.
_AGAIN_S = 0.3


class Service:
    """One process that is to run all the time. `run` must be running."""

    def __init__(
        self, name: str, arguments: tuple[str, ...], environment: Mapping[str, str], logs: Path
    ) -> None:
        self.name = name
        self.arguments = arguments
        self._environment = dict(environment)
        self._log = logs / f"{name}.log"
        self._process: asyncio.subprocess.Process | None = None
        self._up = asyncio.Event()
        self._failure: str | None = None
        #: What it said when it was ready.
        self.told: dict[str, Any] = {}
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """Of the process that is ready now."""
        return self._process.pid if self._process is not None and self._up.is_set() else None

    async def run(self) -> None:
        """Keep it up until cancelled; then stop it."""
        try:
            while True:
                with self._log.open("ab") as log:
                    process = self._process = await asyncio.create_subprocess_exec(
                        sys.executable, "-m", "tieline.chaos.process", *self.arguments,
                        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=log,
                        env=self._environment, start_new_session=True,
                    )  # fmt: skip
                self.starts += 1
                await self._listen(process)
                await process.wait()
                self._up.clear()
                await asyncio.sleep(_AGAIN_S)
        finally:
            await self._end()

    async def ready(self) -> dict[str, Any]:
        """What it said. Raises ConfigurationError where it does not come up."""
        try:
            async with asyncio.timeout(READY_S):
                await self._up.wait()
        except TimeoutError:
            raise ConfigurationError(
                f"{self.name} did not come up in {READY_S:.0f} s; see {self._log}"
            ) from None
        return self.told

    def kill(self) -> bool:
        """SIGKILL, as the power cut would; False where it is not up."""
        return self._signal(signal.SIGKILL)

    def freeze(self) -> bool:
        """SIGSTOP; False where it is not up."""
        return self._signal(signal.SIGSTOP)

    def thaw(self) -> bool:
        """SIGCONT."""
        return self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> bool:
        if self._process is None or self._process.returncode is not None:
            return False
        if number == signal.SIGKILL:
            self._up.clear()
        with suppress(ProcessLookupError):
            self._process.send_signal(number)
        return True

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            if line.lstrip().startswith(b"{"):
                self.told = msgspec.json.decode(line)
                self._up.set()

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        for number in (signal.SIGCONT, signal.SIGTERM):
            with suppress(ProcessLookupError):
                process.send_signal(number)
        try:
            async with asyncio.timeout(_STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


class Database:
    """The run's own server, which nobody else starts or stops."""

    def __init__(self, home: Path) -> None:
        self._server = EmbeddedServer(home)
        self.url = ""

    async def start(self) -> str:
        """Its URL."""
        self.url = await asyncio.to_thread(self._server.attach)
        return self.url

    async def restart(self, *, abruptly: bool, away_s: float) -> None:
        """Stop it, wait, and start it again. `abruptly`: as a power cut would."""
        postmaster = Postmaster(self._server.place)
        running = postmaster.running()
        if abruptly and running is not None:
            os.kill(running.pid, signal.SIGKILL)
        else:
            await asyncio.to_thread(postmaster.stop)
        await asyncio.sleep(away_s)
        await asyncio.to_thread(self._server.ensure_running)

    async def end(self) -> None:
        """Stop it and delete it."""
        await asyncio.to_thread(lambda: self._server.detach(remove=True))


def environment(home: Path, database: str, more: Mapping[str, str]) -> dict[str, str]:
    """Of every process: this home, this database, and nothing of the developer's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIELINE_")}
    return {**kept, "TIELINE_HOME": str(home), "TIELINE_DATABASE_URL": database, **more}


async def verb(environment: Mapping[str, str], *arguments: str, stdin: str = "") -> str:
    """Run one verb of the command line to its end, as an operator does. Raises ConfigurationError with its words."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tieline", *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, env=dict(environment),
    )  # fmt: skip
    try:
        out, err = await process.communicate(stdin.encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise ConfigurationError(f"tieline {arguments[0]} {arguments[1]}: {err.decode().strip()[-400:]}")
    return out.decode()
