"""The CRM side of the sandbox: locations behind an API, and a driver behind its back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from random import Random
from typing import Any

import msgspec

from tieline.sandbox.contacts_api.access import Access
from tieline.sandbox.contacts_api.agenda import Agenda
from tieline.sandbox.contacts_api.businesses import Businesses
from tieline.sandbox.contacts_api.crowd import ContactCrowd
from tieline.sandbox.contacts_api.door import admit
from tieline.sandbox.contacts_api.driver import Deed, Driver, Hand
from tieline.sandbox.contacts_api.events import Announcer, Target, read_target
from tieline.sandbox.contacts_api.forms import Forms
from tieline.sandbox.contacts_api.marketing import Marketing
from tieline.sandbox.contacts_api.offer import Offer
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.people import People
from tieline.sandbox.contacts_api.problems import Problem, refusal
from tieline.sandbox.contacts_api.quirks import Quirks
from tieline.sandbox.contacts_api.records import Location, User, mint, private_token
from tieline.sandbox.contacts_api.sales import Sales
from tieline.sandbox.contacts_api.sent_events import SentEvents
from tieline.sandbox.contacts_api.settings import Settings
from tieline.sandbox.contacts_api.staff import Staff
from tieline.sandbox.contacts_api.subject import Subject
from tieline.sandbox.contacts_api.talks import Talks
from tieline.sandbox.contacts_api.tokens import Token, Tokens
from tieline.sandbox.contacts_api.versions import is_v3, to_dated, to_v3
from tieline.sandbox.side import Admitted, Call, Reply, Route
from tieline.sandbox.virtual import Crowd
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
        crowd: Crowd | None = None,
    ) -> None:
        """`countries` has one ISO 3166 code for each location; `monotonic` is what the search's lag follows."""
        self._seed = seed
        self._crowd = crowd
        self._countries = tuple(countries)
        self._now = now
        self._monotonic = monotonic
        self._send = send
        self._allow_duplicates = allow_duplicates
        self._begin()
        #: Stay the same for the side's whole life: a reset changes only what stands behind them.
        self.routes: list[Route] = [
            msgspec.structs.replace(offer, handler=partial(self._handle, offer.operation))
            for subject in self._subjects
            for offer in subject.offers()
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
        locations = list(self._office.locations.values())
        return {
            **self._access.told(),
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
        assert isinstance(route, Offer)
        try:
            return admit(route, call, self._tokens, self._office)
        except Problem as problem:
            return self._refused(problem, call.headers)

    def refuse(self, status: int, reason: str, headers: Mapping[str, str]) -> Reply:
        """An error of the API's own shape."""
        message: str | list[str] = [reason] if status == 422 else reason
        return self._refused(Problem(status, message), headers)

    @property
    def quirks(self) -> Quirks:
        """The oddities in force."""
        return self._office.quirks

    def set_quirks(self, wanted: dict[str, Any]) -> Quirks:
        """Switch some otherwise. Raises ValueError."""
        self._office.quirks = self._office.quirks.change(wanted)
        return self._office.quirks

    def emit(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        """Let somebody work in the CRM (see Driver). Raises ValueError."""
        return self._driver.emit(wanted)

    def set_targets(self, wanted: dict[str, Any]) -> Target:
        """Register a webhook target. Raises ValueError."""
        target = read_target(wanted, self._office.locations)
        target = msgspec.structs.replace(target, id=target.id or f"target{len(self.targets) + 1}")
        self.targets.append(target)
        return target

    def state(self) -> dict[str, Any]:
        """Everything that the company and its locations hold."""
        return {
            "company": self._access.of_company(),
            "locations": {
                location.id: {
                    name: held for subject in self._subjects for name, held in subject.state(location).items()
                }
                for location in self._office.locations.values()
            },
        }

    def doubled(self) -> list[dict[str, Any]]:
        """What stands twice where it must not."""
        return [
            one
            for location in self._office.locations.values()
            for subject in self._subjects
            for one in subject.doubled(location)
        ]

    def reset(self) -> None:
        """The company as it was at the start: same seed, no records, no log, no targets."""
        self._begin()

    def _begin(self) -> None:
        rng = Random(f"contacts:{self._seed}")
        self._traces = Random(f"traces:{self._seed}")
        self._company_id = mint(rng)
        client_id, client_secret = f"{mint(rng, 24).lower()}-tieline", mint(rng, 36)
        agency_token = private_token(rng)
        locations = []
        for number, country in enumerate(self._countries):
            name, timezone = _PLACES.get(country, _PLACES["US"])
            round_ = self._countries[:number].count(country)
            locations.append(
                Location(
                    id=mint(rng), name=f"{name} {round_ + 1}" if round_ else name, country=country,
                    timezone=timezone, company_id=self._company_id, token=private_token(rng),
                    allow_duplicates=self._allow_duplicates,
                )
            )  # fmt: skip
        self._tokens = Tokens(self._now)
        for one in locations:
            self._tokens.add(one.token, Token(label=one.id, location=one.id))
        self._tokens.add(agency_token, Token(label=self._company_id, location=None))
        self._announcer = Announcer(rng, self._now, self._send)
        self._office = Office(
            self._company_id, locations, rng=rng, now=self._now, monotonic=self._monotonic,
            announce=self._announcer,
        )  # fmt: skip
        for location in locations:
            self._hire(location)
            if self._crowd is not None and location is locations[0]:
                location.crowd = ContactCrowd(self._crowd, location)
        drawn = Random(f"driver:{self._seed}")
        hand = Hand(drawn)
        people = People(self._office, hand)
        settings = Settings(self._office)
        self._access = Access(
            self._office, self._tokens, settings.places, Random(f"oauth:{self._seed}"), client_id=client_id,
            client_secret=client_secret, agency_token=agency_token,
        )  # fmt: skip
        deeds: dict[str, Deed] = {}
        self._subjects: tuple[Subject, ...] = (
            people, settings, Sales(self._office, hand, people.book, settings.places), Businesses(self._office),
            Staff(self._office), Marketing(self._office, hand), Forms("form", self._office, hand, people.book),
            Forms("survey", self._office, hand, people.book),
            Talks(self._office, hand, people.book, self._tokens, client_id=client_id),
            Agenda(self._office, hand, people.book), self._access,
            SentEvents(self._office, Random(f"sent:{self._seed}"), deeds),
        )  # fmt: skip
        for subject in self._subjects:
            deeds |= subject.deeds()
        self._driver = Driver(self._office, drawn, deeds)
        self._offers = {offer.operation: offer for subject in self._subjects for offer in subject.offers()}

    def _hire(self, location: Location) -> None:
        """Two people for each location."""
        for number, (first, last) in enumerate((("Ana", "Silva"), ("Tom", "Berg"))):
            user = User(
                id=self._office.new_id(location), first_name=first, last_name=last,
                email=f"{first.lower()}.{location.id[:6].lower()}@example.com", phone=f"+1512555{number:04d}",
                role="admin" if number == 0 else "user", locations=(location.id,),
            )  # fmt: skip
            self._office.users[user.id] = user

    def _handle(self, operation: str, call: Call) -> Reply:
        """Spelling of the version, white list, handler, trace id, spelling of the version."""
        offer = self._offers[operation]
        v3 = is_v3(call.headers)
        if v3:
            call = to_dated(call)
        try:
            query, body = offer.shapes(v3)
            problems = query.problems(call.query)
            if body is not None:
                problems += body.problems({} if call.body is None else call.body)
            if problems:
                raise Problem(422, problems)
            reply = offer.handler(call)
        except Problem as problem:
            return self._refused(problem, call.headers)
        if isinstance(reply.body, dict) and reply.traced:
            reply.body["traceId"] = self._trace()
        return to_v3(reply) if v3 else reply

    def _refused(self, problem: Problem, headers: Mapping[str, str]) -> Reply:
        reply = refusal(problem, self._trace())
        return to_v3(reply) if is_v3(headers) else reply

    def _trace(self) -> str:
        return f"{self._traces.getrandbits(128):032x}"
