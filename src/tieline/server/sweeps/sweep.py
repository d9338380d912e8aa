"""What the CRM tells of by no event: edited tasks, and what people send through its forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tieline.connectors.contacts_api.operations import forms, tasks
from tieline.connectors.contacts_api.shapes import Task
from tieline.connectors.contacts_api.shapes_calendars import read_moment
from tieline.connectors.kit.gateway import Gateway
from tieline.domain.swept import Row, Swept
from tieline.engine.polls import DuePoll
from tieline.errors import ConfigurationError
from tieline.inbox.receive import DELIVERY_ID_TTL, Delivery
from tieline.server.accounts.connections import opened
from tieline.server.sweeps.telling import Teller
from tieline.store.directory import StoredConnection
from tieline.store.overlooked import Overlooked
from tieline.store.pool import Store
from tieline.store.swept import SweptBook
from tieline.sync.swept import MISSED_FOR, compare, missing

#: A task that was never told in this state.
TASK_SWEPT = "task.swept"
#: A task that two whole looks missed: `Vanished`.
TASK_VANISHED = "task.vanished"
#: One submission of a form, as its list shows it.
FORM_SUBMITTED = "FormSubmitted"
#: Calls a day of a location that has told no allowance. Source: contacts-api.md, section 3.
DAILY_CALLS = 200_000
#: Of them, what a sweep may take at most.
SHARE = 0.1
#: Submissions are met again within this.
FORMS_OVERLAP = timedelta(hours=1)
_TASKS_A_PAGE = 100
_FORMS_A_PAGE = 100
#: The far side may give fewer rows a page than were asked for, but hardly fewer than it does unasked.
_FULL = 25
#: A list that never ends is a fault of the far side.
_PAGES = 5000

Clock = Callable[[], datetime]
Digest = Callable[[str, str], bytes]


class Vanished(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The body of an event that tells of a record that is in its list no more. To be got by id before it is believed:
    lists lag, and leave rows out."""

    id: str
    contact_id: str | None = None


def utc_now() -> datetime:
    """The clock of the sweeps."""
    return datetime.now(UTC)


def history_ends(cursor: Mapping[str, Any], now: datetime) -> datetime:
    """What was made earlier is history. That is when the account was connected, not when it was first looked at with
    success: what is made while the first looks fail is news."""
    told = cursor.get("since") or cursor.get("connected_at")
    return datetime.fromisoformat(told) if told else now


def change_name(one: Row, before: Swept | None) -> str:
    """The name of one change: it may lead back to an earlier state, and is told again then."""
    since = before.seen_at.isoformat() if before is not None else "new"
    return f"{one.record_id}:{one.digest.hex()}:{since}"


def apart_of(stored: StoredConnection) -> timedelta:
    """How far apart two looks must both miss a record of this connection before it is told as gone."""
    told = stored.settings.get("vanish_s")
    if isinstance(told, int | float) and not isinstance(told, bool) and told >= 0:
        return timedelta(seconds=told)
    return MISSED_FOR


def vanished(
    teller: Teller, stored: StoredConnection, kind: str, gone: Sequence[Swept], *, project: str | None = None
) -> list[Delivery]:
    """A telling for each record that two looks missed."""
    return [
        teller.delivery(
            stored, kind, msgspec.json.encode(Vanished(id=one.record_id, contact_id=one.contact_id)),
            name=f"{one.record_id}:{one.missed_at}", project=project,
        )
        for one in gone
    ]  # fmt: skip


