"""Who a person is at a call-tracking account that stores none: a project and a phone, else an e-mail."""

from __future__ import annotations

import msgspec

_PREFIX = "drv:"


class DerivedPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person of a `derived` account. Source: nimbata.md, B7."""

    project: str
    #: E.164.
    phone: str | None = None
    #: Lower-case; names the person only where there is no phone.
    email: str | None = None

    @property
    def id(self) -> str:
        """The id that we give them. Raises ValueError for somebody with neither phone nor e-mail."""
        named = self.phone or self.email
        if not named:
            raise ValueError("a person without phone and e-mail has no name here")
        return f"{_PREFIX}{self.project}:{named}"

    @classmethod
    def parse(cls, person: str) -> DerivedPerson | None:
        """Whom an id names; None where it is no id of ours."""
        if not person.startswith(_PREFIX):
            return None
        project, colon, named = person.removeprefix(_PREFIX).rpartition(":")
        if not colon or not named:
            return None
        if "@" in named:
            return cls(project=project, email=named)
        return cls(project=project, phone=named) if named.startswith("+") else None
