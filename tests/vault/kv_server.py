"""A small server that speaks as much of HashiCorp Vault's KV v2 API as `hvac` calls: real HTTP, answers as Vault words
them. A Vault itself cannot be had here.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Kv:
    """What it holds, and how it is."""

    token: str = "hvs.good"
    sealed: bool = False
    may_write: bool = True
    #: path → (versions, deleted); the last one is current.
    secrets: dict[str, list[dict[str, Any] | None]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    def answer(self, method: str, path: str, token: str | None, body: Any) -> tuple[int, Any]:
        """Status and body."""
        self.asked.append((method, path))
        if self.sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if token != self.token or (method == "POST" and not self.may_write):
            return 403, {"errors": ["permission denied"]}
        kept = self.secrets.setdefault(path, [])
        if method == "GET":
            if not kept:
                return 404, {"errors": []}
            about = {
                "version": len(kept),
                "destroyed": False,
                "deletion_time": "" if kept[-1] else "2026-01-01T00:00:00Z",
            }
            answer = {"data": {"data": kept[-1], "metadata": about}}
            return (200 if kept[-1] else 404), answer
        if body["options"]["cas"] != len(kept):
            return 400, {"errors": ["check-and-set parameter did not match the current version"]}
        kept.append(body["data"])
        return 200, {"data": {"version": len(kept)}}


@contextmanager
def kv_server() -> Iterator[Kv]:
    """It runs until the block ends."""
    kv = Kv()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._do()

        def do_POST(self) -> None:
            self._do()

        def _do(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, answer = kv.answer(self.command, self.path, self.headers.get("X-Vault-Token"), body)
            raw = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
            """Nothing: a test's output is not a log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kv.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield kv
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
