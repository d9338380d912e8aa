"""One Nimbata account in memory: its projects and numbers, what happened there, and who its contacts are."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import blake2b
from random import Random
from typing import Any

import msgspec

from tieline.sandbox.nimbata.campaigns import found_campaigns
from tieline.sandbox.nimbata.contact_book import ContactBook
from tieline.sandbox.nimbata.feed import Feed
from tieline.sandbox.nimbata.item_book import Items
from tieline.sandbox.nimbata.milestones import Milestones
from tieline.sandbox.nimbata.quirks import Quirks
from tieline.sandbox.nimbata.records import Call, Contact, Form, Project, Text, TrackingNumber
from tieline.sandbox.nimbata.records_milestones import Campaign
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

    def __init__(
        self, *, seed: int, countries: Sequence[str], now: Callable[[], datetime], quirks: Quirks
    ) -> None:
        """`countries` has one ISO 3166 code for each project; `now` gives the sandbox's time, aware."""
        #: How the account is at the moment; switched from outside.
        self.quirks = quirks
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
        self.campaigns: dict[str, tuple[Campaign, ...]] = {}
        for place, country in enumerate(countries):
            self._found_project(str(_FIRST_PROJECT + place), country, countries[:place].count(country))
        self.calls: Shelf[Call] = Shelf()
        self.forms: Shelf[Form] = Shelf()
        self.texts: Shelf[Text] = Shelf()
        #: Calls that ring or are talked, with the other party's number, by id.
        self.ongoing: dict[str, tuple[Call, str | None]] = {}
        self.contacts = ContactBook()
        self.items = Items()
        self.milestones = Milestones()
        self.feed = Feed()
        #: Calls of each number in a project, and the moments of what it did first and last.
        self._times_called: dict[tuple[str, str], int] = {}
        self._first_activity: dict[tuple[str, str], datetime] = {}
        self._last_activity: dict[tuple[str, str], datetime] = {}
        #: Kind of record and idempotency key → the record that it made; only the latest keys are kept.
        self._created: OrderedDict[tuple[str, str], str] = OrderedDict()

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
        """Remember when a number was first and last heard of."""
        if phone is not None:
            key = (project, phone)
            self._first_activity[key] = min(at, self._first_activity.get(key, at))
            self._last_activity[key] = max(at, self._last_activity.get(key, at))

    def touches(self, contact: Contact) -> tuple[datetime, datetime] | None:
        """When the contact was first and last heard of; None where never."""
        keys = [key for key in self._keys(contact) if key in self._first_activity]
        if not keys:
            return None
        return min(self._first_activity[key] for key in keys), max(self._last_activity[key] for key in keys)

    def shown(self, contact: Contact) -> Contact:
        """The contact with what its activities add to it; these do not count as changes of the record."""
        touches = self.touches(contact)
        return msgspec.structs.replace(
            contact,
            times_called=sum(self._times_called.get(key, 0) for key in self._keys(contact)),
            last_activity_at=touches and touches[1],
            milestones=self.milestones.of(contact.id),
        )

    def _keys(self, contact: Contact) -> list[tuple[str, str]]:
        phones = (contact.phone, *contact.additional_phones)
        return [(contact.project_id, phone) for phone in phones if phone]

    def created_before(self, kind: str, key: str | None) -> str | None:
        """Id of the record of that kind that a request with this idempotency key made."""
        return self._created.get((kind, key)) if key else None

    def remember_created(self, kind: str, key: str | None, record_id: str) -> None:
        """Keep an idempotency key."""
        if key:
            self._created[kind, key] = record_id
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
        self.campaigns[project] = found_campaigns(project, self.numbers[project], self.mint)

    def _digest(self, text: str, size: int) -> str:
        return blake2b(f"{self._seed}:{text}".encode(), digest_size=size).hexdigest()

    def describe(self) -> dict[str, Any]:
        """What a client needs to join."""
        return {
            "token": self.token,
            "account": self.id,
            "projects": list(self.projects),
            "mode": self.quirks.mode,
            "webhook_secret": self.webhook_secret,
        }


def _own_number(start: str, nth: int) -> str:
    return f"{start}{nth + 100:04}"
