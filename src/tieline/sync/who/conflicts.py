"""What only a person can settle: the question, what may be answered, and what an answer means from then on. Pure.

The same question has the same key, and its answer is remembered under it. Neither side can merge two of its records
by API, so *merge* links the record that is kept and has the others marked with DUPLICATE_TAG; whoever looks after
the CRM finds them by it and merges them there, by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, assert_never

import msgspec

from tieline.domain.contact import Contact
from tieline.domain.items import ItemKind
from tieline.domain.side import SIDES, Side, other
from tieline.sync.merge import Question
from tieline.sync.merge import Value as Stated

IdentityReason = Literal["two_records", "second_email", "shared_phone", "shared_email", "two_people"]
Reason = Literal[IdentityReason, "both_changed"]
#: What the records that a merge leaves are marked with. One tag for all: each tag is an entry of a list that people
#: choose from, so an id does not belong into it.
DUPLICATE_TAG = "duplicate"


class Conflict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One question, with the records of both sides side by side."""

    kind: Literal["identity", "field"]
    reason: Reason
    #: Whose person is asked about. A field belongs to both sides: "nimbata".
    side: Side = "nimbata"
    #: Side → its records as they stand there, JSON of `domain.contact.Contact` or of an item.
    records: dict[Side, tuple[dict[str, Any], ...]]
    #: Id of the other side's record that the person is linked to already.
    linked: str | None = None
    #: What the records are.
    subject: Literal["contact", ItemKind] = "contact"
    #: Side → the field's name there; of field conflicts, as are the next two.
    fields: dict[Side, str] = {}
    #: Moments are ISO text.
    values: dict[Side, Stated] = {}
    times: dict[Side, datetime | None] = {}

    @property
    def candidates(self) -> tuple[str, ...]:
        """Ids of the records that may be chosen: identity alone."""
        return tuple(sorted(str(one["id"]) for one in self.records.get(other(self.side), ())))


class Merge(msgspec.Struct, frozen=True, kw_only=True, tag="merge"):
    """All the records are one person's; `record` is kept and linked."""

    record: str


class Keep(msgspec.Struct, frozen=True, kw_only=True, tag="keep"):
    """They are different people: these records are never joined."""


class Choose(msgspec.Struct, frozen=True, kw_only=True, tag="choose"):
    """Identity: the record that is the person, the others being somebody else's; after `second_email` also the side
    whose e-mail stays. Field: the side whose value goes on, or the value itself."""

    value: str


Choice = Merge | Keep | Choose


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A choice as it is stored."""

    choice: Choice
    #: Who made it, as they named themselves.
    by: str


class Same(msgspec.Struct, frozen=True, kw_only=True):
    """The person is this record's."""

    record: Contact
    #: Fields that must not be written to it, since the value stands on a record of somebody else, or by choice.
    leave: frozenset[str] = frozenset()
    #: Records that a merge left: each gets DUPLICATE_TAG.
    duplicates: tuple[Contact, ...] = ()


class New(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody has a record of this person."""

    #: Fields whose value stands on a record of somebody else: a side that forbids duplicates would refuse them, or
    #: take the new record for that one.
    leave: frozenset[str] = frozenset()


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """The value that goes on."""

    value: Stated
    #: The side on which it stands; None = on neither: it is written to both.
    side: Side | None = None


#: Key → choice, for one person; made by `answers_of`.
Answers = Mapping[str, Choice]


def handle_of(person: Contact) -> str:
    """What a person is known by on their own side: the record's id, else phone or e-mail."""
    return person.id or person.phone or person.email or ""


def identity_key(side: Side, handle: str, records: Sequence[str]) -> str:
    """Key of "is this person of `side` one of these records?"."""
    return _key("identity", side, handle, *sorted(set(records)))


def key_of(conflict: Conflict) -> str:
    """Same question, same key: whatever the reason, and in whatever order the records are. A field's question is
    another one when a value is another one."""
    if conflict.kind == "identity":
        return identity_key(conflict.side, _asked(conflict), conflict.candidates)
    ids = [_ids(conflict, side) for side in SIDES]
    return _key("field", conflict.subject, *ids, *(_part(conflict, side) for side in SIDES))


def field_conflict(
    question: Question,
    records: Mapping[Side, msgspec.Struct],
    subject: Literal["contact", ItemKind] = "contact",
) -> Conflict:
    """A question that a merge asks, with the records that it is about."""
    return Conflict(
        kind="field", reason="both_changed", subject=subject,
        records={side: (as_dict(record),) for side, record in records.items()},
        fields={"nimbata": question.nimbata, "contacts_api": question.contacts_api},
        values=dict(question.values), times=dict(question.times),
    )  # fmt: skip


def as_dict(record: msgspec.Struct) -> dict[str, Any]:
    """A record as a conflict keeps it."""
    built: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(record, order="deterministic"))
    return built


