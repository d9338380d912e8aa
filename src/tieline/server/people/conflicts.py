"""Questions that only a person can settle: listed, shown, and settled, with whatever waited taken up again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tieline.domain.side import SIDES
from tieline.errors import ConfigurationError
from tieline.store.audit import note
from tieline.store.keyring import Keys
from tieline.store.person_rows import open_choice, open_details, seal_choice
from tieline.store.pool import Connection, Store
from tieline.store.queries import query
from tieline.sync.who.conflict_words import WORDS, complaint, meaning, options
from tieline.sync.who.conflicts import Answer, Choice, Choose, Conflict, Keep

CONFLICT_STATES = ("open", "settled")
_decode = msgspec.json.Decoder(Conflict)


class ListedConflict(msgspec.Struct, frozen=True, kw_only=True):
    """One question in a list."""

    id: int
    #: None = the sync is gone.
    sync: str | None
    kind: str
    reason: str
    #: The reason in words.
    question: str
    #: Whom it is about, as the records name them.
    about: str
    state: str
    created_at: datetime
    settled_at: datetime | None


class ShownConflict(ListedConflict, frozen=True, kw_only=True):
    """One question with both records side by side."""

    details: Conflict
    answer: Answer | None
    #: What can be answered, one a line.
    options: tuple[str, ...]


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer set going."""

    id: int
    answer: Answer
    #: What it means from now on, in words.
    meaning: str
    #: Events that were taken up again.
    events: tuple[int, ...]


async def list_conflicts(
    store: Store, *, state: str | None = "open", sync: str | None = None, limit: int = 50
) -> list[ListedConflict]:
    """The youngest questions, at most `limit`."""
    async with store.transaction() as db:
        rows = await db.execute(
            query("list_conflicts"), {"id": None, "state": state, "sync": sync, "limit": limit}
        )
        return [ListedConflict(**_listed(row, db.keys)) for row in await rows.fetchall()]


async def show_conflict(store: Store, conflict_id: int) -> ShownConflict | None:
    """One question; None when there is none of that number."""
    async with store.transaction() as db:
        rows = await db.execute(
            query("list_conflicts"), {"id": conflict_id, "state": None, "sync": None, "limit": 1}
        )
        row = await rows.fetchone()
    if row is None:
        return None
    details = _details(row, store.keys)
    given = open_choice(store.keys, row[10], row[11], row[7], row[8], row[9])
    answer = None if given is None else msgspec.convert(given, Answer)
    return ShownConflict(**_listed(row, store.keys), details=details, answer=answer, options=options(details))


async def settle(
    store: Store, conflict_id: int, choice: Choice, by: str, *, change: bool = False
) -> Settled | None:
    """Store the answer and take up what waited for it, in one commit; None when there is no such question.

    Raises ConfigurationError when the choice does not answer it, or when it was answered otherwise and `change` is
    not set: what was written because of the first answer is not taken back.
    """
    async with store.transaction() as db:
        row = await _locked(db, conflict_id)
        if row is None:
            return None
        consumer, person, lane, details, stored, *sealing = row
        conflict = _decode.decode(open_details(db.keys, consumer, sealing[0], details, *sealing[1:]))
        given = open_choice(db.keys, consumer, sealing[0], stored, *sealing[1:])
        if (wrong := complaint(conflict, choice)) is not None:
            raise ConfigurationError(f"conflict {conflict_id}: {wrong}")
        before = None if given is None else msgspec.convert(given, Answer)
        if before is not None and before.choice != choice and not change:
            raise ConfigurationError(
                f"conflict {conflict_id} was settled by {before.by}: {meaning(conflict, before.choice)}."
                " To answer otherwise from now on, add change (--change); what was written stays"
            )
        answer = Answer(choice=choice, by=by)
        await db.execute(
            query("settle_conflict"),
            {
                "id": conflict_id,
                "choice": seal_choice(
                    db.keys, consumer, sealing[0], msgspec.json.encode(answer), *sealing[1:]
                ),
            },
        )
        await note(
            db, "conflicts.settle", str(conflict_id), before=None if before is None else _noted(before),
            after=_noted(answer),
        )  # fmt: skip
        events = await _take_up(db, consumer, person, lane, conflict, f"conflict {conflict_id} was settled")
    return Settled(id=conflict_id, answer=answer, meaning=meaning(conflict, choice), events=events)


