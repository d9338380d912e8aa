"""One Nimbata account in memory: its projects and numbers, what happened there, and who its contacts are."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import blake2b
from random import Random
from typing import Any

import msgspec

from tieline.sandbox.nimbata.contact_book import ContactBook
from tieline.sandbox.nimbata.records import Call, Contact, Form, Project, Text, TrackingNumber
from tieline.sandbox.nimbata.shelf import Shelf

#: Country → town, time zone and the start of the business's own numbers there, which four digits follow.
_PLACES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "US": (
        ("Austin", "America/Chicago", "+1512555"),
        ("Denver", "America/Denver", "+1303555"),
        ("Portland", "America/Los_Angeles", "+1503555"),
        ("Newark", "America/New_York", "+1973555"),
    ),
    "GB": (("Manchester", "Europe/London", "+44161496"),),
    "DE": (("Köln", "Europe/Berlin", "+49221910"),),
    "NZ": (("Ōtautahi Christchurch", "Pacific/Auckland", "+643555"),),
}
#: Name, then the attribution that calls of the number carry where no web session tells more.
_NUMBERS = (
    ("Google Ads", "Google Paid", "google", "cpc"),
    ("Website", "Direct", "(direct)", "(none)"),
    ("Business Profile", "GMB", "(not set)", "Google Business Profile"),
    ("Van sign", "Offline", "Offline", "Van sign"),
)
_FIRST_PROJECT = 10_000_000_001
_KEPT_ANSWERS = 10_000


class Account:
    """The account's whole state; the same seed and the same requests at the same times make the same account."""

    def __init__(self, *, seed: int, countries: Sequence[str], now: Callable[[], datetime]) -> None:
        """`countries` has one ISO 3166 code for each project; `now` gives the sandbox's time, aware."""
        self._seed = seed
        self._now = now
        #: Ids given so far, by prefix: what clients ask for does not move the ids of what happens.
        self._minted: Counter[str] = Counter()
        self.rng = Random(f"nimbata:{seed}")
        self.id = f"acc_{self._digest('account', 4)}"
        self.token = f"npat_{self._digest('token', 20)}"
        self.webhook_secret = f"nwhs_{self._digest('webhook', 20)}"
        self.countries: dict[str, str] = {}
        self.projects: dict[str, Project] = {}
        self.numbers: dict[str, tuple[TrackingNumber, ...]] = {}
        for place, country in enumerate(countries):
            self._found_project(str(_FIRST_PROJECT + place), country, countries[:place].count(country))
        self.calls: Shelf[Call] = Shelf()
        self.forms: Shelf[Form] = Shelf()
        self.texts: Shelf[Text] = Shelf()
        self.contacts = ContactBook()
        #: Calls of each number in a project, and the moment of anything it did last.
        self._times_called: dict[tuple[str, str], int] = {}
        self._last_activity: dict[tuple[str, str], datetime] = {}
        #: Idempotency key → the contact that it made; only the latest keys are kept.
        self._created: OrderedDict[str, str] = OrderedDict()

    def now(self) -> datetime:
        """The sandbox's time in whole seconds, UTC."""
        return self._now().replace(microsecond=0)

    def mint(self, prefix: str) -> str:
        """A new id: "ncl_5f0c…"."""
        self._minted[prefix] += 1
        return f"{prefix}_{self._digest(f'{prefix}:{self._minted[prefix]}', 8)}"

    def note_call(self, project: str, phone: str | None, at: datetime) -> int:
        """Count a call of this number and give how many it has made; 1 where the number is withheld."""
        if phone is None:
            return 1
        self._times_called[project, phone] = times = self._times_called.get((project, phone), 0) + 1
        self.note_activity(project, phone, at)
        return times

    def note_activity(self, project: str, phone: str | None, at: datetime) -> None:
        """Remember when a number was last heard of."""
        if phone is not None:
            self._last_activity[project, phone] = max(at, self._last_activity.get((project, phone), at))

    def shown(self, contact: Contact) -> Contact:
        """The contact with what its activities add to it; these do not count as changes of the record."""
        keys = [(contact.project_id, phone) for phone in (contact.phone, *contact.additional_phones) if phone]
        moments = [moment for key in keys if (moment := self._last_activity.get(key))]
        return msgspec.structs.replace(
            contact,
            times_called=sum(self._times_called.get(key, 0) for key in keys),
            last_activity_at=max(moments, default=None),
        )

    def created_before(self, key: str | None) -> Contact | None:
        """The contact that a request with this idempotency key made."""
        contact_id = self._created.get(key) if key else None
        return None if contact_id is None else self.contacts.get(contact_id)

    def remember_created(self, key: str | None, contact_id: str) -> None:
        """Keep an idempotency key."""
        if key:
            self._created[key] = contact_id
            if len(self._created) > _KEPT_ANSWERS:
                self._created.popitem(last=False)

    def _found_project(self, project: str, country: str, nth: int) -> None:
        places = _PLACES.get(country, _PLACES["US"])
        town, timezone, start = places[nth % len(places)]
        round_ = nth // len(places)
        self.countries[project] = country
        self.projects[project] = Project(
            id=project, name=f"{town} {round_ + 1}" if round_ else town, timezone=timezone
        )
        self.numbers[project] = tuple(
            TrackingNumber(
                id=self.mint("ntn"),
                project_id=project,
                number=_own_number(start, round_ * 10 + place),
                name=f"{town} - {name}",
                destination=_own_number(start, round_ * 10 + 9),
                destination_name="Main office",
                source_type=source_type,
                source=source,
                medium=medium,
            )
            for place, (name, source_type, source, medium) in enumerate(_NUMBERS)
        )

    def _digest(self, text: str, size: int) -> str:
        return blake2b(f"{self._seed}:{text}".encode(), digest_size=size).hexdigest()

    def describe(self) -> dict[str, Any]:
        """What a client needs to join."""
        return {
            "token": self.token,
            "account": self.id,
            "projects": list(self.projects),
            "webhook_secret": self.webhook_secret,
        }


def _own_number(start: str, nth: int) -> str:
    return f"{start}{nth + 100:04}"
