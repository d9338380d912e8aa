"""Webhooks of the CRM: flat bodies, signed with a key of the sandbox's own. Source: contacts-api.md, section 9."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from datetime import datetime
from fnmatch import fnmatchcase
from random import Random
from typing import Any
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tieline.sandbox.contacts_api.records import Contact, Location, stamp
from tieline.sandbox.webhooks import Outgoing

_CONTACT = (
    "address1", "city", "companyName", "country", "source", "dateOfBirth", "dnd", "email", "name", "firstName",
    "lastName", "phone", "postalCode", "state", "website", "assignedTo", "timezone",
)  # fmt: skip


class Target(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One address that is told of events."""

    url: str
    #: Event types or patterns ("Contact*").
    events: tuple[str, ...] = ("*",)
    #: Only events of this location; None = all, as a real app has it.
    location: str | None = None
    id: str = ""


def read_target(wanted: Any, locations: dict[str, Location]) -> Target:
    """A target as asked for. Raises ValueError."""
    try:
        target = msgspec.convert(wanted, Target)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error
    if urlsplit(target.url).scheme not in ("http", "https") or not urlsplit(target.url).netloc:
        raise ValueError("url must be an http or https address")
    if target.location is not None and target.location not in locations:
        raise ValueError(f"there is no location {target.location}")
    return target


class Announcer:
    """Tells the targets what changed."""

    def __init__(self, rng: Random, now: Callable[[], datetime], send: Callable[[Outgoing], None]) -> None:
        self._rng = rng
        self._now = now
        self._send = send
        self._key = Ed25519PrivateKey.from_private_bytes(rng.randbytes(32))
        self.targets: list[Target] = []
        #: The app whose events these are.
        self.app_id = self.version_id = "tieline-sandbox"

    @property
    def public_key(self) -> str:
        """PEM, for whoever verifies."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def contact(self, kind: str, contact: Contact) -> None:
        """ContactCreate, ContactUpdate, ContactTagUpdate, ContactDelete: the whole record, no diff."""
        if self.targets:
            body = {name: contact.fields[name] for name in _CONTACT if contact.fields.get(name) is not None}
            self.tell(
                kind,
                contact.location_id,
                contact.id,
                {
                    "id": contact.id,
                    **body,
                    "tags": list(contact.tags),
                    "customFields": [{"id": key, "value": value} for key, value in contact.custom.items()],
                    "attachments": [],
                    "dateAdded": stamp(contact.date_added),
                },
            )

    def tell(
        self,
        event: str,
        location_id: str | None,
        subject_id: str,
        fields: dict[str, Any],
        *,
        type_: str | None = None,
        apart: bool = False,
    ) -> None:
        """Send one event. `event` is its name in the app's settings; `type_` what the body calls it, if otherwise: ""
        where it names none. A location of None = of the company. `apart` = only targets that name the event get it,
        no pattern for all."""
        if not self.targets:
            return
        webhook_id = str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
        name = event if type_ is None else type_
        body = msgspec.json.encode(
            {
                **({"type": name} if name else {}),
                **({} if location_id is None else {"locationId": location_id}),
                **fields,
                "timestamp": stamp(self._now()),
                "webhookId": webhook_id,
                "appId": self.app_id,
                "versionId": self.version_id,
            }
        )
        for target in self.targets:
            wanted = any(
                pattern == event if apart else fnmatchcase(event, pattern) for pattern in target.events
            )
            if wanted and target.location in (None, location_id):
                self._send(
                    Outgoing(
                        event_id=webhook_id, kind=event, subject_id=subject_id, url=target.url, body=body,
                        headers=lambda signed: self._headers(webhook_id, signed),
                    )
                )  # fmt: skip

    def _headers(self, webhook_id: str, body: bytes) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "X-GHL-Signature": base64.b64encode(self._key.sign(body)).decode(),
            "deliveryId": webhook_id,
        }
