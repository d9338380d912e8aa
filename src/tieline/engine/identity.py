"""Finds out who somebody is on the other side, or asks: nothing is written before it is clear."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tieline.domain.contact import Contact
from tieline.domain.side import Side, other
from tieline.effects.writes import ConflictRow
from tieline.engine.turn import Turn
from tieline.store.person_rows import open_choice, open_details
from tieline.store.queries import query
from tieline.sync.who.conflict_words import ended_with
from tieline.sync.who.conflicts import Answers, Conflict, New, Same, key_of, load_answers
from tieline.sync.who.identity import Links, Unclear, conflict_of, decide

_encode = msgspec.json.Encoder().encode


class Identity:
    """Of one person, in one turn."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._answers: Answers | None = None

    async def who(self, side: Side, record: Contact, candidates: Sequence[Contact]) -> Same | New | None:
        """Which of `candidates`, records of the other side, `record` of `side` is; None = a person is asked."""
        links = Links(taken=await self._taken(other(side), candidates))
        decision = decide(record, candidates, links, await self.answers(), side=side)
        if not isinstance(decision, Unclear):
            return decision
        self.ask(conflict_of(record, decision, side=side, links=links))
        return None

    def ask(self, conflict: Conflict) -> str:
        """Keep the question; gives the reason that its event ends with."""
        turn = self._turn
        turn.writes.conflicts.append(
            ConflictRow(
                consumer_id=turn.consumer.id, person_id=turn.person, kind=conflict.kind,
                key=turn.shared.digest("conflict", key_of(conflict)), details=_encode(conflict),
            )
        )  # fmt: skip
        self.asked = ended_with(conflict)
        return self.asked

    #: The reason of the last question.
    asked = ""

    async def answers(self) -> Answers:
        """What was answered about the person before."""
        if self._answers is None:
            turn = self._turn
            async with turn.shared.store.transaction() as db:
                rows = await db.execute(
                    query("load_answers"), {"person": turn.person, "consumer": turn.consumer.id}
                )
                self._answers = load_answers(
                    [
                        (
                            open_details(db.keys, turn.consumer.id, row[4], row[0], row[2], row[3]),
                            open_choice(db.keys, turn.consumer.id, row[4], row[1], row[2], row[3]),
                        )
                        for row in await rows.fetchall()
                    ]
                )
        return self._answers

    async def _taken(self, side: Side, candidates: Sequence[Contact]) -> frozenset[str]:
        turn = self._turn
        kind = "contact" if side == "contacts_api" else "nimbata"
        digests = {turn.shared.digest(kind, one.id): one.id for one in candidates}
        if not digests:
            return frozenset()
        async with turn.shared.store.transaction() as db:
            rows = await db.execute(
                query("load_takers"),
                {"lane": turn.writes.lane_id, "digests": list(digests), "person": turn.person},
            )
            return frozenset(digests[bytes(row[0])] for row in await rows.fetchall())
