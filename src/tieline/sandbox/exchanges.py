"""Every exchange written down whole, a JSON line each, so that others can hold it against the vendors' own specs."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from tieline.sandbox.side import Call, Reply, Route

#: Names a folder; each sandbox that is started writes a file of its own there.
VARIABLE = "TIELINE_SANDBOX_EXCHANGES"


class Exchange(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One request with its answer."""

    side: str
    operation: str
    method: str
    #: Template of the route, "/contacts/{contactId}".
    route: str
    path: str
    query: list[tuple[str, str]] = []
    #: Of the headers only what says how to read the rest.
    version: str | None = None
    content_type: str | None = None
    client: str | None = None
    body: Any = None
    status: int
    answer: Any = None


class Exchanges:
    """Where they go; nowhere unless asked for."""

    def __init__(self, folder: Path | None) -> None:
        self._file: BinaryIO | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / f"{os.getpid()}-{uuid.uuid4().hex}.jsonl").open("wb")

    @classmethod
    def asked_for(cls) -> Exchanges:
        """By the environment."""
        named = os.environ.get(VARIABLE)
        return cls(Path(named) if named else None)

    def write(self, side: str, route: Route, call: Call, reply: Reply) -> None:
        """Append one."""
        if self._file is None:
            return
        exchange = Exchange(
            side=side, operation=route.operation, method=call.method, route=route.path, path=call.path,
            query=list(call.pairs), version=call.headers.get("Version"),
            content_type=call.headers.get("Content-Type"), client=call.headers.get("User-Agent"), body=call.body,
            status=reply.status, answer=reply.body,
        )  # fmt: skip
        self._file.write(msgspec.json.encode(exchange) + b"\n")

    def close(self) -> None:
        """Let everything reach the disk."""
        if self._file is not None:
            self._file.close()
