"""The load: call events as a call-tracking account sends them, 1.7 KB each, over 16 connections."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Sequence

import aiohttp
import msgspec

CONNECTIONS = 16
KNOWN_SHARE = 0.8
#: Bytes of one event.
SIZE = 1700


class Acks(msgspec.Struct, frozen=True, kw_only=True):
    """How the deliveries were answered."""

    p50: float
    p99: float


class Callers:
    """Who calls: people of each project, some of whom were heard from before."""

    def __init__(self, projects: Sequence[str], seed: int) -> None:
        self.projects = projects
        self._rng = random.Random(seed)
        self._known: list[tuple[str, str]] = []
        self._born = 0
        self._sent = 0
        #: Phone → the campaigns of its calls, in order.
        self.campaigns: dict[str, list[str]] = {}

    def new(self) -> tuple[str, str]:
        """Somebody nobody heard from: (project, phone)."""
        number = self._born
        self._born += 1
        # Exchanges 200 to 899 of one area hold seven million numbers, all of them valid.
        phone = f"+1415{200 + number // 10_000 % 700}{number % 10_000:04d}"
        person = (self.projects[number % len(self.projects)], phone)
        self._known.append(person)
        return person

    def event(self, *, known: bool) -> bytes:
        """One call, by a person known or new."""
        project, phone = self._rng.choice(self._known) if known and self._known else self.new()
        return self.call(project, phone)

    def strangers(self, count: int) -> list[bytes]:
        """Calls of people nobody heard from."""
        return [self.event(known=False) for _ in range(count)]

    def events(self, count: int) -> list[bytes]:
        """Calls of which 80 % come from people known before."""
        return [self.event(known=self._rng.random() < KNOWN_SHARE) for _ in range(count)]

    def call(self, project: str, phone: str) -> bytes:
        """One call's delivery."""
        self._sent += 1
        mark = f"{self._sent:08d}"
        self.campaigns.setdefault(phone, []).append(f"campaign {mark}")
        body = {
            "id": f"evt_{mark}", "event": "call.completed", "occurred_at": "2026-11-02T10:00:00Z",
            "account": "bench", "project_id": project, "test": False,
            "data": {
                "id": f"ncl_{mark}", "project_id": project, "date": "2026-11-02", "outcome": "ANSWERED",
                "caller": phone, "caller_name": f"Zoë Ångström {phone[-4:]}", "direction": "inbound",
                "call_duration": "00:01:05", "talk_duration": "00:00:59", "start_time": "2026-11-02T10:00:00Z",
                "tracking_number": "+15125550100", "tracking_name": "Google Ads",
                "destination": "+15125550199", "destination_name": "Front desk",
                "source_type": "Google Paid", "source": "google", "medium": "cpc",
                "campaign": self.campaigns[phone][-1], "keyword": "dentist near me",
                "gclid": "CjwKCAjw-" + mark * 4, "landing_page": "https://example.com/?utm_source=google",
                "tags": ["Qualified Lead"], "value": 120.5, "times_called": 1,
                "recording_url": f"https://rec.example/ncl_{mark}", "summary": "",
            },
        }  # fmt: skip
        missing = SIZE - len(msgspec.json.encode(body))
        data = body["data"]
        assert isinstance(data, dict)
        data["summary"] = ("Asked for an appointment next week and for the price of a check-up. " * 20)[
            :missing
        ]
        return msgspec.json.encode(body)


async def deliver(url: str, events: Sequence[bytes]) -> Acks:
    """Send each event once, as fast as the answers come. Raises RuntimeError for any answer but 200."""
    spent: list[float] = []
    queue = iter(events)

    async def sender(http: aiohttp.ClientSession) -> None:
        for event in queue:
            began = time.perf_counter()
            async with http.post(url, data=event, headers={"Content-Type": "application/json"}) as answer:
                text = await answer.text()
                if answer.status != 200:
                    raise RuntimeError(f"{url} answered {answer.status}: {text[:200]}")
            spent.append((time.perf_counter() - began) * 1000)

    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector) as http, asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(sender(http))
    spent.sort()
    return Acks(p50=round(rank(spent, 0.5), 2), p99=round(rank(spent, 0.99), 2))


def rank(ordered: Sequence[float], share: float) -> float:
    """The value below or at which that share of them lies."""
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]
