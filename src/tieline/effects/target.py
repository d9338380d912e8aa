"""What effects need from the far side that they are written to."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec

from tieline.catalogue.spec import AnyOperation
from tieline.domain.command import Command
from tieline.domain.contact import Contact


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """A command took effect."""

    #: Id of the record that it made or changed.
    result_id: str | None = None
    #: The whole record as the answer showed it, where it did.
    contact: Contact | None = None
    #: All tags after the change, where the answer showed them.
    tags: frozenset[str] | None = None
    #: The record was there already; we did not make it.
    adopted: bool = False
    status: int | None = None
    trace_id: str | None = None
    #: Fields that the far side took differently from what was sent.
    altered: tuple[str, ...] = ()
    started_at: datetime
    duration_s: float


class Target(Protocol):
    """One CRM location. Each method is one call and raises the classes of `errors`."""

    #: The location refuses a second contact with the same phone or e-mail, naming the first.
    forbids_duplicates: bool
    #: Country by which local phone numbers are read, "US".
    country: str
    #: Keys of the custom fields that exist there.
    custom_fields: frozenset[str]

    def operation(self, command: Command) -> AnyOperation:
        """The catalogue operation that carries this command."""
        ...

    def repeatable(self, command: Command) -> bool:
        """Sending it twice leaves what sending it once leaves, or the far side names the first."""
        ...

    def can_look_up(self, command: Command) -> bool:
        """Whether `look_up` can tell if it took effect."""
        ...

    def settle_s(self, command: Command) -> float:
        """Seconds after which a cut-off call of this kind has happened or never will."""
        ...

    async def send(self, command: Command, contact_id: str | None, *, repeat: bool = False) -> Done:
        """Carry the command out. `repeat` takes the lower quota class of retries."""
        ...

    async def look_up(self, command: Command, contact_id: str | None) -> Done | None:
        """What a command with an unknown outcome left behind; None when nothing is to be seen."""
        ...

    async def find(self, *, phone: str | None, email: str | None) -> Contact | None:
        """The contact with that phone, else with that e-mail. Strongly consistent."""
        ...

    async def fetch(self, contact_id: str) -> Contact:
        """The record by id."""
        ...
