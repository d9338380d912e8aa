"""Recurring tasks of a location. Source: contacts-api.md, section 8, and locations.json.

The rule is kept and shown; the tasks that a real location makes by it are not made here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.api_contacts import located
from tieline.sandbox.contacts_api.offer import Offer, Shape, body, nested, offer
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Location, shown
from tieline.sandbox.side import Call, Reply

_RULE = body(
    ("intervalType", "interval", "startDate", "dueAfterSeconds"),
    intervalType=checks.one_of("yearly", "monthly", "weekly", "daily", "hourly"), interval=checks.number,
    startDate=checks.moment, endDate=checks.moment, dayOfMonth=checks.number,
    dayOfWeek=checks.one_of("MO", "TU", "WE", "TH", "FR", "SA", "SU"), monthOfYear=checks.number,
    count=checks.number, createTaskIfOverDue=checks.boolean, dueAfterSeconds=checks.number,
)  # fmt: skip
_UPDATE = body(
    title=checks.filled, description=checks.text, contactIds=checks.texts, owners=checks.texts,
    rruleOptions=nested(_RULE), ignoreTaskCreation=checks.boolean,
)  # fmt: skip
_CREATE = Shape(_UPDATE.allowed, ("title", "rruleOptions"))


class RecurringTask(msgspec.Struct, kw_only=True):
    """One rule."""

    id: str
    location_id: str
    title: str
    description: str = ""
    rule: dict[str, Any]
    #: The answers have one of each, though several can be given.
    contact_id: str | None = None
    assigned_to: str | None = None
    created_at: str
    updated_at: str

    def out(self) -> dict[str, Any]:
        """As the API shows it."""
        return shown(
            id=self.id, title=self.title, description=self.description, locationId=self.location_id,
            createdAt=self.created_at, updatedAt=self.updated_at, rruleOptions=self.rule, totalOccurrence=0,
            deleted=False, assignedTo=self.assigned_to, contactId=self.contact_id,
        )  # fmt: skip


class RecurringTasks:
    """The rules of all locations, and the handlers. No list of scopes has one for them."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._held: dict[str, dict[str, RecurringTask]] = {one: {} for one in office.locations}

    def of(self, location: Location) -> dict[str, RecurringTask]:
        """By id."""
        return self._held[location.id]

    def offers(self) -> list[Offer]:
        """All under /recurring-tasks."""
        every = "/locations/{locationId}/recurring-tasks"
        one = f"{every}/{{id}}"
        return [
            offer("recurring_tasks.create", "POST", every, self._create, (), body=_CREATE),
            offer("recurring_tasks.get", "GET", one, self._get, ()),
            offer("recurring_tasks.update", "PUT", one, self._update, (), body=_UPDATE),
            offer("recurring_tasks.delete", "DELETE", one, self._delete, ()),
        ]

    def _create(self, call: Call) -> Reply:
        location, now = located(call), self._office.stamp()
        changes = self._read(location, call.body)
        task = RecurringTask(
            id=self._office.new_id(location), location_id=location.id, created_at=now, updated_at=now, **changes
        )  # fmt: skip
        self.of(location)[task.id] = task
        return Reply(status=201, body={"recurringTask": task.out()}, effect=True, result_id=task.id)

    def _get(self, call: Call) -> Reply:
        return Reply(status=200, body={"recurringTask": self._task(call)[1].out()})

    def _update(self, call: Call) -> Reply:
        location, task = self._task(call)
        for name, value in self._read(location, call.body).items():
            setattr(task, name, value)
        task.updated_at = self._office.stamp()
        return Reply(status=200, body={"recurringTask": task.out()}, effect=True, result_id=task.id)

    def _delete(self, call: Call) -> Reply:
        location, task = self._task(call)
        del self.of(location)[task.id]
        return Reply(status=200, body={"id": task.id, "success": True}, effect=True, result_id=task.id)

    def _task(self, call: Call) -> tuple[Location, RecurringTask]:
        location, task_id = located(call), call.params["id"]
        found = self.of(location).get(task_id)
        if found is None:
            raise Problem(400, f"Recurring task with id {task_id} not found")
        return location, found

    def _read(self, location: Location, given: Mapping[str, Any]) -> dict[str, Any]:
        """By the record's names, what a write sets. Raises Problem 400 for people whom the location does not know."""
        changes: dict[str, Any] = {}
        for theirs, ours in (("title", "title"), ("description", "description"), ("rruleOptions", "rule")):
            if given.get(theirs) is not None:
                changes[ours] = given[theirs]
        if users := [self._office.user(location, one).id for one in given.get("owners") or ()]:
            changes["assigned_to"] = users[0]
        for contact_id in given.get("contactIds") or ():
            if contact_id not in location.contacts:
                raise Problem(400, f"Contact with id {contact_id} not found")
            changes.setdefault("contact_id", contact_id)
        return changes
