"""The CRM side of the sandbox: locations behind an API, and a driver behind its back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from random import Random
from typing import Any

import msgspec

from tieline.sandbox.contacts_api.api_contacts import Contacts
from tieline.sandbox.contacts_api.api_surroundings import Surroundings
from tieline.sandbox.contacts_api.book import Book
from tieline.sandbox.contacts_api.door import Token, admit
from tieline.sandbox.contacts_api.driver import Driver
from tieline.sandbox.contacts_api.events import Announcer, Target, read_target
from tieline.sandbox.contacts_api.problems import Problem, refusal, refusing
from tieline.sandbox.contacts_api.records import Location, mint
from tieline.sandbox.side import Admitted, Call, Handler, Reply, Route
from tieline.sandbox.webhooks import Outgoing

_PLACES = {
    "US": ("Austin Dental", "America/Chicago"), "GB": ("Manchester Garden Centre", "Europe/London"),
    "DE": ("Kölner Zahnärzte", "Europe/Berlin"), "NZ": ("Christchurch Roofing", "Pacific/Auckland"),
}  # fmt: skip


class ContactsSide:
    """One company with its locations, their API and their webhooks."""

    name = "contacts"

    def __init__(
        self,
        *,
        seed: int,
        countries: Sequence[str],
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        send: Callable[[Outgoing], None],
        allow_duplicates: bool = False,
    ) -> None:
        """`countries` has one ISO 3166 code for each location; `monotonic` is what the search's lag follows."""
        self._seed = seed
        self._countries = tuple(countries)
        self._now = now
        self._monotonic = monotonic
        self._send = send
        self._allow_duplicates = allow_duplicates
        self._begin()
        #: Stay the same for the side's whole life: a reset changes only what stands behind them.
        self.routes: list[Route] = [
            msgspec.structs.replace(route, handler=partial(self._handle, route.operation))
            for route in self._offered
        ]

    @property
    def targets(self) -> list[Target]:
        """Who is told of events."""
        return self._announcer.targets

    @property
    def emitted(self) -> list[dict[str, Any]]:
        """Everything that `emit` made happen, in order."""
        return self._driver.log

    def describe(self) -> dict[str, Any]:
        """What a client needs to join, beside the address."""
        locations = list(self._book.locations.values())
        return {
            "token": self._agency_token,
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "location_id": locations[0].id,
            "locations": [
                {
                    "id": one.id, "name": one.name, "country": one.country, "timezone": one.timezone,
                    "token": one.token,
                }
                for one in locations
            ],
            "company_id": self._company_id,
            "webhook_public_key": self._announcer.public_key,
        }  # fmt: skip

    def admit(self, route: Route, call: Call) -> Admitted | Reply:
        """Token, version, scope and location."""
        try:
            return admit(route, call, self._tokens, self._book, self._company_id)
        except Problem as problem:
            return refusal(problem, self._trace())

    def refuse(self, status: int, reason: str) -> Reply:
        """An error of the API's own shape."""
        message: str | list[str] = [reason] if status == 422 else reason
        return refusal(Problem(status, message), self._trace())

    def emit(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        """Let somebody work in the CRM (see Driver). Raises ValueError."""
        return self._driver.emit(wanted)

    def set_targets(self, wanted: dict[str, Any]) -> Target:
        """Register a webhook target. Raises ValueError."""
        target = read_target(wanted, self._book.locations)
        target = msgspec.structs.replace(target, id=target.id or f"target{len(self.targets) + 1}")
        self.targets.append(target)
        return target

    def state(self) -> dict[str, Any]:
        """Everything that the locations hold."""
        return {
            "locations": {
                location.id: {
                    "contacts": [one.out() for one in location.contacts.values()],
                    "notes": [note for one in location.contacts.values() for note in one.notes.values()],
                    "tags": list(location.tags.values()),
                    "custom_fields": list(location.custom_fields.values()),
                }
                for location in self._book.locations.values()
            }
        }

    def doubled(self) -> list[dict[str, Any]]:
        """Contacts with the same phone or e-mail, and notes that say the same of the same contact."""
        found: list[dict[str, Any]] = []
        for location in self._book.locations.values():
            found += [
                {"kind": "contact", "location": location.id, "field": field, "value": value}
                for field, value in location.doubled()
            ]
            for contact in location.contacts.values():
                bodies = Counter(note.body for note in contact.notes.values())
                found += [
                    {"kind": "note", "location": location.id, "contact": contact.id, "body": body[:80]}
                    for body, times in bodies.items()
                    if times > 1
                ]
        return found

    def reset(self) -> None:
        """The company as it was at the start: same seed, no records, no log, no targets."""
        self._begin()

    def _begin(self) -> None:
        rng = Random(f"contacts:{self._seed}")
        self._traces = Random(f"traces:{self._seed}")
        self._company_id = mint(rng)
        self._client_id, self._client_secret = f"{mint(rng, 24).lower()}-tieline", mint(rng, 36)
        self._agency_token = _private_token(rng)
        locations = []
        for number, country in enumerate(self._countries):
            name, timezone = _PLACES.get(country, _PLACES["US"])
            round_ = self._countries[:number].count(country)
            locations.append(
                Location(
                    id=mint(rng), name=f"{name} {round_ + 1}" if round_ else name, country=country,
                    timezone=timezone, company_id=self._company_id, token=_private_token(rng),
                    allow_duplicates=self._allow_duplicates, users=(mint(rng),),
                )
            )  # fmt: skip
        self._tokens = {one.token: Token(label=one.id, location=one.id) for one in locations}
        self._tokens[self._agency_token] = Token(label=self._company_id, location=None)
        self._announcer = Announcer(rng, self._now, self._send)
        self._book = Book(
            locations, rng=rng, now=self._now, monotonic=self._monotonic, announce=self._announcer
        )
        self._driver = Driver(self._book, Random(f"driver:{self._seed}"))
        self._offered = [
            *Contacts(self._book).routes(),
            *Surroundings(self._book, lambda: mint(rng)).routes(),
        ]
        self._handlers: dict[str, Handler] = {
            route.operation: refusing(route.handler, self._trace) for route in self._offered
        }

    def _handle(self, operation: str, call: Call) -> Reply:
        return self._handlers[operation](call)

    def _trace(self) -> str:
        return f"{self._traces.getrandbits(128):032x}"


def _private_token(rng: Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return f"pit-{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
