"""Customers of CallRail and CallTrackingMetrics: a webhook of theirs becomes a contact with a note, once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.world import World, world
from tieline.store.directory import Credential
from tieline.store.pool import Store
from tieline.testing.builders import add_connection, add_sync
from tieline.vault.seal import Vault

SECRET = "signing-key-of-the-company"
PHONE = "+12015550123"


@dataclass
class Intake:
    """A hub with one connection of a preset, a sync to the first location, and what a sender needs."""

    world: World
    preset: str

    async def deliver(self, event: str, body: dict[str, Any], *, secret: str = SECRET) -> int:
        """Status of a delivery, signed as the product signs."""
        raw = json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", **self.signed(raw, secret)}
        url = f"{self.world.url}/hooks/nimbata/{self.preset}{f'/{event}' if event else ''}"
        async with self.world.http.post(url, data=raw, headers=headers) as answer:
            return answer.status

    def signed(self, raw: bytes, secret: str) -> dict[str, str]:
        """The product's own headers."""
        stamp = b"" if self.preset == "callrail" else str(int(time.time())).encode()
        digest = hmac.new(secret.encode(), stamp + raw, hashlib.sha1).digest()
        signature = base64.b64encode(digest).decode()
        if self.preset == "callrail":
            return {"Signature": signature}
        return {"X-CTM-Signature": signature, "X-CTM-Time": stamp.decode()}

    def crm(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Contacts and notes of the location."""
        (held,) = self.world.state()["locations"].values()
        return held["contacts"], held["notes"]


@asynccontextmanager
async def _intake(store: Store, preset: str) -> AsyncIterator[Intake]:
    async with world(store) as one:
        vault = Vault(bytes(32))
        source = await add_connection(
            store, vault, name=preset, connector="nimbata", base_url="http://127.0.0.1:9", account="ACC1",
            credential=Credential(webhook_secrets={"hmac": SECRET}),
            settings={"preset": preset, "projects": ["ACC1"]},
        )  # fmt: skip
        await add_sync(store, name=f"of_{preset}", source=source, project="ACC1", target="crm0")
        await one.hub.directory.load()
        yield Intake(one, preset)


@pytest.fixture(params=["callrail", "ctm"])
async def intake(store: Store, request: pytest.FixtureRequest) -> AsyncIterator[Intake]:
    """An intake for each product."""
    async with _intake(store, request.param) as one:
        yield one


def _call(preset: str, **more: Any) -> dict[str, Any]:
    """A call that was answered, as the product tells of its end."""
    now = datetime.now(UTC)
    if preset == "callrail":
        return {
            "id": 7, "resource_id": "CAL7", "answered": "true", "voicemail": "false", "direction": "inbound",
            "customer_phone_number": PHONE, "customer_name": "Zoë Doe", "tracking_phone_number": "+15125550100",
            "source_name": "Website", "start_time": now.isoformat(), "duration": "13", "source": "Google Ads",
            "recording": "https://rail.example/rec/7", "value": "", "timestamp": now.isoformat(), **more,
        }  # fmt: skip
    return {
        "id": 7, "caller_number": PHONE, "cnam": "Zoë Doe", "tracking_number": "+15125550100",
        "tracking_label": "Website", "unix_time": int(now.timestamp()), "duration": 13, "talk_time": 9,
        "dial_status": "completed", "direction": "inbound", "source": "Google Ads",
        "audio": "https://ctm.example/rec/7", **more,
    }  # fmt: skip


END = {"callrail": "post-call", "ctm": "end"}


async def test_the_end_of_a_call_becomes_a_contact_with_a_note(intake: Intake) -> None:
    """Told twice, once by each address: one contact, one note, with the number, the name and the recording."""
    body = _call(intake.preset)
    assert await intake.deliver(END[intake.preset], body) == 200
    assert await intake.deliver(END[intake.preset], body) == 200
    assert await intake.deliver("", body) == 200
    await intake.world.settled()
    contacts, notes = intake.crm()
    assert [(one["phone"], one["firstName"]) for one in contacts] == [(PHONE, "Zoë")]
    (note,) = notes
    assert note["contactId"] == contacts[0]["id"]
    assert f"{intake.preset.removeprefix('call')}.example/rec/7" in note["body"]


async def test_a_call_that_still_rings_makes_nothing_and_its_end_is_not_lost(intake: Intake) -> None:
    """Both with the same id, to one address for everything."""
    ringing = {
        name: value
        for name, value in _call(intake.preset).items()
        if name not in ("answered", "voicemail", "duration", "talk_time", "dial_status", "recording", "audio")
    }
    assert await intake.deliver("", ringing) == 200
    await intake.world.settled()
    assert intake.crm() == ([], [])
    assert await intake.deliver("", _call(intake.preset)) == 200
    await intake.world.settled()
    contacts, notes = intake.crm()
    assert (len(contacts), len(notes)) == (1, 1)


async def test_a_false_signature_stores_nothing(intake: Intake) -> None:
    """Another key, none at all, or the header that many receivers wait for in vain."""
    body = _call(intake.preset)
    assert await intake.deliver(END[intake.preset], body, secret="another") == 401
    url = f"{intake.world.url}/hooks/nimbata/{intake.preset}"
    for headers in ({}, {"X-CallRail-Signature": "x"}):
        async with intake.world.http.post(url, json=body, headers=headers) as answer:
            assert answer.status == 401
    assert await intake.world.rows("SELECT count(*) FROM event WHERE kind LIKE 'call.%'") == [(0,)]


async def test_what_was_replayed_is_refused(store: Store) -> None:
    """A CallRail body of two days ago, genuine as it is."""
    async with _intake(store, "callrail") as intake:
        old = (datetime.now(UTC) - timedelta(days=2)).isoformat()
        assert await intake.deliver("post-call", _call("callrail", timestamp=old)) == 401
        await intake.world.settled()
        assert intake.crm() == ([], [])


async def test_what_comes_late_is_taken(store: Store) -> None:
    """CallRail sends a call up to twenty minutes after it, once."""
    async with _intake(store, "callrail") as intake:
        late = (datetime.now(UTC) - timedelta(minutes=20)).isoformat()
        assert await intake.deliver("post-call", _call("callrail", timestamp=late)) == 200
        await intake.world.settled()
        assert [one["phone"] for one in intake.crm()[0]] == [PHONE]


async def test_a_callrail_form_becomes_a_contact_with_its_fields(store: Store) -> None:
    """With whatever names the page has."""
    async with _intake(store, "callrail") as intake:
        body = {
            "id": "FRM1", "timestamp": datetime.now(UTC).isoformat(), "form_url": "https://example.com/quote",
            "form_data": {"Your name": "Ōtautahi Smith", "Phone": "(201) 555-0123", "Wie geht es?": "gut"},
            "submitted_at": datetime.now(UTC).isoformat(), "source": "google",
        }  # fmt: skip
        assert await intake.deliver("form-submission", body) == 200
        await intake.world.settled()
        contacts, notes = intake.crm()
        assert [one["phone"] for one in contacts] == [PHONE]
        assert "gut" in notes[0]["body"]
