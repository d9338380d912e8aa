"""A location of the CRM, walked: its notes and appointments can be listed for one contact alone."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from tieline.connectors.contacts_api.location import LocationFacts
from tieline.connectors.contacts_api.operations import appointments, contacts, notes
from tieline.connectors.contacts_api.shapes import Note
from tieline.connectors.contacts_api.shapes_calendars import Event, read_moment
from tieline.domain.items import ItemKind
from tieline.domain.swept import Linked, Row
from tieline.server.sweeps.ground import Asker, Found, Listed
from tieline.server.sweeps.sweep import Digest
from tieline.store.directory import StoredConnection


class LocationGround:
    """Tells `note.swept` and `appointment.swept`."""

    def __init__(self, ask: Asker, stored: StoredConnection, digest: Digest) -> None:
        self._ask = ask
        self._zone = zone_of(stored)
        self._digest = digest

    async def listed(self, whom: Linked, kind: ItemKind) -> Listed:
        """All of a kind, in one answer."""
        contact = whom.record_id
        rows: Sequence[Note | Event]
        if kind == "note":
            rows = (await self._ask(notes.LIST, notes.NotesOf(contact_id=contact))).notes
        else:
            whose = appointments.AppointmentsOf(contact_id=contact)
            rows = (await self._ask(appointments.LIST_OF_CONTACT, whose)).events
        found = []
        for one in rows:
            body = msgspec.json.encode(msgspec.structs.replace(one, contact_id=one.contact_id or contact))
            row = Row(
                record_id=one.id, contact_id=contact, digest=self._digest("swept", body.decode()),
                added_at=read_moment(one.date_added, self._zone),
            )  # fmt: skip
            found.append(Found(row=row, event=f"{kind}.swept", body=body))
        return Listed(found=tuple(found))

    async def get(self, whom: Linked) -> None:
        """The contact, which is there or not."""
        await self._ask(contacts.GET, contacts.ContactId(contact_id=whom.record_id))


def zone_of(stored: StoredConnection) -> ZoneInfo | None:
    """The location's time zone, in which its lists of appointments are written."""
    facts = LocationFacts.from_settings(stored.account, stored.settings)
    try:
        return ZoneInfo(facts.timezone) if facts.timezone else None
    except (ValueError, ZoneInfoNotFoundError):
        return None
