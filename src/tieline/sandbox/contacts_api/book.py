"""What the CRM does with contacts, whoever asks: identity, duplicates, tags, notes. Source: sections 5 and 10."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from random import Random
from typing import Any

import msgspec

from tieline.sandbox.contacts_api.checks import e164
from tieline.sandbox.contacts_api.events import Announcer
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Contact, Location, Note, Tag, mint, stamp

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
#: Seconds until a search sees a change.
SEARCH_LAG_S = 5.0
_NEVER_STORED = frozenset({"locationId", "tags", "customFields", "createNewIfDuplicateAllowed"})


class Book:
    """All locations of one company."""

    def __init__(
        self,
        locations: Iterable[Location],
        *,
        rng: Random,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        announce: Announcer,
    ) -> None:
        self.locations = {location.id: location for location in locations}
        self._rng = rng
        self._now = now
        self._monotonic = monotonic
        self._announce = announce
        self._home: dict[str, Location] = {}

    def location_of(self, contact_id: str) -> Location | None:
        """Where a contact lives, or lived."""
        return self._home.get(contact_id)

    def contact(self, location: Location | None, contact_id: str) -> tuple[Location, Contact]:
        """The contact, at `location` where one is named. Raises Problem 400."""
        home = self._home.get(contact_id)
        contact = home.contacts.get(contact_id) if home else None
        if home is None or contact is None or location not in (None, home):
            raise Problem(400, f"Contact with id {contact_id} not found")
        return home, contact

    def create(self, location: Location, given: Mapping[str, Any]) -> Contact:
        """A new contact. Raises Problem 400 naming the one in the way where the location forbids duplicates."""
        fields = self._read(location, given)
        if not location.allow_duplicates and (found := self._match(location, fields)):
            field, contact = found
            raise Problem(
                400,
                "This location does not allow duplicated contacts.",
                meta={
                    "contactId": contact.id,
                    "contactName": contact.out()["fullNameLowerCase"] or "",
                    "matchingField": field,
                },
            )
        return self._add(location, fields, given)

    def upsert(self, location: Location, given: Mapping[str, Any]) -> tuple[Contact, bool]:
        """The contact with this e-mail or phone, changed, else a new one; whether it is new."""
        fields = self._read(location, given)
        as_new = given.get("createNewIfDuplicateAllowed") is True and location.allow_duplicates
        found = None if as_new else self._match(location, fields)
        if found is None:
            return self._add(location, fields, given), True
        _, contact = found
        fields.pop("gender", None)
        if not location.allow_duplicates:
            # The identifier that belongs to somebody else is dropped without a word.
            for field in ("email", "phone"):
                other = location.matching(field, fields.get(field))
                if other is not None and other is not contact:
                    del fields[field]
        self._write(location, contact, fields, given)
        return contact, False

    def update(self, location: Location, contact: Contact, given: Mapping[str, Any]) -> None:
        """Write the given fields; None or "" empties one. Raises Problem 400 for an identifier of somebody else's."""
        fields = self._read(location, given)
        if not location.allow_duplicates:
            for field in location.match_order:
                other = location.matching(field, fields.get(field))
                if other is not None and other is not contact:
                    raise Problem(
                        400,
                        "This location does not allow duplicated contacts.",
                        meta={
                            "contactId": other.id,
                            "contactName": other.out()["fullNameLowerCase"] or "",
                            "matchingField": field,
                        },
                    )
        self._write(location, contact, fields, given)

    def delete(self, location: Location, contact: Contact) -> None:
        """Gone, with notes."""
        location.unindex(contact)
        del location.contacts[contact.id]
        location.changed(contact.id, self._monotonic() + SEARCH_LAG_S)
        self._announce.contact("ContactDelete", contact)

    def merge(self, location: Location, kept: Contact, lost: Contact) -> None:
        """As a person does it on the screen: notes and tags move, the other record goes, no event tells of it."""
        for note in lost.notes.values():
            kept.notes[note.id] = msgspec.structs.replace(note, contact_id=kept.id)
        kept.tags.extend(tag for tag in lost.tags if tag not in kept.tags)
        location.unindex(lost)
        del location.contacts[lost.id]
        for contact_id in (kept.id, lost.id):
            location.changed(contact_id, self._monotonic() + SEARCH_LAG_S)

    def add_tags(self, location: Location, contact: Contact, tags: Iterable[str]) -> list[str]:
        """Tags that were not there; `dateUpdated` does not move for them."""
        added = [tag for tag in self._tags(location, tags) if tag not in contact.tags]
        contact.tags.extend(added)
        if added:
            self._retagged(location, contact)
        return added

    def remove_tags(self, location: Location, contact: Contact, tags: Iterable[str]) -> list[str]:
        """Tags that were there."""
        removed = [tag for tag in (_tag(one) for one in tags) if tag in contact.tags]
        contact.tags = [tag for tag in contact.tags if tag not in removed]
        if removed:
            self._retagged(location, contact)
        return removed

    def add_note(self, location: Location, contact: Contact, given: Mapping[str, Any]) -> Note:
        """One more note; the same words twice are two notes."""
        if (user := given.get("userId")) and user not in location.users:
            raise Problem(400, f"User with id {user} not found in this location")
        note = Note(
            id=mint(self._rng), body=given["body"], date_added=stamp(self._now()), contact_id=contact.id,
            user_id=user, title=given.get("title"), color=given.get("color"), pinned=bool(given.get("pinned")),
        )  # fmt: skip
        contact.notes[note.id] = note
        self._announce.note("NoteCreate", location.id, note)
        return note

    def update_note(self, location: Location, note: Note, given: Mapping[str, Any]) -> None:
        """Write what is given."""
        for theirs, ours in (("body", "body"), ("userId", "user_id"), ("title", "title"), ("color", "color"),
                             ("pinned", "pinned")):  # fmt: skip
            if theirs in given:
                setattr(note, ours, given[theirs])
        self._announce.note("NoteUpdate", location.id, note)

    def delete_note(self, location: Location, contact: Contact, note: Note) -> None:
        """Gone."""
        del contact.notes[note.id]
        self._announce.note("NoteDelete", location.id, note)

    def search(self, location: Location) -> list[Contact]:
        """What the search index holds now."""
        return list(location.searchable(self._monotonic()).values())

    def _read(self, location: Location, given: Mapping[str, Any]) -> dict[str, Any]:
        """Fields as they are stored. Raises Problem."""
        fields = {name: value for name, value in given.items() if name not in _NEVER_STORED}
        if email := fields.get("email"):
            if not _EMAIL.fullmatch(email):
                raise Problem(422, ["email must be an email"])
            fields["email"] = email.strip()
        if phone := fields.get("phone"):
            fields["phone"] = e164(phone, location.country)
            if fields["phone"] is None:
                raise Problem(400, "Invalid phone number")
        if (country := fields.get("country")) and not re.fullmatch("[A-Z]{2}", country):
            raise Problem(422, ["country must be a valid ISO31661 Alpha2 code"])
        name = fields.get("name")
        if name and "firstName" not in fields and "lastName" not in fields:
            fields["firstName"], _, fields["lastName"] = name.partition(" ")
        return {key: None if value == "" else value for key, value in fields.items()}

    def _match(self, location: Location, fields: Mapping[str, Any]) -> tuple[str, Contact] | None:
        for field in location.match_order:
            if contact := location.matching(field, fields.get(field)):
                return field, contact
        return None

    def _add(self, location: Location, fields: dict[str, Any], given: Mapping[str, Any]) -> Contact:
        now = self._now()
        contact = Contact(
            id=mint(self._rng), location_id=location.id,
            fields={name: value for name, value in fields.items() if value is not None},
            tags=list(self._tags(location, given.get("tags") or ())), custom={}, date_added=now, date_updated=now,
        )  # fmt: skip
        self._set_custom(location, contact, given)
        location.contacts[contact.id] = contact
        self._home[contact.id] = location
        location.index(contact)
        location.changed(contact.id, self._monotonic() + SEARCH_LAG_S)
        self._announce.contact("ContactCreate", contact)
        return contact

    def _write(
        self, location: Location, contact: Contact, fields: dict[str, Any], given: Mapping[str, Any]
    ) -> None:
        location.unindex(contact)
        for name, value in fields.items():
            if value is None:
                contact.fields.pop(name, None)
            else:
                contact.fields[name] = value
        if given.get("tags") is not None:
            # The list is replaced: whoever sends it loses the tags that others added.
            contact.tags = list(self._tags(location, given["tags"]))
        self._set_custom(location, contact, given)
        contact.date_updated = self._now()
        location.index(contact)
        location.changed(contact.id, self._monotonic() + SEARCH_LAG_S)
        self._announce.contact("ContactUpdate", contact)

    def _set_custom(self, location: Location, contact: Contact, given: Mapping[str, Any]) -> None:
        """Unknown ids and keys, and values under another name, vanish without an error."""
        for item in given.get("customFields") or ():
            field = location.custom_fields.get(str(item.get("id"))) or next(
                (one for one in location.custom_fields.values() if one.field_key == _key(item.get("key"))),
                None,
            )
            if field is None or "field_value" not in item:
                continue
            value = item["field_value"]
            if value in (None, ""):
                contact.custom.pop(field.id, None)
            else:
                contact.custom[field.id] = value

    def _tags(self, location: Location, tags: Iterable[str]) -> dict[str, None]:
        found = dict.fromkeys(filter(None, map(_tag, tags)))
        for name in found:
            if name not in location.tags:
                location.tags[name] = Tag(id=mint(self._rng), name=name, location_id=location.id)
        return found

    def _retagged(self, location: Location, contact: Contact) -> None:
        location.changed(contact.id, self._monotonic() + SEARCH_LAG_S)
        self._announce.contact("ContactTagUpdate", contact)


def _tag(given: str) -> str:
    return given.strip().lower()


def _key(given: Any) -> str:
    return given if isinstance(given, str) and given.startswith("contact.") else f"contact.{given}"
