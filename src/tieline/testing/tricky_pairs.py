"""People who are hard to tell apart, and records of one person that hardly look alike: seeded, each with the answer.

The spellings come from `tricky_names` and not from `sync.who.nicknames`: the generator does not mark its own homework.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Literal

import msgspec

from tieline.domain.contact import Contact
from tieline.mapping.phone import to_e164
from tieline.sync.who.identity import Links
from tieline.testing import tricky_names as names

#: ask = nobody can tell from the records alone.
Label = Literal["same", "different", "ask"]


class TrickyPair(msgspec.Struct, frozen=True, kw_only=True):
    """A person of one side, what the other side finds, and what is true."""

    kind: str
    label: Label
    person: Contact
    candidates: tuple[Contact, ...]
    #: Id of the person's own record, where there is one.
    right: str | None = None
    links: Links = Links()
    emails: dict[str, frozenset[str]] = {}


class _World:
    """Draws what the cases are made of; no two draws of a number or mailbox are the same."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self._count = random.randrange(1000)

    def phone(self) -> str:
        self._count += 1
        return f"+1201555{self._count % 10_000:04d}"

    def mailbox(self, name: str = "box") -> str:
        self._count += 1
        return (
            f"{name.lower()}.{self._count}@{self.random.choice(('example.com', 'gmail.com', 'büro.example'))}"
        )

    def name(self) -> tuple[str, str]:
        return self.random.choice(names.FIRST), self.random.choice(names.LAST)

    def stranger(self) -> tuple[str, str]:
        return self.random.choice(names.OTHER_FIRST), self.random.choice(names.OTHER_LAST)

    def record(
        self, record_id: str, name: tuple[str, str | None], phone: str | None = None, email: str | None = None
    ) -> Contact:
        first, last = name
        return Contact(id=record_id, first_name=first or None, last_name=last, phone=phone, email=email)

    def either(self, *values: str | None) -> str | None:
        return self.random.choice(values)


Case = Callable[[_World], TrickyPair]


def _one(
    world: _World,
    kind: str,
    label: Label,
    name: tuple[str, str | None],
    other: tuple[str, str | None],
    *,
    emails: tuple[str | None, str | None] | None = None,
    phones: tuple[str | None, str | None] | None = None,
) -> TrickyPair:
    """One candidate; without more, both have one phone, and no two e-mails."""
    shared = world.phone()
    mailbox = world.mailbox()
    mine, theirs = emails or world.random.choice(
        ((None, mailbox), (mailbox, None), (None, None), (mailbox, mailbox))
    )
    here, there = phones or (shared, shared)
    if world.random.random() < 0.5:
        name, other = other, name
    return TrickyPair(
        kind=kind, label=label, person=world.record("n1", name, here, mine),
        candidates=(world.record("c1", other, there, theirs),), right="c1" if label == "same" else None,
    )  # fmt: skip


def _nickname(world: _World) -> TrickyPair:
    one, two = world.random.choice(names.FORMS)
    last = world.name()[1]
    return _one(world, "nickname", "same", (one, last), (two, last))


def _spelt(world: _World) -> TrickyPair:
    return _one(world, "another script or no diacritics", "same", *world.random.choice(names.SPELT))


def _swapped(world: _World) -> TrickyPair:
    first, last = world.name()
    return _one(world, "family name first", "same", (first, last), (last, first))


def _shortened(world: _World) -> TrickyPair:
    first, last = world.name()
    short = world.random.choice(
        [(first[0], last), (f"{first[0]}.", last), (first, None), (first, f"{last[0]}."), (last, None)]
    )
    return _one(world, "initial or half a name", "same", (first, last), short)


def _display(world: _World) -> TrickyPair:
    first, last = world.name()
    shown = world.random.choice(
        [
            f"{last} {first}".upper(),
            f"{last.upper()},{first.upper()}",
            f"{first} {last}".upper(),
            f"Mr {first} {last}",
        ]
    )
    return _one(world, "caller display", "same", (first, last), (shown, None))