class Sweeps:
    """Reads the tasks and the submissions of any location."""

    def __init__(
        self, store: Store, gateway: Gateway, teller: Teller, digest: Digest, *, clock: Clock = utc_now
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._teller = teller
        self._digest = digest
        self._clock = clock

    async def tasks(self, poll: DuePoll, stored: StoredConnection) -> dict[str, Any]:
        """Every task of the location against how it was last seen, as no time of change is told.

        A look at many tasks takes many calls: the next one waits until its share of the day allows it.
        """
        began = self._clock()
        waits_until = poll.cursor.get("not_before")
        if waits_until is not None and began < datetime.fromisoformat(waits_until):
            return poll.cursor
        since, first = history_ends(poll.cursor, began), "calls" not in poll.cursor
        book = SweptBook(self._store, stored.id)
        overlooked = await Overlooked(self._store, stored.id).tasks(now=began)
        calls = await self._look_at_tasks(book, stored, since, first, began)
        met = await book.load("task", list(overlooked))
        unseen = await book.load_unseen("task", began=began)
        unseen += [one for name, one in overlooked.items() if name not in met]
        absent = missing(unseen, now=began, apart=apart_of(stored))
        await self._teller.tell(vanished(self._teller, stored, TASK_VANISHED, absent.vanished))
        await book.remember(("task", absent.remember))
        await book.forget_gone("task", before=began - DELIVERY_ID_TTL)
        daily = self._gateway.governor(opened(stored)).daily
        every_s = calls * 86_400 / (SHARE * (daily[1] if daily else DAILY_CALLS))
        return {
            "since": since.isoformat(), "calls": calls, "every_s": max(every_s, poll.every_s),
            "not_before": (began + timedelta(seconds=every_s)).isoformat(),
        }  # fmt: skip

    async def _look_at_tasks(
        self, book: SweptBook, stored: StoredConnection, since: datetime, first: bool, began: datetime
    ) -> int:
        """Tell what is news, page by page; gives the calls that it took."""
        skip, last = 0, frozenset[str]()
        for page in range(1, _PAGES + 1):
            asked = tasks.SearchTasks(limit=_TASKS_A_PAGE, skip=skip)
            answer = await self._gateway.call(opened(stored), tasks.SEARCH, asked, "sweep")
            found = answer.value.tasks
            ids = frozenset(one.id for one in found)
            if not found:
                return page
            if ids == last:
                raise ConfigurationError(
                    f"{stored.name}: the list of tasks repeats a page; it cannot be swept"
                )
            await self._tell_tasks(book, stored, found, since, first, began)
            if len(found) < _FULL:
                return page
            skip, last = skip + len(found), ids
        raise ConfigurationError(f"{stored.name}: the list of tasks did not end in {_PAGES} pages")

    async def _tell_tasks(
        self,
        book: SweptBook,
        stored: StoredConnection,
        found: Sequence[Task],
        since: datetime,
        first: bool,
        now: datetime,
    ) -> None:
        bodies = {one.id: msgspec.json.encode(one) for one in found}
        rows = [
            Row(
                record_id=one.id, contact_id=as_id(one.contact_id), added_at=read_moment(one.date_added),
                digest=self._digest("swept", bodies[one.id].decode()),
            )
            for one in found
        ]  # fmt: skip
        known = await book.load("task", list(bodies))
        look = compare(known, rows, since=since, first=first, now=now)
        await self._teller.tell(
            [
                self._teller.delivery(
                    stored, TASK_SWEPT, bodies[row.record_id], name=change_name(row, known.get(row.record_id))
                )
                for row in rows
                if row.record_id in look.news
            ]
        )
        # After it: a process that ends in between tells the same change again, under the same name.
        await book.remember(("task", look.remember))

    async def forms(self, poll: DuePoll, stored: StoredConnection) -> dict[str, Any]:
        """Submissions since the newest that is known, with an overlap; one is told once, by its id."""
        now = self._clock()
        since = history_ends(poll.cursor, now)
        mark = datetime.fromisoformat(poll.cursor["created_at"]) if "created_at" in poll.cursor else since
        reach, newest = max(mark - FORMS_OVERLAP, since), mark
        # Whose days they are is not known: a day more on either side.
        asked = forms.ListSubmissions(
            start_at=(reach - timedelta(days=1)).date(), end_at=(now + timedelta(days=1)).date(),
            limit=_FORMS_A_PAGE,
        )  # fmt: skip
        for page in range(1, _PAGES + 1):
            given = msgspec.structs.replace(asked, page=page)
            answer = await self._gateway.call(opened(stored), forms.LIST_SUBMISSIONS, given, "sweep")
            rows = answer.value.submissions
            told = []
            for row in reversed(rows):
                at = read_moment(row.created_at)
                if at is None or at >= reach:
                    newest = max(newest, at or newest)
                    told.append(
                        self._teller.delivery(stored, FORM_SUBMITTED, msgspec.json.encode(row), name=row.id)
                    )
            await self._teller.tell(told)
            if not told or len(rows) < _FORMS_A_PAGE:
                return {"since": since.isoformat(), "created_at": newest.isoformat()}
        raise ConfigurationError(f"{stored.name}: the list of submissions did not end in {_PAGES} pages")


def as_id(given: Any) -> str | None:
    """An id, where there is one."""
    return given if isinstance(given, str) and given else None
