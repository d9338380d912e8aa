"""Real processes for the acceptance tests: sandbox, hub and its database, driven and audited from outside."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

READY_S = 30.0


@dataclass
class Process:
    """One process of ours that prints a JSON line when it is ready."""

    popen: asyncio.subprocess.Process
    ready: dict[str, Any]

    def kill(self) -> None:
        """SIGKILL, as the power cut or the OOM killer would."""
        with suppress(ProcessLookupError):
            self.popen.kill()

    async def stop(self) -> None:
        """SIGTERM, then wait; a process that does not leave is an error."""
        if self.popen.returncode is None:
            self.popen.send_signal(signal.SIGTERM)
        async with asyncio.timeout(15):
            await self.popen.wait()


@dataclass
class Rig:
    """A home, a sandbox, and whatever processes of the hub run on it."""

    home: Path
    sandbox: Process
    http: aiohttp.ClientSession
    processes: list[Process] = field(default_factory=list)
    #: What a request to the hub's API proves itself by.
    bearer: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """Of every process: this home and nothing of the developer's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TIELINE_")}
        return {**kept, "TIELINE_HOME": str(self.home)}

    async def tieline(self, *arguments: str, stdin: str = "") -> Any:
        """Run one verb to its end and give its JSON; a failing verb fails the test with its words."""
        popen = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tieline", *arguments, "--json",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=self.environment,
        )  # fmt: skip
        async with asyncio.timeout(60):
            out, err = await popen.communicate(stdin.encode())
        assert popen.returncode == 0, f"{arguments}: {popen.returncode}\n{out.decode()}\n{err.decode()}"
        return json.loads(out) if out.strip() else None

    async def start(self, verb: str, *arguments: str) -> Process:
        """A verb that serves or works until it is stopped, ready."""
        process = await start(verb, *arguments, "--json", environment=self.environment)
        self.processes.append(process)
        return process

    async def start_hub(self, port: int = 0) -> Process:
        """`tieline up`, ready to take deliveries."""
        return await self.start("up", "--port", str(port))

    async def connect(self, *, poll_every_s: float = 0) -> None:
        """Join the hub to the sandbox with the command line alone: a sync for each location. The sandbox has done
        what it does with a call before it is cut off, so nobody needs to wait for it to settle."""
        contacts, nimbata = self.sandbox.ready["contacts"], self.sandbox.ready["nimbata"]
        made = await self.tieline("tokens", "add", "rig", "--scope", "*:read")
        self.bearer = {"Authorization": f"Bearer {made['token']}"}
        key_file = self.home.parent / "webhook-key.pem"
        key_file.write_text(contacts["webhook_public_key"])
        every = str(poll_every_s)
        for number, location in enumerate(contacts["locations"]):
            await self.tieline(
                "connect", "contacts-api", "--name", f"crm{number}", "--base-url", contacts["base_url"],
                "--location", location["id"], "--token-stdin", "--webhook-key-file", str(key_file),
                "--poll-every-s", every, "--settle-s", "2", "--limits", "off", stdin=location["token"],
            )  # fmt: skip
        await self.tieline(
            "connect", "nimbata", "--name", "calls", "--base-url", nimbata["base_url"],
            "--account", nimbata["account"], "--token-stdin", "--webhook-secret", "hook-secret",
            "--webhook-auth", "url_key", "--poll-every-s", every, "--limits", "off",
            *(word for project in projects(nimbata) for word in ("--project", project)),
            stdin=nimbata["token"],
        )  # fmt: skip
        for number, project in enumerate(projects(nimbata)):
            await self.tieline(
                "sync", "add", "--name", f"sync{number}", "--from", "calls", "--project", project, "--to",
                f"crm{number}",
            )  # fmt: skip

    async def call(self, side: str, method: str, path: str, body: Any = None) -> Any:
        """The sandbox's control API."""
        url = f"{self.sandbox.ready[side]['base_url']}/_sandbox{path}"
        async with self.http.request(method, url, json=body) as answer:
            text = await answer.text()
            assert answer.status < 300, f"{method} {url}: {answer.status} {text}"
            return json.loads(text) if text else None


def projects(nimbata: dict[str, Any]) -> list[str]:
    """Project ids, whether listed bare or as records."""
    return [one if isinstance(one, str) else one["id"] for one in nimbata["projects"]]


async def start(*arguments: str, environment: dict[str, str]) -> Process:
    """Start a verb that serves, and wait for its JSON line."""
    popen = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tieline", *arguments, stdout=asyncio.subprocess.PIPE, env=environment
    )
    assert popen.stdout is not None
    async with asyncio.timeout(READY_S):
        while line := await popen.stdout.readline():
            if line.lstrip().startswith(b"{"):
                return Process(popen, json.loads(line))
    raise AssertionError(f"{arguments} ended with {await popen.wait()} before it was ready")


@asynccontextmanager
async def rig(tmp_path: Path, *, locations: int = 1, limits: str = "off") -> AsyncIterator[Rig]:
    """A sandbox and a home; everything is stopped at the end."""
    environment = {**os.environ, "TIELINE_HOME": str(tmp_path / "home")}
    sandbox = await start(
        "sandbox", "--contacts-port", "0", "--nimbata-port", "0", "--seed", "7", "--limits", limits,
        "--locations", str(locations), environment=environment,
    )  # fmt: skip
    async with aiohttp.ClientSession() as http:
        built = Rig(tmp_path / "home", sandbox, http)
        try:
            yield built
        finally:
            for process in built.processes:
                await process.stop()
            await sandbox.stop()
