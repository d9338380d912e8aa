"""The CRM side without a network: requests go through router, door and handler, answers come back as JSON.

Exchanges are written down as those of the served sandbox are, so they are held against the vendor's specs as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tieline.sandbox.contacts_api import ContactsSide
from tieline.sandbox.exchanges import Exchanges
from tieline.sandbox.router import Router
from tieline.sandbox.side import Call, Reply
from tieline.sandbox.webhooks import Outgoing

NOW = datetime(2026, 9, 1, 22, 14, 7, 900_000, tzinfo=UTC)
DATED, V3 = "2021-07-28", "v3"


class CrmDoor:
    """One side, a clock that stands still until it is moved, and the webhooks that left."""

    def __init__(
        self, exchanges: Exchanges, *, seed: int = 7, countries: Sequence[str] = ("US", "DE"), **more: Any
    ) -> None:
        self.now = NOW
        self.sent: list[Outgoing] = []
        self.side = ContactsSide(
            seed=seed, countries=countries, now=lambda: self.now, monotonic=lambda: self.now.timestamp(),
            send=self.sent.append, **more,
        )  # fmt: skip
        self.side.set_targets({"url": "http://hub.example/hooks"})
        self.told = self.side.describe()
        self._router = Router(self.side.routes)
        self._exchanges = exchanges

    @property
    def location(self) -> str:
        """Id of the first location."""
        return self.place(0)

    def place(self, number: int) -> str:
        """Id of one of the locations."""
        location: str = self.told["locations"][number]["id"]
        return location

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        version: str = DATED,
        token: str | None = None,
        **query: Any,
    ) -> tuple[int, Any]:
        """Status and body of one request with the first location's token."""
        found = self._router.find(method, path)
        assert found is not None, f"no route for {method} {path}"
        route, params = found
        pairs = tuple((name, str(value)) for name, value in query.items())
        bearer = token or self.told["locations"][0]["token"]
        call = Call(
            method=method, path=path, params=params, query=dict(pairs), pairs=pairs, body=body,
            headers={"Authorization": f"Bearer {bearer}", "Version": version, "Host": "crm.example"},
        )  # fmt: skip
        admitted = self.side.admit(route, call)
        if isinstance(admitted, Reply):
            reply = admitted
        else:
            reply = route.handler(msgspec.structs.replace(call, caller=admitted.caller))
        self._exchanges.write(self.side.name, route, call, reply)
        return reply.status, msgspec.json.decode(msgspec.json.encode(reply.body))

    def done(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """The body of a request that is taken."""
        status, answer = self.ask(method, path, body, **more)
        assert 200 <= status < 300, answer
        return answer

    def refused(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        """Status and message of one that is not."""
        status, answer = self.ask(method, path, body, **more)
        assert status >= 400, answer
        return status, answer["message"]

    def contact(self, **fields: Any) -> str:
        """Id of a new contact of the first location; what it told is forgotten."""
        given = {"locationId": self.location, "firstName": "Ada", **fields}
        made: str = self.done("POST", "/contacts/", given)["contact"]["id"]
        self.sent.clear()
        return made

    def emit(self, kind: str, **more: Any) -> Any:
        """What one deed of somebody at the first location left in the log."""
        (done,) = self.side.emit({"kind": kind, "location": self.location, **more})
        return done

    def state(self) -> Any:
        """What the first location holds, as the control API shows it."""
        held = self.side.state()["locations"][self.location]
        return msgspec.json.decode(msgspec.json.encode(held))

    def events(self) -> list[dict[str, Any]]:
        """Bodies of the webhooks that left."""
        return [msgspec.json.decode(one.body) for one in self.sent]

    def types(self) -> list[str]:
        """What they were, in order; they are forgotten then."""
        found = [one["type"] for one in self.events()]
        self.sent.clear()
        return found


@contextmanager
def crm_door(**options: Any) -> Iterator[CrmDoor]:
    """A side with two locations, in Chicago and Berlin."""
    exchanges = Exchanges.asked_for()
    try:
        yield CrmDoor(exchanges, **options)
    finally:
        exchanges.close()