def _mistyped(world: _World) -> TrickyPair:
    first, last = world.random.choice([one for one, _ in names.FORMS]), world.name()[1]
    at = world.random.randrange(1, max(2, len(first) - 2))
    wrong = first[:at] + first[at + 1] + first[at] + first[at + 2 :]
    if len(first) > 6 and world.random.random() < 0.4:
        wrong = first[:at] + first[at + 1 :]
    return _one(world, "mistyped name", "same", (first, last), (wrong, last))


def _nameless(world: _World) -> TrickyPair:
    nobody: tuple[str, str | None] = (world.random.choice(names.NOBODY), None)
    return _one(world, "nobody named", "same", world.random.choice([world.name(), nobody]), nobody)


def _married(world: _World) -> TrickyPair:
    first, last = world.name()
    return _one(world, "another family name", "same", (first, last), (first, world.stranger()[1]))


def _moved(world: _World) -> TrickyPair:
    mailbox, name = world.mailbox(), world.name()
    phones = (world.phone(), world.either(None, world.phone()))
    return _one(
        world, "new number, same mailbox", "same", name, name, emails=(mailbox, mailbox), phones=phones
    )


def _further_mailbox(world: _World) -> TrickyPair:
    name, first, second = world.name(), world.mailbox(), world.mailbox()
    pair = _one(world, "further mailbox is known", "same", name, name, emails=(first, second))
    return msgspec.structs.replace(pair, emails={"c1": frozenset({first, second})})


def _own_record(world: _World) -> TrickyPair:
    """Several share the phone; one of them has the mailbox too, or the name alone tells."""
    phone, mailbox, name = world.phone(), world.mailbox(), world.name()
    others = [world.record(f"c{n}", world.stranger(), phone, world.mailbox()) for n in (2, 3)]
    told = world.either(mailbox, None)
    own = world.record("c1", name, phone, told)
    candidates = world.random.sample([own, *others], 3)
    return TrickyPair(
        kind="own record among a household's", label="same", person=world.record("n1", name, phone, told),
        candidates=tuple(candidates), right="c1",
    )  # fmt: skip


def _office(world: _World) -> TrickyPair:
    emails = (world.mailbox(), world.mailbox())
    return _one(world, "office phone", "different", world.name(), world.stranger(), emails=emails)


def _extension(world: _World) -> TrickyPair:
    number = f"(201) 555-{world.random.randrange(100, 10_000):04d}"
    phones = to_e164(f"{number} ext. {world.random.randrange(10, 99)}", "US"), to_e164(f"{number} x12", "US")
    return _one(
        world, "extensions of one number", "different", world.name(), world.stranger(), phones=phones,
        emails=(world.mailbox(), world.either(None, world.mailbox())),
    )  # fmt: skip


def _couple(world: _World) -> TrickyPair:
    one, two = world.random.choice(names.TWO)
    last = world.name()[1]
    household = world.mailbox()
    emails = world.random.choice([(None, None), (world.mailbox(), world.mailbox()), (household, household)])
    return _one(world, "couple", "different", (one, last), (two, last), emails=emails)


def _father_and_son(world: _World) -> TrickyPair:
    first, last = world.name()
    return _one(world, "father and son", "different", (first, f"{last} Sr."), (first, f"{last} Jr"))


def _reused(world: _World) -> TrickyPair:
    emails = (world.mailbox(), None)
    return _one(world, "reused number", "different", world.name(), world.stranger(), emails=emails)


def _shared_mailbox(world: _World) -> TrickyPair:
    mailbox = f"info.{world.mailbox()}"
    return _one(
        world, "mailbox of an office", "different", world.name(), world.stranger(), emails=(mailbox, mailbox),
        phones=(world.phone(), world.phone()),
    )  # fmt: skip


