"""How events read for one sync: whom they are about, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b

import msgspec

from tieline.connectors.contacts_api import items as contacts_items
from tieline.connectors.contacts_api import webhooks as contacts_webhooks
from tieline.connectors.contacts_api.location import LocationFacts
from tieline.connectors.contacts_api.records import contact_of_record
from tieline.connectors.contacts_api.shapes import ContactRecord
from tieline.connectors.nimbata import activity as nimbata_activity
from tieline.connectors.nimbata import items as nimbata_items
from tieline.connectors.nimbata import people as nimbata_people
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.domain.activity import Activity, Text
from tieline.domain.change import ItemChanged, RecordChanged
from tieline.domain.contact import CUSTOM_PREFIX, Contact
from tieline.domain.derived import DerivedPerson
from tieline.domain.undo import UNDO_EVENT
from tieline.engine.drain import Loaded
from tieline.engine.read import KeyKind, Read
from tieline.errors import UnreadableError
from tieline.mapping import text
from tieline.mapping.apply import Desired, desired
from tieline.mapping.compiled import CompiledDefinition
from tieline.mapping.two_way import TwoWay
from tieline.server.backfill.events import contacts_history, is_history, nimbata_history
from tieline.server.people.own_events import parse_own_event
from tieline.server.people.undo_events import read_undo
from tieline.server.sweeps.events import swept_change
from tieline.server.targets.call_writer import MIRROR_TAGS

#: Kinds that become a contact and, where the mapping says so, a note.
_NOTED = frozenset({"call.completed", "form.submitted", "sms.received", "contact.created", "contact.updated"})
#: Kinds that change what is known of an earlier one.
_CHANGED = frozenset({"call.updated"})
_PEOPLE = frozenset({"contact.created", "contact.updated", "contact.deleted"})
_ITEMS = frozenset({"task.changed", "note.changed", "appointment.changed"})
#: A contact that the poll of the CRM met.
POLLED = "contact.polled"
_MIRRORED = frozenset(MIRROR_TAGS.values())
_record = msgspec.json.Decoder(ContactRecord)


class SyncReader:
    """Reads the events of both sides as one sync understands them."""

    def __init__(
        self,
        definition: CompiledDefinition,
        two_way: TwoWay,
        facts: LocationFacts,
        source: NimbataConfig,
        *,
        emails: Callable[[], Mapping[str, str]],
    ) -> None:
        self._definition = definition
        self._two_way = two_way
        self._facts = facts
        self._source = source
        #: E-mail of each user's id that the location has shown so far.
        self._emails = emails
        person = two_way.person
        #: Whether people of either side may come in by their records alone.
        self._introduces = person is not None and person.direction != "off"
        self._custom = frozenset(
            pair.nimbata.removeprefix(CUSTOM_PREFIX)
            for pair in (person.fields if person is not None else ())
            if pair.nimbata.startswith(CUSTOM_PREFIX)
        )

    def of_nimbata(self, loaded: Loaded) -> Read:
        """An event of the call-tracking account. Raises UnreadableError or MappingError."""
        if is_history(loaded.kind):
            return self._history(loaded)
        native = self._source.mode == "native"
        if native and (swept := swept_change(loaded, "nimbata")) is not None:
            return self._change(f"{loaded.kind}:{loaded.event_id}", swept)
        if loaded.kind in _ITEMS:
            return self._nimbata_item(loaded, native=native)
        if native and loaded.kind in _PEOPLE and self._introduces:
            return self._nimbata_person(loaded)
        return self._activity(loaded)

    def of_contacts_api(self, loaded: Loaded) -> Read:
        """An event of the CRM. Raises UnreadableError."""
        if loaded.kind == POLLED:
            return self._polled(loaded)
        if is_history(loaded.kind):
            told = contacts_history(loaded, self._facts)
            return self._told(f"{loaded.kind}:{loaded.event_id}", told)
        if loaded.kind == UNDO_EVENT:
            return read_undo(loaded)
        if (swept := swept_change(loaded, "contacts_api")) is not None:
            return self._change(f"{loaded.kind}:{loaded.event_id}", self._with_item(swept, loaded))
        change = contacts_webhooks.parse(loaded.body, self._facts.custom_keys, event=loaded.kind)
        if change.kind in contacts_webhooks.CONTACT_EVENTS and change.contact_id is not None:
            told = RecordChanged(
                side="contacts_api", record_id=change.contact_id, record=change.contact,
                removed=change.removed, at=change.occurred_at,
            )  # fmt: skip
            return self._change(change.occurrence, told)
        item = contacts_items.item_change(
            loaded.body, loaded.kind, self._facts.timezone or "UTC", self._emails()
        )
        if item is None or item.kind not in self._two_way.items:
            return Read(occurrence=change.occurrence, skip=f"{change.kind} is not carried over")
        return self._change(change.occurrence, item)

    def _with_item(self, swept: RecordChanged | ItemChanged, loaded: Loaded) -> RecordChanged | ItemChanged:
        """With what the row shows: where that is known already, nothing is read."""
        if not isinstance(swept, ItemChanged) or loaded.kind.endswith(".vanished"):
            return swept
        shown = contacts_items.listed_item(
            swept.kind, loaded.body, self._facts.timezone or "UTC", self._emails()
        )
        return msgspec.structs.replace(swept, item=shown, listed=True)

    def _history(self, loaded: Loaded) -> Read:
        told = nimbata_history(loaded, self._source, country=self._facts.country, custom=self._custom)
        return self._told(f"{loaded.kind}:{loaded.event_id}", told)

    def _told(self, occurrence: str, told: RecordChanged | ItemChanged) -> Read:
        if isinstance(told, ItemChanged) and told.kind not in self._two_way.items:
            return Read(occurrence=occurrence, skip=f"{told.kind}s are not carried over")
        return self._change(occurrence, told)

    def _activity(self, loaded: Loaded) -> Read:
        happening = nimbata_activity.parse(loaded.body, loaded.kind, self._source)
        if happening.activity is None or happening.kind not in _NOTED | _CHANGED:
            return Read(occurrence=happening.occurrence, skip=f"{happening.kind} is not carried over")
        activity = _without_mirror_tags(happening.activity)
        wanted = desired(self._definition, activity, country=self._facts.country)
        if wanted.skip is not None:
            return Read(occurrence=happening.occurrence, skip=wanted.skip)
        wanted = msgspec.structs.replace(wanted, at=nimbata_activity.took_place_at(happening))
        if happening.kind in _CHANGED:
            # The call itself has its note; what came later are fields and tags.
            wanted = msgspec.structs.replace(wanted, note=None)
        return Read(occurrence=happening.occurrence, keys=_keys_of_wish(wanted), change=wanted)

    def _nimbata_person(self, loaded: Loaded) -> Read:
        happening = nimbata_activity.parse(loaded.body, loaded.kind, self._source)
        told = nimbata_people.record_change(
            loaded.body, loaded.kind, self._source, country=self._facts.country, custom=self._custom
        )
        return self._change(happening.occurrence, told)

    def _nimbata_item(self, loaded: Loaded, *, native: bool) -> Read:
        happening = nimbata_activity.parse(loaded.body, loaded.kind, self._source)
        if native:
            told = nimbata_items.item_change(loaded.body, loaded.kind, self._source)
        else:
            told = parse_own_event(loaded.body)
        if told.kind not in self._two_way.items:
            return Read(occurrence=happening.occurrence, skip=f"{told.kind}s are not carried over")
        return self._change(happening.occurrence, told)

    def _polled(self, loaded: Loaded) -> Read:
        """A search row. Its index lags and its shape differs: without a time of its own it proves an echo and no
        more, so that anything else is read again by id."""
        try:
            record = _record.decode(loaded.body)
        except msgspec.DecodeError as error:
            raise UnreadableError(f"this row of a search cannot be read: {error}") from error
        contact = contact_of_record(record, self._facts.custom_keys)
        digest = blake2b(loaded.body, digest_size=8).hexdigest()
        told = RecordChanged(
            side="contacts_api", record_id=record.id, record=msgspec.structs.replace(contact, updated_at=None)
        )
        return self._change(f"{POLLED}:{record.id}:{record.date_updated}:{digest}", told)

    def _change(self, occurrence: str, told: RecordChanged | ItemChanged) -> Read:
        keys = _KEYS[type(told)](told)
        # A contact of the CRM whom a derived account never heard of is nobody there.
        known_there = self._source.mode == "native" or told.side == "nimbata"
        # Nobody becomes known by going.
        introduces = self._introduces and known_there and not told.removed
        nameless = isinstance(told, ItemChanged) and told.record_id is None and told.kind == "task"
        return Read(
            occurrence=occurrence, keys=keys, change=told, introduces=introduces,
            look_at="task" if nameless else None,
        )  # fmt: skip


def _without_mirror_tags(activity: Activity) -> Activity:
    """A tag of ours on a call says that something hangs on the person; it is no tag of the person's."""
    if isinstance(activity, Text) or not any(text.tag(one) in _MIRRORED for one in activity.tags):
        return activity
    return msgspec.structs.replace(
        activity, tags=tuple(one for one in activity.tags if text.tag(one) not in _MIRRORED)
    )


