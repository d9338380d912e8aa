"""What effects need from a side that they are written to."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol, TypeVar, runtime_checkable

import msgspec

from tieline.domain.command import Command
from tieline.domain.contact import Contact
from tieline.domain.items import Item, ItemKind
from tieline.domain.side import Side

#: What is carried out: a command of a sync, a call of an operation.
Decided = TypeVar("Decided", contravariant=True)


class Untold(Exception):
    """A look-up that can tell nothing of this command: neither that it took effect, nor that it did not."""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """A command took effect."""

    #: Id of the record that it made or changed.
    result_id: str | None = None
    #: The whole record as the answer showed it, where it did.
    contact: Contact | None = None
    #: All tags after the change, where the answer showed them.
    tags: frozenset[str] | None = None
    #: The whole task, note or appointment as the answer showed it, where it did.
    item: Item | None = None
    #: The record was there already; we did not make it.
    adopted: bool = False
    status: int | None = None
    trace_id: str | None = None
    #: By the far side's clock, when it stood so at the latest.
    as_of: datetime | None = None
    #: Fields that the far side took differently from what was sent.
    altered: tuple[str, ...] = ()
    #: Of a call of the catalogue: what was answered, or the record by which it was found again.
    value: Any = None
    started_at: datetime
    duration_s: float


class Carries(Protocol[Decided]):
    """What carries commands out. Each method is one call at most and raises the classes of `errors`.

    `record_id` is the far side's own id of whom a command is about, where it is about anybody.
    """

    def repeatable(self, command: Decided) -> bool:
        """Sending it twice leaves what sending it once leaves, or the far side names the first."""
        ...

    def can_look_up(self, command: Decided) -> bool:
        """Whether `look_up` can tell if it took effect."""
        ...

    def settle_s(self, command: Decided) -> float:
        """Seconds after which a cut-off call of this kind has happened or never will."""
        ...

    async def send(self, command: Decided, record_id: str | None, *, repeat: bool = False) -> Done:
        """Carry the command out. `repeat` takes the lower quota class of retries."""
        ...

    async def look_up(self, command: Decided, record_id: str | None) -> Done | None:
        """What a command with an unknown outcome left behind; None when nothing is to be seen. Raises Untold."""
        ...


@runtime_checkable
class ReadsContacts(Protocol):
    """Whoever can read a contact that a refusal names."""

    async def fetch(self, record_id: str) -> Contact:
        """The record by id. Raises NotFoundError."""
        ...


@runtime_checkable
class Lags(Protocol[Decided]):
    """Whoever has look-ups that see what was made only some seconds later."""

    def lags(self, command: Decided) -> bool:
        """Whether one absence alone says nothing of this command."""
        ...


class Target(Carries[Command], Protocol):
    """One side of a sync. `record_id` is the side's own id of the person whom a command is about."""

    side: Side
    #: A second record with the same phone or e-mail is refused there, naming the first.
    forbids_duplicates: bool
    #: Country by which local phone numbers are read, "US".
    country: str
    #: Keys of the custom fields that exist there.
    custom_fields: frozenset[str]

    def holds(self, field: str) -> bool:
        """Whether a record there has such a field, `custom.<key>` included."""
        ...

    def operation_id(self, command: Command) -> str:
        """What carries this command: an operation of the catalogue, "notes.create"."""
        ...

    def cannot(self, command: Command) -> str | None:
        """Why this account has nothing to carry the command with, in plain words; None where it has."""
        ...

    async def find(self, *, phone: str | None, email: str | None) -> Contact | None:
        """The record with that phone, else with that e-mail. Strongly consistent."""
        ...

    async def candidates(self, *, phone: str | None, email: str | None) -> list[Contact]:
        """Everybody there with that phone or that e-mail, as far as the side tells."""
        ...

    async def fetch(self, record_id: str) -> Contact:
        """The record by id. Raises NotFoundError."""
        ...

    def identify(self, contact: Contact) -> str | None:
        """The id that this side gives to such a person, where it follows from who they are; None where only the
        side itself knows."""
        ...

    async def fetch_item(self, kind: ItemKind, item_id: str, record_id: str) -> Item:
        """A task, note or appointment by id. Raises NotFoundError."""
        ...

    async def items(self, kind: ItemKind, record_id: str) -> list[Item]:
        """All of a person."""
        ...
