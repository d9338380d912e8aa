"""What each delivery is answered, and what is kept of it: nothing genuine is lost, nothing false is stored."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tieline.inbox.receive import Inbox
from tieline.server.accounts.intakes import ContactsIntake, NimbataIntake
from tieline.server.hooks import Hooks
from tieline.store.directory import Credential, Directory
from tieline.store.pool import Store
from tieline.testing.builders import add_connection, add_sync
from tieline.vault.seal import Vault

SECRET = "hook-secret-1"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
LIMIT = 100_000


@dataclass
class Door:
    """The intake on a fresh database with one connection of each kind and a sync between them."""

    store: Store
    hooks: Hooks

    async def post(
        self, path: str, body: bytes, *, headers: dict[str, str] | None = None, method: str = "POST"
    ) -> tuple[int, dict[str, str], str]:
        """Status, headers and body of the answer."""
        path, _, query = path.partition("?")
        given = {"content-type": "application/json", **(headers or {})}
        scope = {
            "type": "http", "method": method, "path": path, "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        }  # fmt: skip
        sent: list[Any] = []
        parts = [body[at : at + 60_000] for at in range(0, len(body), 60_000)] or [b""]
        messages = [
            {"type": "http.request", "body": part, "more_body": number < len(parts) - 1}
            for number, part in enumerate(parts)
        ]

        async def receive() -> Any:
            return messages.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        await self.hooks(scope, receive, send)
        start, content = sent
        found = {name.decode(): value.decode() for name, value in start["headers"]}
        return start["status"], found, content["body"].decode()

    async def call(self, body: bytes, *, suffix: str = "", **headers: str) -> int:
        """Status of a delivery to the call-tracking connection, with the right key."""
        path = f"/hooks/nimbata/calls{suffix}?key={SECRET}"
        return (await self.post(path, body, headers=headers or None))[0]

    async def events(self) -> list[dict[str, Any]]:
        """Everything stored."""
        async with self.store.transaction() as db:
            rows = await db.execute("SELECT kind, state, reason, body, project FROM event ORDER BY id")
            names = ("kind", "state", "reason", "body", "project")
            return [dict(zip(names, row, strict=True)) for row in await rows.fetchall()]

    async def assignments(self) -> int:
        """Events handed to somebody."""
        async with self.store.transaction() as db:
            row = await (await db.execute("SELECT count(*) FROM assignment")).fetchone()
        assert row is not None
        return int(row[0])

    async def refusals(self) -> dict[str, int]:
        """What was turned away, once it is written down."""
        for _ in range(60):
            async with self.store.transaction() as db:
                rows = await (await db.execute("SELECT reason, count FROM refusal")).fetchall()
            if rows:
                return dict(rows)
            await asyncio.sleep(0.05)
        return {}


@pytest.fixture
async def door(store: Store) -> AsyncIterator[Door]:
    """An open door."""
    vault = Vault(bytes(32))
    source = await add_connection(
        store, vault, name="calls", connector="nimbata", base_url="http://n", account="acc",
        credential=Credential(webhook_secrets={"url_key": SECRET}),
    )  # fmt: skip
    await add_connection(
        store, vault, name="signed", connector="nimbata", base_url="http://n", account="acc2",
        credential=Credential(webhook_secrets={"hmac": SECRET}),
    )  # fmt: skip
    target = await add_connection(
        store, vault, name="crm", connector="contacts_api", base_url="http://c", account="LOC",
        credential=Credential(token="pit-x", webhook_keys=(PEM,)),
        settings={"location": {"country": "US"}},
    )  # fmt: skip
    await add_sync(store, name="one", source=source, project="p1", target=target)
    directory = Directory(store, vault)
    await directory.load()
    inbox = Inbox(store, Vault(bytes(32)))
    hooks = Hooks(
        store,
        directory,
        inbox,
        {"nimbata": NimbataIntake(), "contacts_api": ContactsIntake()},
        body_limit=LIMIT,
    )
    tasks = [asyncio.create_task(inbox.run()), asyncio.create_task(hooks.keep_counting())]
    yield Door(store, hooks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def envelope(number: int = 1, **data: Any) -> bytes:
    """A call that was completed."""
    call = {
        "id": f"ncl_{number}",
        "project_id": "p1",
        "outcome": "ANSWERED",
        "caller": "+12015550123",
        **data,
    }
    body = {"id": f"evt_{number}", "event": "call.completed", "project_id": "p1", "test": False, "data": call}
    return json.dumps(body, ensure_ascii=False).encode()


def crm_event(**fields: Any) -> bytes:
    """A contact that changed."""
    stamp = datetime.now(UTC).isoformat()
    body = {"type": "ContactUpdate", "locationId": "LOC", "id": "c1", "timestamp": stamp, "webhookId": "w1"}
    return json.dumps({**body, **fields}).encode()


def signature(body: bytes) -> dict[str, str]:
    """What the CRM's vendor would send beside it."""
    return {"X-GHL-Signature": base64.b64encode(KEY.sign(body)).decode()}


