"""People by the million who take no room: each is worked out from a number, until somebody writes to it.

Of ten, one is known to the call-tracking account alone, one to the CRM alone, one has a company at the account that the
CRM lacks, and seven are equal on both sides.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import msgspec

#: More have no phone number of the area that they are given.
MOST = 8_000_000
_BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
_A_SECOND = 10
_FIRST = ("Ada", "Bob", "Chloé", "Dmitri", "Erik", "Fatima", "Grace", "Hiro", "Inés", "Jürgen")
_PHONE = re.compile(r"\+1201(\d{7})")
_EMAIL = re.compile(r"person(\d+)@example\.com")


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One of them."""

    number: int
    first_name: str
    last_name: str
    phone: str
    email: str | None
    #: At the account.
    company: str | None
    #: Made, and changed last.
    at: datetime


class Crowd(msgspec.Struct, frozen=True, kw_only=True):
    """So many of them, as one side knows them."""

    count: int
    #: The digit of those whom this side does not know.
    lacks: int

    def person(self, number: int) -> Person | None:
        """The person of that number, where this side knows one."""
        if not 0 <= number < self.count or number % 10 == self.lacks:
            return None
        return Person(
            number=number, first_name=_FIRST[number % len(_FIRST)], last_name=f"No. {number}",
            phone=f"+1201{2_000_000 + number}", email=f"person{number}@example.com" if number % 2 else None,
            company="Acme Ltd" if number % 10 == 2 else None, at=_BEGAN + timedelta(seconds=number // _A_SECOND),
        )  # fmt: skip

    def matching(self, field: str, value: str | None) -> Person | None:
        """Whoever has that phone or e-mail."""
        found = (_PHONE if field == "phone" else _EMAIL).fullmatch((value or "").lower())
        if found is None or field not in ("phone", "email"):
            return None
        person = self.person(int(found[1]) - (2_000_000 if field == "phone" else 0))
        return person if person is not None and getattr(person, field) == (value or "").lower() else None

    def known(self, first: int = 0) -> int:
        """How many this side knows, from a number on."""
        return max(0, self.count - first) - len(range(first + (self.lacks - first) % 10, self.count, 10))

    def first_since(self, moment: datetime | None) -> int:
        """The first number that was changed then or later."""
        if moment is None or moment <= _BEGAN:
            return 0
        seconds = (moment - _BEGAN).total_seconds()
        return min(self.count, _A_SECOND * (int(seconds) + (seconds > int(seconds))))
