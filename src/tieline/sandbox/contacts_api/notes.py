"""Notes and tasks of contacts, whoever asks. Source: section 5."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tieline.sandbox.contacts_api.contacts import ContactBook
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Contact, Location, Note, Task, stamp

_NOTE = {"body": "body", "userId": "user_id", "title": "title", "color": "color", "pinned": "pinned"}
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")
_TASK = {"title": "title", "body": "body", "assignedTo": "assigned_to", "completed": "completed"}
_MILLISECONDS = re.compile(r"\.\d+")


class NoteBook:
    """The notes of all contacts."""

    def __init__(self, office: Office, contacts: ContactBook) -> None:
        self._office = office
        self._contacts = contacts

    def note(self, contact: Contact, note_id: str) -> Note:
        """One note. Raises Problem 404."""
        note = contact.notes.get(note_id)
        if note is None:
            raise Problem(404, f"Note with id {note_id} not found")
        return note

    def add(self, location: Location, contact: Contact, given: Mapping[str, Any]) -> Note:
        """One more note; the same words twice are two notes."""
        self._check(location, given)
        note = Note(
            id=self._office.new_id(location), body=given["body"], date_added=self._office.stamp(),
            contact_id=contact.id, user_id=given.get("userId"), title=given.get("title"),
            color=given.get("color"), pinned=bool(given.get("pinned")),
        )  # fmt: skip
        contact.notes[note.id] = note
        self._tell("NoteCreate", location, contact, note)
        return note

    def update(self, location: Location, contact: Contact, note: Note, given: Mapping[str, Any]) -> None:
        """Write what is given."""
        self._check(location, given)
        for theirs, ours in _NOTE.items():
            if theirs in given:
                setattr(note, ours, given[theirs])
        self._tell("NoteUpdate", location, contact, note)

    def delete(self, location: Location, contact: Contact, note: Note) -> None:
        """Gone."""
        del contact.notes[note.id]
        self._tell("NoteDelete", location, contact, note)

    def _check(self, location: Location, given: Mapping[str, Any]) -> None:
        if (user := given.get("userId")) and self._office.quirks.note_user_is_checked:
            self._office.user(location, user)
        if (color := given.get("color")) and not _COLOR.fullmatch(color):
            raise Problem(422, ["color must be a hexadecimal color"])

    def _tell(self, event: str, location: Location, contact: Contact, note: Note) -> None:
        self._contacts.touched(location, contact, "note")
        more = {} if self._office.quirks.thin_note_events else {"userId": note.user_id, "title": note.title}
        self._office.announce.tell(
            event, location.id, note.id,
            {"id": note.id, "body": note.body, "contactId": note.contact_id, "dateAdded": note.date_added, **more},
        )  # fmt: skip


class TaskBook:
    """The tasks of all contacts. Nothing is told of an edit, nor of one that is opened again."""

    def __init__(self, office: Office, contacts: ContactBook) -> None:
        self._office = office
        self._contacts = contacts

    def task(self, contact: Contact, task_id: str) -> Task:
        """One task. Raises Problem 404."""
        task = contact.tasks.get(task_id)
        if task is None:
            raise Problem(404, f"Task with id {task_id} not found")
        return task

    def add(self, location: Location, contact: Contact, given: Mapping[str, Any]) -> Task:
        """One more task."""
        self._check(location, given)
        task = Task(
            id=self._office.new_id(location), title=given["title"], body=given.get("body"),
            assigned_to=given.get("assignedTo"), due_date=self._due(given["dueDate"]),
            completed=given["completed"], contact_id=contact.id, date_added=self._office.stamp(),
        )  # fmt: skip
        contact.tasks[task.id] = task
        self._tell("TaskCreate", location, contact, task)
        return task

    def update(self, location: Location, contact: Contact, task: Task, given: Mapping[str, Any]) -> None:
        """Write what is given; only completing it is told."""
        self._check(location, given)
        was_completed = task.completed
        due = self._due(given["dueDate"]) if given.get("dueDate") else task.due_date
        for theirs, ours in _TASK.items():
            if theirs in given:
                setattr(task, ours, given[theirs])
        task.due_date = due
        if task.completed and not was_completed:
            self._tell("TaskComplete", location, contact, task)
        else:
            self._contacts.touched(location, contact, "task")

    def delete(self, location: Location, contact: Contact, task: Task) -> None:
        """Gone."""
        del contact.tasks[task.id]
        self._tell("TaskDelete", location, contact, task)

    def _check(self, location: Location, given: Mapping[str, Any]) -> None:
        if user := given.get("assignedTo"):
            self._office.user(location, user)

    def _due(self, given: str) -> str:
        """As it is shown. Raises Problem 422 for a spelling that the API does not take."""
        if self._office.quirks.task_due_date_without_milliseconds and _MILLISECONDS.search(given):
            raise Problem(422, ["dueDate must be a valid ISO 8601 date string"])
        moment = datetime.fromisoformat(given)
        if moment.tzinfo is None:
            raise Problem(422, ["dueDate must be a valid ISO 8601 date string"])
        return stamp(moment.astimezone(UTC))

    def _tell(self, event: str, location: Location, contact: Contact, task: Task) -> None:
        self._contacts.touched(location, contact, "task")
        fields = {
            "id": task.id, "assignedTo": task.assigned_to, "title": task.title, "dueDate": task.due_date,
            "body": task.body, "contactId": task.contact_id, "dateAdded": task.date_added,
        }  # fmt: skip
        if event == "TaskCreate" and self._office.quirks.thin_task_events:
            del fields["body"], fields["contactId"]
        self._office.announce.tell(
            event, location.id, task.id, {name: value for name, value in fields.items() if value is not None}
        )
