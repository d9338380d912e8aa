"""People who call, write and fill in forms: drawn from a seed, so that a run can be had again."""

from __future__ import annotations

from random import Random

import msgspec
import phonenumbers

from tieline.sandbox.nimbata.names import Name, draw_name

#: Country → what a number there begins with and how many digits follow; US ones stand in the unassigned 555 exchange.
_NUMBERS: dict[str, tuple[tuple[str, int], ...]] = {
    "US": tuple(
        (f"+1{area}555", 4)
        for area in (
            201, 202, 206, 212, 213, 214, 215, 216, 281, 303, 305, 310, 312, 313, 314, 317, 323, 404, 407, 408, 412,
            415, 469, 480, 502, 503, 504, 512, 602, 612, 615, 617, 619, 702, 713, 718, 737, 773, 786, 801, 813, 817,
            818, 832, 901, 904, 916, 917, 919, 972,
        )
    ),
    "GB": (("+447400", 6), ("+447900", 6), ("+442079", 6), ("+44161496", 4)),
    "DE": (("+4915123", 6), ("+491705", 6), ("+493023", 6), ("+4930", 8)),
    "NZ": (("+64211", 6), ("+6427", 7), ("+64220", 6), ("+649555", 4)),
}  # fmt: skip

_MAIL_HOSTS = ("example.com", "example.org", "example.net")
_TRIES = 200


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Someone with a telephone of their own."""

    name: Name
    #: E.164, valid in the person's country.
    phone: str
    email: str
    country: str

    @property
    def phone_as_written(self) -> str:
        """As people of the country write it: "(201) 555-0123"."""
        return phonenumbers.format_number(
            phonenumbers.parse(self.phone), phonenumbers.PhoneNumberFormat.NATIONAL
        )


class People:
    """All people of one account. No two of them share a number or an address."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._phones: set[str] = set()
        self._known: dict[str, list[Person]] = {}
        self._by_phone: dict[tuple[str, str], Person] = {}

    def draw(self, project: str, country: str, *, known_share: float = 0.0) -> tuple[Person, bool]:
        """Someone for `project`: with that probability one met before (then True), else a new person."""
        known = self._known.get(project)
        if known and self._rng.random() < known_share:
            return self._rng.choice(known), True
        return self._meet(project, country, self._new_phone(country)), False

    def of_phone(self, project: str, country: str, phone: str) -> tuple[Person, bool]:
        """Whoever has this number, and whether they were met before."""
        if (person := self._by_phone.get((project, phone))) is not None:
            return person, True
        self._phones.add(phone)
        return self._meet(project, country, phone), False

    def stranger(self, country: str) -> Person:
        """Someone whose number is not shown: a name to call them by, met by nobody."""
        return self._person(country, self._new_phone(country))

    def _meet(self, project: str, country: str, phone: str) -> Person:
        person = self._person(country, phone)
        self._known.setdefault(project, []).append(person)
        self._by_phone[project, phone] = person
        return person

    def _person(self, country: str, phone: str) -> Person:
        name = draw_name(self._rng, country)
        # The number's own digits make the address unique.
        email = f"{name.plain}.{phone[1:]}@{self._rng.choice(_MAIL_HOSTS)}"
        return Person(name=name, phone=phone, email=email, country=country)

    def _new_phone(self, country: str) -> str:
        region = country if country in _NUMBERS else "US"
        ranges = _NUMBERS[region]
        for _ in range(_TRIES):
            start, digits = self._rng.choice(ranges)
            phone = f"{start}{self._rng.randrange(10**digits):0{digits}}"
            if phone in self._phones:
                continue
            # Of the islands' own numbers, say, not all that begin so belong to the country.
            if phonenumbers.is_valid_number_for_region(phonenumbers.parse(phone), region):
                self._phones.add(phone)
                return phone
        raise RuntimeError(f"no number is left for a new person in {country}")