def _keys_of_wish(wanted: Desired) -> tuple[tuple[KeyKind, str], ...]:
    return _named(wanted.phone, wanted.email)


def _named(phone: str | None, email: str | None) -> tuple[tuple[KeyKind, str], ...]:
    keys: list[tuple[KeyKind, str]] = []
    if phone is not None:
        keys.append(("phone", phone))
    if email is not None:
        keys.append(("email", email))
    return tuple(keys)


def _keys_of_record(told: RecordChanged) -> tuple[tuple[KeyKind, str], ...]:
    """Its own id first: who is linked stays who they are, whatever becomes of their phone."""
    record: Contact | None = told.record
    kind: KeyKind = "contact" if told.side == "contacts_api" else "nimbata"
    return ((kind, told.record_id), *(_named(record.phone, record.email) if record is not None else ()))


def _keys_of_item(told: ItemChanged) -> tuple[tuple[KeyKind, str], ...]:
    keys: list[tuple[KeyKind, str]] = []
    if told.record_id is not None:
        keys.append(("contact" if told.side == "contacts_api" else "nimbata", told.record_id))
        person = DerivedPerson.parse(told.record_id)
        if person is not None:
            keys.extend(_named(person.phone, person.email))
    keys.append(("item", f"{told.side}:{told.kind}:{told.item_id}"))
    return tuple(keys)


_KEYS: dict[type, Callable[..., tuple[tuple[KeyKind, str], ...]]] = {
    RecordChanged: _keys_of_record,
    ItemChanged: _keys_of_item,
}
