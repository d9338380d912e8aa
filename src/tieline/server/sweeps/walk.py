"""The walk: what belongs to a person can be listed for that person alone, so linked people are looked at in turn.

Each round meets every linked person once, those that changed last first, within a tenth of the account's day. Whoever
is not there any more is met by the way: the CRM tells of no merge, and any deletion's webhook may be lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog

from tieline.connectors.kit.gateway import Gateway
from tieline.domain.ids import ConnectionId
from tieline.domain.items import ItemKind
from tieline.domain.swept import Linked, Swept
from tieline.engine.polls import DuePoll
from tieline.errors import NotFoundError, RejectedError
from tieline.inbox.receive import Delivery
from tieline.server.accounts.connections import opened
from tieline.server.sweeps.ground import Asker, Ground, Listed, plan_of
from tieline.server.sweeps.location_ground import LocationGround
from tieline.server.sweeps.native_ground import NativeGround
from tieline.server.sweeps.sweep import Clock, Digest, apart_of, change_name, history_ends, utc_now, vanished
from tieline.server.sweeps.telling import Teller
from tieline.server.sweeps.wanted import Wants
from tieline.store.directory import StoredConnection
from tieline.store.overlooked import Overlooked
from tieline.store.pool import Store
from tieline.store.swept import SweptBook
from tieline.sync.swept import compare, missing

log = structlog.get_logger(__name__)

#: A linked contact that was not found by its id, twice: `Vanished`.
CONTACT_VANISHED = "contact.vanished"
#: Contacts a run at most: a run is short beside the lease of its lane's other work.
_BATCH = 100
#: Calls that were not used are kept for so long, for the time when the account is busy.
KEPT_S = 3600.0
#: A round begins so long after the one before at the earliest: few contacts are not looked at all the time.
ROUND = timedelta(minutes=5)
_THERE = b"\x01"


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """How far the walk has come."""

    #: When the first round began: what is older is history.
    since: datetime
    began: datetime
    #: When a round last met everybody; None = none has yet.
    whole_at: datetime | None = None

    @property
    def whole(self) -> bool:
        """Everybody was met; the next round begins later."""
        return self.whole_at is not None and self.whole_at >= self.began

    @classmethod
    def of(cls, cursor: Mapping[str, Any], now: datetime) -> Round:
        """The round of now, as the cursor of the last run has it."""
        if "began" not in cursor:
            return cls(since=history_ends(cursor, now), began=now)
        known = msgspec.convert({name: cursor[name] for name in cls.__struct_fields__}, cls)
        if known.whole_at is None or not known.whole or now - known.began < ROUND:
            return known
        # The same moment for every try, so that a run which fails does not begin the round anew.
        began = max(known.whole_at + timedelta(microseconds=1), known.began + ROUND)
        return msgspec.structs.replace(known, began=began)


def calls_left(
    cursor: Mapping[str, Any], *, per_day: float, every_s: float, cost: int, now: datetime
) -> float:
    """The calls that have come together since the last run; below nothing after a contact that took more than its
    `cost`."""
    a_second = per_day / 86_400
    if "at" not in cursor:
        return a_second * every_s
    waited_s = max(0.0, (now - datetime.fromisoformat(cursor["at"])).total_seconds())
    left: float = cursor["left"] + waited_s * a_second
    # One contact must fit in, however little a day allows.
    return min(left, max(a_second * KEPT_S, float(cost)))


class Walk:
    """Walks any location, and any account that stores people."""

    def __init__(
        self,
        store: Store,
        gateway: Gateway,
        teller: Teller,
        wants: Wants,
        digest: Digest,
        *,
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._teller = teller
        self._wants = wants
        self._digest = digest
        self._clock = clock
        #: Calls of runs that failed: the next run has so many less.
        self._owed: Counter[ConnectionId] = Counter()

    async def __call__(self, poll: DuePoll, stored: StoredConnection) -> dict[str, Any]:
        """Look at as many contacts as the time since the last run pays for."""
        wanted = self._wants.of(stored.id)
        daily = self._gateway.governor(opened(stored)).daily
        plan = plan_of(stored, wanted, daily[1] if daily else None)
        now = self._clock()
        if plan is None:
            # What is there before a sync wants it is history to that sync.
            return {"connected_at": now.isoformat()}
        left = calls_left(
            poll.cursor, per_day=plan.calls_per_day, every_s=poll.every_s, cost=plan.cost, now=now
        )
        left -= self._owed[stored.id]
        stand = Round.of(poll.cursor, now)
        book = SweptBook(self._store, stored.id, stored.connector)
        room = max(0, min(_BATCH, int(left / plan.cost)))
        again = await book.to_look_again(wanted.syncs, before=now - apart_of(stored), limit=room)
        walked: list[Linked] = []
        if not stand.whole:
            walked = await book.to_walk(wanted.syncs, began=stand.began, limit=room - len(again))
        everybody = dict.fromkeys((*again, *walked))
        overlooked = await Overlooked(self._store, stored.id).of(
            [whom.record_id for whom in everybody], side=stored.connector, syncs=wanted.syncs, kinds=plan.kinds,
            now=now,
        )  # fmt: skip
        ask = Asker(self._gateway, stored)
        ground = self._ground(ask, stored)
        visit = _Visit(ground, self._teller, book, stored, plan.kinds, stand.since, now, overlooked)
        try:
            for whom in everybody:
                await visit.look_at(whom)
        except BaseException:
            self._owed[stored.id] += ask.calls
            raise
        self._owed.pop(stored.id, None)
        whole_at = stand.whole_at
        if not stand.whole and len(again) + len(walked) < room:
            await book.forget_unlinked(wanted.syncs)
            whole_at = now
        return {
            "since": stand.since.isoformat(), "began": stand.began.isoformat(), "at": now.isoformat(),
            "whole_at": whole_at.isoformat() if whole_at else None, "left": left - ask.calls,
            "per_day": plan.calls_per_day, "cost": plan.cost,
        }  # fmt: skip

    def _ground(self, ask: Asker, stored: StoredConnection) -> Ground:
        if stored.connector == "nimbata":
            return NativeGround(ask, self._teller, stored, self._digest)
        return LocationGround(ask, stored, self._digest)


class _Visit:
    """One run's looks at the linked people of one account."""

    def __init__(
        self,
        ground: Ground,
        teller: Teller,
        book: SweptBook,
        stored: StoredConnection,
        kinds: Sequence[ItemKind],
        since: datetime,
        now: datetime,
        overlooked: Mapping[tuple[str, ItemKind], Sequence[Swept]],
    ) -> None:
        self._ground = ground
        self._teller = teller
        self._book = book
        self._stored = stored
        self._kinds = kinds
        self._since = since
        self._now = now
        self._apart = apart_of(stored)
        self._overlooked = overlooked

    async def look_at(self, whom: Linked) -> None:
        """One person and what belongs to them."""
        try:
            listed = await self._listed(whom)
        except RejectedError as error:
            # One that cannot be asked for must not keep the walk from all that come after it.
            log.warning("a contact cannot be looked at", connection=self._stored.name, why=str(error))
            listed = {}
        if listed is None:
            await self._missed(whom)
            return
        contact = whom.record_id
        known = await self._book.load_of(contact)
        first = not known["contact"]
        told: list[Delivery] = []
        remember: list[tuple[ItemKind, Sequence[Swept]]] = []
        for kind, shown in listed.items():
            before, rows = known[kind], {one.row.record_id: one for one in shown.found}
            look = compare(
                before, [one.row for one in rows.values()], since=self._since, first=first, now=self._now
            )
            told += shown.unreadable
            told += [
                self._teller.delivery(
                    self._stored, one.event, one.body, project=whom.project,
                    name=one.occurrence or change_name(one.row, before.get(name)),
                )
                for name, one in rows.items()
                if name in look.news
            ]  # fmt: skip
            remember.append((kind, look.remember))
            if shown.whole:
                expected = {one.record_id: one for one in self._overlooked.get((contact, kind), ())} | before
                absent = missing(
                    (one for name, one in expected.items() if name not in rows),
                    now=self._now, apart=self._apart,
                )  # fmt: skip
                told += self._vanished(f"{kind}.vanished", absent.vanished, whom)
                remember.append((kind, absent.remember))
        await self._teller.tell(told)
        there = Swept(record_id=contact, contact_id=contact, digest=_THERE, seen_at=self._now)
        await self._book.remember(("contact", (there,)), *remember)

    async def _listed(self, whom: Linked) -> dict[ItemKind, Listed] | None:
        """What the account lists of somebody; None where it does not know them."""
        try:
            listed = {kind: await self._ground.listed(whom, kind) for kind in self._kinds}
            if not self._kinds:
                await self._ground.get(whom)
            return listed
        except NotFoundError:
            if not self._kinds:
                return None
        try:
            # The lists may not know what the record does: only that says whether it is there.
            await self._ground.get(whom)
        except NotFoundError:
            return None
        return {}

    async def _missed(self, whom: Linked) -> None:
        contact = whom.record_id
        known = (await self._book.load("contact", [contact])).get(contact)
        before = known or Swept(record_id=contact, contact_id=contact, digest=_THERE, seen_at=self._now)
        after = missing((before,), now=self._now, apart=self._apart)
        await self._teller.tell(self._vanished(CONTACT_VANISHED, after.vanished, whom))
        await self._book.remember(("contact", after.remember))
        if after.vanished:
            await self._book.forget_items_of(contact)

    def _vanished(self, kind: str, gone: Sequence[Swept], whom: Linked) -> list[Delivery]:
        return vanished(self._teller, self._stored, kind, gone, project=whom.project)
