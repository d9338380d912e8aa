"""One side of a sync in a preview: reads as it is, takes nothing, and answers as if it had."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from tieline.domain.command import (
    AddNote,
    AddTags,
    Command,
    CreateContact,
    CreateItem,
    RemoveTags,
    UpdateContact,
    UpdateItem,
    UpsertContact,
)
from tieline.domain.contact import Contact, with_fields
from tieline.domain.items import Item
from tieline.domain.side import Side
from tieline.effects.target import Done, Target
from tieline.errors import RejectedError
from tieline.mapping import text
from tieline.server.preview.gateway import Captured, PreviewGateway, aside
from tieline.server.preview.records import SimulatedRecords

#: Identifiers that were looked for a moment ago in vain.
_KEPT_ABSENT = 1000


class PreviewTarget:
    """`real` must send through `gateway`, which keeps what it sends."""

    def __init__(self, real: Target, gateway: PreviewGateway, records: SimulatedRecords) -> None:
        self._real = real
        self._gateway = gateway
        self._records = records
        self._absent: OrderedDict[tuple[str, str], None] = OrderedDict()
        self.side: Side = real.side
        self.forbids_duplicates = real.forbids_duplicates
        self.country = real.country
        self.custom_fields = real.custom_fields
        self.holds = real.holds
        self.operation_id = real.operation_id
        self.cannot = real.cannot
        self.repeatable = real.repeatable
        self.can_look_up = real.can_look_up
        self.settle_s = real.settle_s
        self.identify = real.identify
        self.fetch_item = real.fetch_item
        self.items = real.items
        self.look_up = real.look_up

    async def send(self, command: Command, record_id: str | None, *, repeat: bool = False) -> Done:
        """As if it had been taken. Raises RejectedError for a record in the way, as the side itself would."""
        started = datetime.now(UTC)
        try:
            return await self._real.send(command, record_id, repeat=repeat)
        except Captured as captured:
            return await self._taken(command, record_id, started, captured.place)

    async def find(self, *, phone: str | None, email: str | None) -> Contact | None:
        """By phone, then by e-mail; what would be made by then is found as well."""
        for name, value in (("phone", phone), ("email", email)):
            if not value:
                continue
            found = await self._records.find(self.side, **{name: value})
            if found is None:
                found = (
                    await self._real.find(phone=phone, email=None)
                    if name == "phone"
                    else (await self._real.find(phone=None, email=email))
                )
            if found is not None:
                return await self._as_it_would_be(found)
            self._note_absent(name, value)
        return None

    async def candidates(self, *, phone: str | None, email: str | None) -> list[Contact]:
        """Everybody with one of them, those that would be made by then among them."""
        found = [
            await self._as_it_would_be(one) for one in await self._real.candidates(phone=phone, email=email)
        ]
        for name, value in (("phone", phone), ("email", email)):
            made = await self._records.find(self.side, **{name: value}) if value else None
            if made is not None and made not in found:
                found.append(made)
            if value and not any(getattr(one, name) == value for one in found):
                self._note_absent(name, value)
        return found

    async def fetch(self, record_id: str) -> Contact:
        """By id. Raises NotFoundError."""
        known = await self._records.get(self.side, record_id)
        if known is not None and known.made is not None:
            return known.made
        record = await self._real.fetch(record_id)
        return known.of(record) if known is not None else record

    def _note_absent(self, name: str, value: str) -> None:
        self._absent[name, value] = None
        if len(self._absent) > _KEPT_ABSENT:
            self._absent.popitem(last=False)

    async def _as_it_would_be(self, found: Contact) -> Contact:
        known = await self._records.get(self.side, found.id)
        return found if known is None or known.made is not None else known.of(found)

    async def _taken(self, command: Command, record_id: str | None, started: datetime, place: int) -> Done:
        match command:
            case CreateContact(fields=fields, tags=tags):
                if self.forbids_duplicates and (there := await self._in_the_way(fields)) is not None:
                    self._gateway.refuse(place, there.id)
                    raise RejectedError(
                        "a record with this phone or e-mail is there already",
                        existing_id=there.id,
                        status=400,
                    )
                return await self._made(fields, tags, started, place)
            case UpsertContact(fields=fields):
                there = await self._in_the_way(fields)
                if there is None:
                    return await self._made(fields, frozenset(), started, place)
                await self._records.change(self.side, there.id, fields=fields)
                return self._done(there.id, started, contact=with_fields(there, fields), adopted=True)
            case UpdateContact(fields=fields):
                held = {name: value for name, value in fields.items() if value is not None}
                there = await self._in_the_way(held) if self.forbids_duplicates else None
                if there is not None and there.id != record_id:
                    self._gateway.refuse(place, there.id)
                    raise RejectedError(
                        "this phone or e-mail belongs to another record", existing_id=there.id, status=400
                    )
                await self._records.change(self.side, record_id or "", fields=fields)
            case AddNote():
                return self._done(self._gateway.new_id(place), started)
            case AddTags(tags=tags):
                await self._records.change(self.side, record_id or "", add=tags)
            case RemoveTags(tags=tags):
                await self._records.change(self.side, record_id or "", remove=tags)
            case CreateItem(item=item):
                made = self._gateway.new_id(place)
                return self._done(made, started, item=msgspec.structs.replace(item, id=made))
            case UpdateItem(item=item):
                return self._done(item.id, started, item=item)
            case _:
                pass
        return self._done(record_id, started)

    async def _made(
        self, fields: Mapping[str, str | None], tags: frozenset[str], started: datetime, place: int
    ) -> Done:
        contact = with_fields(Contact(id=self._gateway.new_id(place)), fields)
        contact = msgspec.structs.replace(contact, tags=frozenset(filter(None, map(text.tag, tags))))
        await self._records.make(self.side, contact)
        return self._done(contact.id, started, contact=contact)

    async def _in_the_way(self, fields: Mapping[str, str]) -> Contact | None:
        """Whoever has that e-mail, else that phone: in this order a location looks."""
        with aside():
            for name in ("email", "phone"):
                value = fields.get(name)
                if not value:
                    continue
                found = await self._records.find(self.side, **{name: value})
                if found is None and (name, value) not in self._absent:
                    found = await (
                        self._real.find(phone=None, email=value)
                        if name == "email"
                        else self._real.find(phone=value, email=None)
                    )
                if found is not None:
                    return found
        return None

    @staticmethod
    def _done(
        record_id: str | None,
        started: datetime,
        *,
        contact: Contact | None = None,
        item: Item | None = None,
        adopted: bool = False,
    ) -> Done:
        spent_s = (datetime.now(UTC) - started).total_seconds()
        return Done(
            result_id=record_id, contact=contact, item=item, adopted=adopted, started_at=started,
            duration_s=spent_s,
        )  # fmt: skip
