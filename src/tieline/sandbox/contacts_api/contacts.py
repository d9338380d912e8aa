"""What the CRM does with contacts, whoever asks: identity, duplicates, tags. Source: sections 5 and 10."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import msgspec

from tieline.sandbox.contacts_api.checks import e164
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Contact, Location, Tag

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_NEVER_STORED = frozenset({"locationId", "tags", "customFields", "createNewIfDuplicateAllowed"})
_DATE = re.compile(r"(\d{4})[-/._](\d{2})[-/._](\d{2})|(\d{2})[-/._](\d{2})[-/._](\d{4})")


class ContactBook:
    """The contacts of all locations."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def contact(self, location: Location | None, contact_id: str) -> tuple[Location, Contact]:
        """The contact, at `location` where one is named. Raises Problem 400."""
        home = self._office.home_of(contact_id)
        contact = home.contacts.get(contact_id) if home else None
        if contact is None and home is not None and home.crowd is not None:
            contact = home.crowd.get(contact_id)
        if home is None or contact is None or location not in (None, home):
            raise Problem(400, f"Contact with id {contact_id} not found")
        return home, contact

    def require(self, location: Location, kind: str, record_id: str) -> None:
        """Raises Problem 400 where the location has no such campaign, workflow or business."""
        if not self._office.has(location, kind, record_id):
            raise Problem(400, f"{kind.capitalize()} with id {record_id} not found")

    def touched(self, location: Location, contact: Contact, by: str) -> None:
        """Something that hangs on the contact changed ("tag", "note", "task"): the search will see it."""
        location.keep(contact)
        if by in self._office.quirks.date_updated_moves_for:
            contact.date_updated = self._office.now()
        self._seen_later(location, contact.id)

    def create(self, location: Location, given: Mapping[str, Any]) -> Contact:
        """A new contact. Raises Problem 400 naming the one in the way where the location forbids duplicates."""
        fields = self._read(location, given)
        if not location.allow_duplicates and (found := self._match(location, fields)):
            raise _duplicate(*found)
        return self._add(location, fields, given)

    def upsert(self, location: Location, given: Mapping[str, Any]) -> tuple[Contact, bool]:
        """The contact with this e-mail or phone, changed, else a new one; whether it is new."""
        fields = self._read(location, given)
        as_new = given.get("createNewIfDuplicateAllowed") is True and location.allow_duplicates
        found = None if as_new else self._match(location, fields)
        if found is None:
            return self._add(location, fields, given), True
        _, contact = found
        if self._office.quirks.gender_ignored_on_existing:
            fields.pop("gender", None)
        if not location.allow_duplicates:
            self._part_identifiers(location, contact, fields)
        self._write(location, contact, fields, given)
        return contact, False

    def _part_identifiers(self, location: Location, contact: Contact, fields: dict[str, Any]) -> None:
        """E-mail and phone of an upsert that belong to two contacts, or an e-mail that is not the primary one."""
        quirks = self._office.quirks
        for field in ("email", "phone"):
            other = location.matching(field, fields.get(field))
            if other is not None and other is not contact:
                if not quirks.upsert_drops_second_identifier:
                    raise _duplicate(field, other)
                del fields[field]
        given = fields.get("email")
        if given and given.lower() in [one.lower() for one in contact.additional_emails]:
            if not quirks.upsert_replaces_primary_email:
                del fields["email"]
                return
            # The old primary is not kept among the others: it is gone.
            location.unindex(contact)
            contact.additional_emails = [
                one for one in contact.additional_emails if one.lower() != given.lower()
            ]
            location.index(contact)

    def update(self, location: Location, contact: Contact, given: Mapping[str, Any]) -> None:
        """Write the given fields; None or "" empties one. Raises Problem 400 for an identifier of somebody else's."""
        fields = self._read(location, given)
        if not location.allow_duplicates:
            for field in location.match_order:
                other = location.matching(field, fields.get(field))
                if other is not None and other is not contact:
                    raise _duplicate(field, other)
        self._write(location, contact, fields, given)

    def delete(self, location: Location, contact: Contact) -> None:
        """Gone, with notes and tasks."""
        location.keep(contact)
        location.unindex(contact)
        del location.contacts[contact.id]
        self._seen_later(location, contact.id)
        self._office.announce.contact("ContactDelete", contact)

    def merge(self, location: Location, kept: Contact, lost: Contact) -> None:
        """As a person does it on the screen: notes and tags move, the other record goes, no event tells of it."""
        for note in lost.notes.values():
            kept.notes[note.id] = msgspec.structs.replace(note, contact_id=kept.id)
        for task in lost.tasks.values():
            kept.tasks[task.id] = msgspec.structs.replace(task, contact_id=kept.id)
        kept.tags.extend(tag for tag in lost.tags if tag not in kept.tags)
        location.unindex(lost)
        location.unindex(kept)
        known = {email.lower() for email in (kept.fields.get("email"), *kept.additional_emails) if email}
        more = (lost.fields.get("email"), *lost.additional_emails)
        kept.additional_emails.extend(email for email in more if email and email.lower() not in known)
        location.index(kept)
        del location.contacts[lost.id]
        for move in self._office.on_merge:
            move(location, kept, lost)
        for contact_id in (kept.id, lost.id):
            self._seen_later(location, contact_id)

    def add_email(self, location: Location, contact: Contact, email: str) -> None:
        """One more address, which the API shows and cannot write."""
        contact.additional_emails.append(email)
        contact.date_updated = self._office.now()
        location.index(contact)
        self._seen_later(location, contact.id)
        self._office.announce.contact("ContactUpdate", contact)

    def add_tags(self, location: Location, contact: Contact, tags: Iterable[str]) -> list[str]:
        """Tags that were not there, added."""
        added = [tag for tag in self._tags(location, tags) if tag not in contact.tags]
        contact.tags.extend(added)
        if added:
            self._retagged(location, contact)
        return added

    def remove_tags(self, location: Location, contact: Contact, tags: Iterable[str]) -> list[str]:
        """Tags that were there, removed."""
        removed = [tag for tag in map(self._tag, tags) if tag in contact.tags]
        contact.tags = [tag for tag in contact.tags if tag not in removed]
        if removed:
            self._retagged(location, contact)
        return removed

    def search(self, location: Location) -> list[Contact]:
        """What the search index holds now."""
        return list(location.searchable(self._office.monotonic()).values())

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
        if born := fields.get("dateOfBirth"):
            fields["dateOfBirth"] = _date_of_birth(born)
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
        now = self._office.now()
        contact = Contact(
            id=self._office.new_id(location), location_id=location.id,
            fields={name: value for name, value in fields.items() if value is not None},
            tags=list(self._tags(location, given.get("tags") or ())), custom={}, date_added=now, date_updated=now,
        )  # fmt: skip
        self._set_custom(location, contact, given)
        location.contacts[contact.id] = contact
        location.index(contact)
        self._seen_later(location, contact.id)
        self._office.announce.contact("ContactCreate", contact)
        return contact

    def _write(
        self, location: Location, contact: Contact, fields: dict[str, Any], given: Mapping[str, Any]
    ) -> None:
        location.keep(contact)
        location.unindex(contact)
        dnd = self._written_dnd(contact, fields)
        for name, value in fields.items():
            if value is None:
                contact.fields.pop(name, None)
            else:
                contact.fields[name] = value
        if given.get("tags") is not None:
            # The list is replaced: whoever sends it loses the tags that others added.
            contact.tags = list(self._tags(location, given["tags"]))
        self._set_custom(location, contact, given)
        contact.date_updated = self._office.now()
        location.index(contact)
        self._seen_later(location, contact.id)
        silent = self._office.quirks.inbound_dnd_is_silent and set(fields) == {"inboundDndSettings"}
        if not silent:
            self._office.announce.contact("ContactUpdate", contact)
        if dnd:
            self._office.announce.contact("ContactDndUpdate", contact)

    def _written_dnd(self, contact: Contact, fields: dict[str, Any]) -> bool:
        """Whether DND changes; channels that are not given stay, and so does what is permanent."""
        before = contact.fields.get("dndSettings") or {}
        given = fields.get("dndSettings")
        if given is not None:
            kept = {
                channel: setting
                for channel, setting in before.items()
                if setting.get("status") == "permanent" and self._office.quirks.permanent_dnd_stays
            }
            fields["dndSettings"] = {**before, **given, **kept}
        changed = [name for name in ("dnd", "dndSettings") if name in fields]
        return any(fields[name] != contact.fields.get(name) for name in changed)

    def _set_custom(self, location: Location, contact: Contact, given: Mapping[str, Any]) -> None:
        """By id, else by key. Raises Problem where the quirk of vanishing is off."""
        for item in given.get("customFields") or ():
            field = location.custom_fields.get(str(item.get("id"))) or next(
                (one for one in location.custom_fields.values() if one.field_key == _key(item.get("key"))),
                None,
            )
            if field is None or "field_value" not in item:
                if not self._office.quirks.wrong_custom_fields_vanish:
                    raise Problem(422, [f"customFields {item} names no field and value of this location"])
                continue
            value = item["field_value"]
            if value in (None, ""):
                contact.custom.pop(field.id, None)
            else:
                contact.custom[field.id] = value

    def _tags(self, location: Location, tags: Iterable[str]) -> dict[str, None]:
        found = dict.fromkeys(filter(None, map(self._tag, tags)))
        for name in found:
            if name not in location.tags:
                location.tags[name] = Tag(
                    id=self._office.new_id(location), name=name, location_id=location.id
                )
        return found

    def _tag(self, given: str) -> str:
        return given.strip().lower() if self._office.quirks.tags_in_lower_case else given.strip()

    def _retagged(self, location: Location, contact: Contact) -> None:
        self.touched(location, contact, "tag")
        self._office.announce.contact("ContactTagUpdate", contact)

    def _seen_later(self, location: Location, contact_id: str) -> None:
        location.changed(contact_id, self._office.monotonic() + self._office.quirks.search_lag_s)


def _duplicate(field: str, contact: Contact) -> Problem:
    return Problem(
        400,
        "This location does not allow duplicated contacts.",
        meta={
            "contactId": contact.id,
            "contactName": contact.out().get("fullNameLowerCase", ""),
            "matchingField": field,
        },
    )


def _date_of_birth(given: Any) -> str:
    """YYYY-MM-DD out of that or MM-DD-YYYY, with any of four separators. Raises Problem 422."""
    found = _DATE.fullmatch(given) if isinstance(given, str) else None
    year, month, day, month_first, day_first, year_last = found.groups() if found else (None,) * 6
    try:
        return date(
            int(year or year_last or 0), int(month or month_first or 0), int(day or day_first or 0)
        ).isoformat()
    except ValueError:
        raise Problem(422, ["dateOfBirth must be a date: YYYY-MM-DD or MM-DD-YYYY"]) from None


def _key(given: Any) -> str:
    return given if isinstance(given, str) and given.startswith("contact.") else f"contact.{given}"