def _noted(answer: Answer) -> dict[str, str]:
    """As the audit log has it: values, and ids made of a phone, stand in the conflict alone."""
    choice = answer.choice
    if isinstance(choice, Choose):
        said = f"choose {choice.value}" if choice.value in SIDES else "choose a value"
    else:
        said = "keep" if isinstance(choice, Keep) else "merge"
    return {"choice": said, "by": answer.by}


async def _locked(db: Connection, conflict_id: int) -> tuple[Any, ...] | None:
    """(consumer, person, lane, details, choice, key, seal, person's key). The lane comes first, as in the worker's own
    commits, so that neither waits for the other for ever; its lock also keeps the lane from going to rest beside us.
    """
    found = await db.execute(
        "SELECT consumer.lane_id FROM conflict LEFT JOIN consumer ON consumer.id = consumer_id"
        " WHERE conflict.id = %s",
        (conflict_id,),
    )
    lane = await found.fetchone()
    if lane is None:
        return None
    await db.execute(query("lock_lanes"), {"lanes": [lane[0]]})
    row = await (
        await db.execute(
            "SELECT consumer_id, person_id, details, choice, conflict.key, seal, person.key"
            " FROM conflict LEFT JOIN person ON person.id = seal WHERE conflict.id = %s FOR UPDATE OF conflict",
            (conflict_id,),
        )
    ).fetchone()
    return None if row is None else (row[0], row[1], lane[0], *row[2:])


async def _take_up(
    db: Connection, consumer: int, person: int, lane: int | None, conflict: Conflict, reason: str
) -> tuple[int, ...]:
    """What waits is due now; what ended with such a question is planned anew, from what is known by then."""
    whom = {"consumer": consumer, "person": person, "reason": reason}
    waiting = await (await db.execute(query("wake_person"), whom)).fetchall()
    beginning = f"{conflict.kind} conflict: "
    ended = await (await db.execute(query("revive_unsettled"), {**whom, "beginning": beginning})).fetchall()
    revived = [row[0] for row in ended]
    if revived:
        await db.execute(query("forget_occurrences"), {"consumer": consumer, "events": revived})
    events = tuple(sorted({row[0] for row in waiting} | set(revived)))
    if events and lane is not None:
        await db.execute(query("wake_lanes"), {"lanes": [lane]})
    return events


def _details(row: tuple[Any, ...], keys: Keys) -> Conflict:
    return _decode.decode(open_details(keys, row[10], row[11], row[6], row[8], row[9]))


def _listed(row: tuple[Any, ...], keys: Keys) -> dict[str, Any]:
    conflict = _details(row, keys)
    return {
        "id": row[0], "sync": row[1], "kind": conflict.kind, "reason": conflict.reason,
        "question": WORDS[conflict.reason], "about": _about(conflict), "state": row[3], "created_at": row[4],
        "settled_at": row[5],
    }  # fmt: skip


def _about(conflict: Conflict) -> str:
    """The field, and the first record that names somebody, side by side."""
    names = []
    for side in SIDES:
        for record in conflict.records.get(side, ()):
            said = " ".join(str(record[key]) for key in ("first_name", "last_name") if record.get(key))
            names.append(
                said or str(record.get("title") or record.get("phone") or record.get("email") or record["id"])
            )
    field = f"{conflict.fields['nimbata']}: " if conflict.fields else ""
    return field + " / ".join(dict.fromkeys(names))
