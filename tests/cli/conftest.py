"""A command line with somebody to talk to."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tieline.sandbox.app import Options, Sandbox


@dataclass
class Line:
    """A home on a fresh database, beside a running sandbox."""

    home: Path
    database_url: str
    told: dict[str, Any]

    async def start(self, *arguments: str, **environment: str) -> asyncio.subprocess.Process:
        """One verb, begun."""
        # Output that is not flushed must show as such.
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("TIELINE_", "PYTHON"))
        }
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tieline", *arguments,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={
                **kept, "TIELINE_HOME": str(self.home), "TIELINE_DATABASE_URL": self.database_url, **environment,
            },
        )  # fmt: skip

    @asynccontextmanager
    async def up(self) -> AsyncIterator[str]:
        """A hub; gives its address."""
        hub = await self.start("up", "--port", "0", "--json")
        assert hub.stdout is not None
        try:
            async with asyncio.timeout(30):
                told = json.loads(await hub.stdout.readline())
            assert told["pid"] == hub.pid
            yield told["url"]
        finally:
            hub.terminate()
            async with asyncio.timeout(10):
                _, err = await hub.communicate()
        assert hub.returncode == 0, err.decode()

    async def run(self, *arguments: str, stdin: str = "", **environment: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of one verb."""
        process = await self.start(*arguments, **environment)
        async with asyncio.timeout(60):
            out, err = await process.communicate(stdin.encode())
        return process.returncode or 0, out.decode(), err.decode()

    async def json(self, *arguments: str, stdin: str = "") -> Any:
        """The JSON of a verb that works."""
        code, out, err = await self.run(*arguments, "--json", stdin=stdin)
        assert code == 0, err
        return json.loads(out)

    async def bearer(self, *scopes: str) -> dict[str, str]:
        """Headers of a program that may do that; everything where no scope is named."""
        named = [word for scope in scopes or ("*:write",) for word in ("--scope", scope)]
        made = await self.json("tokens", "add", f"line{secrets.token_hex(4)}", *named)
        return {"Authorization": f"Bearer {made['token']}"}

    async def connect_crm(self, *more: str, token: str | None = None) -> tuple[int, str, str]:
        """Connect the first location, the token by standard input."""
        location = self.told["contacts"]["locations"][0]
        return await self.run(
            "connect", "contacts-api", "--name", "crm", "--base-url", self.told["contacts"]["base_url"],
            "--location", location["id"], "--token-stdin", "--json", *more, stdin=token or location["token"],
        )  # fmt: skip

    async def connect_calls(self, *more: str) -> Any:
        """Connect the call-tracking account."""
        nimbata = self.told["nimbata"]
        return await self.json(
            "connect", "nimbata", "--name", "calls", "--base-url", nimbata["base_url"], "--account",
            nimbata["account"], "--project", nimbata["projects"][0], "--token-stdin", *more,
            stdin=nimbata["token"],
        )  # fmt: skip


@pytest.fixture
async def line(tmp_path: Path, database_url: str) -> AsyncIterator[Line]:
    """A command line with somebody to talk to."""
    async with Sandbox.start(Options(locations=1, limits="off")) as sandbox:
        yield Line(tmp_path / "home", database_url, sandbox.describe())
