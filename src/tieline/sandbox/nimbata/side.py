"""The Nimbata side of the sandbox: an account behind an API, and a driver behind its back."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from tieline.sandbox.nimbata.account import Account
from tieline.sandbox.nimbata.api_activities import Activities
from tieline.sandbox.nimbata.api_changes import change_routes
from tieline.sandbox.nimbata.api_contacts import Contacts
from tieline.sandbox.nimbata.api_items import ContactItems
from tieline.sandbox.nimbata.api_lookups import lookup_routes
from tieline.sandbox.nimbata.api_webhooks import HookTargets
from tieline.sandbox.nimbata.consequences import consequences
from tieline.sandbox.nimbata.crowd import PeopleCrowd
from tieline.sandbox.nimbata.doubled import doubled
from tieline.sandbox.nimbata.dressing import dressed
from tieline.sandbox.nimbata.emission import Emission, Emitted
from tieline.sandbox.nimbata.emitter import Emitter
from tieline.sandbox.nimbata.handling import refusal
from tieline.sandbox.nimbata.hook_target import HookTarget, read_target
from tieline.sandbox.nimbata.problems import Problem
from tieline.sandbox.nimbata.quirks import Mode, Quirks
from tieline.sandbox.nimbata.records import Event
from tieline.sandbox.side import Admitted, Call, Handler, Reply, Route
from tieline.sandbox.virtual import Crowd
from tieline.sandbox.webhooks import Outgoing

_CODES = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    413: "too_large",
    422: "validation_failed",
    429: "rate_limited",
    502: "bad_gateway",
    503: "unavailable",
}
#: What projects are where nobody says otherwise; the places repeat when there are more.
COUNTRIES = ("US", "GB", "DE", "NZ")
#: Subjects that only an account in `native` mode has.
_NATIVE = frozenset({"contact", "task", "note", "appointment", "campaign"})


class NimbataSide:
    """One account with a project for each location, its API, its webhooks and its driver."""

    name = "nimbata"

    def __init__(
        self,
        *,
        seed: int,
        countries: Sequence[str],
        now: Callable[[], datetime],
        send: Callable[[Outgoing], None],
        mode: Mode = "native",
        crowd: Crowd | None = None,
    ) -> None:
        """`countries` has one ISO 3166 code for each project; `now` is the sandbox's time, `send` its webhooks."""
        self._seed = seed
        self._mode: Mode = mode
        self._crowd = crowd
        self._countries = tuple(countries)
        self._now = now
        self._send = send
        self.targets: list[HookTarget] = []
        self._begin()
        #: Stay the same for the side's whole life: a reset changes only what stands behind them.
        self.routes: list[Route] = [
            msgspec.structs.replace(route, handler=partial(self._handle, route.operation))
            for route in self._offered()
        ]

    @property
    def emitted(self) -> list[Emitted]:
        """Everything that `emit` made happen, in order."""
        return self._emitter.log

    def describe(self) -> dict[str, Any]:
        """What a client needs to join, beside the address."""
        return self.account.describe()

    def admit(self, route: Route, call: Call) -> Admitted | Reply:
        """Bearer token, and the account that it is for. Source: nimbata.md, A1."""
        scheme, _, token = call.headers.get("Authorization", "").partition(" ")
        given, right = token.strip().encode("utf-8", "replace"), self.account.token.encode()
        if scheme.lower() != "bearer" or not hmac.compare_digest(given, right):
            return self.refuse(401, "a valid token is needed: Authorization: Bearer <token>", call.headers)
        if self.account.quirks.expired_token:
            return self.refuse(401, "the token has expired", call.headers)
        if call.params.get("account") != self.account.id:
            return self.refuse(403, "the token is for another account", call.headers)
        place = call.params.get("project", self.account.id)
        return Admitted(label=self.account.id, quota_key=self.account.token, place=place)

    def refuse(self, status: int, reason: str, headers: Mapping[str, str]) -> Reply:
        """An error of the API's own shape (AS-07)."""
        return refusal(self.account, Problem(status, _CODES.get(status, "server_error"), reason))

    def emit(self, wanted: dict[str, Any]) -> list[Emitted]:
        """Let calls, forms, texts or changes happen (see Emission) and tell the webhook targets.

        What was stored before something went wrong stays, and stays in the log. Raises ValueError.
        """
        try:
            emission = msgspec.convert(wanted, Emission)
            made = []
            for event, emitted in self._emitter.emit(emission):
                made.append(emitted)
                self.happen(event, deliver=emission.deliver)
        except Problem as problem:
            details = "; ".join(f"{key}: {', '.join(words)}" for key, words in problem.fields.items())
            raise ValueError(f"{problem.message}: {details}" if details else problem.message) from problem
        return made

    def happen(self, event: Event, *, deliver: bool = True) -> None:
        """Let an event have its consequences, and tell of all of them unless nothing is to be delivered."""
        self._tell(event, deliver)
        if not event.test:
            for one in consequences(self.account, event):
                self._tell(one, deliver)

    def _tell(self, event: Event, deliver: bool) -> None:
        """Put the event into the feed, where there is one, and on its way to every target that wants it."""
        account = self.account
        if account.quirks.changes_feed and not event.test:
            account.feed.add(event)
        if not deliver:
            return
        for target in self.targets:
            if target.wants(event):
                project = account.projects[event.project_id]
                self._send(target.outgoing(event, account.id, project, self._unix_time, account.quirks))

    def set_targets(self, wanted: dict[str, Any]) -> HookTarget:
        """Register a webhook target (see HookTarget). Raises ValueError."""
        target, unknown = read_target(wanted, self.account.projects)
        if unknown:
            raise ValueError("; ".join(unknown))
        return self._hooks.add(target)

    @property
    def quirks(self) -> Quirks:
        """How the account is, and the oddities in force."""
        return self.account.quirks

    def set_quirks(self, wanted: dict[str, Any]) -> Quirks:
        """Switch some otherwise. Raises ValueError."""
        self.account.quirks = self.account.quirks.change(wanted)
        return self.account.quirks

    def state(self) -> dict[str, Any]:
        """Everything the account holds; contacts with the deleted ones."""
        account = self.account
        contacts, _ = account.contacts.page(None, include_deleted=True, skip=0, count=2**62)
        return {
            "account": account.id,
            "projects": list(account.projects.values()),
            "tracking_numbers": [one for numbers in account.numbers.values() for one in numbers],
            "calls": account.calls.rows(),
            "forms": account.forms.rows(),
            "texts": account.texts.rows(),
            "contacts": [account.shown(contact) for contact in contacts],
            "tasks": account.items.tasks.rows(),
            "notes": account.items.notes.rows(),
            "appointments": account.items.appointments.rows(),
            "campaigns": [one for campaigns in account.campaigns.values() for one in campaigns],
        }

    def doubled(self) -> list[dict[str, Any]]:
        """What stands twice where it must not; contacts cannot be doubled here, the account refuses."""
        return doubled(self.account)

    def reset(self) -> None:
        """The account as it was at the start: same seed and mode; no records, no switches, no log, no targets."""
        self.targets.clear()
        self._begin()

    def _begin(self) -> None:
        self.account = Account(
            seed=self._seed, countries=self._countries, now=self._now, quirks=Quirks(mode=self._mode)
        )
        if self._crowd is not None:
            self.account.contacts.crowd = PeopleCrowd(self._crowd, next(iter(self.account.projects)))
        self._emitter = Emitter(self.account)
        self._hooks = HookTargets(self.account, self.targets)
        self._handlers: dict[str, Handler] = {route.operation: route.handler for route in self._offered()}

    def _offered(self) -> list[Route]:
        return [
            *Activities(self.account, self.happen).routes(),
            *Contacts(self.account, self.happen).routes(),
            *ContactItems(self.account, self.happen).routes(),
            *lookup_routes(self.account),
            *change_routes(self.account),
            *self._hooks.routes(),
        ]

    def _handle(self, operation: str, call: Call) -> Reply:
        quirks = self.account.quirks
        if quirks.mode == "derived" and operation.split(".")[1] in _NATIVE:
            return self.refuse(404, f"Cannot {call.method} {call.path}", call.headers)
        reply = self._handlers[operation](call)
        if reply.body is not None and quirks.dressed:
            reply = msgspec.structs.replace(reply, body=dressed(reply.body, quirks))
        if quirks.wrong_content_type:
            reply = msgspec.structs.replace(reply, content_type="text/plain")
        return reply

    def _unix_time(self) -> float:
        return self._now().timestamp() + self.account.quirks.clock_skew_s