def _near_mailbox(world: _World) -> TrickyPair:
    """Dots, and a mistyped domain: found by a search that is too kind, without a phone in common."""
    name, mailbox = world.name(), world.mailbox("jane")
    near = world.random.choice(
        [mailbox.replace("jane", "j.ane"), mailbox.replace("a", "e", 1), mailbox + "m"]
    )
    phones = (world.phone(), world.either(None, world.phone()))
    return _one(
        world, "nearly the same mailbox", "different", name, name, emails=(mailbox, near), phones=phones
    )


def _no_keys(world: _World) -> TrickyPair:
    nobody: tuple[str, str | None] = (world.random.choice(names.NOBODY), None)
    mailbox = world.random.choice([None, "none@none.com", "noreply@example.com", "na@na.com"])
    return _one(
        world, "anonymous", "different", nobody, world.random.choice([nobody, world.name()]),
        emails=(mailbox, mailbox), phones=(None, None),
    )  # fmt: skip


def _second_mailbox(world: _World) -> TrickyPair:
    name = world.name()
    return _one(world, "second e-mail", "ask", name, name, emails=(world.mailbox(), world.mailbox()))


def _mistyped_mailbox(world: _World) -> TrickyPair:
    name, mailbox = world.name(), world.mailbox()
    emails = (mailbox, mailbox.replace("box", "bxo"))
    return _one(world, "mistyped e-mail", "ask", name, name, emails=emails)


def _two_records(world: _World) -> TrickyPair:
    phone, mailbox, name = world.phone(), world.mailbox(), world.name()
    candidates = [
        world.record(
            "c1", world.random.choice([name, world.stranger()]), phone, world.either(None, world.mailbox())
        ),
        world.record(
            "c2", world.random.choice([name, world.stranger()]), world.either(None, world.phone()), mailbox
        ),
    ]
    return TrickyPair(
        kind="phone here, e-mail there", label="ask", person=world.record("n1", name, phone, mailbox),
        candidates=tuple(world.random.sample(candidates, 2)),
    )  # fmt: skip


def _twice_there(world: _World) -> TrickyPair:
    phone, name = world.phone(), world.name()
    candidates = (world.record("c1", name, phone), world.record("c2", name, phone, world.mailbox()))
    return TrickyPair(
        kind="there twice", label="ask", person=world.record("n1", name, phone), candidates=candidates
    )


def _linked_elsewhere(world: _World) -> TrickyPair:
    phone, name = world.phone(), world.name()
    return TrickyPair(
        kind="record of another person", label="ask", person=world.record("n1", name, phone, world.mailbox()),
        candidates=(world.record("c1", name, phone),), links=Links(taken=frozenset({"c1"})),
    )  # fmt: skip


def _joins_two(world: _World) -> TrickyPair:
    phone, mailbox, name = world.phone(), world.mailbox(), world.name()
    own, theirs = (
        world.record("c1", name, phone),
        world.record("c2", world.stranger(), world.phone(), mailbox),
    )
    return TrickyPair(
        kind="two linked people", label="ask", person=world.record("n1", name, phone, mailbox),
        candidates=(own, theirs), links=Links(own=own, taken=frozenset({"c2"})),
    )  # fmt: skip


CASES: tuple[Case, ...] = (
    _nickname, _spelt, _swapped, _shortened, _display, _mistyped, _nameless, _married, _moved, _further_mailbox,
    _own_record, _office, _extension, _couple, _father_and_son, _reused, _shared_mailbox, _near_mailbox, _no_keys,
    _second_mailbox, _mistyped_mailbox, _two_records, _twice_there, _linked_elsewhere, _joins_two,
)  # fmt: skip


def tricky_pairs(seed: int, *, of_each: int = 12) -> list[TrickyPair]:
    """So many of every case, the same for the same seed."""
    world = _World(Random(seed))  # noqa: S311 - repeatable on purpose
    return [case(world) for case in CASES for _ in range(of_each)]
