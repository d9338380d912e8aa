"""What somebody in the CRM does with contacts, tags, notes and tasks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tieline.sandbox.contacts_api.contacts import ContactBook
from tieline.sandbox.contacts_api.driver import Deed, Done, Emission, Hand
from tieline.sandbox.contacts_api.notes import NoteBook, TaskBook
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.records import Contact, Location, Task


class ContactDeeds:
    """All of them, by name."""

    def __init__(
        self, office: Office, hand: Hand, contacts: ContactBook, notes: NoteBook, tasks: TaskBook
    ) -> None:
        self._office = office
        self._hand = hand
        self._contacts = contacts
        self._notes = notes
        self._tasks = tasks

    def deeds(self) -> Mapping[str, Deed]:
        """For the driver."""
        return {
            "contact.create": self._create,
            "contact.update": self._update,
            "contact.delete": self._delete,
            "contact.merge": self._merge,
            "contact.add_email": self._add_email,
            "tag.add": self._add_tags,
            "tag.remove": self._remove_tags,
            "note.create": self._add_note,
            "note.update": self._update_note,
            "note.delete": self._delete_note,
            "task.create": self._add_task,
            "task.update": self._update_task,
            "task.complete": self._complete_task,
            "task.reopen": self._reopen_task,
            "task.delete": self._delete_task,
        }

    def _create(self, location: Location, wanted: Emission) -> Done:
        fields = wanted.fields or {"firstName": "Ada", "phone": self._hand.phone(location)}
        contact = self._contacts.create(location, {**fields, "tags": list(wanted.tags)})
        return Done(contact.id, contact.id)

    def _update(self, location: Location, wanted: Emission) -> Done:
        contact = self._hand.contact(location, wanted.id)
        self._contacts.update(location, contact, wanted.fields or {"city": "Springfield"})
        return Done(contact.id, contact.id)

    def _delete(self, location: Location, wanted: Emission) -> Done:
        contact = self._hand.contact(location, wanted.id)
        self._contacts.delete(location, contact)
        return Done(contact.id, contact.id)

    def _merge(self, location: Location, wanted: Emission) -> Done:
        contact = self._hand.contact(location, wanted.id)
        self._contacts.merge(location, contact, self._hand.contact(location, wanted.other, not_this=contact))
        return Done(contact.id, contact.id)

    def _add_email(self, location: Location, wanted: Emission) -> Done:
        contact = self._hand.contact(location, wanted.id)
        self._contacts.add_email(location, contact, str(wanted.fields.get("email", "second@example.com")))
        return Done(contact.id, contact.id)

    def _add_tags(self, location: Location, wanted: Emission) -> Done:
        contact = self._hand.contact(location, wanted.id)
        self._contacts.add_tags(location, contact, wanted.tags or ("hot",))
        return Done(contact.id, contact.id)

    def _remove_tags(self, location: Location, wanted: Emission) -> Done:
        contact = self._hand.contact(location, wanted.id)
        self._contacts.remove_tags(location, contact, wanted.tags)
        return Done(contact.id, contact.id)

    def _add_note(self, location: Location, wanted: Emission) -> Done:
        contact = self._hand.contact(location, wanted.id)
        note = self._notes.add(location, contact, {"body": wanted.body, **wanted.fields})
        return Done(note.id, contact.id)

    def _update_note(self, location: Location, wanted: Emission) -> Done:
        contact, note = self._noted(location, wanted)
        self._notes.update(location, contact, note, wanted.fields or {"body": wanted.body})
        return Done(note.id, contact.id)

    def _delete_note(self, location: Location, wanted: Emission) -> Done:
        contact, note = self._noted(location, wanted)
        self._notes.delete(location, contact, note)
        return Done(note.id, contact.id)

    def _add_task(self, location: Location, wanted: Emission) -> Done:
        contact = self._hand.contact(location, wanted.id)
        due = (self._office.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        task = self._tasks.add(
            location, contact, {"title": "Call back", "dueDate": due, "completed": False, **wanted.fields}
        )
        return Done(task.id, contact.id)

    def _update_task(self, location: Location, wanted: Emission) -> Done:
        return self._change_task(location, wanted, wanted.fields or {"title": "Call back today"})

    def _complete_task(self, location: Location, wanted: Emission) -> Done:
        return self._change_task(location, wanted, {"completed": True})

    def _reopen_task(self, location: Location, wanted: Emission) -> Done:
        return self._change_task(location, wanted, {"completed": False})

    def _change_task(self, location: Location, wanted: Emission, fields: dict[str, Any]) -> Done:
        contact, task = self._tasked(location, wanted)
        self._tasks.update(location, contact, task, fields)
        return Done(task.id, contact.id)

    def _delete_task(self, location: Location, wanted: Emission) -> Done:
        contact, task = self._tasked(location, wanted)
        self._tasks.delete(location, contact, task)
        return Done(task.id, contact.id)

    def _noted(self, location: Location, wanted: Emission) -> tuple[Contact, Any]:
        return self._of_contact(location, wanted, "note", lambda contact: contact.notes)

    def _tasked(self, location: Location, wanted: Emission) -> tuple[Contact, Task]:
        return self._of_contact(location, wanted, "task", lambda contact: contact.tasks)

    def _of_contact(self, location: Location, wanted: Emission, what: str, shelf: Any) -> tuple[Contact, Any]:
        choices = [
            (contact, record)
            for contact in location.contacts.values()
            for record in shelf(contact).values()
            if wanted.id in (None, record.id)
        ]
        found: tuple[Contact, Any] = self._hand.pick(choices, what)
        return found