async def test_a_delivery_is_committed_before_it_is_acknowledged(door: Door) -> None:
    """When 200 is said, event and assignment stand."""
    assert await door.call(envelope()) == 200
    (event,) = await door.events()
    assert (event["kind"], event["state"], event["project"]) == ("call.completed", "routed", "p1")
    assert await door.assignments() == 1


async def test_the_same_delivery_again_is_acknowledged_and_stored_once(door: Door) -> None:
    """Also when both come at one time."""
    assert await asyncio.gather(*(door.call(envelope()) for _ in range(5))) == [200] * 5
    assert len(await door.events()) == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b'"text"', b"\xff\xfe\x00", b"12", b"{" * 40_000],
)
async def test_genuine_but_unreadable_bodies_are_kept_for_a_person(door: Door, body: bytes) -> None:
    """200, since sending it again helps nobody; the raw body can be found."""
    assert await door.call(body) == 200
    (event,) = await door.events()
    assert event["state"] == "unreadable"
    assert bytes(event["body"]) == body
    assert event["reason"]
    assert await door.assignments() == 0


async def test_a_body_over_the_limit_is_refused_before_it_is_read_whole(door: Door) -> None:
    """413, nothing stored, and counted."""
    status, _, text = await door.post(f"/hooks/nimbata/calls?key={SECRET}", b"x" * 2_000_000)
    assert status == 413
    assert str(LIMIT) in text
    assert await door.events() == []
    assert await door.refusals() == {"too large": 1}


@pytest.mark.parametrize(
    "path", ["/hooks/nimbata/calls", "/hooks/nimbata/calls?key=wrong", "/hooks/nimbata/calls?key="]
)
async def test_a_wrong_key_stores_nothing_and_is_counted(door: Door, path: str) -> None:
    """401 without a hint which half was wrong."""
    status, _, text = await door.post(path, envelope())
    assert status == 401
    assert SECRET not in text
    assert await door.events() == []
    assert sum((await door.refusals()).values()) == 1


def hmac_headers(body: bytes, at: float) -> dict[str, str]:
    """The signature of the call-tracking account."""
    stamp = str(int(at))
    proof = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Nimbata-Signature": f"sha256={proof}", "X-Nimbata-Timestamp": stamp}


async def test_an_hmac_is_good_for_five_minutes_and_for_this_body_alone(door: Door) -> None:
    """A replayed one, one from a clock that is ten minutes off, and one of another body are refused."""
    body = envelope()
    now = time.time()
    for headers, wanted in (
        (hmac_headers(body, now), 200),
        (hmac_headers(body, now - 250), 200),
        (hmac_headers(body, now - 600), 401),
        (hmac_headers(body, now + 600), 401),
        (hmac_headers(envelope(2), now), 401),
        ({"X-Nimbata-Signature": "sha256=", "X-Nimbata-Timestamp": "soon"}, 401),
    ):
        status, _, _ = await door.post("/hooks/nimbata/signed", body, headers=headers)
        assert status == wanted, headers
    assert len(await door.events()) == 1


async def test_the_crms_signature_is_required_and_old_deliveries_are_refused(door: Door) -> None:
    """Its honest repeats may be hours old; a day is too long."""
    body = crm_event()
    assert (await door.post("/hooks/contacts/crm", body))[0] == 401
    assert (await door.post("/hooks/contacts/crm", body, headers={"X-GHL-Signature": "N/A"}))[0] == 401
    assert (await door.post("/hooks/contacts/crm", body + b" ", headers=signature(body)))[0] == 401
    for hours, wanted in ((1, 200), (25, 401)):
        stamp = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
        aged = crm_event(timestamp=stamp, webhookId=f"w{hours}")
        assert (await door.post("/hooks/contacts/crm", aged, headers=signature(aged)))[0] == wanted
    assert len(await door.events()) == 1


async def test_an_event_of_another_location_is_kept_and_goes_nowhere(door: Door) -> None:
    """The vendor has one address for all locations of an app."""
    body = crm_event(locationId="ELSEWHERE")
    assert (await door.post("/hooks/contacts/crm", body, headers=signature(body)))[0] == 200
    (event,) = await door.events()
    assert event["state"] == "unrouted"
    assert await door.assignments() == 0


