"""The Nimbata side without a network: requests go through router, door and handler, answers come back as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tieline.sandbox.nimbata import NimbataSide
from tieline.sandbox.nimbata.quirks import Mode
from tieline.sandbox.router import Router
from tieline.sandbox.side import Call, Reply
from tieline.sandbox.webhooks import Outgoing

NOW = datetime(2026, 9, 1, 22, 14, 7, 900_000, tzinfo=UTC)


class Door:
    """One side, a clock that stands still until it is moved, and the webhooks that left."""

    def __init__(
        self, *, seed: int = 7, countries: Sequence[str] = ("US", "DE"), mode: Mode = "native"
    ) -> None:
        self.now = NOW
        self.sent: list[Outgoing] = []
        self.side = NimbataSide(
            seed=seed, countries=countries, now=lambda: self.now, send=self.sent.append, mode=mode
        )
        self._router = Router(self.side.routes)

    @property
    def projects(self) -> list[str]:
        """Ids of the account's projects."""
        return list(self.side.account.projects)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def ask(
        self, method: str, path: str, body: Any = None, *, key: str = "", **query: str
    ) -> tuple[int, Any]:
        """Status and body of one request below the account's address, with the right token. `key`: Idempotency-Key."""
        path = f"/v1/a/{self.side.account.id}/{path}"
        headers = {"Authorization": f"Bearer {self.side.account.token}"}
        if key:
            headers["Idempotency-Key"] = key
        return self.raw(method, path, body, headers, query)

    def raw(
        self, method: str, path: str, body: Any, headers: dict[str, str], query: dict[str, str]
    ) -> tuple[int, Any]:
        """Status and body of any request."""
        found = self._router.find(method, path)
        assert found is not None, f"no route for {method} {path}"
        route, params = found
        call = Call(method=method, path=path, params=params, query=query, headers=headers, body=body)
        admitted = self.side.admit(route, call)
        reply = admitted if isinstance(admitted, Reply) else route.handler(call)
        return reply.status, None if reply.body is None else msgspec.json.decode(
            msgspec.json.encode(reply.body)
        )

    def calls(self, project: str, **body: Any) -> dict[str, Any]:
        """A page of the call list."""
        status, answer = self.ask("POST", f"project/{project}/activity/call", body)
        assert status == 200, answer
        assert isinstance(answer, dict)
        return answer

    def create(self, **body: Any) -> dict[str, Any]:
        """A new contact, in the first project unless one is named."""
        status, answer = self.ask("POST", "contacts", {"project_id": self.projects[0], **body})
        assert status == 201, answer
        contact = answer["data"]
        assert isinstance(contact, dict)
        return contact

    def told(self, *names: str) -> list[dict[str, Any]]:
        """Bodies of the webhooks that left, of these events alone."""
        return [event for event in self.events() if event["event"] in names]

    def events(self) -> list[dict[str, Any]]:
        """Bodies of the webhooks that left."""
        return [msgspec.json.decode(one.body) for one in self.sent]
