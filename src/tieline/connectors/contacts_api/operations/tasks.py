"""Tasks of a contact, and the search for them over a location."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue import paging
from tieline.catalogue.spec import AnyOperation, LookUp, Operation
from tieline.connectors.contacts_api.shapes import Task
from tieline.connectors.contacts_api.versions import CONTACTS, LOCATIONS, SETTLE_S
from tieline.connectors.kit.answer import Deleted

Text = str | UnsetType
_READ, _WRITE = ("contacts.readonly",), ("contacts.write",)


class TasksOf(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose tasks."""

    contact_id: str


class TaskId(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which task of which contact."""

    contact_id: str
    task_id: str


class CreateTask(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new task. Title, due date and state are all required there."""

    contact_id: str
    title: str
    body: Text = UNSET
    due_date: datetime
    completed: bool = False
    #: Id of a user of the location.
    assigned_to: Text = UNSET


class UpdateTask(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Changes of a task; UNSET stays as it is."""

    contact_id: str
    task_id: str
    title: Text = UNSET
    body: Text = UNSET
    due_date: datetime | UnsetType = UNSET
    completed: bool | UnsetType = UNSET
    assigned_to: Text = UNSET


class SetCompleted(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether a task is done."""

    contact_id: str
    task_id: str
    completed: bool


class SearchTasks(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Tasks of a location by filters, all of which must hold."""

    location_id: Text = UNSET
    contact_id: list[str] | UnsetType = UNSET
    completed: bool | UnsetType = UNSET
    assigned_to: list[str] | UnsetType = UNSET
    query: Text = UNSET
    business_id: Text = UNSET
    limit: int | UnsetType = UNSET
    skip: int | UnsetType = UNSET


class TaskAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One task, as it stands now."""

    task: Task
    trace_id: str | None = None


class TasksAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Tasks."""

    tasks: list[Task] = []
    trace_id: str | None = None


_ONE = "/contacts/{contactId}/tasks/{taskId}"

LIST = Operation[TasksOf, TasksAnswer](
    id="tasks.list", app="contacts_api", title="List the tasks of a contact",
    description="All tasks of one contact; there is no paging.",
    method="GET", path="/contacts/{contactId}/tasks", input=TasksOf, output=TasksAnswer, version=CONTACTS,
    scopes=_READ, idempotent=True, source="contacts.json#get-all-tasks",
)  # fmt: skip

_CREATED = LookUp[CreateTask, TasksOf, TasksAnswer, Task](
    kind="list", operation="tasks.list", settle_s=SETTLE_S, ask=lambda given: TasksOf(contact_id=given.contact_id),
    rows=lambda answer: answer.tasks, mark="body",
)  # fmt: skip

CREATE = Operation[CreateTask, TaskAnswer](
    id="tasks.create", app="contacts_api", title="Create a task",
    description="Makes one task. The vendor takes the same task twice as two tasks.",
    method="POST", path="/contacts/{contactId}/tasks", input=CreateTask, output=TaskAnswer, version=CONTACTS,
    scopes=_WRITE, look_up=_CREATED,
    source="contacts.json#create-task",
)  # fmt: skip

GET = Operation[TaskId, TaskAnswer](
    id="tasks.get", app="contacts_api", title="Get a task", description="One task by its id.",
    method="GET", path=_ONE, input=TaskId, output=TaskAnswer, version=CONTACTS, scopes=_READ, idempotent=True,
    source="contacts.json#get-task",
)  # fmt: skip

UPDATE = Operation[UpdateTask, TaskAnswer](
    id="tasks.update", app="contacts_api", title="Update a task",
    description="Writes only what is given. No webhook tells of an edited task.",
    method="PUT", path=_ONE, input=UpdateTask, output=TaskAnswer, version=CONTACTS, scopes=_WRITE,
    idempotent=True, source="contacts.json#update-task",
)  # fmt: skip

SET_COMPLETED = Operation[SetCompleted, TaskAnswer](
    id="tasks.set_completed", app="contacts_api", title="Complete or reopen a task",
    description="Sets whether the task is done.",
    method="PUT", path=f"{_ONE}/completed", input=SetCompleted, output=TaskAnswer, version=CONTACTS,
    scopes=_WRITE, idempotent=True, source="contacts.json#update-task-completed",
)  # fmt: skip

DELETE = Operation[TaskId, Deleted](
    id="tasks.delete", app="contacts_api", title="Delete a task",
    description="Removes a task. One that is not there counts as removed.",
    method="DELETE", path=_ONE, input=TaskId, output=Deleted, version=CONTACTS, scopes=_WRITE, idempotent=True,
    source="contacts.json#delete-task",
)  # fmt: skip

SEARCH = Operation[SearchTasks, TasksAnswer](
    id="tasks.search", app="contacts_api", title="Search the tasks of a location",
    description="Tasks by contact, state and owner: the only way to see edited tasks.",
    method="POST", path="/locations/{locationId}/tasks/search", input=SearchTasks, output=TasksAnswer,
    version=LOCATIONS, scopes=("locations/tasks.readonly",), idempotent=True,
    paging=paging.skip(lambda answer: answer.tasks, default_limit=25), source="locations.json#task-search",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (LIST, CREATE, GET, UPDATE, SET_COMPLETED, DELETE, SEARCH)