@pytest.mark.parametrize(
    ("body", "address", "kind"),
    [
        ({"type": "TaskCreate"}, "", "TaskCreate"),
        ({"type": "TaskCreate"}, "/TaskComplete", "TaskCreate"),
        ({}, "/ContactUpdate", "ContactUpdate"),
        ({}, "", ""),
        ({"appointment": {"id": "a1", "calendarId": "k"}}, "/AppointmentUpdate", "AppointmentUpdate"),
    ],
)
async def test_an_event_is_named_by_its_body_or_else_by_its_address(
    door: Door, body: dict[str, Any], address: str, kind: str
) -> None:
    """One that neither names is kept as it came."""
    sent = json.dumps({"locationId": "LOC", **body}).encode()
    assert (await door.post(f"/hooks/contacts/crm{address}", sent, headers=signature(sent)))[0] == 200
    (event,) = await door.events()
    assert (event["kind"], event["state"]) == (kind, "routed")


async def test_unknown_addresses_are_told_so(door: Door) -> None:
    """404 for what is not there, also for a connection of the other kind; 405 for what is no delivery."""
    for path in ("/hooks/nimbata/nobody", "/hooks/contacts/calls", "/hooks/other/calls", "/hooks/nimbata"):
        assert (await door.post(path, envelope()))[0] == 404, path
    status, headers, _ = await door.post(f"/hooks/nimbata/calls?key={SECRET}", b"", method="GET")
    assert (status, headers["allow"]) == (405, "POST")


async def test_flat_bodies_forms_and_arrays_are_read(door: Door) -> None:
    """The address names the event of a flat body; a form is as good as JSON; an array is many events."""
    flat = {"Call ID": "77", "Caller Number": "+12015550123", "Project ID": "p1", "Outcome": "Answered"}
    assert await door.call(json.dumps(flat).encode(), suffix="/call.completed") == 200
    form = urlencode({**flat, "Call ID": "78"}).encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    path = f"/hooks/nimbata/calls/call.completed?key={SECRET}"
    assert (await door.post(path, form, headers=kind))[0] == 200
    assert await door.call(b"[" + envelope(1) + b"," + envelope(2) + b"]") == 200
    assert [event["kind"] for event in await door.events()] == ["call.completed"] * 4


async def test_names_in_any_script_and_notes_of_any_length_arrive_unharmed(door: Door) -> None:
    """Emoji, right-to-left, NUL and 10,000 characters."""
    for number, name in enumerate(("李小龍", "🧑🏽‍🚒 Zoë", "أحمد", "a\u0000b", "x" * 10_000)):
        assert await door.call(envelope(number, caller_name=name, summary=name)) == 200
    assert len(await door.events()) == 5
    assert await door.assignments() == 5


async def test_a_test_delivery_is_kept_and_not_synced(door: Door) -> None:
    """The far side's Test button must not make a contact."""
    body = json.loads(envelope())
    assert await door.call(json.dumps({**body, "test": True}).encode()) == 200
    (event,) = await door.events()
    assert event["state"] == "test"
    assert await door.assignments() == 0


async def test_a_failure_of_ours_says_later_and_never_why(door: Door) -> None:
    """503 for the call-tracking account, 429 for the CRM, with Retry-After and without a stack trace."""

    class Broken(Inbox):
        async def receive(self, deliveries: Any) -> int:
            raise RuntimeError("secret detail of our innards")

    door.hooks._inbox = Broken(door.store, Vault(bytes(32)))
    status, headers, text = await door.post(f"/hooks/nimbata/calls?key={SECRET}", envelope())
    assert (status, headers["retry-after"]) == (503, "10")
    assert "innards" not in text
    body = crm_event()
    status, headers, _ = await door.post("/hooks/contacts/crm", body, headers=signature(body))
    assert (status, headers["retry-after"]) == (429, "10")


async def test_a_database_that_is_being_moved_takes_nothing_in(door: Door) -> None:
    """Said at once, without waiting for a lock; both vendors then deliver again."""
    door.hooks._directory.moving = "moving"
    for path, body, wanted in (
        (f"/hooks/nimbata/calls?key={SECRET}", envelope(), 503),
        ("/hooks/contacts/crm", crm_event(), 429),
    ):
        status, headers, text = await door.post(path, body, headers=signature(body))
        assert (status, headers["retry-after"]) == (wanted, "10")
        assert "being moved" in text
    assert await door.events() == []
    door.hooks._directory.moving = None
    assert (await door.post(f"/hooks/nimbata/calls?key={SECRET}", envelope()))[0] == 200


async def test_an_event_that_no_sync_wants_is_kept(door: Door) -> None:
    """A project without a sync: found among the unrouted, with the reason."""
    body = envelope().replace(b'"p1"', b'"p9"')
    assert await door.call(body) == 200
    (event,) = await door.events()
    assert event["state"] == "unrouted"
    assert "no sync" in event["reason"]
