"""Contacts with all that hangs on them: the subject that the others refer to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tieline.sandbox.contacts_api.api_contacts import Contacts
from tieline.sandbox.contacts_api.api_groups import Groups
from tieline.sandbox.contacts_api.api_notes import Notes, Tasks
from tieline.sandbox.contacts_api.contacts import ContactBook
from tieline.sandbox.contacts_api.deeds_contacts import ContactDeeds
from tieline.sandbox.contacts_api.driver import Deed, Hand
from tieline.sandbox.contacts_api.notes import NoteBook, TaskBook
from tieline.sandbox.contacts_api.offer import Offer
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.records import Location


class People:
    """Contacts, tags, notes and tasks."""

    def __init__(self, office: Office, hand: Hand) -> None:
        self._office = office
        self.book = ContactBook(office)
        notes, tasks = NoteBook(office, self.book), TaskBook(office, self.book)
        self._parts = (
            Contacts(self.book), Groups(office, self.book), Notes(self.book, notes), Tasks(self.book, tasks),
        )  # fmt: skip
        self._deeds = ContactDeeds(office, hand, self.book, notes, tasks)

    def offers(self) -> list[Offer]:
        """All operations under /contacts, and the search for tasks."""
        return [one for part in self._parts for one in part.offers()]

    def deeds(self) -> Mapping[str, Deed]:
        """For the driver."""
        return self._deeds.deeds()

    def state(self, location: Location) -> dict[str, Any]:
        """Everything that hangs on contacts."""
        contacts = list(location.contacts.values())
        return {
            "contacts": [one.out() for one in contacts],
            "notes": [note.out() for one in contacts for note in one.notes.values()],
            "tasks": [task.out() for one in contacts for task in one.tasks.values()],
            "users": [user.out() for user in self._office.users_of(location)],
            "tags": list(location.tags.values()),
            "custom_fields": list(location.custom_fields.values()),
        }

    def doubled(self, location: Location) -> list[dict[str, Any]]:
        """Contacts with the same phone or e-mail; notes that say the same; equal tasks of one contact."""
        found: list[dict[str, Any]] = [
            {"kind": "contact", "location": location.id, "field": field, "value": value}
            for field, value in location.doubled()
        ]
        for contact in location.contacts.values():
            said = {
                "note": Counter(note.body for note in contact.notes.values()),
                "task": Counter(
                    f"{task.title}\n{task.body}\n{task.due_date}" for task in contact.tasks.values()
                ),
            }
            found += [
                {"kind": kind, "location": location.id, "contact": contact.id, "body": body[:80]}
                for kind, bodies in said.items()
                for body, times in bodies.items()
                if times > 1
            ]
        return found
