"""Calls, forms and texts. The list of calls is the one call that was seen; the rest is assumed, with its like paths."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue.spec import AnyOperation, LookUp, Operation
from tieline.connectors.nimbata.operations.inputs import (
    ACCOUNT,
    SETTLE_S,
    Money,
    Paged,
    Text,
    TextOrNone,
)
from tieline.connectors.nimbata.rows import PAGED, Listing, One, Place, Rows
from tieline.connectors.nimbata.shapes import CallRecord, Comment, FormRecord, TextRecord

Stream = Literal["call", "form", "text"]
_ACTIVITY = f"{ACCOUNT}/project/{{project}}/activity"
_CALL = f"{_ACTIVITY}/call/{{id}}"
#: The name of the date filter by stream; those of forms and texts are assumed to follow that of calls.
_FILTERS: dict[Stream, str] = {"call": "call_date", "form": "form_date", "text": "sms_date"}


class Days(msgspec.Struct, frozen=True, kw_only=True, rename={"first": "from", "last": "to"}):
    """Days of UTC, both included."""

    first: date
    last: date


class ListActivity(Paged, frozen=True, kw_only=True):
    """A page of what happened in a project."""

    project: str
    filters: dict[str, Days] = msgspec.field(default_factory=dict)


class CallId(msgspec.Struct, frozen=True, kw_only=True):
    """Which call of which project."""

    account: Text = UNSET
    project: str
    id: str


class UpdateCall(CallId, frozen=True, kw_only=True):
    """Changes of a call; None clears."""

    caller_name: TextOrNone = UNSET
    value: Money = UNSET
    #: 0 to 5, 0 = unrated.
    rating: float | UnsetType = UNSET


class TagCall(CallId, frozen=True, kw_only=True):
    """Tags to add; those that it has stay."""

    tags: list[str]


class CommentCall(CallId, frozen=True, kw_only=True):
    """A comment to add."""

    body: str


def list_activity(
    stream: Stream, project: str, first: date, last: date, at: Place, size: int
) -> ListActivity:
    """The input that asks for the page at `at`."""
    page: int | UnsetType = at if isinstance(at, int) else UNSET
    cursor: Text = at if isinstance(at, str) and at else UNSET
    return ListActivity(
        project=project, filters=of_days(stream, first, last), page=page, per_page=size, cursor=cursor
    )


def of_days(stream: Stream, first: date, last: date) -> dict[str, Days]:
    """The filter of that list for these days."""
    return {_FILTERS[stream]: Days(first=first, last=last)}


LIST_CALLS = Operation[ListActivity, Rows[CallRecord]](
    id="nimbata.call.list", app="nimbata", title="List calls of a project by day",
    description="Calls that began on these days, UTC.", method="POST", path=f"{_ACTIVITY}/call",
    input=ListActivity, output=Rows[CallRecord], idempotent=True, paging=PAGED, source="nimbata.md#A1",
)  # fmt: skip

GET_CALL = Operation[CallId, One[CallRecord]](
    id="nimbata.call.get", app="nimbata", title="Get a call", description="One call with its comments.",
    method="GET", path=_CALL, input=CallId, output=One[CallRecord], idempotent=True, status="assumption",
    source="nimbata.md#B3",
)  # fmt: skip

UPDATE_CALL = Operation[UpdateCall, One[CallRecord]](
    id="nimbata.call.update", app="nimbata", title="Change caller name, value or rating of a call",
    description="Writes only what is given.", method="PUT", path=_CALL, input=UpdateCall,
    output=One[CallRecord], idempotent=True, status="assumption", source="nimbata.md#B3",
)  # fmt: skip

TAG_CALL = Operation[TagCall, One[CallRecord]](
    id="nimbata.call.tag", app="nimbata", title="Add tags to a call",
    description="Tags that the call has already stay as they are.", method="POST", path=f"{_CALL}/tag",
    input=TagCall, output=One[CallRecord], idempotent=True, status="assumption", source="nimbata.md#B3",
)  # fmt: skip

#: A call shows all of its comments.
_COMMENTED = LookUp[CommentCall, CallId, One[CallRecord], Comment](
    kind="by_id", operation="nimbata.call.get", settle_s=SETTLE_S,
    ask=lambda given: CallId(account=given.account, project=given.project, id=given.id),
    rows=lambda answer: answer.record.comments, mark="body",
)  # fmt: skip

COMMENT_CALL = Operation[CommentCall, One[Comment]](
    id="nimbata.call.comment", app="nimbata", title="Add a comment to a call",
    description="Sent twice, it stands twice.", method="POST", path=f"{_CALL}/comment", input=CommentCall,
    output=One[Comment], look_up=_COMMENTED,
    status="assumption", source="nimbata.md#B3",
)  # fmt: skip

LIST_FORMS = Operation[ListActivity, Rows[FormRecord]](
    id="nimbata.form.list", app="nimbata", title="List form submissions of a project",
    description="Forms submitted on these days, UTC.", method="POST", path=f"{_ACTIVITY}/form",
    input=ListActivity, output=Rows[FormRecord], idempotent=True, paging=PAGED, status="assumption",
    source="nimbata.md#B3",
)  # fmt: skip

LIST_TEXTS = Operation[ListActivity, Rows[TextRecord]](
    id="nimbata.sms.list", app="nimbata", title="List text messages of a project",
    description="Texts of these days, UTC.", method="POST", path=f"{_ACTIVITY}/sms",
    input=ListActivity, output=Rows[TextRecord], idempotent=True, paging=PAGED, status="assumption",
    source="nimbata.md#B3",
)  # fmt: skip


def as_listing(operation: Operation[Any, Any]) -> Operation[Any, Listing]:
    """The same call, its answer left as it came: for whoever keeps the rows themselves."""
    return msgspec.structs.replace(operation, output=Listing, paging=None)


LISTS: dict[Stream, Operation[ListActivity, Listing]] = {
    "call": as_listing(LIST_CALLS),
    "form": as_listing(LIST_FORMS),
    "text": as_listing(LIST_TEXTS),
}
OPERATIONS: tuple[AnyOperation, ...] = (
    LIST_CALLS, GET_CALL, UPDATE_CALL, TAG_CALL, COMMENT_CALL, LIST_FORMS, LIST_TEXTS,
)  # fmt: skip