def remembered(conflict: Conflict, choice: Choice) -> Same | New | Value:
    """What the choice makes of the question it was given for. `choice` must be one without a complaint
    (`conflict_words.complaint`)."""
    if conflict.kind == "field":
        assert isinstance(choice, Choose), "a complaint was passed over"
        for side in SIDES:
            if choice.value == side:
                return Value(value=conflict.values[side], side=side)
        return Value(value=choice.value == "true" if yes_or_no(conflict) else choice.value)
    found = [msgspec.convert(one, Contact) for one in conflict.records[other(conflict.side)]]
    record: str | None
    match choice:
        case Keep():
            record = conflict.linked
        case Merge():
            record = choice.record
        case Choose(value=value):
            record = value if value in conflict.candidates else found[0].id
        case _:
            assert_never(choice)
    (person,) = (msgspec.convert(one, Contact) for one in conflict.records[conflict.side])
    same = next((one for one in found if one.id == record), None)
    rest = [one for one in found if one is not same]
    leave = held_by(person, same, rest)
    if same is None:
        return New(leave=leave)
    if isinstance(choice, Choose) and choice.value == other(conflict.side):
        leave |= {"email"}
    return Same(record=same, leave=leave, duplicates=tuple(rest) if isinstance(choice, Merge) else ())


def yes_or_no(conflict: Conflict) -> bool:
    """Whether a field is either true or false, as of a task that is completed."""
    return any(isinstance(one, bool) for one in conflict.values.values())


def held_by(person: Contact, record: Contact | None, others: Sequence[Contact]) -> frozenset[str]:
    """The person's phone and e-mail, where they stand on one of `others` and not on the person's own record."""
    return frozenset(
        name
        for name in ("phone", "email")
        if (value := getattr(person, name)) is not None
        and (record is None or getattr(record, name) != value)
        and any(getattr(one, name) == value for one in others)
    )


def answers_of(conflict: Conflict, choice: Choice) -> dict[str, Choice]:
    """The answer under its key, and under those of its parts: it holds too when fewer records are found next time,
    or more."""
    answers: dict[str, Choice] = {key_of(conflict): choice}
    if conflict.kind == "field":
        return answers
    for record in conflict.candidates:
        part = choice
        if isinstance(choice, Choose) and choice.value in conflict.candidates:
            part = Merge(record=record) if record == choice.value else Keep()
        elif isinstance(choice, Keep) and record == conflict.linked:
            continue  # the others are somebody else's; this link stands
        answers[identity_key(conflict.side, _asked(conflict), (record,))] = part
    return answers


def load_answers(rows: Sequence[tuple[bytes, Any]]) -> dict[str, Choice]:
    """All answers of a person out of stored (details, choice), oldest first: a later one overrules."""
    answers: dict[str, Choice] = {}
    for details, answer in rows:
        answers |= answers_of(
            msgspec.json.decode(details, type=Conflict), msgspec.convert(answer, Answer).choice
        )
    return answers


def _asked(conflict: Conflict) -> str:
    (person,) = conflict.records[conflict.side]
    return handle_of(msgspec.convert(person, Contact))


def _ids(conflict: Conflict, side: Side) -> str:
    return " ".join(sorted(str(one["id"]) for one in conflict.records.get(side, ())))


def _part(conflict: Conflict, side: Side) -> str:
    return _key(conflict.fields[side], conflict.values[side])


def _key(*parts: object) -> str:
    return msgspec.json.encode(parts).decode()
