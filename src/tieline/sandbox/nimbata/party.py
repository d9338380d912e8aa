"""Who is at the other end of a call, a form or a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
from msgspec import UNSET

from tieline.sandbox.nimbata.account import Account
from tieline.sandbox.nimbata.emission import Emission
from tieline.sandbox.nimbata.people import People, Person
from tieline.sandbox.nimbata.request_values import read_email, valid_e164

#: What stands where a number was withheld.
ANONYMOUS = "anonymous"


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """A person, and what is seen of them this time."""

    person: Person
    #: The number as the account shows it; "anonymous" where it is withheld, "" where none was given.
    shown: str
    #: E.164, None where there is no valid number.
    phone: str | None
    name: str | None
    email: str | None
    #: Met in the project before.
    known: bool

    @property
    def given(self) -> str:
        """The given name as a form asks for it."""
        return self.person.name.given if self.name == self.person.name.full else (self.name or "")

    @property
    def family(self) -> str:
        """The family name, "" where there is none."""
        return (self.person.name.family or "") if self.name == self.person.name.full else ""


def draw_party(account: Account, people: People, emission: Emission, project: str) -> Party:
    """The person of one emission: the one asked for, one met before, or a new one."""
    country = account.countries[project]
    caller, email = emission.caller, emission.email
    if emission.fields is not None:
        # A form whose fields are given tells itself who filled it in.
        if caller is UNSET:
            caller = _in_fields(emission.fields, lambda text: valid_e164(text, country))
        if email is UNSET:
            email = _in_fields(emission.fields, _as_email)
    if caller is UNSET and emission.anonymous_share and account.rng.random() < emission.anonymous_share:
        caller = ANONYMOUS if emission.kind in ("call", "sms") else None
    if caller is UNSET:
        person, known = people.draw(project, country, known_share=emission.known_share)
        shown: str = person.phone
        phone: str | None = person.phone
    else:
        shown = caller or ""
        phone = valid_e164(shown, country)
        if phone is not None:
            person, known = people.of_phone(project, country, phone)
            shown = phone
        else:
            person, known = people.stranger(country), False
    return Party(
        person=person,
        shown=shown,
        phone=phone,
        name=person.name.full if emission.caller_name is UNSET else emission.caller_name,
        email=person.email if email is UNSET else email,
        known=known,
    )


def _in_fields(fields: Mapping[str, str], reader: Callable[[str], str | None]) -> str | None:
    return next((found for text in fields.values() if (found := reader(text)) is not None), None)


def _as_email(text: str) -> str | None:
    try:
        return read_email(text)
    except ValueError:
        return None
