"""Tasks of a contact, in a `native` account: assumed."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue.spec import AnyOperation, LookUp, Operation
from tieline.connectors.kit.answer import Deleted
from tieline.connectors.nimbata.operations.inputs import (
    ACCOUNT,
    PAGE,
    SETTLE_S,
    OfContact,
    Text,
    TextOrNone,
)
from tieline.connectors.nimbata.rows import PAGED, One, Rows
from tieline.connectors.nimbata.shapes import TaskRecord

_ALL = f"{ACCOUNT}/contacts/{{id}}/tasks"
_ONE = f"{_ALL}/{{task}}"


class CreateTask(msgspec.Struct, frozen=True, kw_only=True):
    """A new task."""

    account: Text = UNSET
    contact_id: str = msgspec.field(name="id")
    title: str
    body: TextOrNone = UNSET
    due_at: datetime | UnsetType | None = UNSET
    completed: bool | UnsetType = UNSET
    #: E-mail of a user of the account.
    assignee: TextOrNone = UNSET


class TaskId(msgspec.Struct, frozen=True, kw_only=True):
    """Which task of which contact."""

    account: Text = UNSET
    contact_id: str = msgspec.field(name="id")
    task_id: str = msgspec.field(name="task")


class UpdateTask(TaskId, frozen=True, kw_only=True):
    """Changes of a task; UNSET stays, None clears, `completed` finishes or reopens it. A stale `version` is a 409."""

    title: Text = UNSET
    body: TextOrNone = UNSET
    due_at: datetime | UnsetType | None = UNSET
    completed: bool | UnsetType = UNSET
    assignee: TextOrNone = UNSET
    version: int | UnsetType = UNSET


LIST_TASKS = Operation[OfContact, Rows[TaskRecord]](
    id="nimbata.task.list", app="nimbata", title="List the tasks of a contact",
    description="Oldest change first.", method="GET", path=_ALL, query=PAGE | {"updated_since"},
    input=OfContact, output=Rows[TaskRecord], idempotent=True, paging=PAGED, status="assumption",
    source="nimbata.md#B3",
)  # fmt: skip

_CREATED = LookUp[CreateTask, OfContact, Rows[TaskRecord], TaskRecord](
    kind="list", operation="nimbata.task.list", settle_s=SETTLE_S,
    ask=lambda given: OfContact(account=given.account, contact_id=given.contact_id),
    rows=lambda answer: answer.rows, mark="body",
)  # fmt: skip

CREATE_TASK = Operation[CreateTask, One[TaskRecord]](
    id="nimbata.task.create", app="nimbata", title="Create a task on a contact",
    description="Sent twice, it stands twice.", method="POST", path=_ALL, input=CreateTask,
    output=One[TaskRecord], look_up=_CREATED,
    status="assumption", source="nimbata.md#B3",
)  # fmt: skip

UPDATE_TASK = Operation[UpdateTask, One[TaskRecord]](
    id="nimbata.task.update", app="nimbata", title="Update or complete a task",
    description="Writes only what is given.", method="PUT", path=_ONE, input=UpdateTask,
    output=One[TaskRecord], idempotent=True, status="assumption", source="nimbata.md#B3",
)  # fmt: skip

DELETE_TASK = Operation[TaskId, Deleted](
    id="nimbata.task.delete", app="nimbata", title="Delete a task",
    description="One that is not there counts as removed.", method="DELETE", path=_ONE, input=TaskId,
    output=Deleted, idempotent=True, status="assumption", source="nimbata.md#B3",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (LIST_TASKS, CREATE_TASK, UPDATE_TASK, DELETE_TASK)
