"""What failed, by cause, and each failure with what is needed to mend it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from tieline.domain.causes import CauseKind, Failed, field_of, suggestion_of
from tieline.server.listing import ShownEffect, ShownEvent, show_effect, show_event
from tieline.store.pool import Store
from tieline.store.queries import query

#: Deliveries that were turned away are shown for so long.
REFUSALS_FOR = timedelta(days=7)


class ListedCause(msgspec.Struct, frozen=True, kw_only=True):
    """What many failures have in common."""

    id: int
    kind: CauseKind
    sync: str | None
    connection: str | None
    operation: str | None
    #: Of the last try, with its HTTP status where one came.
    outcome: str | None
    status: int | None
    #: The message without anybody's values.
    title: str
    #: The field that is at fault, as far as the message says so.
    field: str | None
    #: Failures that wait for somebody, and all that there ever were.
    open: int
    total: int
    first_seen: datetime
    last_seen: datetime
    ignored_at: datetime | None
    ignored_by: str | None
    ignored_reason: str | None
    suggestion: str


class ListedFailure(msgspec.Struct, frozen=True, kw_only=True):
    """One event that is in a cause."""

    id: int
    event_id: int
    effect_id: int | None
    person: str | None
    state: str
    failed_at: datetime
    #: The edited copy that was taken up instead.
    replaced_by: int | None


class ShownCause(ListedCause, frozen=True, kw_only=True):
    """A cause with its youngest failures, and what it touches."""

    people: int
    failures: tuple[ListedFailure, ...]


class ShownFailure(ListedFailure, frozen=True, kw_only=True):
    """One failure with all that is known of it."""

    cause: ListedCause
    #: In full, with its values.
    reason: str | None
    field: str | None
    #: What was sent there in that field, where a write failed.
    sent: Any
    event: ShownEvent | None
    effect: ShownEffect | None


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Deliveries that were turned away before they were stored."""

    connection: str | None
    reason: str
    count: int
    last_seen: datetime


async def list_causes(
    store: Store,
    *,
    sync: str | None = None,
    ignored: bool = False,
    mended: bool = False,
    before: int | None = None,
    limit: int = 50,
) -> list[ListedCause]:
    """The most recent first. `mended`: those without an open failure too; `before`: a cause's number, to page on."""
    async with store.transaction() as db:
        rows = await db.execute(
            query("list_causes"),
            {"sync": sync, "ignored": ignored, "all": mended, "before": before, "limit": limit, "id": None},
        )
        return [_cause(row) for row in await rows.fetchall()]


async def show_cause(store: Store, cause: int, *, limit: int = 20) -> ShownCause | None:
    """One cause with its youngest failures, the open ones first; None where there is none of that number."""
    async with store.transaction() as db:
        rows = await db.execute(
            query("list_causes"),
            {"sync": None, "ignored": True, "all": True, "before": None, "limit": 1, "id": cause},
        )
        row = await rows.fetchone()
        if row is None:
            return None
        failures = await db.execute(
            "SELECT id, event_id, effect_id, person_id, state, failed_at, replaced_by FROM failure"
            " WHERE cause_id = %s ORDER BY state <> 'open', id DESC LIMIT %s",
            (cause, limit),
        )
        people = await db.execute(
            "SELECT count(DISTINCT person_id) FROM failure WHERE cause_id = %s AND state = 'open'", (cause,)
        )
        listed = [_failure(one) for one in await failures.fetchall()]
        counted = await people.fetchone()
    known = {name: getattr(_cause(row), name) for name in ListedCause.__struct_fields__}
    return ShownCause(**known, people=counted[0] if counted else 0, failures=tuple(listed))


async def show_failure(store: Store, failure: int) -> ShownFailure | None:
    """One failure; None where there is none of that number."""
    async with store.transaction() as db:
        rows = await db.execute(
            "SELECT failure.id, failure.event_id, failure.effect_id, failure.person_id, failure.state, failed_at,"
            " replaced_by, failure.cause_id, assignment.reason"
            " FROM failure LEFT JOIN assignment USING (event_id, consumer_id) WHERE failure.id = %s",
            (failure,),
        )
        row = await rows.fetchone()
    if row is None:
        return None
    cause = await show_cause(store, row[7], limit=1)
    assert cause is not None, "a failure goes with its cause"
    event = await show_event(store, row[1])
    effect = await show_effect(store, row[2]) if row[2] is not None else None
    reason = (effect.reason if effect is not None else None) or row[8] or (event.reason if event else None)
    field = field_of(reason) if reason else cause.field
    listed = {name: getattr(_failure(row), name) for name in ListedFailure.__struct_fields__}
    return ShownFailure(
        **listed, reason=reason, field=field, event=event, effect=effect,
        cause=ListedCause(**{name: getattr(cause, name) for name in ListedCause.__struct_fields__}),
        sent=_value(effect.input, field) if effect is not None and field else None,
    )  # fmt: skip


async def list_refused(store: Store, *, limit: int = 50) -> list[Refused]:
    """Deliveries of the last week that did not prove where they come from, by reason."""
    async with store.transaction() as db:
        rows = await db.execute(
            "SELECT connection.name, refusal.reason, sum(refusal.count)::bigint, max(minute)"
            " FROM refusal LEFT JOIN connection ON connection.id = connection_id WHERE minute > now() - %s"
            " GROUP BY connection.name, refusal.reason ORDER BY 4 DESC LIMIT %s",
            (REFUSALS_FOR, limit),
        )
        return [
            Refused(connection=row[0], reason=row[1], count=row[2], last_seen=row[3])
            for row in await rows.fetchall()
        ]


def _cause(row: tuple[Any, ...]) -> ListedCause:
    failed = Failed(kind=row[1], reason=row[7], operation=row[4], outcome=row[5], status=row[6])
    return ListedCause(
        id=row[0], kind=row[1], sync=row[2], connection=row[3], operation=row[4], outcome=row[5], status=row[6],
        title=row[7], field=row[8], open=row[9], total=row[10], first_seen=row[11], last_seen=row[12],
        ignored_at=row[13], ignored_by=row[14], ignored_reason=row[15], suggestion=suggestion_of(failed),
    )  # fmt: skip


def _failure(row: tuple[Any, ...]) -> ListedFailure:
    return ListedFailure(
        id=row[0], event_id=row[1], effect_id=row[2], person=None if row[3] is None else f"person:{row[3]}",
        state=row[4], failed_at=row[5], replaced_by=row[6],
    )  # fmt: skip


def _value(sent: Any, field: str) -> Any:
    """The value under that name, wherever it stands in what was sent."""
    name = field.rsplit(".", 1)[-1]
    waiting = [sent]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, dict):
            for key, value in one.items():
                if key.replace("_", "").casefold() == name.replace("_", "").casefold():
                    return value
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return None
