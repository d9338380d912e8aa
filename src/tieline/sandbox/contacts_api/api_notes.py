"""Notes and tasks of a contact over the API, and the search for tasks. Source: sections 5 and 8."""

from __future__ import annotations

from typing import Any

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.api_contacts import located
from tieline.sandbox.contacts_api.contacts import ContactBook
from tieline.sandbox.contacts_api.notes import NoteBook, TaskBook
from tieline.sandbox.contacts_api.offer import CONTACTS_READ, CONTACTS_WRITE, Offer, Shape, body, offer
from tieline.sandbox.contacts_api.records import Contact, Location, Task
from tieline.sandbox.side import Call, Reply

_NOTE = {
    "body": checks.filled, "userId": checks.text, "title": checks.text, "color": checks.text, "pinned": checks.boolean,
}  # fmt: skip
_TASK = {
    "title": checks.filled, "body": checks.text, "dueDate": checks.moment, "completed": checks.boolean,
    "assignedTo": checks.text,
}  # fmt: skip
_COMPLETED = body(("completed",), completed=checks.boolean)
_SEARCH = body(
    contactId=checks.texts, completed=checks.boolean, assignedTo=checks.texts, query=checks.text,
    limit=checks.number, skip=checks.number, businessId=checks.text,
)  # fmt: skip


class Notes:
    """The handlers of notes."""

    def __init__(self, contacts: ContactBook, notes: NoteBook) -> None:
        self._contacts = contacts
        self._notes = notes

    def offers(self) -> list[Offer]:
        """Five of a kind."""
        all_, one = "/contacts/{contactId}/notes", "/contacts/{contactId}/notes/{id}"
        return [
            offer("notes.list", "GET", all_, self._list, CONTACTS_READ),
            offer("notes.create", "POST", all_, self._create, CONTACTS_WRITE, body=Shape(_NOTE, ("body",))),
            offer("notes.get", "GET", one, self._get, CONTACTS_READ),
            offer("notes.update", "PUT", one, self._update, CONTACTS_WRITE, body=Shape(_NOTE)),
            offer("notes.delete", "DELETE", one, self._delete, CONTACTS_WRITE),
        ]

    def _list(self, call: Call) -> Reply:
        _, contact = self._at(call)
        return Reply(status=200, body={"notes": [note.out() for note in reversed(contact.notes.values())]})

    def _create(self, call: Call) -> Reply:
        note = self._notes.add(*self._at(call), call.body)
        return Reply(status=201, body={"note": note.out()}, effect=True, result_id=note.id)

    def _get(self, call: Call) -> Reply:
        _, contact = self._at(call)
        return Reply(status=200, body={"note": self._notes.note(contact, call.params["id"]).out()})

    def _update(self, call: Call) -> Reply:
        location, contact = self._at(call)
        note = self._notes.note(contact, call.params["id"])
        self._notes.update(location, contact, note, call.body)
        return Reply(status=200, body={"note": note.out()}, effect=True, result_id=note.id)

    def _delete(self, call: Call) -> Reply:
        location, contact = self._at(call)
        note = self._notes.note(contact, call.params["id"])
        self._notes.delete(location, contact, note)
        return Reply(status=200, body={"succeded": True}, effect=True, result_id=note.id)

    def _at(self, call: Call) -> tuple[Location, Contact]:
        return self._contacts.contact(call.caller, call.params["contactId"])


class Tasks:
    """The handlers of tasks."""

    def __init__(self, contacts: ContactBook, tasks: TaskBook) -> None:
        self._contacts = contacts
        self._tasks = tasks

    def offers(self) -> list[Offer]:
        """Those of a contact, and the search over a location."""
        all_, one = "/contacts/{contactId}/tasks", "/contacts/{contactId}/tasks/{taskId}"
        required = ("title", "dueDate", "completed")
        return [
            offer("tasks.list", "GET", all_, self._list, CONTACTS_READ),
            offer("tasks.create", "POST", all_, self._create, CONTACTS_WRITE, body=Shape(_TASK, required)),
            offer("tasks.get", "GET", one, self._get, CONTACTS_READ),
            offer("tasks.update", "PUT", one, self._update, CONTACTS_WRITE, body=Shape(_TASK)),
            offer(
                "tasks.set_completed", "PUT", f"{one}/completed", self._update, CONTACTS_WRITE, body=_COMPLETED
            ),
            offer("tasks.delete", "DELETE", one, self._delete, CONTACTS_WRITE),
            offer(
                "tasks.search", "POST", "/locations/{locationId}/tasks/search", self._search,
                ("locations/tasks.readonly",), body=_SEARCH, reads=True,
            ),
        ]  # fmt: skip

    def _list(self, call: Call) -> Reply:
        _, contact = self._at(call)
        return Reply(status=200, body={"tasks": [task.out() for task in contact.tasks.values()]})

    def _create(self, call: Call) -> Reply:
        task = self._tasks.add(*self._at(call), call.body)
        return Reply(status=201, body={"task": task.out()}, effect=True, result_id=task.id)

    def _get(self, call: Call) -> Reply:
        _, _, task = self._one(call)
        return Reply(status=200, body={"task": task.out()})

    def _update(self, call: Call) -> Reply:
        location, contact, task = self._one(call)
        self._tasks.update(location, contact, task, call.body)
        return Reply(status=200, body={"task": task.out()}, effect=True, result_id=task.id)

    def _delete(self, call: Call) -> Reply:
        location, contact, task = self._one(call)
        self._tasks.delete(location, contact, task)
        return Reply(status=200, body={"succeded": True}, effect=True, result_id=task.id)

    def _search(self, call: Call) -> Reply:
        """Newest first, as the index would have them; all filters must hold."""
        wanted: dict[str, Any] = call.body or {}
        found = [
            (contact, task)
            for contact in located(call).contacts.values()
            for task in contact.tasks.values()
            if _fits(contact, task, wanted)
        ]
        found.sort(key=lambda pair: pair[1].date_added, reverse=True)
        skip, limit = wanted.get("skip", 0), wanted.get("limit", 25)
        rows = [
            {**task.out(), "locationId": contact.location_id, "dateAdded": task.date_added}
            for contact, task in found[skip : skip + limit]
        ]
        return Reply(status=200, body={"tasks": rows})

    def _at(self, call: Call) -> tuple[Location, Contact]:
        return self._contacts.contact(call.caller, call.params["contactId"])

    def _one(self, call: Call) -> tuple[Location, Contact, Task]:
        location, contact = self._at(call)
        return location, contact, self._tasks.task(contact, call.params["taskId"])


def _fits(contact: Contact, task: Task, wanted: dict[str, Any]) -> bool:
    words = (wanted.get("query") or "").lower()
    return (
        ("completed" not in wanted or task.completed == wanted["completed"])
        and (not wanted.get("contactId") or contact.id in wanted["contactId"])
        and (not wanted.get("assignedTo") or task.assigned_to in wanted["assignedTo"])
        and ("businessId" not in wanted or contact.fields.get("businessId") == wanted["businessId"])
        and (not words or words in f"{task.title} {task.body or ''}".lower())
    )
